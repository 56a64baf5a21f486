//! Programs: their settings and their audit log.

pub mod audit;
mod audit_words;
mod checklist;
mod copy;
mod payer;
mod time_zones;

pub use checklist::{checklist, hide_checklist};
pub use copy::copy;
pub use payer::{payer, set_payer};
pub use time_zones::time_zone_choices;

use crate::{Error, Moment, Result, leads};
use chrono::{DateTime, Offset, TimeZone, Utc};
use domain::accounts::{Actor, Power, Role, Session};
use domain::ids::{AccountId, FileId, OrganizationId, ProgramId};
use domain::money::Currency;
use domain::programs::{ClickModel, NewProgram, Program, ProgramInput, ProgramSettings, SelfReferralRule};
use domain::text::FieldError;
use domain::time::Zone;
use serde_json::json;
use sqlx::{PgConnection, PgPool};

/// A query of programs `p` by the rest of it, what they are chosen from first; answers rows of `Program`, or of a record
/// that has `$select` before.
macro_rules! program_rows {
    ($query:ident, ($($as:tt)*), $select:tt, $rest:tt $(, $argument:expr)*) => {
        sqlx::$query!(
            $($as)*
            "select " + $select
                + r#"p.id as "id: ProgramId", p.organization_id as "organization_id: OrganizationId", p.slug, p.name,
                     p.currency as "currency: Currency", p.time_zone, p.accent, p.description, p.website,
                     p.allowed_hosts, p.window_days, p.lead_window_days, p.click_model as "click_model: ClickModel",
                     p.self_referral as "self_referral: SelfReferralRule", p.review_commissions, p.consent_required,
                     p.minimum_payment, p.payment_day, p.mask_customers, p.sandbox, p.link_domain,
                     p.logo_file_id as "logo: FileId", p.favicon_file_id as "favicon: FileId" "#
                + $rest
            $(, $argument)*
        )
    };
    ($rest:tt $(, $argument:expr)*) => {
        $crate::programs::program_rows!(query_as, (Program,), "", $rest $(, $argument)*)
    };
}
pub(crate) use program_rows;

/// The program with this id.
///
/// # Errors
/// `NotFound`.
pub async fn get(conn: &mut PgConnection, program: ProgramId) -> Result<Program> {
    program_rows!("from programs p where p.id = $1", program as ProgramId)
        .fetch_optional(conn)
        .await?
        .ok_or(Error::NotFound("program"))
}

/// The program with this name in addresses.
///
/// # Errors
/// `NotFound`.
pub async fn by_slug(conn: &mut PgConnection, slug: &str) -> Result<Program> {
    program_rows!("from programs p where p.slug = $1", slug)
        .fetch_optional(conn)
        .await?
        .ok_or(Error::NotFound("program"))
}

/// Every program, by name: for jobs, the command line and the link table.
///
/// # Errors
/// `Database` where Postgres fails.
pub async fn list(conn: &mut PgConnection) -> Result<Vec<Program>> {
    Ok(program_rows!("from programs p order by p.name, p.id").fetch_all(conn).await?)
}

/// An instant in words, as clocks in a time zone show it.
///
/// # Errors
/// `Internal` where there is no such zone.
pub fn local_time(zone: &str, at: DateTime<Utc>) -> Result<String> {
    let zone: chrono_tz::Tz = zone.parse().map_err(Error::internal)?;
    Ok(at.with_timezone(&zone).format("%-d %b %Y, %H:%M %Z").to_string())
}

/// How many weeks before and after an instant pages know a zone's offsets: ten years and three.
const WEEKS: (i64, i64) = (520, 156);

