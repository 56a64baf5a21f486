//! Which open entries a basis chooses.
//!
//! An entry of a partner's payable is open until a payment settles it. That of a payment taken back stands for the entries
//! which that payment had settled: it counts for a basis by their posting dates, where all of them lie within. Clawbacks
//! travel with their commissions, whenever they were posted.

use super::drafts::Head;
use crate::Result;
use crate::reports::{Pieces, Scope, Setting, summed};
use chrono::{DateTime, Duration, Utc};
use domain::ids::{DraftId, EnrollmentId, ProgramId};
use domain::payments::{DraftSource, PaymentBasis};
use rust_decimal::Decimal;
use sqlx::PgConnection;
use uuid::Uuid;

/// A statement on the entries that a basis chooses (`chosen`), what they come to for each partner (`sums`), and what of
/// clawbacks and adjustments it leaves aside (`stays`), of these partners or (`None`) of all. What is done with them follows,
/// its own parameters from $8 on.
///
/// The arguments: the program, the partners, the basis, the range's instants (the basis ending may have no end), the instant
/// up to which entries count (`None`: all that there are), and, for an export that was made before, its draft: what was
/// open by then counts, whether it was paid since or not.
macro_rules! chosen {
    (($($row:tt)*), $program:expr, $of:expr, $basis:expr, $range:expr, $until:expr, $kept:expr, $asked:tt $(, $arg:expr)* $(,)?) => {
        sqlx::query_as!(
            $($row)*
            r#"with recursive open as materialized (
                 select enrollment_id, entry_id as id, amount, posted_at, kind, commission_id, payment_id
                 from open_entries
                 where program_id = $1 and $7::uuid is null and ($6::timestamptz is null or posted_at <= $6)
                   and ($2::uuid[] is null or enrollment_id = any($2))
                 union all
                 select e.enrollment_id, e.id, e.amount, e.posted_at, j.kind, j.commission_id, j.payment_id
                 from payment_draft_lines l
                 cross join lateral unnest(l.kept) as k (id)
                 join entries e on e.program_id = $1 and e.id = k.id
                 join journals j on j.program_id = $1 and j.id = e.journal_id
                 where l.program_id = $1 and l.draft_id = $7 and ($2::uuid[] is null or l.enrollment_id = any($2))
             ), trail as (
                 -- What the entries of payments taken back stand for, down to the first.
                 select o.id as entry_id, i.entry_id as behind_id
                 from open o join payment_items i on i.program_id = $1 and i.payment_id = o.payment_id
                 where o.kind = 'payment_failed'
                 union all
                 select t.entry_id, i.entry_id
                 from trail t
                 join entries e on e.program_id = $1 and e.id = t.behind_id
                 join journals j on j.program_id = $1 and j.id = e.journal_id and j.kind = 'payment_failed'
                 join payment_items i on i.program_id = $1 and i.payment_id = j.payment_id
             ), behind as (
                 select t.entry_id, e.posted_at, j.kind, j.commission_id
                 from trail t
                 join entries e on e.program_id = $1 and e.id = t.behind_id
                 join journals j on j.program_id = $1 and j.id = e.journal_id and j.kind <> 'payment_failed'
             ), dated as (
                 select enrollment_id, id, amount, kind, commission_id, posted_at, posted_at as first_at, posted_at as last_at
                 from open where kind <> 'payment_failed'
                 union all
                 select o.enrollment_id, o.id, o.amount, o.kind, null, o.posted_at, b.first_at, b.last_at
                 from open o
                 join (
                     select entry_id, min(posted_at) as first_at, max(posted_at) as last_at
                     from behind where kind <> 'clawback' group by entry_id
                 ) b on b.entry_id = o.id
             ), taken as (
                 select * from dated
                 where case $3::payment_basis
                           -- Where it ends, as the report's ending balance does: by the entries' own dates.
                           when 'ending' then $5::timestamptz is null or posted_at < $5
                           when 'earned' then kind in ('commission', 'hold_end', 'payment_failed')
                                              and first_at >= $4 and last_at < $5
                           else kind in ('commission', 'hold_end', 'payment_failed', 'opening_balance') and last_at < $5
                       end
             ), theirs as (
                 select commission_id from taken where kind in ('commission', 'hold_end') and commission_id is not null
                 union
                 select b.commission_id from behind b join taken t on t.id = b.entry_id
                 where b.kind in ('commission', 'hold_end') and b.commission_id is not null
             ), chosen as (
                 select enrollment_id, id, amount, commission_id, 0 as taken_back from taken
                 union all
                 select enrollment_id, id, amount, commission_id, case when posted_at >= $4 then amount else 0 end
                 from open
                 where $3::payment_basis <> 'ending' and kind = 'clawback'
                   and commission_id in (select commission_id from theirs)
             ), sums as (
                 select enrollment_id, sum(amount) as amount, sum(taken_back) as taken_back,
                        array_agg(id order by id) as entries
                 from chosen group by enrollment_id
             ), unpaid as (
                 select commission_id from open where kind in ('commission', 'hold_end') and commission_id is not null
                 union
                 select commission_id from behind
                 where kind in ('commission', 'hold_end') and commission_id is not null
             ), stays as (
                 -- What is left aside, but for clawbacks whose commissions are: they are no debt.
                 select o.enrollment_id, coalesce(sum(o.amount) filter (where o.kind = 'clawback'), 0) as clawbacks,
                        coalesce(sum(o.amount) filter (where o.kind <> 'clawback'), 0) as adjustments
                 from open o
                 where $5::timestamptz is not null and o.kind in ('clawback', 'adjustment', 'opening_balance')
                   and not exists (select from chosen c where c.id = o.id)
                   and (o.kind <> 'clawback'
                        or not exists (select from unpaid u where u.commission_id = o.commission_id))
                 group by o.enrollment_id
             ) "# + $asked,
            $program as ProgramId,
            $of as Option<&[Uuid]>,
            $basis as PaymentBasis,
            $range.0,
            $range.1,
            $until as Option<DateTime<Utc>>,
            $kept as Option<DraftId>
            $(, $arg)*
        )
    };
}

