//! What a partner tells of itself, and which mails it gets.

use super::check_names;
use crate::{Error, Moment, Result};
use chrono::NaiveDate;
use domain::accounts::Actor;
use domain::countries;
use domain::ids::{EnrollmentId, ProgramId};
use domain::partners::{Checklist, LeadMails, Notice, Notifications, Profile, SummaryRhythm};
use domain::text::FieldError;
use sqlx::PgConnection;

/// The partner that asks.
fn own(actor: &Actor) -> Result<EnrollmentId> {
    match actor {
        Actor::Partner { enrollment, .. } => Ok(*enrollment),
        _ => Err(Error::Forbidden),
    }
}

/// What the partner that asks tells of itself.
///
/// # Errors
/// `Forbidden` for anybody but a partner.
pub async fn profile(conn: &mut PgConnection, actor: &Actor) -> Result<Profile> {
    let partner = own(actor)?;
    profile_of(conn, actor.program(), partner).await
}

pub(super) async fn profile_of(conn: &mut PgConnection, program: ProgramId, partner: EnrollmentId) -> Result<Profile> {
    sqlx::query_as!(
        Profile,
        "select name, company, address, country, phone, website, time_zone, tax_id from enrollments
         where program_id = $1 and id = $2",
        program as ProgramId,
        partner as EnrollmentId
    )
    .fetch_optional(conn)
    .await?
    .ok_or(Error::NotFound("partner"))
}

