use crate::Result;
use domain::commissions::clawed_back_total;
use domain::money::Currency;
use sqlx::{PgConnection, PgPool};

/// How many examples of each broken invariant are told.
const EXAMPLES: usize = 5;

/// An invariant that does not hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Broken {
    /// Its name, snake-case.
    pub invariant: &'static str,
    /// How many rows break it.
    pub count: i64,
    /// A few of them, for people.
    pub examples: Vec<String>,
}

/// Looks for rows that break an invariant: the query returns one text, `example`, for each.
macro_rules! prove {
    ($conn:ident, $broken:ident, $name:literal, $query:tt) => {
        let rows = sqlx::query!(
            "select example as \"example!\", count(*) over () as \"count!\" from (" + $query + ") as broken limit 5"
        )
        .fetch_all(&mut *$conn)
        .await?;
        if let Some(first) = rows.first() {
            let count = first.count;
            let examples = rows.into_iter().map(|row| row.example).collect();
            $broken.push(Broken { invariant: $name, count, examples });
        }
    };
}

/// Proves every invariant of the ledger, its rollups and what hangs on them over the whole database, in one snapshot.
/// Returns those that do not hold, in the order of checking: empty where all is well.
///
/// # Errors
/// `Database`.
pub async fn verify(pool: &PgPool) -> Result<Vec<Broken>> {
    let mut tx = pool.begin_with("begin isolation level repeatable read, read only").await?;
    sqlx::query("set local statement_timeout = 0").execute(&mut *tx).await?;
    let broken = prove_all(&mut tx).await?;
    tx.commit().await?;
    Ok(broken)
}

/// The proof, by the snapshot of the caller's transaction.
pub(super) async fn prove_all(conn: &mut PgConnection) -> Result<Vec<Broken>> {
    let mut broken = Vec::new();
    journals(conn, &mut broken).await?;
    months(conn, &mut broken).await?;
    statements(conn, &mut broken).await?;
    commissions(conn, &mut broken).await?;
    clawbacks(conn, &mut broken).await?;
    payments(conn, &mut broken).await?;
    batches(conn, &mut broken).await?;
    events(conn, &mut broken).await?;
    standings(conn, &mut broken).await?;
    clicks(conn, &mut broken).await?;
    click_tops(conn, &mut broken).await?;
    views(conn, &mut broken).await?;
    Ok(broken)
}

async fn journals(conn: &mut PgConnection, broken: &mut Vec<Broken>) -> Result<()> {
    prove!(
        conn,
        broken,
        "journals_sum_to_zero",
        "select format('journal %s: %s %s', journal_id, sum(amount), currency) as example
         from entries group by program_id, journal_id, currency having sum(amount) <> 0"
    );
    prove!(
        conn,
        broken,
        "journals_have_entries",
        "select format('journal %s', j.id) as example from journals j
         where not exists (select from entries e where e.program_id = j.program_id and e.journal_id = j.id)"
    );
    prove!(
        conn,
        broken,
        "entries_are_as_their_journal",
        "select format('entry %s: %s %s, journal %s, program %s', e.id, e.posted_at, e.currency, j.posted_at, p.currency)
                as example
         from entries e
         join journals j on j.program_id = e.program_id and j.id = e.journal_id
         join programs p on p.id = e.program_id
         where e.posted_at <> j.posted_at or e.currency <> p.currency"
    );
    Ok(())
}

