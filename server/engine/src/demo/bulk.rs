//! More partners, clicks, sales and commissions than a story can tell, by set: for benchmarks. The rollups are made
//! from the rows, as `tributary verify-ledger` reckons them. Its queries work on temporary tables, and so are not checked
//! when compiled.

use super::people::{COMPANY, FIRST, LAST};
use crate::secrets::{Secrets, Use};
use crate::{Moment, Result, ledger, offers};
use chrono::{DateTime, NaiveDate, Utc};
use domain::accounts::Actor;
use domain::ids::{OfferId, ProgramId};
use domain::offers::{Duration, OfferInput, Rate, Reward, Terms, Trigger};
use domain::payments::PayoutDetails;
use sqlx::types::Json;
use sqlx::{AssertSqlSafe, Connection, PgConnection, PgPool};

/// One click in so many ends in a sale.
const CLICKS_A_SALE: u64 = 25;
/// So many sales has a customer.
const SALES_A_CUSTOMER: u64 = 4;
/// Clicks in one statement.
const CHUNK: u64 = 500_000;

/// How much to add to a program.
pub(super) struct More {
    /// From when.
    pub start: DateTime<Utc>,
    /// Until when.
    pub at: DateTime<Utc>,
    /// So many partners.
    pub partners: u32,
    /// So many clicks, and sales with them.
    pub clicks: u64,
}

/// Adds it.
pub(super) async fn add(pool: &PgPool, secrets: &Secrets, owner: &Actor, more: &More) -> Result<()> {
    let program = owner.program();
    let mut connection = pool.acquire().await?;
    let mut transaction = connection.begin().await?;
    let conn = &mut *transaction;
    sqlx::raw_sql(HELPERS).execute(&mut *conn).await?;
    if more.partners > 0 {
        add_partners(conn, secrets, program, more).await?;
    }
    if more.clicks > 0 {
        choose_places(conn, program).await?;
        add_clicks(conn, program, more).await?;
        add_sales(conn, owner, more).await?;
    }
    transaction.commit().await?;
    Ok(())
}

/// A UUIDv7 and a draw, both following from their arguments alone.
const HELPERS: &str = "
create function pg_temp.demo_id(at timestamptz, key text) returns uuid language sql immutable as $$
    select (lpad(to_hex((extract(epoch from at) * 1000)::bigint), 12, '0') || '7' || substr(md5(key), 1, 3) || '8'
            || substr(md5(key), 4, 15))::uuid
$$;
create function pg_temp.demo_draw(n bigint, salt bigint, below bigint) returns bigint language sql immutable as $$
    select (hashint8extended(n, salt) & 9223372036854775807) % below
$$;
create function pg_temp.demo_between(n bigint, salt bigint, starts timestamptz, ends timestamptz) returns timestamptz
language sql immutable as $$
    select date_trunc('milliseconds', starts + (ends - starts) * (pg_temp.demo_draw(n, salt, 1000000) / 1000000.0)::float8)
$$;";

async fn add_partners(conn: &mut PgConnection, secrets: &Secrets, program: ProgramId, more: &More) -> Result<()> {
    // All at one account: to seal each by itself would take long.
    let details = PayoutDetails::Paypal { email: "paid@partners.test".into() };
    let sealed = secrets.encrypt(Use::PayoutDetails, &serde_json::to_vec(&details)?)?;
    sqlx::query(
        "create temp table demo_partners on commit drop as
         select n, pg_temp.demo_id(at, 'partner' || n) as id, pg_temp.demo_id(at, 'link' || n) as link_id, at,
                'partner-' || n as code
         from (select n, date_trunc('milliseconds', $2::timestamptz) + n * interval '1 millisecond' as at
               from generate_series(1, $1::bigint) as n) numbered",
    )
    .bind(i64::from(more.partners))
    .bind(more.start)
    .execute(&mut *conn)
    .await?;
    sqlx::query(
        "insert into enrollments (program_id, id, status, code, name, company, email, payout_method, payout_details,
                                  payout_masked, created_at, activated_at)
         select $1, id, 'active', code,
                ($2::text[])[1 + n % cardinality($2::text[])] || ' ' || ($3::text[])[1 + n % cardinality($3::text[])],
                ($4::text[])[1 + n % cardinality($4::text[])], code || '@partners.test', 'paypal', $5, $6, at, at
         from demo_partners",
    )
    .bind(program)
    .bind(FIRST)
    .bind(LAST)
    .bind(COMPANY)
    .bind(sealed)
    .bind(details.masked())
    .execute(&mut *conn)
    .await?;
    for statement in [
        "insert into enrollment_statuses (program_id, enrollment_id, at, status)
         select $1, id, at, 'active' from demo_partners",
        "insert into enrollment_codes (program_id, code_key, enrollment_id, created_at)
         select $1, code, id, at from demo_partners",
        "insert into links (program_id, id, enrollment_id, code, destination, is_default, created_at)
         select $1, link_id, d.id, code, p.website, true, at from demo_partners d join programs p on p.id = $1",
        "insert into link_codes (program_id, code_key, link_id) select $1, code, link_id from demo_partners",
        "insert into enrollment_offers (program_id, enrollment_id, offer_id, position)
         select $1, d.id, o.id, o.default_position from demo_partners d join offers o on o.program_id = $1
         where o.default_position is not null and o.archived_at is null",
    ] {
        sqlx::query(statement).bind(program).execute(&mut *conn).await?;
    }
    Ok(())
}

