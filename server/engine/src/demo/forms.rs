//! The form that the first partner shares, and somebody who has filled it in.

use super::Options;
use super::scene::Scene;
use crate::leads::{capture, capture_form, capture_forms, save_capture_form};
use crate::{Moment, Result};
use chrono::Duration;
use domain::leads::capture::CaptureInput;
use domain::leads::{EMAIL, NAME};
use sqlx::PgPool;

pub(super) async fn share(pool: &PgPool, options: &Options, scene: &Scene) -> Result<()> {
    let moment = Moment::seeded(options.at - Duration::days(2), options.seed + 77);
    let mut conn = pool.acquire().await?;
    let Some(actor) = scene.star(&mut conn).await? else { return Ok(()) };
    for form in capture_forms(&mut conn, &actor).await? {
        let input = CaptureInput {
            group: form.group,
            is_open: true,
            sites: "https://www.ada-recommends.example".into(),
            thanks: "Thank you! Somebody of Acme will write to you this week.".into(),
            redirect: String::new(),
        };
        save_capture_form(&mut conn, &moment, &actor, &input).await?;
    }
    let forms = capture_forms(&mut conn, &actor).await?;
    if let Some(made) = forms.first() {
        let form = capture_form(&mut conn, scene.slug, &made.code).await?;
        drop(conn);
        let sent = [(EMAIL, "vera.lund@fjord.example"), (NAME, "Vera Lund")];
        let sent = sent.map(|(key, value)| (key.to_owned(), value.to_owned())).into();
        capture(pool, &moment, &form, sent, "203.0.113.24").await?;
    }
    Ok(())
}
