use super::*;
use crate::assets::{self, Servers};
use crate::payments::{batch_payments, batches, due_partners, payment, payments};
use crate::reports::{
    Scope, balance, commission_statuses, commissions, commissions_page, customers, dashboard, inactive, ledger,
    my_customers, overview, performance, sales, sales_page, tops, waiting,
};
use domain::assets::{AssetFilter, AssetKind};
use domain::commissions::CommissionStatus;
use domain::ids::{BatchId, EnrollmentId, ProgramId};
use domain::leads::LeadFilter;
use domain::page::Paging;
use domain::partners::{EnrollmentStatus, PartnerFilter, PartnerSort};
use domain::payments::{BatchFilter, PaymentFilter, PaymentStatus};
use domain::reports::{
    CommissionFilter, CustomerFilter, LedgerFilter, LedgersAsked, MyCustomerFilter, Order, Period, SaleFilter, Unit,
};
use sqlx::{Connection, PgConnection};

/// Tables that grow with the history.
const BIG: &str = "{leads,lead_imports,submitted_sales,conversations,conversation_messages,click_days,click_tops,customers,referrals,sales,commissions,journals,entries,payment_items,\
                   ledger_months,assets,asset_groups,asset_days}";

/// Twenty programs of ten partners, with 100 customers, sales, commissions and days of clicks for each partner, and of
/// 1,000 assets: by plain statements, so that 20,000 of each take seconds.
async fn history(world: &World) {
    // Statistics change when the test says so: plans are compared with them.
    let tables: Vec<String> =
        sqlx::query_scalar("select unnest($1::text::text[])").bind(BIG).fetch_all(&world.pool).await.expect("tables");
    for table in tables {
        let quiet = format!("alter table {table} set (autovacuum_enabled = false)");
        sqlx::query(sqlx::AssertSqlSafe(quiet)).execute(&world.pool).await.expect("quiet");
    }
    let statements = [
        "insert into programs (id, organization_id, slug, name, currency, time_zone, website, created_at)
         select gen_random_uuid(), organization_id, 'other-' || n, 'Other', currency, time_zone, website, created_at
         from programs, generate_series(1, 19) n where slug = 'acme'",
        "insert into periods (program_id, month, starts_at, ends_at, time_zone)
         select id, at, at, at + interval '1 month', time_zone
         from programs, generate_series(timestamp '2025-12-01', '2026-11-01', '1 month') at",
        "with made as (
             insert into offers (program_id, id, name, version, created_at)
             select id, gen_random_uuid(), 'Standard', 1, created_at from programs returning program_id, id, created_at
         )
         insert into offer_versions (program_id, offer_id, version, rewards, created_at)
         select program_id, id, 1, '[]', created_at from made",
        "insert into enrollments (program_id, id, status, code, name, created_at)
         select id, gen_random_uuid(), 'active', 'p' || n, 'Partner', created_at from programs, generate_series(1, 10) n",
        "insert into enrollment_codes (program_id, code_key, enrollment_id, created_at)
         select program_id, code, id, created_at from enrollments",
        "insert into links (program_id, id, enrollment_id, code, destination, created_at)
         select program_id, gen_random_uuid(), id, code, 'https://acme.example', created_at from enrollments",
        "insert into click_days (program_id, link_id, day, enrollment_id, clicks, unique_clicks)
         select program_id, id, date '2026-11-20' - n, enrollment_id, 5, 5 from links, generate_series(0, 99) n",
        "insert into click_tops (program_id, enrollment_id, day, facet, value, clicks, unique_clicks)
         select program_id, enrollment_id, day, facet, 'one', clicks, unique_clicks
         from click_days, unnest(enum_range(null::click_facet)) facet",
        "insert into customers (program_id, id, external_id, email, signed_up_at, first_sale_at, created_at)
         select program_id, gen_random_uuid(), code || '-' || n, 'c@harbor.example', at, at, at
         from enrollments, generate_series(0, 99) n,
              lateral (select timestamptz '2026-11-20T10:00:00Z' - n * interval '1 day' as at) t",
        "insert into leads (program_id, id, enrollment_id, group_id, stage_id, email, email_key, created_at, stage_at, updated_at)
         select e.program_id, gen_random_uuid(), e.id, g.id, s.id, code || n || '@harbor.example',
                code || n || '@harbor.example', e.created_at, e.created_at, e.created_at
         from enrollments e join lead_groups g using (program_id)
         join lead_stages s on s.program_id = e.program_id and s.kind = 'new', generate_series(0, 99) n",
        "insert into lead_imports (program_id, id, enrollment_id, group_id, form_version, name, head, keys, rows, by_partner,
                                   created_at)
         select e.program_id, gen_random_uuid(), e.id, g.id, 1, 'leads.csv', '{E-mail}', '{email}', 1, true, e.created_at
         from enrollments e join lead_groups g using (program_id), generate_series(0, 99) n",
        "insert into files (program_id, id, purpose, name, content_type, bytes, sha256, created_at)
         select id, id, 'sale', 'a.pdf', 'application/pdf', 1, '', created_at from programs",
        "insert into submitted_sales (program_id, id, enrollment_id, email, name, amount, currency, sold_on, file_id, status,
                                      created_at)
         select program_id, gen_random_uuid(), id, 'c@harbor.example', 'Nora', 9, 'EUR', '2026-11-01', program_id,
                case when n % 20 = 0 then 'new' else 'declined' end::submitted_sale_status, created_at
         from enrollments, generate_series(0, 99) n",
        "insert into conversations (program_id, id, enrollment_id, subject, partner_at, last_at, created_at)
         select program_id, gen_random_uuid(), id, 'Payout', at, at, at
         from enrollments, generate_series(0, 99) n,
              lateral (select timestamptz '2026-11-20T10:00:00Z' - n * interval '3 days' as at) t",
        "insert into conversation_messages (program_id, conversation_id, id, by_partner, body, created_at)
         select program_id, id, id, true, 'When am I paid?', created_at from conversations",
        "insert into referrals (program_id, id, customer_id, enrollment_id, source, link_id, terms, why, attributed_at,
                                created_at)
         select c.program_id, c.id, c.id, l.enrollment_id, 'click', l.id, '[]', '[]', c.created_at, c.created_at
         from customers c join links l on l.program_id = c.program_id and l.code = split_part(external_id, '-', 1)",
        "insert into sales (program_id, id, customer_id, referral_id, enrollment_id, event_id, amount, currency, why,
                            occurred_at, created_at)
         select program_id, id, customer_id, id, enrollment_id, id::text, 100, 'EUR', '[]', created_at, created_at
         from referrals",
        "insert into commissions (program_id, id, enrollment_id, referral_id, customer_id, sale_id, trigger, cause_id,
                                  offer_id, offer_version, reward, amount, currency, status, why, occurred_at,
                                  available_at, created_at)
         select s.program_id, s.id, enrollment_id, s.id, customer_id, s.id, 'sale', s.id, o.id, 1, 0, 20, 'EUR',
                case when random() < 0.05 then 'review' else 'due' end::commission_status, '[]', occurred_at,
                occurred_at, s.created_at
         from sales s join offers o on o.program_id = s.program_id",
        "insert into journals (program_id, id, kind, idempotency_key, commission_id, occurred_at, posted_at)
         select program_id, id, 'commission', id::text, id, occurred_at, occurred_at from commissions",
        "insert into entries (program_id, id, journal_id, account, enrollment_id, amount, currency, posted_at)
         select program_id, gen_random_uuid(), id, account, case when account = 'payable' then enrollment_id end, l.amount,
                'EUR', occurred_at
         from commissions, (values ('payable'::ledger_account, 20), ('commission_expense', -20)) l (account, amount)",
        "insert into payment_batches (program_id, id, code, code_key, payment_date, created_at)
         select id, id, 'October', 'october', '2026-11-01', '2026-11-01' from programs",
        "insert into payments (program_id, id, batch_id, enrollment_id, amount, currency, status, why, created_at)
         select program_id, id, program_id, id, 20, 'EUR', 'recorded', '[]', '2026-11-01' from enrollments",
        "insert into payment_items (program_id, entry_id, payment_id)
         select program_id, id, enrollment_id from entries
         where enrollment_id is not null and posted_at < '2026-11-01'",
        "insert into ledger_months (program_id, enrollment_id, account, month, kind, amount)
         select program_id, e.id, account, month, kind, 1
         from enrollments e join periods using (program_id),
              unnest(enum_range(null::journal_kind)) kind, unnest('{held,payable}'::ledger_account[]) account",
        "insert into partner_groups (program_id, id, name, created_at)
         select id, gen_random_uuid(), 'Group ' || n, created_at from programs, generate_series(1, 2) n",
        "insert into assets (program_id, id, kind, name, body, position, archived_at, created_at)
         select id, gen_random_uuid(), ('{email,social,page}'::asset_kind[])[1 + n % 3], 'Asset ' || n, 'Words', n,
                case when n % 10 = 0 then created_at end, created_at
         from programs, generate_series(1, 1000) n",
        "insert into asset_groups (program_id, asset_id, group_id)
         select program_id, a.id, g.id from assets a join partner_groups g using (program_id) where position % 2 = 0",
        "insert into asset_days (program_id, asset_id, enrollment_id, day, views)
         select program_id, a.id, e.id, date '2026-11-20' - n, 3
         from assets a join enrollments e using (program_id), generate_series(0, 1) n where e.code = 'p3'",
    ];
    for statement in statements {
        sqlx::query(statement).execute(&world.pool).await.unwrap_or_else(|error| panic!("{error}: {statement}"));
    }
    analyze(world).await;
}

