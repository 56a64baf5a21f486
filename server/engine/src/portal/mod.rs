//! The portal as a program's team sets it up, and what of it a partner sees.

mod link_host;
mod terms;
#[cfg(test)]
mod tests;

pub use link_host::{MARK_PATH, check_link_host, mark, set_link_host};
pub use terms::{accept, accept_current, acceptances, count_yet_to_accept, publish, terms, versions, yet_to_accept};

use crate::accounts::{Which, partner_actor};
use crate::programs::{self, audit};
use crate::{Error, Moment, Result};
use domain::accounts::{Actor, Power, Session};
use domain::ids::{EnrollmentId, FileId, ProgramId};
use domain::partners::{EnrollmentStatus, Kinds};
use domain::portal::{
    BrandInput, Hidden, LandsOn, LinkHost, MARKDOWN, Portal, PortalPage, Question, Sharing, SignUpRule, check_questions,
};
use serde_json::json;
use sqlx::PgConnection;
use sqlx::types::Json;

/// How a program's portal is set up.
///
/// # Errors
/// `NotFound`.
pub async fn get(conn: &mut PgConnection, program: ProgramId) -> Result<Portal> {
    let row = sqlx::query!(
        r#"select sign_up as "sign_up: SignUpRule", brand, welcome, lands_on as "lands_on: LandsOn", hidden_affiliate,
                  hidden_introducer, hidden_buyer, questions as "questions: Json<Vec<Question>>", share_text,
                  share_texts as "share_texts: Json<Sharing>", contact_email, link_host, link_host_checked_at,
                  link_host_trouble
           from portals where program_id = $1"#,
        program as ProgramId
    )
    .fetch_optional(conn)
    .await?
    .ok_or(Error::NotFound("program"))?;
    Ok(Portal {
        sign_up: row.sign_up,
        brand: row.brand,
        welcome: row.welcome,
        lands_on: row.lands_on,
        hidden: hidden(&row.hidden_affiliate, &row.hidden_introducer, &row.hidden_buyer),
        questions: row.questions.0,
        sharing: Sharing { general: row.share_text, ..row.share_texts.0 },
        contact_email: row.contact_email,
        link_host: LinkHost {
            host: row.link_host,
            checked_at: row.link_host_checked_at,
            trouble: row.link_host_trouble,
        },
    })
}

/// Words of pages that there are no more are passed over.
fn hidden(affiliate: &[String], introducer: &[String], buyer: &[String]) -> Hidden {
    let pages = |words: &[String]| words.iter().filter_map(|word| word.parse().ok()).collect();
    Hidden { affiliate: pages(affiliate), introducer: pages(introducer), buyer: pages(buyer) }
}

/// What the portal is to one partner.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Seat {
    /// Its standing.
    pub status: EnrollmentStatus,
    /// The pages that show to it.
    pub shown: Vec<PortalPage>,
    /// The name that partners see.
    pub brand: String,
    /// The e-mail at which they reach the team, or empty.
    pub contact_email: String,
    /// The version of the terms that is in force and that it has yet to accept.
    pub terms_due: Option<i32>,
    /// Its photo.
    pub photo: Option<FileId>,
    lands_on: LandsOn,
}

impl Seat {
    /// Whether its pages are open: not to those who wait, or were never let in.
    #[must_use]
    pub fn is_open(&self) -> bool {
        !matches!(self.status, EnrollmentStatus::Pending | EnrollmentStatus::Declined)
    }

    /// Where the partner lands.
    #[must_use]
    pub fn lands_on(&self) -> PortalPage {
        if self.lands_on == LandsOn::Welcome && self.shown.contains(&PortalPage::Welcome) {
            PortalPage::Welcome
        } else {
            PortalPage::Dashboard
        }
    }
}

