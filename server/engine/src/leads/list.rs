use crate::links::cursor;
use crate::reports::{like, listing};
use crate::{Error, Moment, Result};
use chrono::{DateTime, NaiveDate, Utc};
use domain::accounts::{Actor, MemberName};
use domain::commissions::CommissionStatus;
use domain::ids::{AccountId, CustomerId, EnrollmentId, LeadGroupId, LeadId, LeadStageId, ProgramId};
use domain::leads::{LeadFilter, LeadRow, LeadSort, Outcome, Stage, StageColour, StageName};
use domain::money::{Currency, Money};
use domain::page::{Page, Paging};
use domain::partners::PartnerName;
use rust_decimal::Decimal;
use sqlx::PgConnection;

/// The leads of the program, or those of the partner who asks, the latest first. Those that were taken back are left out
/// unless they are asked for.
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
    let by_update = filter.sort == Some(LeadSort::Updated);
    let after = after(paging, by_update)?;
    let mut list = listing(conn, actor, Some(filter.partner_code.as_str())).await?;
    let (from, to) = list.setting.instants(filter.from, filter.to)?;
    let of_partner = list.of_partner;
    // What the address asks for beside the team's own filters is nobody else's.
    let team = |asked: bool| asked && !of_partner;
    let rows = sqlx::query_as!(
        Row,
        r#"with found as (
               select l.*, o.outcome
               from leads l
               join programs p on p.id = l.program_id
               left join customers c on c.program_id = l.program_id and c.id = l.customer_id
               cross join lateral (
                   select case
                       when l.customer_id is not null then
                           case when c.enrollment_id is distinct from l.enrollment_id then 'not_yours'
                                when c.first_sale_at is null or c.refunded then 'signed_up' else 'customer' end
                       when l.stage in ('unqualified', 'closed_lost') then 'lost'
                       when l.created_at < $3::timestamptz - make_interval(days => p.lead_window_days) then 'expired'
                       when l.stage = 'closed_won' then 'won'
                       else 'waiting' end as outcome
               ) o
               where l.program_id = $1 and ($2::uuid is null or l.enrollment_id = $2)
                 and ($4::lead_stage is null or l.stage = $4)
                 and ($5::text is null or o.outcome = $5)
                 -- A rare outcome is looked for where it can be.
                 and (coalesce($5, '') not in ('customer', 'signed_up', 'not_yours') or l.customer_id is not null)
                 and (coalesce($5, '') <> 'won' or l.stage = 'closed_won')
                 -- ilike would take four times as long.
                 and ($6::text is null or l.email_key like lower($6) or lower(l.name) like lower($6))
                 and ($7::uuid is null or l.id < $7)
                 and ($9::timestamptz is null or l.created_at >= $9) and ($10::timestamptz is null or l.created_at < $10)
                 and ($11::uuid is null or l.stage_id = $11)
                 and ($12::uuid is null or l.group_id = $12)
                 and ($13::uuid is null or l.assignee_id = $13)
                 and (not $14 or l.assignee_id is null)
                 and (not $15 or l.duplicate_of is not null)
                 and ($16 or l.withdrawn_at is null)
                 and ($18::timestamptz is null or (l.updated_at, l.id) < ($18, $19))
               order by case when $17 then l.updated_at end desc, l.id desc limit $8
           )
           select l.id as "id: LeadId", l.email, l.name, l.outcome as "outcome!", l.next_customer as "customer: CustomerId",
                  l.customers_partner as "customers_partner: EnrollmentId",
                  l.enrollment as "enrollment: EnrollmentId", l.code, l.called as "called!", l.group_name as "group_name!",
                  l.stage_id as "stage_id: LeadStageId", l.stage as "kind: Stage", l.stage_name as "stage_name!",
                  l.colour as "colour: StageColour", l.next_step as "next_step!",
                  l.assignee_id as "assignee: AccountId", l.assignee_name, l.deal_value, l.earned as "earned!",
                  l.earned_status as "earned_status: CommissionStatus",
                  l.currency as "currency: Currency", l.duplicate as "duplicate!", l.withdrawn as "withdrawn!",
                  l.day as "day!", l.stage_day as "stage_day!", l.created_at, l.updated_at
           from (
               select l.id, l.email, l.name, l.outcome, l.customer_id as next_customer, c.enrollment_id as customers_partner,
                      e.id as enrollment, e.code, coalesce(nullif(e.name, ''), e.company) as called, g.name as group_name,
                      l.stage_id, l.stage, s.name as stage_name, s.colour, s.next_step, l.assignee_id,
                      coalesce(nullif(a.name, ''), a.email) as assignee_name, l.deal_value,
                      coalesce((select sum(m.amount + coalesce(
                                           (select sum(t.amount) from journals j
                                            join entries t on t.program_id = j.program_id and t.journal_id = j.id
                                            where j.program_id = $1 and j.commission_id = m.id and j.kind = 'clawback'
                                              and t.account in ('held', 'payable')), 0))
                                from commissions m
                                where m.program_id = $1 and m.customer_id = l.customer_id
                                  and m.enrollment_id = l.enrollment_id), 0)
                          + coalesce((select sum(m.amount + coalesce(
                                           (select sum(t.amount) from journals j
                                            join entries t on t.program_id = j.program_id and t.journal_id = j.id
                                            where j.program_id = $1 and j.commission_id = m.id and j.kind = 'clawback'
                                              and t.account in ('held', 'payable')), 0))
                                from commissions m
                                where m.program_id = $1 and m.lead_id = l.id), 0) as earned,
                      -- In the order of the states; what was reversed counts where there is nothing else.
                      (select min(m.status) from commissions m
                       where m.program_id = $1 and m.lead_id = l.id) as earned_status,
                      p.currency, l.duplicate_of is not null as duplicate, l.withdrawn_at is not null as withdrawn,
                      (l.created_at at time zone p.time_zone)::date as day,
                      (l.stage_at at time zone p.time_zone)::date as stage_day, l.created_at, l.updated_at
               from found l
               join programs p on p.id = l.program_id
               join lead_groups g on g.program_id = l.program_id and g.id = l.group_id
               join lead_stages s on s.program_id = l.program_id and s.id = l.stage_id
               join enrollments e on e.program_id = l.program_id and e.id = l.enrollment_id
               left join customers c on c.program_id = l.program_id and c.id = l.customer_id
               left join accounts a on a.id = l.assignee_id
           ) l
           order by case when $17 then l.updated_at end desc, l.id desc"#,
        actor.program() as ProgramId,
        list.partner as Option<EnrollmentId>,
        moment.at,
        filter.kind as Option<Stage>,
        filter.outcome.map(Outcome::as_str),
        like(Some(&filter.search)),
        after.id.filter(|_| !by_update) as Option<LeadId>,
        paging.rows() + 1,
        from,
        to,
        filter.stage as Option<LeadStageId>,
        filter.group as Option<LeadGroupId>,
        filter.assignee.filter(|_| !of_partner) as Option<AccountId>,
        team(filter.unassigned),
        team(filter.duplicates),
        filter.withdrawn,
        by_update,
        after.at,
        after.id as Option<LeadId>
    )
    .fetch_all(&mut *list.conn)
    .await?;
    let data = rows.into_iter().map(|row| row.told(of_partner)).collect::<Result<Vec<_>>>()?;
    Ok(Page::cut(data, paging, |lead| match by_update {
        true => format!("{}_{}", lead.updated_at.timestamp_micros(), lead.id),
        false => lead.id.to_string(),
    }))
}