/// A number of rows.
struct Rows {
    count: i64,
}

/// Makes the lines of a draft: one for each of these partners (`None`: of all), with what the basis chooses, what it says
/// by the report's columns, and why the partner is left out.
pub(super) async fn fill(
    conn: &mut PgConnection,
    setting: &Setting,
    draft: &Head,
    ids: Option<&[Uuid]>,
    at: DateTime<Utc>,
) -> Result<i64> {
    let made = choose(conn, setting, draft, ids).await?;
    let pieces = Pieces::of(conn, setting.program, draft.from_at, draft.to_at, at).await?;
    reckon(conn, setting, draft, &pieces, ids).await?;
    judge(conn, setting.program, draft.id, None, at).await?;
    Ok(made)
}

/// The same for the partners of a report, whose ranges are known.
pub(super) async fn fill_scope(conn: &mut PgConnection, scope: &Scope, draft: &Head, at: DateTime<Utc>) -> Result<i64> {
    let made = choose(conn, &scope.setting, draft, scope.ids.as_deref()).await?;
    reckon(conn, &scope.setting, draft, &scope.pieces, scope.ids.as_deref()).await?;
    judge(conn, scope.setting.program, draft.id, None, at).await?;
    Ok(made)
}

/// The same for the lines of an export that was made before, on another basis, among what was open by then.
pub(super) async fn fill_again(
    conn: &mut PgConnection,
    setting: &Setting,
    draft: &Head,
    at: DateTime<Utc>,
) -> Result<()> {
    choose_again(conn, setting, draft).await?;
    // What came after the export is in none of its figures.
    let to = draft.to_at.min(draft.reviewed_at + Duration::microseconds(1));
    let pieces = Pieces::of(conn, setting.program, draft.from_at, to, at).await?;
    reckon(conn, setting, draft, &pieces, None).await?;
    judge(conn, setting.program, draft.id, None, at).await
}

fn is_export(draft: &Head) -> bool {
    draft.source == DraftSource::Export
}

/// Between which instants a basis chooses. Ending takes what there is at the moment of processing, whatever the range's end;
/// but a file's ending balance stops there.
fn range(draft: &Head) -> (DateTime<Utc>, Option<DateTime<Utc>>) {
    let endless = draft.basis == PaymentBasis::Ending && !is_export(draft);
    (draft.from_at, (!endless).then_some(draft.to_at))
}

