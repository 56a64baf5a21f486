use crate::{Error, Result};
use domain::ids::{EnrollmentId, OfferId, PartnerGroupId, ProgramId};
use domain::money::Currency;
use domain::offers::{Override, Reward};
use domain::text::FieldError;
use sqlx::PgConnection;
use sqlx::types::Json;

/// Lets the rates of groups and partners follow their rewards to the places that these have in a new version; the rate
/// for a reward that is gone goes with it. The caller holds the offer's lock.
///
/// # Errors
/// `Invalid` on `rewards[0].trigger` where a rate does not fit its reward any more.
pub(super) async fn follow(
    conn: &mut PgConnection,
    program: ProgramId,
    offer: OfferId,
    rewards: &[Reward],
    places: &[Option<u32>],
    currency: Currency,
) -> Result<()> {
    let moved = |own: &[Override]| -> Result<Vec<Override>> {
        let mut moved = Vec::new();
        for (place, (reward, before)) in (0..).zip(rewards.iter().zip(places)) {
            let Some(own) = own.iter().find(|own| Some(own.reward) == *before) else { continue };
            if reward.check_rate(own.rate, currency).is_err() {
                let message = "A partner or a group has a rate of its own for this reward, which doesn't fit it any more. \
                               Take that back first, or add a new reward.";
                return Err(Error::Invalid(vec![FieldError::new(format!("rewards[{place}].trigger"), message)]));
            }
            moved.push(Override { reward: place, rate: own.rate });
        }
        Ok(moved)
    };
    let partners = sqlx::query!(
        r#"select enrollment_id as "id: EnrollmentId", overrides as "overrides: Json<Vec<Override>>"
           from enrollment_offers where program_id = $1 and offer_id = $2 and overrides <> '[]'
           order by enrollment_id for update"#,
        program as ProgramId,
        offer as OfferId
    )
    .fetch_all(&mut *conn)
    .await?;
    let ids: Vec<_> = partners.iter().map(|partner| partner.id.0).collect();
    let rates = partners.iter().map(|partner| moved(&partner.overrides).map(Json)).collect::<Result<Vec<_>>>()?;
    sqlx::query!(
        "update enrollment_offers o set overrides = c.overrides
         from unnest($3::uuid[], $4::jsonb[]) as c (id, overrides)
         where o.program_id = $1 and o.offer_id = $2 and o.enrollment_id = c.id",
        program as ProgramId,
        offer as OfferId,
        &ids,
        &rates as _
    )
    .execute(&mut *conn)
    .await?;
    let groups = sqlx::query!(
        r#"select group_id as "id: PartnerGroupId", overrides as "overrides: Json<Vec<Override>>"
           from partner_group_offers where program_id = $1 and offer_id = $2 and overrides <> '[]'
           order by group_id for update"#,
        program as ProgramId,
        offer as OfferId
    )
    .fetch_all(&mut *conn)
    .await?;
    let ids: Vec<_> = groups.iter().map(|group| group.id.0).collect();
    let rates = groups.iter().map(|group| moved(&group.overrides).map(Json)).collect::<Result<Vec<_>>>()?;
    sqlx::query!(
        "update partner_group_offers o set overrides = c.overrides
         from unnest($3::uuid[], $4::jsonb[]) as c (id, overrides)
         where o.program_id = $1 and o.offer_id = $2 and o.group_id = c.id",
        program as ProgramId,
        offer as OfferId,
        &ids,
        &rates as _
    )
    .execute(conn)
    .await?;
    Ok(())
}