async fn months(conn: &mut PgConnection, broken: &mut Vec<Broken>) -> Result<()> {
    prove!(
        conn,
        broken,
        "rollups_equal_entries",
        "select format('%s %s %s %s: rollup %s, entries %s', enrollment_id, account, month, kind,
                       coalesce(r.amount, 0), coalesce(s.amount, 0)) as example
         from (
             select e.program_id, e.enrollment_id, e.account, m.month, j.kind, sum(e.amount) as amount
             from entries e
             join journals j on j.program_id = e.program_id and j.id = e.journal_id
             left join periods m
                    on m.program_id = e.program_id and m.starts_at <= e.posted_at and m.ends_at > e.posted_at
             where e.enrollment_id is not null
             group by 1, 2, 3, 4, 5
         ) as s
         full join ledger_months r using (program_id, enrollment_id, account, month, kind)
         where coalesce(r.amount, 0) <> coalesce(s.amount, 0)"
    );
    prove!(
        conn,
        broken,
        "months_follow_each_other",
        "select format('%s of program %s begins %s, the one before ended %s', month, program_id, starts_at, ended)
                as example
         from (
             select program_id, month, starts_at,
                    lag(ends_at) over w as ended, lag(month) over w as before
             from periods window w as (partition by program_id order by month)
         ) as m
         where ended <> starts_at or before <> (month - interval '1 month')::date"
    );
    // A journal's id bears the instant at which it was posted. `posted_at` is that instant, or where its month was
    // closed by then the first of a later month: what is closed stays as it is.
    prove!(
        conn,
        broken,
        "posted_when_it_entered",
        "select format('journal %s of %s is posted at %s', id, entered, posted_at) as example
         from (
             select program_id, id, posted_at,
                    'epoch'::timestamptz + ('x' || left(replace(id::text, '-', ''), 12))::bit(48)::bigint
                                           * interval '1 millisecond' as entered
             from journals
         ) as j
         where posted_at < entered
            or (posted_at >= entered + interval '1 millisecond'
                and not exists (select from periods m where m.program_id = j.program_id
                                and m.ends_at = j.posted_at and m.closed_at is not null))"
    );
    prove!(
        conn,
        broken,
        "closed_months_stay_closed",
        "select format('journal %s of %s is posted into %s, closed at %s', j.id, j.entered, m.month, m.closed_at)
                as example
         from (
             select program_id, id, posted_at,
                    'epoch'::timestamptz + ('x' || left(replace(id::text, '-', ''), 12))::bit(48)::bigint
                                           * interval '1 millisecond' as entered
             from journals
         ) as j
         join periods m on m.program_id = j.program_id and m.starts_at <= j.posted_at and m.ends_at > j.posted_at
         where m.closed_at < j.entered"
    );
    Ok(())
}