async fn choose(conn: &mut PgConnection, setting: &Setting, draft: &Head, ids: Option<&[Uuid]>) -> Result<i64> {
    let made = chosen!(
        (Rows,),
        setting.program,
        ids,
        draft.basis,
        range(draft),
        // An export's snapshot says what there was.
        (!is_export(draft)).then_some(draft.reviewed_at),
        None,
        r#", whole as (
               select enrollment_id, array_agg(id order by id) as entries from open where $9::boolean group by enrollment_id
           ), made as (
               insert into payment_draft_lines (program_id, draft_id, enrollment_id, figure, amount, taken_back, balance,
                                                clawbacks_stay, adjustments_stay, entries, kept, details_hash)
               select e.program_id, $8, e.id, n.figure, coalesce(s.amount, 0), coalesce(s.taken_back, 0), n.figure,
                      coalesce(y.clawbacks, 0), coalesce(y.adjustments, 0),
                      coalesce(s.entries, '{}'), case when $9 then coalesce(w.entries, '{}') end, t.details_hash
               from enrollments e
               join payout_targets t on t.program_id = e.program_id and t.enrollment_id = e.id
               left join sums s on s.enrollment_id = e.id
               left join stays y on y.enrollment_id = e.id
               left join whole w on w.enrollment_id = e.id
               -- On the basis ending all three are the balance; on the others, and for exports, these two are reckoned next.
               cross join lateral (
                   select case when $3::payment_basis = 'ending' then coalesce(s.amount, 0) else 0 end as figure
               ) n
               where e.program_id = $1 and ($2::uuid[] is null or e.id = any($2))
               returning 1
           )
           select count(*) as "count!" from made"#,
        draft.id as DraftId,
        is_export(draft)
    )
    .fetch_one(conn)
    .await?;
    Ok(made.count)
}

async fn choose_again(conn: &mut PgConnection, setting: &Setting, draft: &Head) -> Result<()> {
    chosen!(
        (Rows,),
        setting.program,
        None,
        draft.basis,
        range(draft),
        None,
        Some(draft.id),
        r#", changed as (
               update payment_draft_lines l
               set amount = coalesce(s.amount, 0), taken_back = coalesce(s.taken_back, 0),
                   clawbacks_stay = coalesce(y.clawbacks, 0), adjustments_stay = coalesce(y.adjustments, 0),
                   entries = coalesce(s.entries, '{}')
               from enrollments e
               left join sums s on s.enrollment_id = e.id
               left join stays y on y.enrollment_id = e.id
               where e.program_id = $1 and l.program_id = $1 and l.draft_id = $7 and l.enrollment_id = e.id
               returning 1
           )
           select count(*) as "count!" from changed"#,
    )
    .fetch_one(conn)
    .await?;
    Ok(())
}

/// What the basis says by the report's columns, and the whole balance.
async fn reckon(
    conn: &mut PgConnection,
    setting: &Setting,
    draft: &Head,
    pieces: &Pieces,
    ids: Option<&[Uuid]>,
) -> Result<()> {
    if draft.basis == PaymentBasis::Ending && !is_export(draft) {
        return Ok(());
    }
    summed!(
        Rows,
        setting.program,
        pieces,
        ids,
        r#", figures as (
               select enrollment_id,
                      case $13::payment_basis
                          when 'earned' then commissions
                          when 'opening_and_earned' then opening + commissions
                          else closing
                      end as figure
               from sums
           ), balances as (
               select enrollment_id, sum(amount) as amount
               from (
                   select enrollment_id, closing as amount from statements
                   where program_id = $1 and month = $14 and ($2::uuid[] is null or enrollment_id = any($2))
                   union all
                   select enrollment_id, amount from ledger_months
                   where program_id = $1 and month = any($15) and account = 'payable'
                     and ($2::uuid[] is null or enrollment_id = any($2))
               ) as moved group by enrollment_id
           ), changed as (
               update payment_draft_lines l set figure = coalesce(f.figure, 0), balance = coalesce(b.amount, 0)
               from enrollments e
               left join figures f on f.enrollment_id = e.id
               left join balances b on b.enrollment_id = e.id
               where e.program_id = $1 and l.program_id = $1 and l.draft_id = $16 and l.enrollment_id = e.id
               returning 1
           )
           select count(*) as "count!" from changed"#,
        draft.basis as PaymentBasis,
        pieces.last,
        &pieces.since,
        draft.id as DraftId
    )
    .fetch_one(conn)
    .await?;
    Ok(())
}