/// The big tables that this transaction has read from end to end.
async fn scanned(conn: &mut PgConnection) -> Vec<String> {
    sqlx::query_scalar(
        "select relname || ' (' || seq_tup_read || ' rows)' from pg_stat_xact_user_tables
         where relname = any($1::text::text[]) and seq_tup_read > 0 order by relname",
    )
    .bind(BIG)
    .fetch_all(conn)
    .await
    .expect("statistics")
}

/// How often this transaction has read by an index.
async fn read_by(conn: &mut PgConnection, index: &str) -> i64 {
    sqlx::query_scalar("select pg_stat_get_xact_numscans($1::regclass)")
        .bind(index)
        .fetch_one(conn)
        .await
        .expect("statistics")
}

/// How many rows this transaction has read.
async fn rows_read(conn: &mut PgConnection) -> i64 {
    sqlx::query_scalar("select sum(seq_tup_read + coalesce(idx_tup_fetch, 0))::bigint from pg_stat_xact_user_tables")
        .fetch_one(conn)
        .await
        .expect("statistics")
}

/// As often as a report is run, as on a connection that lives long, whose plans become generic.
const RUNS: i64 = 6;

/// The most rows that a page may read, with all that it says of each.
const PAGE: i64 = 5_000;

/// The most rows that a report may read of a program with about 1,000 in each table: none of the other programs'.
const PROGRAM: i64 = 20_000;