/// What is frozen of closed months, reckoned anew from the entries.
async fn statements(conn: &mut PgConnection, broken: &mut Vec<Broken>) -> Result<()> {
    prove!(
        conn,
        broken,
        "closed_months_are_the_first",
        "select format('%s of program %s is open before a closed one', month, program_id) as example
         from periods p
         where closed_at is null
           and exists (select from periods n
                       where n.program_id = p.program_id and n.month > p.month and n.closed_at is not null)"
    );
    // There is one wherever the month moved anything, or began with anything.
    prove!(
        conn,
        broken,
        "statements_equal_entries",
        "with moved as (
             select e.program_id, m.month, e.enrollment_id,
                    coalesce(sum(e.amount) filter (where e.account = 'payable' and j.kind in ('commission', 'hold_end')), 0)
                        as commissions,
                    coalesce(sum(e.amount) filter (where e.account = 'payable' and j.kind = 'clawback'), 0) as clawbacks,
                    coalesce(sum(e.amount) filter (where e.account = 'payable'
                                                     and j.kind in ('adjustment', 'opening_balance')), 0) as adjustments,
                    coalesce(sum(e.amount) filter (where e.account = 'payable'
                                                     and j.kind in ('payment', 'payment_failed')), 0) as payments,
                    coalesce(sum(e.amount) filter (where e.account = 'payable'), 0) as payable,
                    coalesce(sum(e.amount) filter (where e.account = 'held'), 0) as held
             from entries e
             join journals j on j.program_id = e.program_id and j.id = e.journal_id
             join periods m on m.program_id = e.program_id and m.starts_at <= e.posted_at and m.ends_at > e.posted_at
             where e.enrollment_id is not null and m.closed_at is not null
             group by e.program_id, m.month, e.enrollment_id
         ), months as (
             select p.program_id, p.month, a.enrollment_id, m.enrollment_id is not null as moved,
                    coalesce(m.commissions, 0) as commissions, coalesce(m.clawbacks, 0) as clawbacks,
                    coalesce(m.adjustments, 0) as adjustments, coalesce(m.payments, 0) as payments,
                    coalesce(m.payable, 0) as payable, coalesce(m.held, 0) as held_moved,
                    sum(coalesce(m.payable, 0)) over w as closing, sum(coalesce(m.held, 0)) over w as held
             from periods p
             join (select distinct program_id, enrollment_id from moved) a on a.program_id = p.program_id
             left join moved m
                    on m.program_id = p.program_id and m.month = p.month and m.enrollment_id = a.enrollment_id
             where p.closed_at is not null
             window w as (partition by p.program_id, a.enrollment_id order by p.month)
         ), due as (
             select program_id, month, enrollment_id, closing - payable as opening, commissions, clawbacks, adjustments,
                    payments, closing, held
             from months where moved or closing <> payable or held <> held_moved
         )
         select format('partner %s, %s: frozen %s, entries %s', enrollment_id, month,
                       (s.opening, s.commissions, s.clawbacks, s.adjustments, s.payments, s.closing, s.held),
                       (d.opening, d.commissions, d.clawbacks, d.adjustments, d.payments, d.closing, d.held)) as example
         from statements s full join due d using (program_id, month, enrollment_id)
         where s.closing is null or d.closing is null
            or (s.opening, s.commissions, s.clawbacks, s.adjustments, s.payments, s.closing, s.held)
               <> (d.opening, d.commissions, d.clawbacks, d.adjustments, d.payments, d.closing, d.held)"
    );
    prove!(
        conn,
        broken,
        "statements_begin_where_the_one_before_ended",
        "select format('partner %s, %s begins with %s, the month before ended with %s', s.enrollment_id, s.month, s.opening,
                       coalesce(b.closing, 0)) as example
         from statements s
         left join statements b on b.program_id = s.program_id and b.enrollment_id = s.enrollment_id
                               and b.month = (s.month - interval '1 month')::date
         where s.opening <> coalesce(b.closing, 0)"
    );
    prove!(
        conn,
        broken,
        "trial_balances_equal_entries",
        "with moved as (
             select e.program_id, m.month, e.account, sum(e.amount) as amount
             from entries e
             join periods m on m.program_id = e.program_id and m.starts_at <= e.posted_at and m.ends_at > e.posted_at
             where m.closed_at is not null
             group by e.program_id, m.month, e.account
         ), due as (
             select p.program_id, p.month, a.account,
                    sum(coalesce(m.amount, 0)) over (partition by p.program_id, a.account order by p.month) as balance
             from periods p
             cross join unnest(enum_range(null::ledger_account)) as a (account)
             left join moved m on m.program_id = p.program_id and m.month = p.month and m.account = a.account
             where p.closed_at is not null
         )
         select format('%s of program %s, %s: frozen %s, entries %s', account, program_id, month, coalesce(t.balance, 0),
                       coalesce(d.balance, 0)) as example
         from trial_balances t full join due d using (program_id, month, account)
         where coalesce(t.balance, 0) <> coalesce(d.balance, 0)"
    );
    Ok(())
}