/// A time zone with its offsets, for pages.
///
/// # Errors
/// `Internal` where there is no such zone.
pub fn zone(name: &str, at: DateTime<Utc>) -> Result<Zone> {
    const WEEK: i64 = 7 * 24 * 60 * 60;
    let zone: chrono_tz::Tz = name.parse().map_err(Error::internal)?;
    let ahead = |second: i64| {
        let at = DateTime::from_timestamp(second, 0).unwrap_or(at);
        zone.offset_from_utc_datetime(&at.naive_utc()).fix().local_minus_utc()
    };
    let this = at.timestamp().div_euclid(WEEK);
    let from = (this - WEEKS.0) * WEEK;
    let mut offsets = vec![(from, ahead(from))];
    for week in this - WEEKS.0..this + WEEKS.1 {
        // No zone changes twice within a week.
        let (mut before, mut after) = (week * WEEK, (week + 1) * WEEK);
        let (old, new) = (ahead(before), ahead(after));
        if old == new {
            continue;
        }
        while after - before > 1 {
            let middle = before + (after - before) / 2;
            if ahead(middle) == old { before = middle } else { after = middle }
        }
        offsets.push((after, new));
    }
    Ok(Zone { name: name.to_owned(), offsets })
}

fn check_zone(errors: &mut Vec<FieldError>, zone: &str) {
    if zone.parse::<chrono_tz::Tz>().is_err() {
        errors.push(FieldError::new("time_zone", "Choose a time zone, such as Europe/Berlin."));
    }
}

/// Creates a program of an organization, for one of its members.
///
/// # Errors
/// `NotFound` where the account is no member; `Forbidden` by its role; `Invalid`, also where the slug is taken.
pub async fn create(
    pool: &PgPool,
    moment: &Moment,
    session: &Session,
    organization: OrganizationId,
    input: &NewProgram,
) -> Result<Program> {
    let mut tx = pool.begin().await?;
    let role = sqlx::query_scalar!(
        r#"select role as "role: Role" from memberships where organization_id = $1 and account_id = $2"#,
        organization as OrganizationId,
        session.account as AccountId
    )
    .fetch_optional(&mut *tx)
    .await?
    .filter(|_| session.only_program.is_none())
    .ok_or(Error::NotFound("organization"))?;
    if !role.may(Power::EditProgram) {
        return Err(Error::Forbidden);
    }
    let program = make(&mut tx, moment, organization, input).await?;
    let actor = Actor::Admin { account: session.account, organization, role, program: program.id };
    let details = json!({ "currency": program.currency, "time_zone": program.time_zone });
    audit::record(&mut tx, moment, &actor, "program.create", &program.name, "settings", details).await?;
    tx.commit().await?;
    Ok(program)
}

/// What is said of a name in addresses that another program has.
const TAKEN: &str = "This name is taken. Choose another.";

