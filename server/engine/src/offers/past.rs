use crate::{Error, Result};
use domain::accounts::{Actor, Power};
use domain::ids::{EnrollmentId, OfferId, PartnerGroupId, ProgramId};
use domain::money::Currency;
use domain::offers::{OfferPast, OfferVersion, Reward};
use domain::partners::{GroupName, PartnerName};
use sqlx::PgConnection;
use sqlx::types::Json;

/// How many partners an offer's page names.
const NAMED: i64 = 20;

/// The versions of an offer, and who has it. Asks for `View`.
///
/// # Errors
/// `Forbidden`. An offer that is not there has no past.
pub async fn past(conn: &mut PgConnection, actor: &Actor, id: OfferId) -> Result<OfferPast> {
    if !actor.may(Power::View) {
        return Err(Error::Forbidden);
    }
    let program = actor.program();
    let versions = sqlx::query!(
        r#"select v.version, v.rewards as "rewards: Json<Vec<Reward>>", v.created_at, coalesce(a.name, '') as "by!",
                  p.currency as "currency: Currency"
           from offer_versions v
           join programs p on p.id = v.program_id
           left join accounts a on a.id = v.created_by
           where v.program_id = $1 and v.offer_id = $2 order by v.version desc"#,
        program as ProgramId,
        id as OfferId
    )
    .fetch_all(&mut *conn)
    .await?;
    let groups = sqlx::query_as!(
        GroupName,
        r#"select g.id as "id: PartnerGroupId", g.name
           from partner_group_offers go join partner_groups g on g.program_id = go.program_id and g.id = go.group_id
           where go.program_id = $1 and go.offer_id = $2 order by lower(g.name), g.id"#,
        program as ProgramId,
        id as OfferId
    )
    .fetch_all(&mut *conn)
    .await?;
    let partners = sqlx::query!(
        r#"with has as (
               select enrollment_id as id from enrollment_offers where program_id = $1 and offer_id = $2
               union
               select e.id from partner_group_offers go
               join enrollments e on e.program_id = go.program_id and e.group_id = go.group_id
               where go.program_id = $1 and go.offer_id = $2
           )
           select e.id as "id: EnrollmentId", e.code, coalesce(nullif(e.name, ''), e.company) as "name!",
                  count(*) over () as "count!"
           from has join enrollments e on e.program_id = $1 and e.id = has.id
           order by lower(coalesce(nullif(e.name, ''), e.company)), e.id limit $3"#,
        program as ProgramId,
        id as OfferId,
        NAMED
    )
    .fetch_all(conn)
    .await?;
    let count = partners.first().map_or(0, |partner| partner.count);
    Ok(OfferPast {
        versions: versions
            .into_iter()
            .map(|row| {
                let words = row.rewards.iter().map(|reward| reward.words(row.currency)).collect();
                OfferVersion { version: row.version, words, by: row.by, at: row.created_at }
            })
            .collect(),
        groups,
        partners: partners.into_iter().map(|row| PartnerName { id: row.id, code: row.code, name: row.name }).collect(),
        count,
    })
}