/// After which row a page goes on.
struct After {
    at: Option<DateTime<Utc>>,
    id: Option<LeadId>,
}

fn after(paging: &Paging, by_update: bool) -> Result<After> {
    if !by_update {
        return Ok(After { at: None, id: cursor(paging)? });
    }
    let Some(text) = &paging.cursor else { return Ok(After { at: None, id: None }) };
    let read = text.split_once('_').and_then(|(at, id)| {
        let at = DateTime::from_timestamp_micros(at.parse().ok()?)?;
        Some(After { at: Some(at), id: Some(id.parse().ok()?) })
    });
    read.ok_or_else(|| Error::field("cursor", "This is no cursor of this list."))
}

pub(super) struct Row {
    id: LeadId,
    email: String,
    name: String,
    outcome: String,
    customer: Option<CustomerId>,
    customers_partner: Option<EnrollmentId>,
    enrollment: EnrollmentId,
    code: String,
    called: String,
    group_name: String,
    stage_id: LeadStageId,
    kind: Stage,
    stage_name: String,
    colour: StageColour,
    next_step: String,
    assignee: Option<AccountId>,
    assignee_name: Option<String>,
    deal_value: Option<Decimal>,
    earned: Decimal,
    earned_status: Option<CommissionStatus>,
    currency: Currency,
    duplicate: bool,
    withdrawn: bool,
    day: NaiveDate,
    stage_day: NaiveDate,
    created_at: DateTime<Utc>,
    updated_at: DateTime<Utc>,
}

impl Row {
    fn told(self, of_partner: bool) -> Result<LeadRow> {
        let own = self.customers_partner == Some(self.enrollment);
        let assignee = self.assignee.zip(self.assignee_name).map(|(account, name)| MemberName { account, name });
        Ok(LeadRow {
            id: self.id,
            email: self.email,
            name: self.name,
            partner: PartnerName { id: self.enrollment, code: self.code, name: self.called },
            group: self.group_name,
            stage: StageName { id: self.stage_id, name: self.stage_name, kind: self.kind, colour: self.colour },
            next_step: self.next_step,
            outcome: self.outcome.parse().map_err(Error::internal)?,
            customer: self.customer.filter(|_| own || !of_partner),
            assignee: assignee.filter(|_| !of_partner),
            deal_value: self.deal_value.map(|value| Money::new(value, self.currency)),
            commission: Money::new(self.currency.round(self.earned), self.currency),
            commission_status: self.earned_status,
            duplicate: self.duplicate && !of_partner,
            withdrawn: self.withdrawn,
            day: self.day,
            stage_day: self.stage_day,
            created_at: self.created_at,
            updated_at: self.updated_at,
        })
    }
}

/// One lead as lists show it.
///
/// # Errors
/// `NotFound`, also for another partner's.
pub(super) async fn one(conn: &mut PgConnection, moment: &Moment, actor: &Actor, id: LeadId) -> Result<LeadRow> {
    // The page that begins with it.
    let next = id.0.as_u128().checked_add(1).ok_or(Error::NotFound("lead"))?;
    let before = LeadId(uuid::Uuid::from_u128(next));
    let filter = LeadFilter { withdrawn: true, ..LeadFilter::default() };
    let paging = Paging { cursor: Some(before.to_string()), limit: Some(1) };
    let page = list(conn, moment, actor, &filter, &paging).await?;
    page.data.into_iter().find(|row| row.id == id).ok_or(Error::NotFound("lead"))
}