/// The partner that asks changes what it tells of itself.
///
/// # Errors
/// `Forbidden` for anybody but a partner; `Invalid` by field.
pub async fn set_profile(conn: &mut PgConnection, actor: &Actor, input: &Profile) -> Result<()> {
    let partner = own(actor)?;
    let input = input.tidy();
    let mut errors = check_names(&input.name, &input.company, "", &input.website);
    errors.extend(input.check());
    if !input.time_zone.is_empty() && input.time_zone.parse::<chrono_tz::Tz>().is_err() {
        errors.push(FieldError::new("time_zone", "Choose one of the time zones."));
    }
    if !input.country.is_empty() && !countries::exists(&input.country) {
        errors.push(FieldError::new("country", "Choose one of the countries."));
    }
    if !errors.is_empty() {
        return Err(Error::Invalid(errors));
    }
    sqlx::query!(
        "update enrollments
         set name = $3, company = $4, address = $5, country = $6, phone = $7, website = $8, time_zone = $9, tax_id = $10
         where program_id = $1 and id = $2 and erased_at is null",
        actor.program() as ProgramId,
        partner as EnrollmentId,
        input.name,
        input.company,
        input.address,
        input.country,
        input.phone,
        input.website,
        input.time_zone,
        input.tax_id
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// What the partner that asks has still to set up.
///
/// # Errors
/// `Forbidden` for anybody but a partner.
pub async fn checklist(conn: &mut PgConnection, moment: &Moment, actor: &Actor) -> Result<Checklist> {
    let partner = own(actor)?;
    let row = sqlx::query!(
        r#"select payout_method is not null as "payout_method!",
                  exists (select from payout_changes c
                          where c.program_id = $1 and c.enrollment_id = $2 and c.expires_at > $3) as "payout_waits!",
                  exists (select from click_days d where d.program_id = $1 and d.enrollment_id = $2) as "link_shared!",
                  name, company, address, country
           from enrollments where program_id = $1 and id = $2"#,
        actor.program() as ProgramId,
        partner as EnrollmentId,
        moment.at
    )
    .fetch_one(&mut *conn)
    .await?;
    let (payout_method, payout_waits, link_shared) = (row.payout_method, row.payout_waits, row.link_shared);
    let (name, company, address, country) = (row.name, row.company, row.address, row.country);
    let profile = Profile { name, company, address, country, ..Profile::default() };
    Ok(Checklist { payout_method, payout_waits, profile: profile.is_complete(), link_shared })
}

/// Which mails the partner that asks gets.
///
/// # Errors
/// `Forbidden` for anybody but a partner.
pub async fn notifications(conn: &mut PgConnection, actor: &Actor) -> Result<Notifications> {
    let partner = own(actor)?;
    notifications_of(conn, actor.program(), partner).await
}

pub(crate) async fn notifications_of(
    conn: &mut PgConnection,
    program: ProgramId,
    partner: EnrollmentId,
) -> Result<Notifications> {
    let row = sqlx::query_as!(
        Notifications,
        r#"select on_commission, on_payment, summary as "summary: SummaryRhythm", on_lead as "on_lead: LeadMails",
                  on_message
           from notification_settings where program_id = $1 and enrollment_id = $2"#,
        program as ProgramId,
        partner as EnrollmentId
    )
    .fetch_optional(conn)
    .await?;
    Ok(row.unwrap_or_default())
}

/// The partner that asks changes which mails it gets.
///
/// # Errors
/// `Forbidden` for anybody but a partner.
pub async fn set_notifications(
    conn: &mut PgConnection,
    moment: &Moment,
    actor: &Actor,
    input: Notifications,
) -> Result<()> {
    let partner = own(actor)?;
    sqlx::query!(
        "insert into notification_settings (program_id, enrollment_id, on_commission, on_payment, summary, key, on_lead,
                                            on_message)
         values ($1, $2, $3, $4, $5, $6, $7, $8)
         on conflict (program_id, enrollment_id) do update
             set on_commission = excluded.on_commission, on_payment = excluded.on_payment, summary = excluded.summary,
                 on_lead = excluded.on_lead, on_message = excluded.on_message,
                 summed_to = case when notification_settings.summary = excluded.summary
                                  then notification_settings.summed_to end",
        actor.program() as ProgramId,
        partner as EnrollmentId,
        input.on_commission,
        input.on_payment,
        input.summary as SummaryRhythm,
        moment.token(),
        input.on_lead as LeadMails,
        input.on_message
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// What a link that stops mails bears: made where the partner has none yet.
pub(crate) async fn stop_key(
    conn: &mut PgConnection,
    moment: &Moment,
    program: ProgramId,
    partner: EnrollmentId,
) -> Result<String> {
    Ok(sqlx::query_scalar!(
        "insert into notification_settings (program_id, enrollment_id, key) values ($1, $2, $3)
         on conflict (program_id, enrollment_id) do update set key = notification_settings.key
         returning key",
        program as ProgramId,
        partner as EnrollmentId,
        moment.token()
    )
    .fetch_one(conn)
    .await?)
}

/// Whose mails a link stops: the name that partners of the program see. The link names the program and the key.
///
/// # Errors
/// `NotFound`.
pub async fn stops(conn: &mut PgConnection, program_slug: &str, key: &str) -> Result<String> {
    sqlx::query_scalar!(
        r#"select coalesce(nullif(o.brand, ''), p.name) as "brand!"
           from programs p
           join portals o on o.program_id = p.id
           join notification_settings s on s.program_id = p.id and s.key = $2
           where p.slug = $1"#,
        program_slug,
        key
    )
    .fetch_optional(conn)
    .await?
    .ok_or(Error::NotFound("link"))
}

/// Stops a kind of mail for whoever the link was sent to, signed in or not.
///
/// # Errors
/// `NotFound`.
pub async fn stop(conn: &mut PgConnection, program_slug: &str, key: &str, notice: Notice) -> Result<()> {
    let stopped = sqlx::query!(
        "update notification_settings s
         set on_commission = s.on_commission and $3 <> 'commission', on_payment = s.on_payment and $3 <> 'payment',
             summary = case when $3 = 'summary' then 'none' else s.summary end,
             on_lead = case when $3 = 'lead' then 'none' else s.on_lead end,
             on_message = s.on_message and $3 <> 'message'
         from programs p where p.slug = $1 and s.program_id = p.id and s.key = $2",
        program_slug,
        key,
        notice.as_str()
    )
    .execute(conn)
    .await?;
    if stopped.rows_affected() == 0 { Err(Error::NotFound("link")) } else { Ok(()) }
}

/// The days that a summary sent on this one tells of: the day before, or on Mondays the week before; `None` where
/// there is none on this day, or it has been sent.
#[must_use]
pub(crate) fn summed(
    rhythm: SummaryRhythm,
    today: NaiveDate,
    summed_to: Option<NaiveDate>,
) -> Option<(NaiveDate, NaiveDate)> {
    use chrono::{Datelike, Days, Weekday};
    let yesterday = today - Days::new(1);
    let from = match rhythm {
        SummaryRhythm::None => return None,
        SummaryRhythm::Daily => yesterday,
        SummaryRhythm::Weekly if today.weekday() == Weekday::Mon => today - Days::new(7),
        SummaryRhythm::Weekly => return None,
    };
    summed_to.is_none_or(|done| done < yesterday).then_some((from, yesterday))
}