/// Creates a program without asking who: for the command line and the demo.
///
/// # Errors
/// `Invalid`, also where the slug is taken.
pub async fn make(
    conn: &mut PgConnection,
    moment: &Moment,
    organization: OrganizationId,
    input: &NewProgram,
) -> Result<Program> {
    let mut errors = input.check();
    check_zone(&mut errors, &input.time_zone);
    let slug = input.slug.trim();
    let taken = sqlx::query_scalar!(r#"select exists (select from programs where slug = $1) as "taken!""#, slug)
        .fetch_one(&mut *conn)
        .await?;
    if taken && !errors.iter().any(|error| error.field == "slug") {
        errors.push(FieldError::new("slug", TAKEN));
    }
    if !errors.is_empty() {
        return Err(Error::Invalid(errors));
    }
    let id: ProgramId = moment.id();
    sqlx::query!(
        "insert into programs (id, organization_id, slug, name, currency, time_zone, website, created_at, description)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
        id as ProgramId,
        organization as OrganizationId,
        slug,
        input.name.trim(),
        input.currency,
        input.time_zone,
        input.website,
        moment.at,
        input.description.trim()
    )
    .execute(&mut *conn)
    .await
    .map_err(|error| match Error::from(error) {
        // Somebody took it meanwhile.
        error if error.violates("programs_slug_key") => Error::field("slug", TAKEN),
        error => error,
    })?;
    sqlx::query!("insert into portals (program_id) values ($1)", id as ProgramId).execute(&mut *conn).await?;
    sqlx::query!(
        "insert into payout_methods (program_id, kind) select $1, kind from unnest(enum_range(null::payout_kind)) as k(kind)",
        id as ProgramId
    )
    .execute(&mut *conn)
    .await?;
    leads::set_up(conn, moment, id).await?;
    get(conn, id).await
}

/// The program's settings, for the page that changes them.
///
/// # Errors
/// `Forbidden` unless the asker may see the admin area.
pub async fn settings(conn: &mut PgConnection, actor: &Actor) -> Result<ProgramSettings> {
    if !actor.may(Power::View) {
        return Err(Error::Forbidden);
    }
    let program = get(conn, actor.program()).await?;
    let rest = sqlx::query!(
        r#"select next_time_zone, exists(select from journals where program_id = $1)
                                  or exists(select from sales where program_id = $1) as "begun!"
         from programs where id = $1"#,
        program.id as ProgramId
    )
    .fetch_one(conn)
    .await?;
    Ok(ProgramSettings { program, next_time_zone: rest.next_time_zone, currency_fixed: rest.begun })
}

/// Changes the program's settings. Once there are journals or sales the currency stays, and a new time zone applies from
/// the next month.
///
/// # Errors
/// `Forbidden`; `Invalid`.
pub async fn update(pool: &PgPool, moment: &Moment, actor: &Actor, input: &ProgramInput) -> Result<ProgramSettings> {
    if !actor.may(Power::EditProgram) {
        return Err(Error::Forbidden);
    }
    let mut errors = input.check();
    check_zone(&mut errors, &input.time_zone);
    let mut tx = pool.begin().await?;
    // Alone: events in flight hold this row, so none is posted in a currency that has changed meanwhile.
    sqlx::query!("select from programs where id = $1 for update", actor.program() as ProgramId)
        .fetch_optional(&mut *tx)
        .await?
        .ok_or(Error::NotFound("program"))?;
    let before = settings(&mut tx, actor).await?;
    if before.currency_fixed && before.program.currency.code() != input.currency {
        errors.push(FieldError::new("currency", "The currency is fixed once there are sales or commissions."));
    }
    if !errors.is_empty() {
        return Err(Error::Invalid(errors));
    }
    let later = before.currency_fixed && input.time_zone != before.program.time_zone;
    let time_zone = if later { &before.program.time_zone } else { &input.time_zone };
    let hosts: Vec<String> = input.allowed_hosts.iter().map(|host| host.to_lowercase()).collect();
    sqlx::query!(
        "update programs set name = $2, currency = $3, time_zone = $4, next_time_zone = $5, website = $6,
                allowed_hosts = $7, window_days = $8, click_model = $9, self_referral = $10, review_commissions = $11,
                consent_required = $12, minimum_payment = $13, payment_day = $14, mask_customers = $15,
                description = $16, lead_window_days = $17
         where id = $1",
        actor.program() as ProgramId,
        input.name.trim(),
        input.currency,
        time_zone,
        later.then_some(&input.time_zone),
        input.website,
        &hosts,
        input.window_days,
        input.click_model as ClickModel,
        input.self_referral as SelfReferralRule,
        input.review_commissions,
        input.consent_required,
        input.minimum_payment,
        input.payment_day,
        input.mask_customers,
        input.description.trim(),
        input.lead_window_days
    )
    .execute(&mut *tx)
    .await?;
    let after = settings(&mut tx, actor).await?;
    let details = changes(&before, &after)?;
    audit::record(&mut tx, moment, actor, "program.update", &after.program.name, "settings", details).await?;
    tx.commit().await?;
    Ok(after)
}

/// The settings that differ, each as it was and as it is.
fn changes(before: &ProgramSettings, after: &ProgramSettings) -> Result<serde_json::Value> {
    let fields = |settings: &ProgramSettings| -> Result<serde_json::Map<String, serde_json::Value>> {
        let mut fields = match serde_json::to_value(&settings.program)? {
            serde_json::Value::Object(fields) => fields,
            _ => serde_json::Map::new(),
        };
        fields.insert("next_time_zone".into(), json!(settings.next_time_zone));
        Ok(fields)
    };
    let (before, after) = (fields(before)?, fields(after)?);
    let changed = after.into_iter().filter(|(field, value)| before.get(field) != Some(value));
    Ok(changed.map(|(field, value)| (field.clone(), json!({ "before": before.get(&field), "after": value }))).collect())
}

#[cfg(test)]
mod tests;