async fn commissions(conn: &mut PgConnection, broken: &mut Vec<Broken>) -> Result<()> {
    prove!(
        conn,
        broken,
        "held_is_never_negative",
        "select format('commission %s holds %s', j.commission_id, sum(e.amount)) as example
         from journals j join entries e on e.program_id = j.program_id and e.journal_id = j.id
         where j.commission_id is not null and e.account = 'held'
         group by j.program_id, j.commission_id having sum(e.amount) < 0"
    );
    prove!(
        conn,
        broken,
        "commissions_follow_the_ledger",
        "select format('commission %s of %s is %s; earned %s, held %s, payable %s, taken back %s', id, amount, status,
                       earned, held, payable, taken_back) as example
         from (
             select c.id, c.amount, c.status,
                    coalesce(sum(e.amount) filter (where j.kind = 'commission' and e.enrollment_id is not null), 0)
                        as earned,
                    coalesce(sum(e.amount) filter (where e.account = 'held'), 0) as held,
                    coalesce(sum(e.amount) filter (where e.account = 'payable'), 0) as payable,
                    coalesce(sum(e.amount) filter (where j.kind = 'clawback' and e.account = 'commission_expense'), 0)
                        as taken_back,
                    coalesce(bool_and(e.enrollment_id is null or e.enrollment_id = c.enrollment_id), false) as own
             from commissions c
             left join journals j on j.program_id = c.program_id and j.commission_id = c.id
             left join entries e on e.program_id = j.program_id and e.journal_id = j.id
             group by c.program_id, c.id
         ) as c
         where not own or earned <> amount or held + payable <> amount - taken_back
            or (status in ('review', 'held')) <> (held > 0)
            or (status in ('review', 'held') and payable <> 0)
            or (status = 'reversed') <> (taken_back = amount)
            or taken_back > amount"
    );
    prove!(
        conn,
        broken,
        "commissions_are_their_referral's",
        "select format('commission %s', c.id) as example
         from commissions c
         join referrals r on r.program_id = c.program_id and r.id = c.referral_id
         left join sales s on s.program_id = c.program_id and s.id = c.sale_id
         where r.enrollment_id <> c.enrollment_id or r.customer_id <> c.customer_id
            or (s.id is not null and (s.customer_id <> c.customer_id or s.referral_id is distinct from c.referral_id
                                      or s.enrollment_id is distinct from c.enrollment_id))"
    );
    prove!(
        conn,
        broken,
        "commissions_of_leads_are_their_partner's",
        "select format('commission %s', c.id) as example
         from commissions c join leads l on l.program_id = c.program_id and l.id = c.lead_id
         where l.enrollment_id <> c.enrollment_id or c.trigger not in ('lead_qualified', 'lead_won')
            or not exists (select from lead_earnings e
                           where e.program_id = c.program_id and e.lead_id = c.lead_id and e.trigger = c.trigger)"
    );
    prove!(
        conn,
        broken,
        "banned_partners_hold_nothing",
        "select format('partner %s holds %s', p.code, sum(e.amount)) as example
         from enrollments p
         join entries e on e.program_id = p.program_id and e.enrollment_id = p.id and e.account = 'held'
         where p.status = 'banned'
         group by p.program_id, p.id having sum(e.amount) <> 0"
    );
    Ok(())
}

/// What is taken back of a commission is its share of its sale's refunds, or all of it where a person said so.
async fn clawbacks(conn: &mut PgConnection, broken: &mut Vec<Broken>) -> Result<()> {
    let rows = sqlx::query!(
        r#"select c.id, c.amount, s.amount as sale, r.refunded as "refunded!", c.currency as "currency: Currency",
                  coalesce(t.taken_back, 0) as "taken_back!", coalesce(t.whole, false) as "whole!"
           from (select program_id, sale_id, sum(amount) as refunded from refunds group by 1, 2) as r
           join sales s on s.program_id = r.program_id and s.id = r.sale_id
           join commissions c on c.program_id = r.program_id and c.sale_id = r.sale_id
           left join lateral (
               select sum(e.amount) as taken_back, bool_or(j.refund_id is null) as whole
               from journals j join entries e on e.program_id = j.program_id and e.journal_id = j.id
               where j.program_id = c.program_id and j.commission_id = c.id and j.kind = 'clawback'
                 and e.account = 'commission_expense'
           ) as t on true"#
    )
    .fetch_all(conn)
    .await?;
    let wrong: Vec<_> = rows
        .into_iter()
        .filter_map(|row| {
            let share = clawed_back_total(row.amount, row.sale, row.refunded, row.currency);
            let due = if row.whole { row.amount } else { share };
            (row.taken_back != due).then(|| format!("commission {}: taken back {}, not {due}", row.id, row.taken_back))
        })
        .collect();
    if !wrong.is_empty() {
        let count = i64::try_from(wrong.len()).unwrap_or(i64::MAX);
        let examples = wrong.into_iter().take(EXAMPLES).collect();
        broken.push(Broken { invariant: "clawbacks_follow_refunds", count, examples });
    }
    Ok(())
}

