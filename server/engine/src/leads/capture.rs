//! Forms that partners share: made by them, found and filled in by visitors.

use super::submit::{Added, CAPTURE, add};
use crate::{Error, Moment, Result};
use domain::accounts::Actor;
use domain::ids::{EnrollmentId, LeadGroupId, ProgramId};
use domain::leads::capture::{CaptureForm, CaptureInput};
use domain::leads::{GroupChoice, LeadForm, NewLead, Sent};
use domain::money::Currency;
use sqlx::types::Json;
use sqlx::{PgConnection, PgPool};

/// The characters of codes: none that are taken for one another.
const LETTERS: &[u8] = b"abcdefghjkmnpqrstuvwxyz23456789";

/// The partner who asks, where its program takes leads.
async fn own(conn: &mut PgConnection, actor: &Actor) -> Result<EnrollmentId> {
    let Actor::Partner { enrollment, program, .. } = actor else { return Err(Error::Forbidden) };
    if super::settings(conn, *program).await?.submission { Ok(*enrollment) } else { Err(Error::Forbidden) }
}

/// The forms of the partner who asks, one for each group that takes leads, the default one first; those that it hasn't made
/// have no code.
///
/// # Errors
/// `Forbidden` for anybody but a partner, and where the program takes no leads.
pub async fn capture_forms(conn: &mut PgConnection, actor: &Actor) -> Result<Vec<CaptureForm>> {
    let own = own(conn, actor).await?;
    let rows = sqlx::query!(
        r#"select g.id as "group: LeadGroupId", g.name, c.code as "code?", c.is_open as "is_open?", c.sites as "sites?",
                  c.thanks as "thanks?", c.redirect as "redirect?"
           from lead_groups g
           left join capture_forms c
             on c.program_id = g.program_id and c.enrollment_id = $2 and c.group_id = g.id
           where g.program_id = $1 and g.closed_at is null
           order by g.is_default desc, g.position, lower(g.name), g.id"#,
        actor.program() as ProgramId,
        own as EnrollmentId
    )
    .fetch_all(conn)
    .await?;
    let form = rows.into_iter().map(|row| CaptureForm {
        group: row.group,
        name: row.name,
        code: row.code.unwrap_or_default(),
        is_open: row.is_open.unwrap_or(true),
        sites: row.sites.unwrap_or_default(),
        thanks: row.thanks.unwrap_or_default(),
        redirect: row.redirect.unwrap_or_default(),
    });
    Ok(form.collect())
}

/// Makes a form of the partner who asks, or changes it; its code stays.
///
/// # Errors
/// `Forbidden` for anybody but a partner, and where the program takes no leads; `NotFound` without such a group; `Invalid` on
/// `sites`, `thanks` or `redirect`.
pub async fn save_capture_form(
    conn: &mut PgConnection,
    moment: &Moment,
    actor: &Actor,
    input: &CaptureInput,
) -> Result<()> {
    let own = own(conn, actor).await?;
    let sites = input.checked().map_err(Error::Invalid)?;
    let program = actor.program();
    let there = sqlx::query_scalar!(
        r#"select exists (select from lead_groups where program_id = $1 and id = $2 and closed_at is null) as "there!""#,
        program as ProgramId,
        input.group as LeadGroupId
    )
    .fetch_one(&mut *conn)
    .await?;
    if !there {
        return Err(Error::NotFound("lead group"));
    }
    let letter = |byte: &u8| LETTERS[usize::from(*byte) % LETTERS.len()] as char;
    let code: String = moment.bytes::<12>().iter().map(letter).collect();
    sqlx::query!(
        "insert into capture_forms (program_id, enrollment_id, group_id, code, is_open, sites, thanks, redirect, created_at)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9)
         on conflict (program_id, enrollment_id, group_id) do update
         set is_open = excluded.is_open, sites = excluded.sites, thanks = excluded.thanks, redirect = excluded.redirect",
        program as ProgramId,
        own as EnrollmentId,
        input.group as LeadGroupId,
        code,
        input.is_open,
        &sites,
        input.thanks.trim(),
        input.redirect.trim(),
        moment.at
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// A form as visitors find it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Capture {
    /// The program.
    pub program: ProgramId,
    /// What visitors know it by.
    pub called: String,
    /// Its currency.
    pub currency: Currency,
    /// Whose leads they become.
    pub enrollment: EnrollmentId,
    /// The group, with its form in force.
    pub group: GroupChoice,
    /// The sites that may frame it and post to it.
    pub sites: Vec<String>,
    /// Words of thanks.
    pub thanks: String,
    /// Where who has filled it in is led; empty: nowhere.
    pub redirect: String,
}

/// The form with a code, where it takes leads.
///
/// # Errors
/// `NotFound` where there is none, and where it, its group, its partner or the program takes no leads.
pub async fn capture_form(conn: &mut PgConnection, program_slug: &str, code: &str) -> Result<Capture> {
    let row = sqlx::query!(
        r#"select p.id as "program: ProgramId", coalesce(nullif(o.brand, ''), p.name) as "called!",
                  p.currency as "currency: Currency", c.enrollment_id as "enrollment: EnrollmentId",
                  g.id as "group: LeadGroupId", g.name, g.description, g.version, f.form as "form: Json<LeadForm>",
                  c.sites, c.thanks, c.redirect
           from programs p
           join lead_settings x on x.program_id = p.id and x.submission
           join portals o on o.program_id = p.id
           join capture_forms c on c.program_id = p.id and c.code = $2 and c.is_open
           join enrollments e on e.program_id = p.id and e.id = c.enrollment_id and e.status = 'active'
           join lead_groups g on g.program_id = p.id and g.id = c.group_id and g.closed_at is null
           join lead_forms f on f.program_id = p.id and f.group_id = g.id and f.version = g.version
           where p.slug = $1"#,
        program_slug,
        code
    )
    .fetch_optional(conn)
    .await?
    .ok_or(Error::NotFound("form"))?;
    Ok(Capture {
        program: row.program,
        called: row.called,
        currency: row.currency,
        enrollment: row.enrollment,
        group: GroupChoice {
            id: row.group,
            name: row.name,
            description: row.description,
            version: row.version,
            form: row.form.0,
        },
        sites: row.sites,
        thanks: row.thanks,
        redirect: row.redirect,
    })
}

/// Adds what a visitor has filled in as a lead of the form's partner. Who is known already is not added, and nobody is told:
/// a form for everyone says of nobody whether it knows them.
///
/// # Errors
/// `Invalid` by the form's keys; `Conflict` where the form has changed, or takes nothing more today; `NotFound` or
/// `Forbidden` where it takes no leads any more.
pub async fn capture(pool: &PgPool, moment: &Moment, form: &Capture, sent: Sent, ip: &str) -> Result<()> {
    let actor = Actor::OnBehalf { program: form.program, enrollment: form.enrollment };
    let lead = NewLead {
        group: Some(form.group.id),
        version: Some(form.group.version),
        sent,
        ip: ip.to_owned(),
        by: CAPTURE.to_owned(),
        ..NewLead::default()
    };
    let mut tx = pool.begin().await?;
    match add(&mut tx, moment, &actor, form.enrollment, &lead).await? {
        Added::Made(_) => tx.commit().await?,
        Added::Known(_) => tx.rollback().await?,
    }
    Ok(())
}