/// Why each partner, or this one, is left out, if it is. An export was paid by its file, whatever stands in the way of others.
pub(super) async fn judge(
    conn: &mut PgConnection,
    program: ProgramId,
    draft: DraftId,
    of: Option<EnrollmentId>,
    at: DateTime<Utc>,
) -> Result<()> {
    sqlx::query!(
        "update payment_draft_lines l
         set left_out = case
                 when l.amount < 0 then 'negative'
                 when l.amount = 0 and l.figure + l.taken_back > 0 then 'already_paid'
                 when l.amount = 0 and l.balance < 0 then 'negative'
                 when l.amount = 0 then 'zero'
                 when d.source = 'export' then null
                 else why_left_out(
                     l.amount, coalesce(m.minimum, p.minimum_payment), e.status,
                     exists (select from payout_changes c
                             where c.program_id = $1 and c.enrollment_id = e.id and c.expires_at > $3),
                     coalesce(nullif(d.method, ''), e.payout_method, ''),
                     e.payout_details is not null and (d.method = '' or lower(d.method) = lower(e.payout_method)))
             end
         from payment_drafts d
         join programs p on p.id = d.program_id
         join enrollments e on e.program_id = d.program_id
         left join payout_methods m on m.program_id = e.program_id and m.kind::text = lower(e.payout_method)
         where d.program_id = $1 and d.id = $2 and l.program_id = $1 and l.draft_id = $2 and l.enrollment_id = e.id
           and ($4::uuid is null or l.enrollment_id = $4)",
        program as ProgramId,
        draft as DraftId,
        at,
        of as Option<EnrollmentId>
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// On the basis ending, adds what became open since the review to the lines that are paid: what came later, less what was
/// taken back since, all that there is by now. A line that fell shows it in `added`.
pub(super) async fn add_later(conn: &mut PgConnection, setting: &Setting, draft: &Head, ids: &[Uuid]) -> Result<i64> {
    let changed = chosen!(
        (Rows,),
        setting.program,
        Some(ids),
        draft.basis,
        range(draft),
        None,
        None,
        r#", changed as (
               update payment_draft_lines l
               set amount = coalesce(s.amount, 0), added = l.added + coalesce(s.amount, 0) - l.amount,
                   entries = coalesce(s.entries, '{}')
               from enrollments e left join sums s on s.enrollment_id = e.id
               where e.program_id = $1 and l.program_id = $1 and l.draft_id = $8 and l.enrollment_id = e.id
                 and l.left_out is null and l.entries is distinct from coalesce(s.entries, '{}')
               returning 1
           )
           select count(*) as "count!" from changed"#,
        draft.id as DraftId
    )
    .fetch_one(conn)
    .await?;
    Ok(changed.count)
}

/// A partner whose payment can't be made as it was reviewed.
pub(super) struct Fallen {
    pub enrollment: EnrollmentId,
    pub name: String,
    pub banned: bool,
    /// Whether its payout details are others than at the review.
    pub moved: bool,
    /// What was reviewed.
    pub reviewed: Decimal,
    /// What is left of it.
    pub now: Decimal,
    /// How many there are in all.
    pub partners: i64,
}

/// So many are told by name.
const NAMED: i64 = 5;

/// The partners that stop a draft, the first few: whose amount fell since the review, because an entry was paid or a
/// commission was taken back; who was banned; whose payout details changed. What an export contained was paid before it is
/// recorded: only an entry that was paid meanwhile stops it.
pub(super) async fn fallen(
    conn: &mut PgConnection,
    setting: &Setting,
    draft: &Head,
    ids: &[Uuid],
) -> Result<Vec<Fallen>> {
    if is_export(draft) {
        return paid_meanwhile(conn, setting, draft.id).await;
    }
    // `stops` is made first: sorted by name as it goes, each partner would be sought among 100,000 lines.
    let found = chosen!(
        (Fallen,),
        setting.program,
        Some(ids),
        draft.basis,
        range(draft),
        None,
        None,
        r#", lines as (
               select l.enrollment_id, l.amount, l.amount - l.added as reviewed, l.entries, l.details_hash
               from payment_draft_lines l
               where l.program_id = $1 and l.draft_id = $8 and l.left_out is null
           ), fixed as (
               select l.enrollment_id, f.id from lines l cross join lateral unnest(l.entries) as f (id)
           ), fresh as (
               select c.commission_id from chosen c
               where c.commission_id is not null and c.amount > 0 and not exists (select from fixed f where f.id = c.id)
               union
               -- Behind the entry of a payment that was taken back since.
               select b.commission_id from behind b join chosen c on c.id = b.entry_id
               where b.kind in ('commission', 'hold_end') and b.commission_id is not null
                 and not exists (select from fixed f where f.id = c.id)
           ), left_of as (
               select coalesce(f.enrollment_id, c.enrollment_id) as enrollment_id,
                      sum(c.amount) filter (where f.id is not null) as kept,
                      -- What was taken back since of what was reviewed.
                      sum(c.amount) filter (where f.id is null and c.amount < 0 and r.commission_id is null) as back
               from fixed f
               full join chosen c on c.id = f.id
               left join fresh r on r.commission_id = c.commission_id
               group by 1
           ), now as (
               select l.enrollment_id, l.reviewed, l.details_hash,
                      case when $3::payment_basis = 'ending' then l.amount
                           else coalesce(o.kept, 0) + coalesce(o.back, 0)
                      end as now
               from lines l left join left_of o on o.enrollment_id = l.enrollment_id
           ), stops as materialized (
               select e.id, coalesce(nullif(e.name, ''), e.company) as name, e.status = 'banned' as banned,
                      n.details_hash <> t.details_hash as moved, n.reviewed, n.now
               from now n
               join enrollments e on e.program_id = $1 and e.id = n.enrollment_id
               join payout_targets t on t.program_id = $1 and t.enrollment_id = e.id
           )
           select id as "enrollment!: EnrollmentId", name as "name!", banned as "banned!", moved as "moved!",
                  reviewed as "reviewed!", now as "now!", count(*) over () as "partners!"
           from stops where banned or moved or now < reviewed order by lower(name), id limit $9"#,
        draft.id as DraftId,
        NAMED
    )
    .fetch_all(conn)
    .await?;
    Ok(found)
}