async fn payments(conn: &mut PgConnection, broken: &mut Vec<Broken>) -> Result<()> {
    prove!(
        conn,
        broken,
        "payments_equal_their_items",
        "select format('payment %s of %s settles %s', p.id, p.amount, coalesce(sum(e.amount), 0)) as example
         from payments p
         left join payment_items i on i.program_id = p.program_id and i.payment_id = p.id
         left join entries e on e.program_id = i.program_id and e.id = i.entry_id
         group by p.program_id, p.id having coalesce(sum(e.amount), 0) <> p.amount"
    );
    prove!(
        conn,
        broken,
        "payments_equal_their_postings",
        "select format('payment %s of %s is %s: posted %s, taken back %s', id, amount, status, paid, taken_back) as example
         from (
             select p.id, p.amount, p.status,
                    coalesce(sum(e.amount) filter (where j.kind = 'payment'), 0) as paid,
                    coalesce(-sum(e.amount) filter (where j.kind = 'payment_failed'), 0) as taken_back
             from payments p
             left join journals j on j.program_id = p.program_id and j.payment_id = p.id
             left join entries e on e.program_id = j.program_id and e.journal_id = j.id and e.account = 'paid_out'
             group by p.program_id, p.id
         ) as p
         where paid <> amount or taken_back <> case when status in ('failed', 'cancelled') then amount else 0 end"
    );
    // That an entry is settled at most once is the primary key of payment_items.
    prove!(
        conn,
        broken,
        "items_settle_the_partner's_payable",
        "select format('payment %s settles entry %s', p.id, e.id) as example
         from payment_items i
         join payments p on p.program_id = i.program_id and p.id = i.payment_id
         join entries e on e.program_id = i.program_id and e.id = i.entry_id
         join journals j on j.program_id = e.program_id and j.id = e.journal_id
         where e.account <> 'payable' or e.enrollment_id <> p.enrollment_id or j.kind = 'payment'"
    );
    prove!(
        conn,
        broken,
        "open_entries_are_those_that_nothing_settles",
        "with open as (
             select e.program_id, e.id, e.enrollment_id, e.amount, e.posted_at, j.kind, j.commission_id, j.payment_id
             from entries e
             join journals j on j.program_id = e.program_id and j.id = e.journal_id and j.kind <> 'payment'
             left join payment_items i on i.program_id = e.program_id and i.entry_id = e.id
             where e.account = 'payable' and i.entry_id is null
         )
         select format('entry %s', coalesce(e.id, o.entry_id)) as example
         from open e full join open_entries o on o.program_id = e.program_id and o.entry_id = e.id
         where (o.enrollment_id, o.amount, o.posted_at, o.kind, o.commission_id, o.payment_id)
               is distinct from (e.enrollment_id, e.amount, e.posted_at, e.kind, e.commission_id, e.payment_id)"
    );
    prove!(
        conn,
        broken,
        "payable_is_what_is_open",
        "select format('partner %s: payable %s, open %s', e.enrollment_id, sum(e.amount),
                       coalesce(sum(e.amount) filter (where j.kind <> 'payment' and i.entry_id is null), 0)) as example
         from entries e
         join journals j on j.program_id = e.program_id and j.id = e.journal_id
         left join payment_items i on i.program_id = e.program_id and i.entry_id = e.id
         where e.account = 'payable'
         group by e.program_id, e.enrollment_id
         having sum(e.amount) <> coalesce(sum(e.amount) filter (where j.kind <> 'payment' and i.entry_id is null), 0)"
    );
    // A payment that failed reopens its entries by a new one: whether a commission is paid, the last of that chain says.
    prove!(
        conn,
        broken,
        "commissions_are_paid_when_settled",
        "with recursive trail as (
             select c.program_id, c.id, c.status, e.id as entry_id
             from commissions c
             join journals j on j.program_id = c.program_id and j.commission_id = c.id
                            and j.kind in ('commission', 'hold_end')
             join entries e on e.program_id = j.program_id and e.journal_id = j.id and e.account = 'payable'
             where c.status in ('due', 'paid')
             union all
             select t.program_id, t.id, t.status, e.id
             from trail t
             join payment_items i on i.program_id = t.program_id and i.entry_id = t.entry_id
             join payments p on p.program_id = i.program_id and p.id = i.payment_id
                            and p.status in ('failed', 'cancelled')
             join journals j on j.program_id = p.program_id and j.payment_id = p.id and j.kind = 'payment_failed'
             join entries e on e.program_id = j.program_id and e.journal_id = j.id and e.account = 'payable'
         )
         select format('commission %s is %s', t.id, t.status) as example
         from trail t
         left join payment_items i on i.program_id = t.program_id and i.entry_id = t.entry_id
         left join payments p on p.program_id = i.program_id and p.id = i.payment_id
         group by t.program_id, t.id, t.status
         having (t.status = 'paid') <> coalesce(bool_or(p.status not in ('failed', 'cancelled')), false)"
    );
    Ok(())
}