/// What the portal is to a partner.
///
/// # Errors
/// `NotFound`.
pub async fn seat(conn: &mut PgConnection, program: ProgramId, partner: EnrollmentId) -> Result<Seat> {
    let row = sqlx::query!(
        r#"select e.status as "status: EnrollmentStatus", e.affiliate, e.introducer, e.buyer,
                  e.photo_file_id as "photo: FileId",
                  coalesce(nullif(o.brand, ''), p.name) as "brand!", o.contact_email, o.welcome <> '' as "has_welcome!",
                  o.lands_on as "lands_on: LandsOn", o.hidden_affiliate, o.hidden_introducer, o.hidden_buyer,
                  (select d.version from terms_due d where d.program_id = $1 and d.enrollment_id = $2) as terms_due
           from enrollments e
           join programs p on p.id = e.program_id
           join portals o on o.program_id = e.program_id
           where e.program_id = $1 and e.id = $2"#,
        program as ProgramId,
        partner as EnrollmentId
    )
    .fetch_optional(conn)
    .await?
    .ok_or(Error::NotFound("partner"))?;
    let kinds = Kinds { affiliate: row.affiliate, introducer: row.introducer, buyer: row.buyer };
    let hidden = hidden(&row.hidden_affiliate, &row.hidden_introducer, &row.hidden_buyer);
    Ok(Seat {
        status: row.status,
        shown: hidden.shown(kinds, row.has_welcome),
        brand: row.brand,
        contact_email: row.contact_email,
        terms_due: row.terms_due,
        photo: row.photo,
        lands_on: row.lands_on,
    })
}

/// Markdown as HTML that can do no harm: without scripts, styles, forms, frames and images, which pages don't load from
/// other servers.
#[must_use]
pub fn html(markdown: &str) -> String {
    use pulldown_cmark::{Event, HeadingLevel, Options, Parser, Tag, TagEnd, html::push_html};
    let options = Options::ENABLE_TABLES | Options::ENABLE_STRIKETHROUGH;
    let mut events: Vec<Event<'_>> = Parser::new_ext(markdown, options).collect();
    let is_first = |event: &Event<'_>| matches!(event, Event::End(TagEnd::Heading(HeadingLevel::H1)));
    // The page has its h1: where the text has one too, its headings are one level lower.
    if events.iter().any(is_first) {
        for event in &mut events {
            if let Event::Start(Tag::Heading { level, .. }) | Event::End(TagEnd::Heading(level)) = event {
                *level = HeadingLevel::try_from(*level as usize + 1).unwrap_or(HeadingLevel::H6);
            }
        }
    }
    let mut html = String::new();
    push_html(&mut html, events.into_iter());
    ammonia::Builder::default()
        .rm_tags(["h1", "img"])
        .link_rel(Some("noopener noreferrer nofollow"))
        .clean(&html)
        .to_string()
}

/// Changes who may sign up, and what they are asked. Asks for `EditProgram`.
///
/// # Errors
/// `Forbidden`; `Invalid` by field.
pub async fn set_sign_up(
    conn: &mut PgConnection,
    moment: &Moment,
    actor: &Actor,
    rule: SignUpRule,
    questions: &[Question],
) -> Result<()> {
    allow(actor)?;
    let errors = check_questions(questions);
    if !errors.is_empty() {
        return Err(Error::Invalid(errors));
    }
    sqlx::query!(
        "update portals set sign_up = $2, questions = $3 where program_id = $1",
        actor.program() as ProgramId,
        rule as SignUpRule,
        Json(questions) as _
    )
    .execute(&mut *conn)
    .await?;
    note(conn, moment, actor, "portal.sign_up", json!({ "sign_up": rule, "questions": questions })).await
}

/// Changes the team's message, and where partners land. Asks for `EditProgram`.
///
/// # Errors
/// `Forbidden`; `Invalid` on `welcome`.
pub async fn set_welcome(
    conn: &mut PgConnection,
    moment: &Moment,
    actor: &Actor,
    welcome: &str,
    lands_on: LandsOn,
) -> Result<()> {
    allow(actor)?;
    check_markdown("welcome", welcome)?;
    sqlx::query!(
        "update portals set welcome = $2, lands_on = $3 where program_id = $1",
        actor.program() as ProgramId,
        welcome.trim(),
        lands_on as LandsOn
    )
    .execute(&mut *conn)
    .await?;
    note(conn, moment, actor, "portal.welcome", json!({ "lands_on": lands_on })).await
}

fn check_markdown(field: &str, text: &str) -> Result<()> {
    if text.chars().count() > MARKDOWN || text.contains('\0') {
        return Err(Error::field(field, format!("Use at most {MARKDOWN} characters.")));
    }
    Ok(())
}

