use crate::links::cursor;
use crate::reports::{like, listing};
use crate::{Error, Moment, Result};
use chrono::NaiveDate;
use domain::accounts::Actor;
use domain::ids::{CustomerId, EnrollmentId, LeadId, ProgramId};
use domain::leads::{LeadFilter, LeadRow, Outcome, Stage};
use domain::page::{Page, Paging};
use domain::partners::PartnerName;
use sqlx::PgConnection;

/// The leads of the program, or those of the partner who asks, the latest first.
///
/// # Errors
/// `Forbidden` without the power to view; `Invalid` on `cursor`, `from` or `to`.
pub async fn list(
    conn: &mut PgConnection,
    moment: &Moment,
    actor: &Actor,
    filter: &LeadFilter,
    paging: &Paging,
) -> Result<Page<LeadRow>> {
    let after: Option<LeadId> = cursor(paging)?;
    let mut list = listing(conn, actor, Some(filter.partner_code.as_str())).await?;
    let (from, to) = list.setting.instants(filter.from, filter.to)?;
    let rows = sqlx::query_as!(
        Row,
        r#"select l.id as "id: LeadId", l.email, l.name, l.stage as "stage: Stage", o.outcome as "outcome!",
                  l.customer_id as "customer: CustomerId", e.id as "enrollment: EnrollmentId", e.code,
                  coalesce(nullif(e.name, ''), e.company) as "called!",
                  (l.created_at at time zone p.time_zone)::date as "day!",
                  (l.stage_at at time zone p.time_zone)::date as "stage_day!"
           from leads l
           join programs p on p.id = l.program_id
           join enrollments e on e.program_id = l.program_id and e.id = l.enrollment_id
           left join customers c on c.program_id = l.program_id and c.id = l.customer_id
           cross join lateral (
               select case
                   when l.customer_id is not null then
                       case when c.enrollment_id is distinct from l.enrollment_id then 'not_yours'
                            when c.first_sale_at is null then 'signed_up' else 'customer' end
                   when l.stage in ('unqualified', 'closed_lost') then 'lost'
                   when l.created_at < $3::timestamptz - make_interval(days => p.lead_window_days) then 'expired'
                   when l.stage = 'closed_won' then 'won'
                   else 'waiting' end as outcome
           ) o
           where l.program_id = $1 and ($2::uuid is null or l.enrollment_id = $2)
             and ($4::lead_stage is null or l.stage = $4)
             and ($5::text is null or o.outcome = $5)
             and ($6::text is null or l.email ilike $6 or l.name ilike $6)
             and ($7::uuid is null or l.id < $7)
             and ($9::timestamptz is null or l.created_at >= $9) and ($10::timestamptz is null or l.created_at < $10)
           order by l.id desc limit $8"#,
        actor.program() as ProgramId,
        list.partner as Option<EnrollmentId>,
        moment.at,
        filter.stage as Option<Stage>,
        filter.outcome.map(Outcome::as_str),
        like(Some(&filter.search)),
        after as Option<LeadId>,
        paging.rows() + 1,
        from,
        to
    )
    .fetch_all(&mut *list.conn)
    .await?;
    let of_partner = list.of_partner;
    let data = rows.into_iter().map(|row| row.told(of_partner)).collect::<Result<Vec<_>>>()?;
    Ok(Page::cut(data, paging, |lead| lead.id.to_string()))
}

struct Row {
    id: LeadId,
    email: String,
    name: String,
    stage: Stage,
    outcome: String,
    customer: Option<CustomerId>,
    enrollment: EnrollmentId,
    code: String,
    called: String,
    day: NaiveDate,
    stage_day: NaiveDate,
}

impl Row {
    fn told(self, of_partner: bool) -> Result<LeadRow> {
        Ok(LeadRow {
            id: self.id,
            email: self.email,
            name: self.name,
            partner: PartnerName { id: self.enrollment, code: self.code, name: self.called },
            stage: self.stage,
            outcome: self.outcome.parse().map_err(Error::internal)?,
            customer: self.customer.filter(|_| !of_partner),
            day: self.day,
            stage_day: self.stage_day,
        })
    }
}