/// A batch is what its draft said: each partner that is not left out, its amount and its entries.
async fn batches(conn: &mut PgConnection, broken: &mut Vec<Broken>) -> Result<()> {
    prove!(
        conn,
        broken,
        "batches_equal_their_drafts",
        "with lines as (
             select d.program_id, d.batch_id, l.enrollment_id, l.amount,
                    (select array_agg(e order by e) from unnest(l.entries) as e) as entries
             from payment_drafts d
             join payment_draft_lines l on l.program_id = d.program_id and l.draft_id = d.id and l.left_out is null
             where d.status = 'processed'
         ), paid as (
             select p.program_id, p.batch_id, p.enrollment_id, p.amount,
                    (select array_agg(i.entry_id order by i.entry_id) from payment_items i
                     where i.program_id = p.program_id and i.payment_id = p.id) as entries
             from payments p
             where exists (select from payment_drafts d where d.program_id = p.program_id and d.batch_id = p.batch_id)
         )
         select format('batch %s, partner %s: draft %s, payment %s', batch_id, enrollment_id, l.amount, p.amount) as example
         from lines l full join paid p using (program_id, batch_id, enrollment_id)
         where l.amount is distinct from p.amount or l.entries is distinct from p.entries"
    );
    prove!(
        conn,
        broken,
        "drafts_that_are_processed_have_a_batch",
        "select format('draft %s is %s', id, status) as example
         from payment_drafts where (status = 'processed') <> (batch_id is not null)"
    );
    Ok(())
}