/// The partners who work, `ada` first: the lower the number, the more.
async fn choose_places(conn: &mut PgConnection, program: ProgramId) -> Result<()> {
    sqlx::query(
        "create temp table demo_places on commit drop as
         select row_number() over (order by e.code <> 'ada', e.id) as n, e.id as enrollment_id, e.code, l.id as link_id,
                l.destination
         from enrollments e join links l on l.program_id = e.program_id and l.enrollment_id = e.id and l.is_default
         where e.program_id = $1 and e.status = 'active'",
    )
    .bind(program)
    .execute(&mut *conn)
    .await?;
    sqlx::query("alter table demo_places add primary key (n)").execute(&mut *conn).await?;
    sqlx::query("analyze demo_places").execute(conn).await?;
    Ok(())
}

async fn add_clicks(conn: &mut PgConnection, program: ProgramId, more: &More) -> Result<()> {
    let mut done = 0;
    while done < more.clicks {
        let next = (done + CHUNK).min(more.clicks);
        sqlx::query(
            "insert into clicks (program_id, clicked_at, id, link_id, enrollment_id, is_unique, target, country)
             select $1, c.at, pg_temp.demo_id(c.at, 'click' || c.n), p.link_id, p.enrollment_id,
                    pg_temp.demo_draw(c.n, 3, 100) < 78, p.destination, 'US'
             from (select n, pg_temp.demo_between(n, 1, $4, $5) as at,
                          1 + floor((select count(*) from demo_places)
                                    * power(pg_temp.demo_draw(n, 2, 1000000) / 1000000.0, 2))::bigint as place
                   from generate_series($2::bigint, $3::bigint) as n) c
             join demo_places p on p.n = c.place",
        )
        .bind(program)
        .bind(done.cast_signed() + 1)
        .bind(next.cast_signed())
        .bind(more.start)
        .bind(more.at)
        .execute(&mut *conn)
        .await?;
        done = next;
    }
    sqlx::query("delete from click_days where program_id = $1").bind(program).execute(&mut *conn).await?;
    sqlx::query(
        "insert into click_days (program_id, link_id, day, enrollment_id, clicks, unique_clicks)
         select c.program_id, c.link_id, (c.clicked_at at time zone p.time_zone)::date, c.enrollment_id, count(*),
                count(*) filter (where c.is_unique)
         from clicks c join programs p on p.id = c.program_id where c.program_id = $1
         group by 1, 2, 3, 4",
    )
    .bind(program)
    .execute(&mut *conn)
    .await?;
    // The next round of the job counts all days again.
    sqlx::query("delete from click_rollups where program_id = $1").bind(program).execute(conn).await?;
    Ok(())
}