/// Runs a report several times, and then looks: it has read no big table from end to end, and each time at most so many
/// rows.
macro_rules! by_index {
    ($pool:expr, $name:expr, $conn:ident => $report:expr) => {
        by_index!($pool, $name, PROGRAM, $conn => $report)
    };
    ($pool:expr, $name:expr, $most:expr, $conn:ident => $report:expr) => {{
        let mut transaction = $pool.begin().await.expect("begin");
        // The connection's own figures of what it did before may not have left it yet.
        let before = scanned(&mut transaction).await;
        let rows = rows_read(&mut transaction).await;
        for _ in 0..RUNS {
            let $conn = &mut *transaction;
            $report.await.expect($name);
        }
        let rows = (rows_read(&mut transaction).await - rows) / RUNS;
        assert_eq!(scanned(&mut transaction).await, before, "{}", $name);
        assert!(rows < $most, "{}: {rows} rows", $name);
    }};
}

/// What EXPLAIN tells of the queries that this connection has prepared, for a page of a program's or a partner's rows.
async fn plans(conn: &mut PgConnection, program: ProgramId, partner: Option<EnrollmentId>) -> String {
    let prepared: Vec<(String, Vec<String>)> = sqlx::query_as(
        "select name, parameter_types::text[] from pg_prepared_statements
         where statement ~* '^\\s*(select|with)' and name like 'sqlx_%'",
    )
    .persistent(false)
    .fetch_all(&mut *conn)
    .await
    .expect("prepared statements");
    let mut plans = Vec::new();
    for (name, types) in prepared {
        // The program comes first, then whose rows; without what else a filter may say, all are meant.
        let mut ids = [Some(program.to_string()), partner.map(|partner| partner.to_string())].into_iter().flatten();
        let value = |of: &String| match of.as_str() {
            "uuid" => ids.next().map_or("null".to_owned(), |id| format!("'{id}'")),
            "bigint" => "51".to_owned(),
            "date" => "'2026-11-10'".to_owned(),
            _ => "null".to_owned(),
        };
        let values: Vec<String> = types.iter().map(value).collect();
        let values = if values.is_empty() { String::new() } else { format!("({})", values.join(", ")) };
        let plan: Vec<String> = sqlx::query_scalar(sqlx::AssertSqlSafe(format!("explain execute {name} {values}")))
            .persistent(false)
            .fetch_all(&mut *conn)
            .await
            .unwrap_or_else(|error| panic!("{error}: {name} {values}"));
        plans.push(plan.join("\n"));
    }
    plans.join("\n\n")
}

