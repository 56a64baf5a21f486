//! A request becomes somebody who asks: the session's cookie, and what its account may open.

use crate::server::{State, add_cookie, cookie};
use crate::{Error, Result};
use chrono::{DateTime, Utc};
use domain::accounts::{Actor, Power, Session};
use domain::ids::EnrollmentId;
use domain::partners::PartnerName;
use domain::portal::PortalPage;
use domain::programs::Program;
use engine::Moment;
use engine::accounts::Which;
use engine::portal::Seat;
use http::header;
use http::request::Parts;
use leptos::prelude::use_context;
use sqlx::pool::PoolConnection;
use sqlx::{Connection, Postgres, Transaction};
use std::sync::{Arc, Mutex, PoisonError};

/// Somebody who need not be signed in.
pub struct Visitor {
    /// What the server is made of.
    pub state: State,
    /// A connection for the use cases that take one.
    pub conn: PoolConnection<Postgres>,
    /// When the request came.
    pub moment: Moment,
}

/// Somebody who is signed in.
pub struct Account {
    /// What the server is made of.
    pub state: State,
    /// A connection for the use cases that take one.
    pub conn: PoolConnection<Postgres>,
    /// When the request came.
    pub moment: Moment,
    /// The session's token.
    pub token: String,
    /// The session.
    pub session: Session,
}

/// A partner in one of its programs.
pub struct Partner {
    /// What the server is made of.
    pub state: State,
    /// A connection for the use cases that take one.
    pub conn: PoolConnection<Postgres>,
    /// When the request came.
    pub moment: Moment,
    /// The session.
    pub session: Session,
    /// Who the use cases are told is asking.
    pub actor: Actor,
    /// The program.
    pub program: Program,
    /// The partner.
    pub partner: PartnerName,
    /// What the portal is to it.
    pub seat: Seat,
    /// Whether it is a member of the team who sees the portal as this partner: only reading.
    pub seen_as: bool,
}

/// Who asks in a program's portal, as the frame of a page has found it: the page inside needn't ask Postgres again. A
/// context of one request.
#[derive(Clone, Debug, Default)]
pub struct Known(Arc<Mutex<Option<Found>>>);

/// A [`Partner`] but for what each use of it has of its own.
#[derive(Clone, Debug)]
struct Found {
    slug: String,
    session: Session,
    actor: Actor,
    program: Program,
    partner: PartnerName,
    seat: Seat,
    seen_as: bool,
}

impl Known {
    fn of(&self, slug: &str) -> Option<Found> {
        let known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        known.as_ref().filter(|found| found.slug == slug).cloned()
    }

    fn keep(&self, slug: &str, asking: &Partner) {
        let found = Found {
            slug: slug.to_owned(),
            session: asking.session.clone(),
            actor: asking.actor.clone(),
            program: asking.program.clone(),
            partner: asking.partner.clone(),
            seat: asking.seat.clone(),
            seen_as: asking.seen_as,
        };
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(found);
    }
}

/// A member of the team in one of its programs.
pub struct Admin {
    /// What the server is made of.
    pub state: State,
    /// A connection for the use cases that take one.
    pub conn: PoolConnection<Postgres>,
    /// When the request came.
    pub moment: Moment,
    /// The session.
    pub session: Session,
    /// Who the use cases are told is asking.
    pub actor: Actor,
    /// The program.
    pub program: Program,
}

impl Admin {
    /// Refuses an act that asks for the password or second factor again, unless that was given within the last 15
    /// minutes; and any act that the role does not allow.
    ///
    /// # Errors
    /// `Forbidden`, `ConfirmFirst`.
    pub fn may(&self, power: Power) -> Result<()> {
        if !self.actor.may(power) {
            return Err(Error::Forbidden);
        }
        if power.asks_again() {
            engine::accounts::require_confirmed(&self.session, &self.moment)?;
        }
        Ok(())
    }
}

/// Whoever it is.
///
/// # Errors
/// `Unavailable` where Postgres does not answer.
pub async fn visitor() -> Result<Visitor> {
    let state = State::here()?;
    let conn = state.pool.acquire().await?;
    Ok(Visitor { state, conn, moment: Moment::now() })
}