/// A partner of an export of whose entries some are not open any more, and what is left of it.
pub(super) struct Lessened {
    pub code: String,
    pub before: Decimal,
    pub after: Decimal,
}

/// Leaves out of an export the entries that are not open any more: the others, which its file paid too, stay in it.
pub(super) async fn without_paid(conn: &mut PgConnection, program: ProgramId, draft: DraftId) -> Result<Vec<Lessened>> {
    let lessened = sqlx::query_as!(
        Lessened,
        r#"with fixed as (
               select l.enrollment_id, min(l.amount) as before, coalesce(sum(o.amount), 0) as after,
                      coalesce(array_agg(o.entry_id order by o.entry_id) filter (where o.entry_id is not null), '{}') as entries
               from payment_draft_lines l
               cross join lateral unnest(l.entries) as f (id)
               left join open_entries o on o.program_id = $1 and o.entry_id = f.id
               where l.program_id = $1 and l.draft_id = $2 and l.left_out is null
               group by l.enrollment_id having count(o.entry_id) < count(*)
           ), changed as (
               update payment_draft_lines l
               set amount = f.after, entries = f.entries,
                   left_out = case when f.after < 0 then 'negative'::left_out
                                   when f.after = 0 then 'already_paid'::left_out end
               from fixed f
               where l.program_id = $1 and l.draft_id = $2 and l.enrollment_id = f.enrollment_id
               returning l.enrollment_id
           )
           select e.code, f.before as "before!", f.after as "after!"
           from fixed f
           join changed c on c.enrollment_id = f.enrollment_id
           join enrollments e on e.program_id = $1 and e.id = f.enrollment_id
           order by e.id"#,
        program as ProgramId,
        draft as DraftId
    )
    .fetch_all(conn)
    .await?;
    Ok(lessened)
}

/// The partners of an export, the first few, of whose entries one is not open any more.
pub(super) async fn paid_meanwhile(conn: &mut PgConnection, setting: &Setting, draft: DraftId) -> Result<Vec<Fallen>> {
    let found = sqlx::query_as!(
        Fallen,
        r#"with fixed as (
               select l.enrollment_id, l.amount as reviewed, f.id
               from payment_draft_lines l cross join lateral unnest(l.entries) as f (id)
               where l.program_id = $1 and l.draft_id = $2 and l.left_out is null
           ), stops as (
               select f.enrollment_id, min(f.reviewed) as reviewed, coalesce(sum(o.amount), 0) as now
               from fixed f left join open_entries o on o.program_id = $1 and o.entry_id = f.id
               group by f.enrollment_id having count(o.entry_id) < count(*)
           )
           select e.id as "enrollment!: EnrollmentId",
                  coalesce(nullif(e.name, ''), e.company) as "name!", false as "banned!", false as "moved!",
                  s.reviewed as "reviewed!", s.now as "now!", count(*) over () as "partners!"
           from stops s join enrollments e on e.program_id = $1 and e.id = s.enrollment_id
           order by lower(coalesce(nullif(e.name, ''), e.company)), e.id limit $3"#,
        setting.program as ProgramId,
        draft as DraftId,
        NAMED
    )
    .fetch_all(conn)
    .await?;
    Ok(found)
}