async fn events(conn: &mut PgConnection, broken: &mut Vec<Broken>) -> Result<()> {
    prove!(
        conn,
        broken,
        "refunds_stay_within_their_sale",
        "select format('sale %s of %s is refunded by %s', s.event_id, s.amount, sum(r.amount)) as example
         from refunds r join sales s on s.program_id = r.program_id and s.id = r.sale_id
         group by s.program_id, s.id having sum(r.amount) > s.amount"
    );
    prove!(
        conn,
        broken,
        "first_sales_are_the_earliest",
        "select format('customer %s: %s, not %s', c.external_id, c.first_sale_at, min(s.occurred_at)) as example
         from customers c left join sales s on s.program_id = c.program_id and s.customer_id = c.id
         group by c.program_id, c.id having c.first_sale_at is distinct from min(s.occurred_at)"
    );
    prove!(
        conn,
        broken,
        "refunded_customers_have_paid_nothing",
        "select format('customer %s', c.external_id) as example
         from customers c
         left join (
             select s.program_id, s.customer_id,
                    bool_or(s.amount > coalesce((select sum(r.amount) from refunds r
                                                 where r.program_id = s.program_id and r.sale_id = s.id), 0)) as paid
             from sales s group by 1, 2
         ) as s on s.program_id = c.program_id and s.customer_id = c.id
         where c.refunded <> (s.paid is not null and not s.paid)"
    );
    prove!(
        conn,
        broken,
        "answers_have_their_event",
        "select format('%s %s', a.call, a.event_id) as example
         from api_answers a
         left join sales s on a.call = 'sale' and s.program_id = a.program_id and s.event_id = a.event_id
         left join refunds r on a.call = 'refund' and r.program_id = a.program_id and r.event_id = a.event_id
         where a.answer is null or (a.call in ('sale', 'refund') and s.id is null and r.id is null)"
    );
    Ok(())
}

/// What is kept twice so that lists read it quickly: whose a customer is, and how a partner stands.
async fn standings(conn: &mut PgConnection, broken: &mut Vec<Broken>) -> Result<()> {
    prove!(
        conn,
        broken,
        "customers_are_their_standing_referral's",
        "select format('customer %s counts for %s, its referral for %s', c.external_id, c.enrollment_id, r.enrollment_id)
                as example
         from customers c
         left join referrals r on r.program_id = c.program_id and r.customer_id = c.id and r.ended_at is null
         where c.enrollment_id is distinct from r.enrollment_id"
    );
    prove!(
        conn,
        broken,
        "partners_stand_as_their_history_ends",
        "select format('partner %s is %s, its history ends with %s', e.code, e.status, s.status) as example
         from enrollments e
         left join (
             select distinct on (program_id, enrollment_id) program_id, enrollment_id, status
             from enrollment_statuses order by program_id, enrollment_id, at desc
         ) as s on s.program_id = e.program_id and s.enrollment_id = e.id
         where e.status is distinct from s.status"
    );
    Ok(())
}

/// The rollups of clicks, for the days whose partition is still there. A program's days are compared one by one where
/// its time zone never changed, else in sum: which zone a click's day was reckoned in is not written down.
async fn clicks(conn: &mut PgConnection, broken: &mut Vec<Broken>) -> Result<()> {
    prove!(
        conn,
        broken,
        "click_days_equal_clicks",
        "with kept as (
             select min((regexp_match(pg_get_expr(c.relpartbound, c.oid), 'FROM \\(''([^'']+)''\\)'))[1]::timestamptz)
                    as since
             from pg_inherits i join pg_class c on c.oid = i.inhrelid
             where i.inhparent = 'clicks'::regclass
         ), zones as (
             select p.id as program_id, p.time_zone as zone,
                    coalesce((kept.since at time zone p.time_zone)::date + 1, '-infinity') as first_day,
                    p.next_time_zone is null
                    and not exists (select from periods m where m.program_id = p.id and m.time_zone <> p.time_zone)
                    as steady
             from programs p, kept
         ), rows as (
             select c.program_id, c.link_id,
                    case when z.steady then (c.clicked_at at time zone z.zone)::date else '-infinity' end as day,
                    count(*) as clicks, count(*) filter (where c.is_unique) as unique_clicks
             from clicks c join zones z using (program_id)
             where (c.clicked_at at time zone z.zone)::date >= z.first_day
             group by 1, 2, 3
         ), days as (
             select d.program_id, d.link_id, case when z.steady then d.day else '-infinity' end as day,
                    sum(d.clicks) as clicks, sum(d.unique_clicks) as unique_clicks
             from click_days d join zones z using (program_id)
             where d.day >= z.first_day
             group by 1, 2, 3
         )
         select format('link %s, %s: rollup %s and %s unique, rows %s and %s', link_id, day, coalesce(d.clicks, 0),
                       coalesce(d.unique_clicks, 0), coalesce(r.clicks, 0), coalesce(r.unique_clicks, 0)) as example
         from rows r full join days d using (program_id, link_id, day)
         where coalesce(d.clicks, 0) <> coalesce(r.clicks, 0)
            or coalesce(d.unique_clicks, 0) <> coalesce(r.unique_clicks, 0)"
    );
    Ok(())
}