/// The same where one table has 100,000 rows of others: EXPLAIN names this index, it is read by, and of all rows no more
/// than a page needs.
macro_rules! page_by {
    ($world:expr, $partner:expr, $index:expr, $conn:ident => $report:expr) => {{
        let mut transaction = $world.pool.begin().await.expect("begin");
        transaction.clear_cached_statements().await.expect("the statements of this report alone");
        let setting = sqlx::query("set local plan_cache_mode = force_custom_plan").persistent(false);
        setting.execute(&mut *transaction).await.expect("plans that can be explained");
        let scans = read_by(&mut transaction, $index).await;
        let rows = rows_read(&mut transaction).await;
        for _ in 0..RUNS {
            let $conn = &mut *transaction;
            $report.await.expect($index);
        }
        let rows = (rows_read(&mut transaction).await - rows) / RUNS;
        let more = read_by(&mut transaction, $index).await - scans;
        let plans = plans(&mut transaction, $world.program, $partner).await;
        assert!(plans.contains($index), "{} is not in the plans:\n{plans}", $index);
        assert!(more > 0, "{} is not read", $index);
        assert!(rows < PAGE, "{}: {rows} rows", $index);
    }};
}

#[sqlx::test(migrator = "crate::MIGRATIONS")]
async fn reports_and_lists_read_by_their_indexes(pool: PgPool) {
    let world = World::new(pool).await;
    history(&world).await;
    let id: domain::ids::EnrollmentId =
        world.get("select id from enrollments where program_id = $1 and code = 'p3'").await;
    let (owner, moment) = (world.owner(), world.moment());
    let own = Actor::Partner { account: world.owner, program: world.program, enrollment: id };
    for period in Period::PRESETS {
        by_index!(world.pool, "dashboard", conn => dashboard(conn, &moment, &own, id, *period));
    }
    by_index!(world.pool, "overview", conn => overview(conn, &moment, &owner, Period::Week));
    by_index!(world.pool, "waiting", conn => waiting(conn, &moment, &owner));
    by_index!(world.pool, "balance", conn => balance(conn, &own, id));
    by_index!(world.pool, "ledger", conn => ledger(conn, &own, id, &LedgerFilter::default(), &Paging::default()));
    by_index!(world.pool, "statements", PAGE, conn => crate::ledger::statements(conn, &moment, &own, id));
    by_index!(world.pool, "statement", PAGE, conn => crate::ledger::statement(conn, &moment, &own, id, None, &Paging::default()));
    let days = (None, None);
    by_index!(world.pool, "journal", PAGE, conn => crate::ledger::journal(conn, &owner, days, &Paging::default()));
    by_index!(world.pool, "links", conn => crate::links::list(conn, &own, id, &Paging::default()));
    by_index!(world.pool, "due", conn => due_partners(conn, &moment, &owner, None, &Paging::default()));
    for unit in [Unit::Day, Unit::Month] {
        by_index!(world.pool, "performance", conn => performance(conn, &moment, &own, Period::Days90, unit));
    }
    by_index!(world.pool, "tops", conn => tops(conn, &moment, &own, Period::Days90));
    by_index!(world.pool, "inactive", conn => inactive(conn, &moment, &owner, 30, &Paging::default()));
    let paid = domain::ids::PaymentId(id.0);
    by_index!(world.pool, "payment", conn => payment(conn, &own, paid, &Paging::default()));
    let all = CommissionFilter::default();
    by_index!(world.pool, "statuses", conn => commission_statuses(conn, &own, &all));
    let all = LeadFilter::default();
    by_index!(world.pool, "leads", conn => crate::leads::list(conn, &moment, &own, &all, &Paging::default()));
    let updated = LeadFilter { sort: Some(domain::leads::LeadSort::Updated), ..LeadFilter::default() };
    by_index!(world.pool, "all leads by change", conn => crate::leads::list(conn, &moment, &owner, &updated, &Paging::default()));
    by_index!(world.pool, "all leads", conn => crate::leads::list(conn, &moment, &owner, &all, &Paging::default()));
    let page = Paging::default();
    by_index!(world.pool, "imports", conn => crate::leads::imports::list(conn, &own, None, &page));
    by_index!(world.pool, "submitted sales", conn => crate::sales::submitted(conn, &own, None, None, &page));
    let new = Some(domain::sales::SubmittedSaleStatus::New);
    by_index!(world.pool, "sales to review", conn => crate::sales::submitted(conn, &owner, new, None, &page));
    let every = domain::conversations::ConversationFilter::default();
    by_index!(world.pool, "conversations", conn => crate::conversations::list(conn, &own, &every, &page));
    by_index!(world.pool, "all conversations", conn => crate::conversations::list(conn, &owner, &every, &page));
    by_index!(world.pool, "all imports", conn => crate::leads::imports::list(conn, &owner, None, &page));
    let (all, kind) = (AssetFilter::default(), Some(AssetKind::Social));
    let social = AssetFilter { kind, search: "asset 7".into(), ..AssetFilter::default() };
    let servers = Servers { links: "https://acme.example", images: "https://acme.example" };
    for filter in [all, social] {
        by_index!(world.pool, "assets", conn => assets::list(conn, &owner, &filter, &Paging::default()));
        // The groups of each of 1,000 assets are looked at.
        by_index!(world.pool, "own assets", 50_000, conn => assets::of_partner(conn, &own, servers, None, &filter, &Paging::default()));
    }
    let all = PaymentFilter::default();
    by_index!(world.pool, "payments", conn => payments(conn, &own, &all, &Paging::default()));
    for order in [Order::Newest, Order::Oldest, Order::Largest] {
        let ours = CommissionFilter { order, ..CommissionFilter::default() };
        let in_review = CommissionFilter { status: Some(CommissionStatus::Review), ..ours.clone() };
        let theirs = CommissionFilter { partner_code: Some("p3".into()), ..ours.clone() };
        let november = CommissionFilter { from: "2026-11-01".parse().ok(), ..ours.clone() };
        for filter in [ours, in_review, theirs, november] {
            by_index!(world.pool, "commissions", conn => commissions(conn, &owner, &filter, &Paging::default()));
            by_index!(world.pool, "own commissions", conn => commissions(conn, &own, &filter, &Paging::default()));
        }
        let ours = SaleFilter { order, ..SaleFilter::default() };
        by_index!(world.pool, "sales", conn => sales(conn, &owner, &ours, &Paging::default()));
        by_index!(world.pool, "own sales", conn => sales(conn, &own, &ours, &Paging::default()));
        let ours = CustomerFilter { order, ..CustomerFilter::default() };
        let found = CustomerFilter { search: Some("p3-7".into()), ..ours.clone() };
        by_index!(world.pool, "customers", conn => customers(conn, &owner, &ours, &Paging::default()));
        by_index!(world.pool, "found customers", conn => customers(conn, &owner, &found, &Paging::default()));
        by_index!(world.pool, "own customers", conn => customers(conn, &own, &ours, &Paging::default()));
        let mine = MyCustomerFilter { search: found.search.clone(), ..MyCustomerFilter::default() };
        by_index!(world.pool, "my customers", conn => my_customers(conn, &own, &mine, &Paging::default()));
    }
}

