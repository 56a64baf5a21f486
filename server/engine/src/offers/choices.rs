use crate::Result;
use domain::ids::{OfferId, ProgramId};
use domain::money::Currency;
use domain::offers::Reward;
use domain::partners::OfferChoice;
use domain::text::FieldError;
use sqlx::PgConnection;
use sqlx::types::Json;
use std::collections::HashSet;

/// Checks the offers that a partner or a group shall have, with their rates; archived ones may stay where they are, in
/// `has`. No offer changes until the caller's transaction ends: its rates would lose their rewards.
pub(crate) async fn check_choices(
    conn: &mut PgConnection,
    program: ProgramId,
    offers: &[OfferChoice],
    has: &[OfferId],
) -> Result<Vec<FieldError>> {
    let known = sqlx::query!(
        r#"select o.id as "id: OfferId", v.rewards as "rewards: Json<Vec<Reward>>", p.currency as "currency: Currency",
                  o.archived_at is not null as "archived!"
           from offers o
           join programs p on p.id = o.program_id
           join offer_versions v on v.program_id = o.program_id and v.offer_id = o.id and v.version = o.version
           where o.program_id = $1 order by o.id for share of o"#,
        program as ProgramId
    )
    .fetch_all(conn)
    .await?;
    let mut errors = Vec::new();
    let mut seen = HashSet::new();
    for (place, choice) in offers.iter().enumerate() {
        let open = |id: OfferId, archived: bool| id == choice.offer && (!archived || has.contains(&id));
        let Some(offer) = known.iter().find(|offer| open(offer.id, offer.archived)) else {
            errors.push(FieldError::new(format!("offers[{place}].offer"), "There is no such offer."));
            continue;
        };
        if !seen.insert(choice.offer) {
            errors.push(FieldError::new(format!("offers[{place}].offer"), "This offer is there twice."));
        }
        for (n, own) in choice.overrides.iter().enumerate() {
            let checked = match offer.rewards.get(own.reward as usize) {
                Some(reward) => reward.check_rate(own.rate, offer.currency),
                None => Err("The offer has no such reward.".into()),
            };
            if let Err(message) = checked {
                errors.push(FieldError::new(format!("offers[{place}].overrides[{n}].rate"), message));
            }
        }
    }
    Ok(errors)
}