/// Customers, their sales, the commissions and the ledger: each commission is held for 30 days, and then due.
async fn add_sales(conn: &mut PgConnection, owner: &Actor, more: &More) -> Result<()> {
    let (program, at) = (owner.program(), more.at);
    let (offer, terms) = volume_offer(conn, owner, more).await?;
    // The months of the whole range.
    for instant in [more.start, at] {
        ledger::hold_month_open(conn, program, instant).await?;
    }
    sqlx::query(
        "create temp table demo_customers on commit drop as
         select c.n, began, pg_temp.demo_id(began, 'customer' || c.n) as id, pg_temp.demo_id(began, 'referral' || c.n) as referral_id,
                p.enrollment_id, p.code
         from (select n, pg_temp.demo_between(n, 4, $2, $3 - interval '1 day') as began,
                      1 + floor((select count(*) from demo_places)
                                * power(pg_temp.demo_draw(n, 5, 1000000) / 1000000.0, 2))::bigint as place
               from generate_series(1, $1::bigint) as n) c
         join demo_places p on p.n = c.place",
    )
    .bind((more.clicks / CLICKS_A_SALE / SALES_A_CUSTOMER).cast_signed())
    .bind(more.start)
    .bind(at)
    .execute(&mut *conn)
    .await?;
    sqlx::query(
        "create temp table demo_sales on commit drop as
         select *, pg_temp.demo_id(sold, 'sale' || key) as sale_id, pg_temp.demo_id(sold, 'commission' || key) as commission_id,
                pg_temp.demo_id(sold, 'journal' || key) as journal_id,
                pg_temp.demo_id(date_trunc('milliseconds', available), 'hold_end' || key) as hold_end_id,
                round(price * 0.2, 2) as amount
         from (select c.n || '-' || k as key, c.id as customer_id, c.referral_id, c.enrollment_id,
                      date_trunc('milliseconds', c.began + ($1 - c.began) * (k / 5.0)) as sold,
                      date_trunc('milliseconds', c.began + ($1 - c.began) * (k / 5.0)) + interval '720 hours' as available,
                      (array[19.00, 49.00, 129.00])[1 + pg_temp.demo_draw(c.n, 6, 3)] as price,
                      (array['Solo plan', 'Team plan', 'Studio plan'])[1 + pg_temp.demo_draw(c.n, 6, 3)] as product
               from demo_customers c cross join generate_series(1, 4) as k) s",
    )
    .bind(at)
    .execute(&mut *conn)
    .await?;
    add_customers(conn, program, &terms).await?;
    sqlx::query(
        "insert into commissions (program_id, id, enrollment_id, referral_id, customer_id, sale_id, trigger, cause_id,
                                  offer_id, offer_version, reward, base, rate, amount, currency, status, why, occurred_at,
                                  available_at, created_at)
         select $1, commission_id, enrollment_id, referral_id, customer_id, sale_id, 'sale', sale_id, $2, 1, 0, price, 20,
                amount, 'USD', (case when available <= $3 then 'due' else 'held' end)::commission_status,
                jsonb_build_array(
                    jsonb_build_object('check', 'offer', 'passed', true,
                                       'detail', 'Offer “Volume”, version 1: 20% of every sale; for every sale.'),
                    jsonb_build_object('check', 'amount', 'passed', true,
                                       'detail', format('$%s × 20%% = $%s, held 30 days.', price, amount))),
                sold, available, sold
         from demo_sales",
    )
    .bind(program)
    .bind(offer)
    .bind(at)
    .execute(&mut *conn)
    .await?;
    add_entries(conn, program, at).await?;
    freeze_again(conn, program).await
}

/// The statements of closed months once more: those of the story know nothing of what was added.
async fn freeze_again(conn: &mut PgConnection, program: ProgramId) -> Result<()> {
    for table in ["statements", "trial_balances"] {
        for statement in [
            format!("alter table {table} disable trigger append_only"),
            format!("delete from {table} where program_id = '{program}'"),
            format!("alter table {table} enable trigger append_only"),
        ] {
            sqlx::query(AssertSqlSafe(statement)).execute(&mut *conn).await?;
        }
    }
    let closed: Vec<NaiveDate> =
        sqlx::query_scalar("select month from periods where program_id = $1 and closed_at is not null order by month")
            .bind(program)
            .fetch_all(&mut *conn)
            .await?;
    for month in closed {
        ledger::freeze(conn, program, month).await?;
    }
    Ok(())
}