/// The account of the session.
///
/// # Errors
/// `SignIn` where there is none, `Unavailable`.
pub async fn account() -> Result<Account> {
    let token = session_token().ok_or(Error::SignIn)?;
    let Visitor { state, mut conn, moment } = visitor().await?;
    let session = engine::accounts::session(&mut conn, &moment, &token).await?.ok_or(Error::SignIn)?;
    Ok(Account { state, conn, moment, token, session })
}

/// The session's account as a partner in a program, whatever its standing, for the frame around pages: where it acts
/// for several, the one chosen last.
///
/// # Errors
/// `SignIn`; `NotFound` where it is no partner there; `Unavailable`.
pub async fn portal(program: &str) -> Result<Partner> {
    let known = use_context::<Known>();
    if let Some(found) = known.as_ref().and_then(|known| known.of(program)) {
        let Visitor { state, conn, moment } = visitor().await?;
        let Found { slug: _, session, actor, program, partner, seat, seen_as } = found;
        return Ok(Partner { state, conn, moment, session, actor, program, partner, seat, seen_as });
    }
    let asking = which_partner(program, Which::Rather(chosen(program).as_deref())).await?;
    if let Some(known) = known {
        known.keep(program, &asking);
    }
    Ok(asking)
}

/// The code of the partner that this browser's account chose last in a program.
fn chosen(program: &str) -> Option<String> {
    let parts = use_context::<Parts>()?;
    cookie(&parts.headers, &partner_cookie(program)).map(str::to_owned)
}

/// The same, who looks at a page of the portal that shows to it.
///
/// # Errors
/// As [`portal`]; `NotFound` too where the page doesn't show to it, or it waits to be let in.
pub async fn partner(program: &str, page: PortalPage) -> Result<Partner> {
    on_page(portal(program).await?, page)
}

fn on_page(asking: Partner, page: PortalPage) -> Result<Partner> {
    if asking.seat.is_open() && asking.seat.shown.contains(&page) { Ok(asking) } else { Err(Error::NotFound) }
}

/// The session's account as the partner for whom a form of a page was shown: another may have been chosen since, in
/// another tab.
///
/// # Errors
/// `SignIn`; `NotFound` where it is not that partner, or as for [`partner`]; `Unavailable`.
pub async fn this_partner(program: &str, partner: EnrollmentId, page: PortalPage) -> Result<Partner> {
    on_page(which_partner(program, Which::Only(partner)).await?, page)
}

async fn which_partner(program: &str, which: Which<'_>) -> Result<Partner> {
    let Account { state, mut conn, moment, session, token } = account().await?;
    let seen = engine::accounts::see_as::seen(&mut conn, &moment, &session, &token, program).await?;
    let seen_as = seen.is_some();
    if seen_as && !only_reads() {
        return Err(Error::Conflict("You see this portal as a partner does: nothing can be changed here.".into()));
    }
    let (actor, program, partner) = match seen {
        Some(seen) => seen,
        None => engine::accounts::partner_actor(&mut conn, &session, program, which).await?,
    };
    let seat = engine::portal::seat(&mut conn, program.id, partner.id).await?;
    Ok(Partner { state, conn, moment, session, actor, program, partner, seat, seen_as })
}

/// Whether the request can't change anything: by what it is, whatever is done with it.
fn only_reads() -> bool {
    use_context::<Parts>().is_some_and(|parts| matches!(parts.method, http::Method::GET | http::Method::HEAD))
}

/// The cookie with the code of the partner that an account acts for in a program. It opens nothing: it chooses among
/// the account's own.
fn partner_cookie(program: &str) -> String {
    format!("partner-{program}")
}

/// From now on this browser's account acts for the partner with this code, where it acts for several in the program.
///
/// # Errors
/// Where the server provided no state.
pub fn act_as(program: &str, code: &str) -> Result<()> {
    if domain::text::check_code(program).is_ok() && domain::text::check_code(code).is_ok() {
        let secure = if State::here()?.secure() { "; Secure" } else { "" };
        let name = partner_cookie(program);
        add_cookie(&format!("{name}={}; Path=/; HttpOnly; SameSite=Lax; Max-Age=31536000{secure}", code.trim()));
    }
    Ok(())
}