/// Looks at every row: a plan that hangs on which rows were drawn is now this one, now that.
async fn analyze(world: &World) {
    let all = sqlx::raw_sql("set default_statistics_target = 1000; analyze");
    all.execute(&world.pool).await.expect("statistics");
}

/// Adds to the history of one partner: `$1` is the program, `$2` the partner.
async fn more(world: &World, partner: EnrollmentId, statement: &'static str) {
    if statement == "analyze" {
        return analyze(world).await;
    }
    let query = sqlx::query(statement).bind(world.program).bind(partner);
    query.execute(&world.pool).await.unwrap_or_else(|error| panic!("{error}: {statement}"));
}

/// The lists that are read most, each with the index that it reads by, at 100,000 rows and more: of one partner's or
/// program's page only the page is read, and for a partner's totals nothing of others'.
#[sqlx::test(migrator = "crate::MIGRATIONS")]
async fn the_busiest_lists_read_a_page_of_100_000_rows(pool: PgPool) {
    let world = World::new(pool).await;
    history(&world).await;
    let id: domain::ids::EnrollmentId =
        world.get("select id from enrollments where program_id = $1 and code = 'p3'").await;
    // One partner of the program gets 100,000 of each.
    for statement in [
        "insert into sales (program_id, id, customer_id, referral_id, enrollment_id, event_id, amount, currency, why,
                            occurred_at, created_at)
         select program_id, gen_random_uuid(), customer_id, referral_id, enrollment_id, id::text || n, 100, 'EUR', '[]',
                occurred_at - n * interval '1 second', created_at
         from sales, generate_series(1, 1000) n where program_id = $1 and enrollment_id = $2",
        "insert into commissions (program_id, id, enrollment_id, referral_id, customer_id, sale_id, trigger, cause_id,
                                  offer_id, offer_version, reward, amount, currency, status, why, occurred_at,
                                  available_at, created_at)
         select s.program_id, s.id, enrollment_id, s.referral_id, customer_id, s.id, 'sale', s.id, o.id, 1, 0, 20, 'EUR',
                'due', '[]', occurred_at, occurred_at, s.created_at
         from sales s join offers o on o.program_id = s.program_id
         where s.program_id = $1 and enrollment_id = $2 and length(event_id) > 36",
        "insert into journals (program_id, id, kind, idempotency_key, commission_id, occurred_at, posted_at)
         select program_id, id, 'commission', 'more ' || id, id, occurred_at, occurred_at
         from commissions c where program_id = $1 and enrollment_id = $2
           and not exists (select from journals j where j.program_id = c.program_id and j.id = c.id)",
        "insert into entries (program_id, id, journal_id, account, enrollment_id, amount, currency, posted_at)
         select c.program_id, gen_random_uuid(), c.id, account, case when account = 'payable' then enrollment_id end,
                l.amount, 'EUR', occurred_at
         from commissions c, (values ('payable'::ledger_account, 20), ('commission_expense', -20)) l (account, amount)
         where program_id = $1 and enrollment_id = $2
           and not exists (select from entries e where e.program_id = c.program_id and e.journal_id = c.id)",
        "insert into click_days (program_id, link_id, day, enrollment_id, clicks, unique_clicks)
         select $1, l.id, date '2026-11-20' - n, $2, 5, 5 from links l, generate_series(100, 100099) n
         where l.program_id = $1 and l.enrollment_id = $2",
        "analyze",
    ] {
        more(&world, id, statement).await;
    }
    let rows: i64 = world.get("select count(*) from commissions where program_id = $1").await;
    assert!(rows > 100_000, "{rows}");
    let (owner, moment) = (world.owner(), world.moment());
    let own = Actor::Partner { account: world.owner, program: world.program, enrollment: id };
    let page = Paging::default();
    // What a partner did in the days that are shown is summed, however much it is.
    by_index!(world.pool, "dashboard", i64::MAX, conn => dashboard(conn, &moment, &own, id, Period::Days30));
    // So are a month's entries for the balance.
    by_index!(world.pool, "ledger", 30_000, conn => ledger(conn, &own, id, &LedgerFilter::default(), &page));
    for order in [Order::Newest, Order::Oldest, Order::Largest] {
        for actor in [&own, &owner] {
            let all = CommissionFilter { order, ..CommissionFilter::default() };
            by_index!(world.pool, "commissions", PAGE, conn => commissions_page(conn, actor, &all, &page));
            let all = SaleFilter { order, ..SaleFilter::default() };
            by_index!(world.pool, "sales", PAGE, conn => sales_page(conn, actor, &all, &page));
        }
    }
    // A partner among many: who has nearly all rows is read as well by time.
    let other: EnrollmentId = world.get("select id from enrollments where program_id = $1 and code = 'p4'").await;
    let theirs = Actor::Partner { account: world.owner, program: world.program, enrollment: other };
    let (all, of_sales, of_ledger) = (CommissionFilter::default(), SaleFilter::default(), LedgerFilter::default());
    let days = Period::Days30;
    page_by!(world, Some(other), "click_days_by_enrollment", conn => dashboard(conn, &moment, &theirs, other, days));
    page_by!(world, Some(other), "commissions_by_enrollment", conn => commissions_page(conn, &theirs, &all, &page));
    page_by!(world, Some(other), "commissions_by_enrollment", conn => commissions(conn, &theirs, &all, &page));
    page_by!(world, Some(other), "sales_by_enrollment", conn => sales(conn, &theirs, &of_sales, &page));
    page_by!(world, Some(other), "entries_by_account", conn => ledger(conn, &theirs, other, &of_ledger, &page));
    let mut conn = world.pool.acquire().await.expect("connection");
    let first = commissions_page(&mut conn, &owner, &all, &page).await.expect("first page");
    let second = Paging { cursor: first.next_cursor, limit: None };
    assert!(second.cursor.is_some(), "there is a second page");
    page_by!(world, None, "commissions_by_time", conn => commissions_page(conn, &owner, &all, &second));
    drop(conn);
    // What is taken back of one partner is not read for another's totals.
    for statement in [
        "insert into refunds (program_id, id, sale_id, event_id, amount, why, occurred_at, created_at)
         select program_id, id, id, id::text, 1, '[]', occurred_at, created_at
         from sales where program_id = $1 and enrollment_id = $2 limit 20000",
        "insert into journals (program_id, id, kind, idempotency_key, commission_id, occurred_at, posted_at)
         select program_id, gen_random_uuid(), 'clawback', 'clawback ' || id, id, occurred_at, occurred_at
         from commissions where program_id = $1 and enrollment_id = $2 limit 20000",
        "insert into entries (program_id, id, journal_id, account, enrollment_id, amount, currency, posted_at)
         select j.program_id, gen_random_uuid(), j.id, l.account, case when l.account = 'payable' then $2::uuid end,
                l.amount, 'EUR', j.posted_at
         from journals j, (values ('payable'::ledger_account, -1), ('commission_expense', 1)) l (account, amount)
         where j.program_id = $1 and j.kind = 'clawback'",
        "analyze",
    ] {
        more(&world, id, statement).await;
    }
    by_index!(world.pool, "own commissions", PAGE, conn => commissions(conn, &theirs, &all, &page));
    by_index!(world.pool, "own sales", PAGE, conn => sales(conn, &theirs, &of_sales, &page));
    let of_p4 = CommissionFilter { partner_code: Some("p4".into()), ..CommissionFilter::default() };
    by_index!(world.pool, "a partner's commissions", PAGE, conn => commissions(conn, &owner, &of_p4, &page));
    let of_p4 = SaleFilter { partner_code: Some("p4".into()), ..SaleFilter::default() };
    by_index!(world.pool, "a partner's sales", PAGE, conn => sales(conn, &owner, &of_p4, &page));
}