/// Changes which pages show. Asks for `EditProgram`.
///
/// # Errors
/// `Forbidden`.
pub async fn set_hidden(conn: &mut PgConnection, moment: &Moment, actor: &Actor, hidden: &Hidden) -> Result<()> {
    allow(actor)?;
    let words = |pages: &[PortalPage]| -> Vec<String> {
        let hideable = pages.iter().filter(|page| **page != PortalPage::Dashboard);
        hideable.map(ToString::to_string).collect()
    };
    sqlx::query!(
        "update portals set hidden_affiliate = $2, hidden_introducer = $3, hidden_buyer = $4 where program_id = $1",
        actor.program() as ProgramId,
        &words(&hidden.affiliate),
        &words(&hidden.introducer),
        &words(&hidden.buyer)
    )
    .execute(&mut *conn)
    .await?;
    note(conn, moment, actor, "portal.pages", json!({ "hidden": hidden })).await
}

/// Changes how the portal looks. Asks for `EditProgram`.
///
/// # Errors
/// `Forbidden`; `Invalid` by field, also where the accent can't be read.
pub async fn set_brand(conn: &mut PgConnection, moment: &Moment, actor: &Actor, input: &BrandInput) -> Result<()> {
    allow(actor)?;
    let input = BrandInput {
        brand: input.brand.trim().to_owned(),
        accent: input.accent.trim().to_owned(),
        colour: input.colour.trim().to_lowercase(),
        contact_email: input.contact_email.trim().to_owned(),
    };
    let errors = input.check();
    if !errors.is_empty() {
        return Err(Error::Invalid(errors));
    }
    let accent = if input.colour.is_empty() { &input.accent } else { &input.colour };
    sqlx::query!("update programs set accent = $2 where id = $1", actor.program() as ProgramId, accent)
        .execute(&mut *conn)
        .await?;
    sqlx::query!(
        "update portals set brand = $2, contact_email = $3 where program_id = $1",
        actor.program() as ProgramId,
        input.brand,
        input.contact_email
    )
    .execute(&mut *conn)
    .await?;
    note(conn, moment, actor, "portal.brand", json!(input)).await
}

/// Changes what partners are offered to say when they share. Asks for `EditProgram`.
///
/// # Errors
/// `Forbidden`; `Invalid` by field.
pub async fn set_sharing(conn: &mut PgConnection, moment: &Moment, actor: &Actor, sharing: &Sharing) -> Result<()> {
    allow(actor)?;
    let sharing = sharing.trimmed();
    let errors = sharing.check();
    if !errors.is_empty() {
        return Err(Error::Invalid(errors));
    }
    // The general words have a column of their own.
    let places = Sharing { general: String::new(), ..sharing.clone() };
    sqlx::query!(
        "update portals set share_text = $2, share_texts = $3 where program_id = $1",
        actor.program() as ProgramId,
        sharing.general,
        Json(&places) as _
    )
    .execute(&mut *conn)
    .await?;
    note(conn, moment, actor, "portal.sharing", json!({})).await
}

fn allow(actor: &Actor) -> Result<()> {
    if actor.may(Power::EditProgram) { Ok(()) } else { Err(Error::Forbidden) }
}

/// Notes what an admin changed of the portal.
pub(crate) async fn note(
    conn: &mut PgConnection,
    moment: &Moment,
    actor: &Actor,
    action: &str,
    details: serde_json::Value,
) -> Result<()> {
    let program = programs::get(conn, actor.program()).await?;
    audit::record(conn, moment, actor, action, &program.name, "portal", details).await
}

/// Where the session's account lands in a program's portal: the path of the page, for the partner that its pages are shown
/// for.
///
/// # Errors
/// `NotFound` where it is no partner there.
pub async fn landing(
    conn: &mut PgConnection,
    session: &Session,
    program_slug: &str,
    which: Which<'_>,
) -> Result<String> {
    let (_, program, partner) = partner_actor(conn, session, program_slug, which).await?;
    Ok(seat(conn, program.id, partner.id).await?.lands_on().href(program_slug))
}
