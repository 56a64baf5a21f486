use super::{Scene, lock_or_make, look_up};
use crate::commissions::{Happening, decide, record};
use crate::integrations::answers::{Answered, body_hash, once_more, replay};
use crate::secrets::{Secrets, Use};
use crate::{Error, Moment, Result, leads};
use chrono::{DateTime, Utc};
use domain::customers::{TrackSignup, TrackedCustomer, TrackedSignup};
use domain::ids::{CustomerId, ProgramId};
use domain::offers::Trigger;
use domain::sales::check_time;
use domain::why::Why;
use rust_decimal::Decimal;
use sqlx::{PgConnection, PgPool};
use std::net::IpAddr;

/// Records a sign-up once, attributes the customer where it has no referral yet, and posts what it earns.
///
/// # Errors
/// `Invalid` by field; `Reused` where the event id came with another body; `NotFound` without such a program.
pub async fn track_signup(
    pool: &PgPool,
    secrets: &Secrets,
    moment: &Moment,
    program: ProgramId,
    input: &TrackSignup,
) -> Result<Answered<TrackedSignup>> {
    let errors = input.check();
    if !errors.is_empty() {
        return Err(Error::Invalid(errors));
    }
    let hash = body_hash(secrets, input)?;
    // As the short link's clicks have it. It is compared with theirs, and not kept.
    let ip = input.ip.as_deref().and_then(|ip| ip.parse::<IpAddr>().ok()).map(|ip| ip.to_canonical().to_string());
    let ip = ip.map(|ip| secrets.keyed_hash(Use::IpAddress, ip.as_bytes()));
    let ip = ip.as_ref().map(<[u8; 32]>::as_slice);
    once_more(work(pool, moment, program, input, ip, &hash), work(pool, moment, program, input, ip, &hash)).await
}

async fn work(
    pool: &PgPool,
    moment: &Moment,
    program: ProgramId,
    input: &TrackSignup,
    ip_hash: Option<&[u8]>,
    hash: &[u8],
) -> Result<Answered<TrackedSignup>> {
    let mut tx = pool.begin().await?;
    let scene = lock_or_make(&mut tx, moment, program, &input.customer.external_id).await?;
    // A time that is refused is not looked up: Postgres need not know its year.
    let untimely = check_time(input.occurred_at, moment.at);
    let occurred_at = input.occurred_at.filter(|_| untimely.is_none()).unwrap_or(moment.at);
    let known = look_up(&mut tx, program, scene.customer.id, "signup", &input.event_id, occurred_at).await?;
    if let Some((first_hash, first)) = known.answered {
        return replay(hash, &first_hash, first);
    }
    if let Some(error) = untimely {
        return Err(Error::Invalid(vec![error]));
    }
    let customer = |signed_up_at| TrackedCustomer {
        id: scene.customer.id,
        external_id: input.customer.external_id.clone(),
        signed_up_at: Some(signed_up_at),
    };
    let answer = if let Some(before) = scene.customer.signed_up_at {
        let mut why = Why::default();
        why.fail("sign_up", format!("The customer signed up on {} already.", scene.rules.day(before)));
        let referral = known.referral.map(|referral| {
            why.pass("referral", referral.explain(&scene.rules));
            referral.tracked()
        });
        TrackedSignup { customer: customer(before), referral, commissions: Vec::new(), why }
    } else {
        let email = input.customer.email.as_deref();
        let happening = Happening {
            trigger: Trigger::SignUp,
            sale: None,
            amount: Decimal::ZERO,
            product: None,
            email: email.or(Some(scene.customer.email.as_str()).filter(|email| !email.is_empty())),
            sent: input.pointers(),
            ip_hash,
            occurred_at,
        };
        let decided = decide(&mut tx, moment, &scene, known.referral, &happening).await?;
        sign_up(&mut tx, &scene, input, occurred_at).await?;
        record(&mut tx, moment, &scene, &happening, &decided).await?;
        if let Some(email) = happening.email {
            leads::meet(&mut tx, program, scene.customer.id, email).await?;
        }
        TrackedSignup {
            customer: customer(occurred_at),
            commissions: decided.tracked(),
            referral: decided.referral.map(|referral| referral.tracked()),
            why: decided.why,
        }
    };
    remember(&mut tx, moment, program, input, hash, &answer).await?;
    tx.commit().await?;
    Ok(Answered { answer, replayed: false })
}

async fn sign_up(
    conn: &mut PgConnection,
    scene: &Scene,
    input: &TrackSignup,
    occurred_at: DateTime<Utc>,
) -> Result<()> {
    sqlx::query!(
        "update customers set signed_up_at = $3, email = coalesce($4, email), name = coalesce($5, name)
         where program_id = $1 and id = $2",
        scene.rules.program as ProgramId,
        scene.customer.id as CustomerId,
        occurred_at,
        input.customer.email,
        input.customer.name
    )
    .execute(conn)
    .await?;
    Ok(())
}

async fn remember(
    conn: &mut PgConnection,
    moment: &Moment,
    program: ProgramId,
    input: &TrackSignup,
    hash: &[u8],
    answer: &TrackedSignup,
) -> Result<()> {
    sqlx::query!(
        "insert into api_answers (program_id, call, event_id, body_hash, answer, created_at)
         values ($1, 'signup', $2, $3, $4, $5)",
        program as ProgramId,
        input.event_id,
        hash,
        serde_json::to_value(answer)?,
        moment.at
    )
    .execute(conn)
    .await?;
    Ok(())
}