/// The list of partners, at 100,000 of them. What they have earned and what is due is summed for the order by it.
#[sqlx::test(migrator = "crate::MIGRATIONS")]
async fn the_list_of_partners_reads_a_page_of_100_000(pool: PgPool) {
    let world = World::new(pool).await;
    for statement in [
        "insert into enrollments (program_id, id, status, code, name, company, created_at)
         select id, gen_random_uuid(), case when n % 100 = 0 then 'pending' else 'active' end::enrollment_status, 'p' || n,
                case when n % 3 > 0 then 'Partner ' || n else '' end, 'Company ' || n, created_at
         from programs, generate_series(1, 100000) n where id = $1",
        "insert into partner_tags (program_id, enrollment_id, tag)
         select program_id, id, 'gold' from enrollments where program_id = $1 and status = 'pending'",
    ] {
        world.set(statement).await;
    }
    analyze(&world).await;
    let owner = world.owner();
    let mut conn = world.pool.acquire().await.expect("connection");
    for sort in [PartnerSort::Newest, PartnerSort::Name] {
        let all = PartnerFilter { sort, ..PartnerFilter::default() };
        let first = crate::partners::list(&mut conn, &owner, &all, &Paging::default()).await.expect("first page");
        let second = Paging { cursor: first.next_cursor, limit: None };
        assert!(second.cursor.is_some(), "there is a second page");
        for page in [Paging::default(), second] {
            by_index!(world.pool, "partners", PAGE, conn => crate::partners::list(conn, &owner, &all, &page));
        }
        let pending = PartnerFilter { status: Some(EnrollmentStatus::Pending), ..all.clone() };
        let gold = PartnerFilter { tag: Some("gold".into()), ..all };
        for filter in [pending, gold] {
            let page = Paging::default();
            by_index!(world.pool, "some partners", PROGRAM, conn => crate::partners::list(conn, &owner, &filter, &page));
        }
    }
}