/// The session's account as a member of the team of a program.
///
/// # Errors
/// `SignIn`; `NotFound` where it is no member; `Unavailable`.
pub async fn admin(program: &str) -> Result<Admin> {
    let Account { state, mut conn, moment, session, .. } = account().await?;
    let (actor, program) = engine::accounts::admin_actor(&mut conn, &session, program).await?;
    Ok(Admin { state, conn, moment, session, actor, program })
}

/// Where somebody goes who has signed in: who goes to a program's portal lands where the program says.
///
/// # Errors
/// `Unavailable` where Postgres does not answer.
pub async fn landing(token: &str, to: &str) -> Result<String> {
    let Some(program) = to.strip_prefix("/p/").filter(|program| !program.contains(['/', '?'])) else {
        return Ok(to.to_owned());
    };
    let Visitor { mut conn, moment, .. } = visitor().await?;
    let Some(session) = engine::accounts::session(&mut conn, &moment, token).await? else { return Ok(to.to_owned()) };
    let chosen = chosen(program);
    match engine::portal::landing(&mut conn, &session, program, Which::Rather(chosen.as_deref())).await {
        Err(engine::Error::NotFound(_)) => Ok(to.to_owned()),
        path => Ok(path?),
    }
}

/// Begins a transaction on a connection.
///
/// # Errors
/// `Unavailable` where Postgres does not answer.
pub async fn begin(conn: &mut PoolConnection<Postgres>) -> Result<Transaction<'_, Postgres>> {
    Ok(conn.begin().await?)
}

/// The name of the session's cookie. Browsers let only https set one that begins with `__Host-`, and let no other host
/// of the domain set it.
fn cookie_name(secure: bool) -> &'static str {
    if secure { "__Host-tributary" } else { "tributary" }
}

/// The token in the session's cookie, if there is one: not yet looked up.
#[must_use]
pub fn session_token() -> Option<String> {
    let state = use_context::<State>()?;
    let parts = use_context::<Parts>()?;
    cookie(&parts.headers, cookie_name(state.secure())).filter(|token| !token.is_empty()).map(str::to_owned)
}

/// Sends the session's cookie: until it expires where it shall outlive the browser, else until that closes.
///
/// # Errors
/// Where the server provided no state.
pub fn keep_session(token: &str, expires_at: DateTime<Utc>, keep: bool) -> Result<()> {
    let state = State::here()?;
    let lasts = (expires_at - Moment::now().at).num_seconds().max(0);
    let max_age = if keep { format!("; Max-Age={lasts}") } else { String::new() };
    write_cookie(&state, token, &max_age);
    Ok(())
}

/// Takes the session's cookie away.
///
/// # Errors
/// Where the server provided no state.
pub fn forget_session() -> Result<()> {
    write_cookie(&State::here()?, "", "; Max-Age=0");
    Ok(())
}

fn write_cookie(state: &State, token: &str, max_age: &str) {
    let name = cookie_name(state.secure());
    let secure = if state.secure() { "; Secure" } else { "" };
    add_cookie(&format!("{name}={token}; Path=/; HttpOnly; SameSite=Lax{secure}{max_age}"));
}

/// The browser's name for itself, for the list of sessions.
#[must_use]
pub fn user_agent() -> String {
    use_context::<Parts>()
        .and_then(|parts| parts.headers.get(header::USER_AGENT)?.to_str().ok().map(str::to_owned))
        .unwrap_or_default()
}

/// From where a request comes, as the server has found it: an extension of the request.
#[derive(Clone, Debug)]
pub struct ClientAddress(pub String);

/// The address from which the request comes; empty where the server hasn't told.
#[must_use]
pub fn client_address() -> String {
    use_context::<Parts>()
        .and_then(|parts| parts.extensions.get::<ClientAddress>().map(|address| address.0.clone()))
        .unwrap_or_default()
}