/// The offer of all these sales.
async fn volume_offer(conn: &mut PgConnection, owner: &Actor, more: &More) -> Result<(OfferId, Json<Vec<Terms>>)> {
    let reward = Reward {
        trigger: Trigger::Sale,
        rate: Rate::Percent(20.into()),
        duration: Duration::Lifetime,
        hold_days: 30,
        product: None,
        minimum: None,
        cap: None,
        tiers: None,
    };
    let input = OfferInput {
        name: "Volume".into(),
        description: "For partners with an audience of their own.".into(),
        rewards: vec![reward],
        is_default: false,
    };
    let offer_id = offers::create(conn, &Moment::seeded(more.start, u64::MAX), owner, &input).await?;
    let terms = Terms::new((offer_id, 1, input.name), &input.rewards, (String::new(), &[]), &[]);
    Ok((offer_id, Json(vec![terms])))
}

async fn add_customers(conn: &mut PgConnection, program: ProgramId, terms: &Json<Vec<Terms>>) -> Result<()> {
    sqlx::query(
        "insert into customers (program_id, id, external_id, email, name, signed_up_at, first_sale_at, created_at)
         select $1, c.id, 'volume-' || n, 'customer' || n || '@volume.test', 'Customer ' || n, began, s.sold, began
         from demo_customers c join demo_sales s on s.key = c.n || '-1'",
    )
    .bind(program)
    .execute(&mut *conn)
    .await?;
    sqlx::query(
        "insert into referrals (program_id, id, customer_id, enrollment_id, source, terms, why, attributed_at, created_at)
         select $1, referral_id, id, enrollment_id, 'partner_code', $2,
                jsonb_build_array(jsonb_build_object('check', 'partner_code', 'passed', true, 'detail',
                                  format('Attributed to %s by partner code %s.', code, code))), began, began
         from demo_customers",
    )
    .bind(program)
    .bind(terms)
    .execute(&mut *conn)
    .await?;
    sqlx::query(
        "insert into sales (program_id, id, customer_id, referral_id, enrollment_id, event_id, amount, currency, product,
                            why, occurred_at, created_at)
         select $1, sale_id, customer_id, referral_id, enrollment_id, 'volume-' || key, price, 'USD', product, '[]', sold,
                sold
         from demo_sales",
    )
    .bind(program)
    .execute(conn)
    .await?;
    Ok(())
}

async fn add_entries(conn: &mut PgConnection, program: ProgramId, at: DateTime<Utc>) -> Result<()> {
    sqlx::query(
        "insert into journals (program_id, id, kind, idempotency_key, commission_id, occurred_at, posted_at)
         select $1, journal_id, 'commission'::journal_kind, 'commission:' || commission_id, commission_id, sold, sold
         from demo_sales
         union all
         select $1, hold_end_id, 'hold_end', 'hold_end:' || commission_id, commission_id, available, available
         from demo_sales where available <= $2",
    )
    .bind(program)
    .bind(at)
    .execute(&mut *conn)
    .await?;
    sqlx::query(
        "insert into entries (program_id, id, journal_id, account, enrollment_id, amount, currency, posted_at)
         select $1, pg_temp.demo_id(sold, 'from' || key), journal_id, 'commission_expense'::ledger_account, null::uuid,
                -amount, 'USD', sold from demo_sales
         union all
         select $1, pg_temp.demo_id(sold, 'to' || key), journal_id, 'held', enrollment_id, amount, 'USD', sold
         from demo_sales
         union all
         select $1, pg_temp.demo_id(date_trunc('milliseconds', available), 'held' || key), hold_end_id, 'held',
                enrollment_id, -amount, 'USD', available from demo_sales where available <= $2
         union all
         -- Listed after what leaves the other account.
         select $1, pg_temp.demo_id(date_trunc('milliseconds', available) + interval '1 millisecond', 'payable' || key),
                hold_end_id, 'payable', enrollment_id, amount, 'USD', available
         from demo_sales where available <= $2",
    )
    .bind(program)
    .bind(at)
    .execute(&mut *conn)
    .await?;
    sqlx::query("delete from ledger_months where program_id = $1").bind(program).execute(&mut *conn).await?;
    sqlx::query(
        "insert into ledger_months (program_id, enrollment_id, account, month, kind, amount)
         select e.program_id, e.enrollment_id, e.account, p.month, j.kind, sum(e.amount)
         from entries e
         join journals j on j.program_id = e.program_id and j.id = e.journal_id
         join periods p on p.program_id = e.program_id and e.posted_at >= p.starts_at and e.posted_at < p.ends_at
         where e.program_id = $1 and e.enrollment_id is not null
         group by 1, 2, 3, 4, 5",
    )
    .bind(program)
    .execute(conn)
    .await?;
    Ok(())
}