/// The ledgers of 100,000 partners: a page by name reads the figures of its partners alone, of closed months and of the
/// running one.
#[sqlx::test(migrator = "crate::MIGRATIONS")]
async fn the_report_of_ledgers_reads_a_page_of_100_000(pool: PgPool) {
    let world = World::new(pool).await;
    for statement in [
        "insert into enrollments (program_id, id, status, code, name, created_at)
         select id, gen_random_uuid(), 'active', 'p' || n, 'Partner ' || n, created_at
         from programs, generate_series(1, 100000) n where id = $1",
        "insert into periods (program_id, month, starts_at, ends_at, time_zone, closed_at)
         select $1, at::date, at at time zone 'Europe/Berlin', (at + interval '1 month') at time zone 'Europe/Berlin',
                'Europe/Berlin', case when at < '2026-11-01' then '2026-11-01'::timestamptz end
         from generate_series(timestamp '2026-09-01', '2026-11-01', '1 month') at",
        "insert into statements (program_id, month, enrollment_id, opening, commissions, clawbacks, adjustments, payments,
                                 closing, held)
         select $1, month, id, 0, 10, 0, 0, -10, 0, 5 from enrollments
         join periods p on p.program_id = enrollments.program_id and p.closed_at is not null
         where enrollments.program_id = $1",
        "insert into ledger_months (program_id, enrollment_id, account, month, kind, amount)
         select $1, id, account, month, 'commission', 7
         from enrollments join periods p on p.program_id = enrollments.program_id,
              unnest('{held,payable}'::ledger_account[]) account
         where enrollments.program_id = $1",
    ] {
        world.set(statement).await;
    }
    analyze(&world).await;
    let (owner, moment) = (world.owner(), world.moment());
    let mut conn = world.pool.acquire().await.expect("connection");
    for (period, closing, held) in [("this_month", "€7.00", "€12.00"), ("last_month", "€0.00", "€12.00")] {
        let asked = LedgersAsked { period: Some(period.into()), ..LedgersAsked::default() };
        let query = asked.query(world.at.date_naive()).expect("query");
        let scope = Scope::of(&mut conn, &moment, &owner, &query.filter, query.range).await.expect("scope");
        let first = scope.listed(&mut conn, &query, &Paging::default()).await.expect("first page");
        let figures = first.data[0].figures;
        assert_eq!((figures.closing.to_string(), figures.held.to_string()), (closing.into(), held.into()), "{period}");
        let second = Paging { cursor: first.next_cursor, limit: None };
        assert!(second.cursor.is_some(), "there is a second page");
        for page in [Paging::default(), second] {
            let mut tx = world.pool.begin().await.expect("begin");
            crate::reports::make_room(&mut tx).await.expect("planned");
            let before = rows_read(&mut tx).await;
            scope.listed(&mut tx, &query, &page).await.expect("page");
            let rows = rows_read(&mut tx).await - before;
            assert!(rows < PAGE, "{period}: {rows} rows");
        }
    }
}

