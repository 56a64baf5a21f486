use super::{NewClick, ShortLink, Visit, clicks};
use crate::integrations::answers::{Answered, body_hash, replay};
use crate::secrets::{Secrets, Use};
use crate::{Error, Moment, Result};
use domain::ids::ProgramId;
use domain::links::{TrackClick, TrackedClick};
use sqlx::PgPool;

/// Records a click on a link that a company reports; once, where it has an event id: the same again gets the first
/// answer, whatever has become of the link.
///
/// # Errors
/// `Invalid` by field, `link` among them where there is none now or its partner's clicks are not recorded; `Reused`
/// where the event id came with another body.
pub async fn track_click(
    pool: &PgPool,
    secrets: &Secrets,
    moment: &Moment,
    program: ProgramId,
    link: Option<&ShortLink>,
    input: &TrackClick,
) -> Result<Answered<TrackedClick>> {
    let errors = input.check();
    if !errors.is_empty() {
        return Err(Error::Invalid(errors));
    }
    let hash = body_hash(secrets, input)?;
    let mut tx = pool.begin().await?;
    if let Some(event_id) = &input.event_id {
        // Waits for another with the same id; inserts nothing once that has committed.
        let claimed = sqlx::query!(
            "insert into api_answers (program_id, call, event_id, body_hash, created_at) values ($1, 'click', $2, $3, $4)
             on conflict do nothing",
            program as ProgramId,
            event_id,
            &hash,
            moment.at
        )
        .execute(&mut *tx)
        .await?;
        if claimed.rows_affected() == 0 {
            let first = sqlx::query!(
                r#"select body_hash, answer as "answer!" from api_answers
                   where program_id = $1 and call = 'click' and event_id = $2"#,
                program as ProgramId,
                event_id
            )
            .fetch_one(&mut *tx)
            .await?;
            return replay(&hash, &first.body_hash, first.answer);
        }
    }
    let link = link.ok_or_else(|| Error::field("link", "There is no such link in this program."))?;
    if !link.records() {
        return Err(Error::field("link", "The link's partner is not active."));
    }
    let ip_hash = input.ip.as_deref().map(|ip| secrets.keyed_hash(Use::IpAddress, ip.as_bytes()).to_vec());
    let visit = Visit {
        is_unique: true,
        target: input.url.clone(),
        referrer: input.referrer.clone().unwrap_or_default(),
        ip_hash,
        ..Visit::default()
    };
    let click = NewClick::new(moment, link, visit);
    let answer = TrackedClick { click_id: click.id };
    clicks::insert(&mut tx, &[click]).await?;
    if let Some(event_id) = &input.event_id {
        sqlx::query!(
            "update api_answers set answer = $3 where program_id = $1 and call = 'click' and event_id = $2",
            program as ProgramId,
            event_id,
            serde_json::to_value(answer)?
        )
        .execute(&mut *tx)
        .await?;
    }
    tx.commit().await?;
    Ok(Answered { answer, replayed: false })
}
