//! What the first program's first partner and the team have written to one another, and the team's saved replies.

use super::Options;
use super::scene::Scene;
use crate::{Moment, Result, conversations};
use chrono::Duration;
use domain::accounts::Actor;
use domain::conversations::{NewMessage, To};
use domain::ids::{ConversationId, LeadId, ProgramId};
use sqlx::PgPool;

/// Hours ago, whether the partner writes, and what.
type Line = (i64, bool, &'static str);

const PAYOUT: &[Line] = &[
    (190, true, "Hello, I have changed my bank. Do I have to tell you anything besides the new account on my profile?"),
    (187, false, "No, that is all. The next payment goes to the new account once you have confirmed it by the mail."),
    (186, true, "Confirmed, thank you!"),
];
const BANNERS: &[Line] = &[
    (70, false, "We have new banners for the autumn offer. You find them under Assets."),
    (50, true, "They look great. Is there one for a newsletter, 600 pixels wide?"),
];
const LEAD: &[Line] = &[
    (30, true, "They would like to see a demo next week, Tuesday or Wednesday."),
    (27, false, "Wednesday at ten works for us. We have sent them an invitation."),
];
const REPLIES: [(&str, &str); 2] = [
    ("When payments go out", "Payments go out on the 5th of each month, for what is due by then."),
    ("Thanks", "Thank you for your message. We look into it, and answer within two working days."),
];

/// Writes them.
pub(super) async fn give(pool: &PgPool, options: &Options, scene: &Scene) -> Result<()> {
    let mut seed = options.seed.wrapping_mul(16_127);
    let mut moment = |hours: i64| {
        seed += 1;
        Moment::seeded(options.at - Duration::hours(hours), seed)
    };
    let mut tx = pool.begin().await?;
    let Some(hers) = scene.star(&mut tx).await? else { return Ok(()) };
    let Actor::Partner { enrollment: partner, .. } = hers else { return Ok(()) };
    for (name, body) in REPLIES {
        conversations::save_reply(&mut tx, &moment(400), &scene.owner, None, name, body).await?;
    }
    let lead = sqlx::query_scalar!(
        r#"select id as "id: LeadId" from leads where program_id = $1 and enrollment_id = $2 and stage = 'qualified'
           order by id desc limit 1"#,
        scene.program as ProgramId,
        partner as domain::ids::EnrollmentId
    )
    .fetch_optional(&mut *tx)
    .await?;
    for (subject, lines) in [("My bank account", PAYOUT), ("New banners", BANNERS), ("", LEAD)] {
        let id: ConversationId = moment(0).id();
        for (place, (hours, by_partner, body)) in lines.iter().enumerate() {
            let at = moment(*hours);
            let to = match (place, lead) {
                _ if subject.is_empty() => match lead {
                    Some(lead) => To::Lead(lead),
                    None => continue,
                },
                (0, _) => To::Partner { partner, id, subject: subject.into() },
                _ => To::Conversation(id),
            };
            let message = NewMessage { to, id: at.id(), body: (*body).into(), file: None };
            let actor = if *by_partner { &hers } else { &scene.owner };
            conversations::send(&mut tx, &at, actor, &message).await?;
        }
    }
    Ok(tx.commit().await?)
}