/// A batch's payments, at 100,000 of them.
#[sqlx::test(migrator = "crate::MIGRATIONS")]
async fn a_batch_of_100_000_payments_is_read_page_by_page(pool: PgPool) {
    let world = World::new(pool).await;
    for statement in [
        "insert into enrollments (program_id, id, status, code, name, created_at)
         select id, gen_random_uuid(), 'active', 'p' || n, 'Partner ' || n, created_at
         from programs, generate_series(1, 100000) n where id = $1",
        "insert into payment_batches (program_id, id, code, code_key, payment_date, created_at)
         select id, id, 'Big', 'big', created_at::date, created_at from programs where id = $1",
        "insert into payments (program_id, id, batch_id, enrollment_id, amount, currency, status, why, created_at)
         select program_id, id, program_id, id, 20, 'EUR', 'recorded', '[]', created_at
         from enrollments where program_id = $1",
        "update payments set status = 'failed'
         where program_id = $1 and id in (select id from payments where program_id = $1 limit 100)",
    ] {
        world.set(statement).await;
    }
    analyze(&world).await;
    let (owner, batch, all) = (world.owner(), BatchId(world.program.0), BatchFilter::default());
    let mut conn = world.pool.acquire().await.expect("connection");
    let first = batch_payments(&mut conn, &owner, batch, &all, &Paging::default()).await.expect("first page");
    let second = Paging { cursor: first.next_cursor, limit: None };
    assert!(second.cursor.is_some(), "there is a second page");
    drop(conn);
    // The second id that the query takes is the batch's.
    let id = Some(EnrollmentId(batch.0));
    let index = "payments_program_id_batch_id_enrollment_id_key";
    for page in [Paging::default(), second] {
        page_by!(world, id, index, conn => batch_payments(conn, &owner, batch, &all, &page));
    }
    let failed = BatchFilter { status: Some(PaymentStatus::Failed), partner_code: None };
    by_index!(world.pool, "failed", PAGE, conn => batch_payments(conn, &owner, batch, &failed, &Paging::default()));
}

/// The list of batches, fifty of 2,000 payments each: what they come to is summed from the index, without their rows.
#[sqlx::test(migrator = "crate::MIGRATIONS")]
async fn the_list_of_batches_reads_no_payment(pool: PgPool) {
    let world = World::new(pool).await;
    for statement in [
        "insert into enrollments (program_id, id, status, code, name, created_at)
         select id, gen_random_uuid(), 'active', 'p' || n, 'Partner ' || n, created_at
         from programs, generate_series(1, 2000) n where id = $1",
        "insert into payment_batches (program_id, id, code, code_key, payment_date, created_at)
         select id, gen_random_uuid(), 'B' || n, 'b' || n, created_at::date, created_at + n * interval '1 day'
         from programs, generate_series(1, 50) n where id = $1",
        "insert into payments (program_id, id, batch_id, enrollment_id, amount, currency, status, why, created_at)
         select b.program_id, gen_random_uuid(), b.id, e.id, 20, 'EUR',
                case when e.code = 'p7' then 'failed' else 'sent' end::payment_status, '[]', b.created_at
         from payment_batches b join enrollments e on e.program_id = b.program_id
         where b.program_id = $1 and e.code like 'p%'",
    ] {
        world.set(statement).await;
    }
    // An index answers alone for rows that every transaction sees.
    sqlx::query("vacuum (analyze) payments").execute(&world.pool).await.expect("vacuum");
    let owner = world.owner();
    let mut conn = world.pool.acquire().await.expect("connection");
    let page = batches(&mut conn, &owner, &Paging::default()).await.expect("batches");
    drop(conn);
    assert_eq!((page.data.len(), page.data[0].code.as_str()), (50, "B50"));
    let of = &page.data[0];
    assert_eq!((of.payments, of.failed, of.total.to_string()), (2_000, 1, "€39,980.00".into()));
    by_index!(world.pool, "batches", PAGE, conn => batches(conn, &owner, &Paging::default()));
}