/// The counts of clicks by referrer, page, country and sub-id, for the days with which their job is done: those well
/// before its last round, whose partition is still there. Where a program's time zone has changed, a click's day can't be
/// told.
async fn click_tops(conn: &mut PgConnection, broken: &mut Vec<Broken>) -> Result<()> {
    prove!(
        conn,
        broken,
        "click_tops_equal_clicks",
        "with kept as (
             select min((regexp_match(pg_get_expr(c.relpartbound, c.oid), 'FROM \\(''([^'']+)''\\)'))[1]::timestamptz)
                    as since
             from pg_inherits i join pg_class c on c.oid = i.inhrelid
             where i.inhparent = 'clicks'::regclass
         ), zones as (
             select p.id as program_id, p.time_zone as zone,
                    coalesce((kept.since at time zone p.time_zone)::date + 1, '-infinity') as first_day,
                    r.rolled_to - 2 as end_day
             from programs p join click_rollups r on r.program_id = p.id, kept
             where p.next_time_zone is null
               and not exists (select from periods m where m.program_id = p.id and m.time_zone <> p.time_zone)
         ), seen as (
             select c.program_id, c.enrollment_id, (c.clicked_at at time zone z.zone)::date as day, f.facet, f.value,
                    count(*) as clicks, count(*) filter (where c.is_unique) as unique_clicks, min(c.clicked_at) as first
             from clicks c join zones z using (program_id)
             cross join lateral (values ('referrer'::click_facet, click_referrer(c.referrer)),
                                        ('page', click_page(c.target)), ('country', c.country),
                                        ('sub_id', c.sub_id)) f (facet, value)
             where (c.clicked_at at time zone z.zone)::date >= z.first_day
               and (c.clicked_at at time zone z.zone)::date < z.end_day
             group by 1, 2, 3, 4, 5
         ), ranked as (
             select *, row_number() over (partition by program_id, enrollment_id, day, facet order by first, value) > 1000
                       as other
             from seen
         ), rows as (
             select program_id, enrollment_id, day, facet, other, case when other then '' else value end as value,
                    sum(clicks) as clicks, sum(unique_clicks) as unique_clicks
             from ranked group by 1, 2, 3, 4, 5, 6
         ), tops as (
             select t.* from click_tops t join zones z using (program_id)
             where t.day >= z.first_day and t.day < z.end_day
         )
         select format('partner %s, %s, %s %s: rollup %s and %s unique, rows %s and %s', enrollment_id, day, facet, value,
                       coalesce(t.clicks, 0), coalesce(t.unique_clicks, 0), coalesce(r.clicks, 0),
                       coalesce(r.unique_clicks, 0)) as example
         from rows r full join tops t using (program_id, enrollment_id, day, facet, other, value)
         where coalesce(t.clicks, 0) <> coalesce(r.clicks, 0)
            or coalesce(t.unique_clicks, 0) <> coalesce(r.unique_clicks, 0)"
    );
    Ok(())
}

async fn views(conn: &mut PgConnection, broken: &mut Vec<Broken>) -> Result<()> {
    prove!(
        conn,
        broken,
        "views_equal_their_days",
        "select format('asset %s: total %s, days %s', a.id, a.views, coalesce(d.views, 0)) as example
         from assets a
         left join (
             select program_id, asset_id, sum(views) as views from asset_days group by program_id, asset_id
         ) d on d.program_id = a.program_id and d.asset_id = a.id
         where a.views <> coalesce(d.views, 0)"
    );
    Ok(())
}
