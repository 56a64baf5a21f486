use super::{Mail, notices, of_conversations, of_leads, of_sales, templates};
use crate::accounts;
use crate::accounts::tokens::{self, Purpose};
use crate::partners::profile::notifications_of;
use crate::{Error, Moment, Result};
use askama::Template;
use domain::ids::{AccountId, EnrollmentId, PaymentId, ProgramId, SignUpId};
use domain::messages::{MailKind, ONCE_A_WEEK, Template as Words};
use domain::money::{Currency, Money};
use domain::partners::Notice;
use domain::payments::{PartKind, PaymentStatus, payment_reference};
use domain::portal::PortalPage;
use sqlx::PgConnection;

/// A mail, ready to go.
#[derive(Clone, PartialEq, Eq)]
pub struct Letter {
    /// The address.
    pub to: String,
    /// The person's name, or empty.
    pub name: String,
    /// In whose name it is sent; empty: in the server's own.
    pub from: String,
    /// The e-mail to which an answer goes; empty: to the sender.
    pub reply_to: String,
    /// The subject.
    pub subject: String,
    /// For readers without HTML.
    pub text: String,
    /// The same as HTML.
    pub html: String,
}

/// What every mail is made of: a greeting, paragraphs, and perhaps a button.
#[derive(Template)]
#[template(path = "mail/letter.txt")]
struct Text<'a> {
    letter: &'a Content,
}

/// The same, escaped.
#[derive(Template)]
#[template(path = "mail/letter.html")]
struct Html<'a> {
    letter: &'a Content,
}

#[derive(Default)]
pub(super) struct Content {
    pub to: String,
    pub name: String,
    pub subject: String,
    pub paragraphs: Vec<String>,
    /// What the button says, and where it leads.
    pub button: Option<(String, String)>,
    /// In whose name the mail is sent.
    pub sender: String,
    /// Where partners reach the team, or empty.
    pub contact: String,
    /// How to get no more of these: what the link says, and where it leads.
    pub stop: Option<(String, String)>,
}

impl Content {
    fn letter(self, from: String) -> Result<Letter> {
        let text = Text { letter: &self }.render().map_err(Error::internal)?;
        let html = Html { letter: &self }.render().map_err(Error::internal)?;
        let Self { to, name, subject, contact: reply_to, .. } = self;
        Ok(Letter { to, name, from, reply_to, subject, text, html })
    }
}

/// Writes a mail, with its one-time link where it has one; `None` where there is nobody to send it to any more.
/// `public_url` is where people reach the server, without a slash at its end.
///
/// # Errors
/// `Database` where Postgres fails.
pub async fn compose(
    conn: &mut PgConnection,
    moment: &Moment,
    public_url: &str,
    mail: &Mail,
) -> Result<Option<Letter>> {
    let content = match mail {
        Mail::PasswordReset { who, slug } => password_reset(conn, moment, public_url, who, slug.as_deref()).await?,
        Mail::TeamInvitation { account, program } => {
            team_invitation(conn, moment, public_url, *account, *program).await?
        }
        Mail::PartnerInvitation { account, program, enrollment } => {
            partner_invitation(conn, moment, public_url, *account, *program, *enrollment).await?
        }
        Mail::PartnerAccountAdded { account, program, enrollment, added } => {
            notices::account_added(conn, public_url, (*program, *enrollment), *account, *added).await?
        }
        Mail::PayoutMethodChanged { account, program, enrollment } => {
            notices::payout_method_changed(conn, public_url, (*program, *enrollment), *account).await?
        }
        Mail::SecondFactorOff { account, at } => person(conn, *account).await?.map(|person| {
            let when = at.format("%-d %B %Y at %H:%M UTC");
            Content {
                subject: "Your second factor was turned off".into(),
                paragraphs: vec![
                    format!("The second factor of your account was turned off on {when}."),
                    "If that was you, there is nothing to do. If it was not, choose a new password now and turn the \
                         second factor on again."
                        .into(),
                ],
                button: Some(("Choose a new password".into(), format!("{public_url}/forgot-password"))),
                sender: "Tributary".into(),
                ..person.content()
            }
        }),
        Mail::EmailChange { account, new } => email_change(conn, moment, public_url, *account, *new).await?,
        Mail::SignUpConfirm { program, sign_up } => {
            sign_up_confirm(conn, moment, public_url, *program, *sign_up).await?
        }
        Mail::PartnerWaiting { account, program, enrollment } => {
            partner_waiting(conn, public_url, *account, *program, *enrollment).await?
        }
        Mail::PartnerActivated { program, enrollment } => {
            let partner = partner(conn, public_url, *program, *enrollment).await?;
            to_partner(conn, *program, MailKind::PartnerActivated, partner, &[]).await?
        }
        Mail::PartnerDeclined { program, enrollment } => {
            let partner = partner(conn, public_url, *program, *enrollment).await?;
            to_partner(conn, *program, MailKind::PartnerDeclined, partner, &[]).await?
        }
        Mail::PartnerPaused { program, enrollment } => {
            let partner = partner(conn, public_url, *program, *enrollment).await?;
            to_partner(conn, *program, MailKind::PartnerPaused, partner, &[]).await?
        }
        Mail::PartnerResumed { program, enrollment } => {
            let partner = partner(conn, public_url, *program, *enrollment).await?;
            to_partner(conn, *program, MailKind::PartnerResumed, partner, &[]).await?
        }
        Mail::Test { account, program, kind, words } => {
            test(conn, public_url, *account, *program, *kind, words).await?
        }
        Mail::PaymentSent { program, payment } => {
            of_payment(conn, moment, public_url, (*program, *payment), MailKind::PaymentSent).await?
        }
        Mail::PaymentTakenBack { program, payment } => {
            of_payment(conn, moment, public_url, (*program, *payment), MailKind::PaymentTakenBack).await?
        }
        Mail::PaymentsPrepared { account, program, draft } => {
            notices::payments_prepared(conn, public_url, *account, *program, *draft).await?
        }
        Mail::ApprovalWanted { account, program, draft } => {
            notices::approval_wanted(conn, public_url, *account, *program, *draft).await?
        }
        Mail::CommissionEarned { program, commission } => {
            notices::commission_earned(conn, moment, public_url, *program, *commission).await?
        }
        Mail::BalanceAdjusted { program, journal } => {
            notices::balance_adjusted(conn, moment, public_url, *program, *journal).await?
        }
        Mail::Summary { program, enrollment, from, to } => {
            notices::summary(conn, moment, public_url, *program, *enrollment, (*from, *to)).await?
        }
        Mail::PayoutMethod { program, enrollment } => {
            notices::payout_method(conn, moment, public_url, *program, *enrollment).await?
        }
        Mail::PartnerLetter { program, enrollment, letter } => {
            notices::partner_letter(conn, public_url, *program, *enrollment, *letter).await?
        }
        Mail::LeadSubmitted { account, program, lead } => {
            of_leads::submitted(conn, public_url, *account, *program, *lead).await?
        }
        Mail::LeadMoved { program, lead, stage } => {
            of_leads::moved(conn, moment, public_url, *program, *lead, *stage).await?
        }
        Mail::LeadImportFinished { program, import } => {
            of_leads::import_finished(conn, public_url, *program, *import).await?
        }
        Mail::LeadsImported { account, program, import } => {
            of_leads::imported(conn, public_url, *account, *program, *import).await?
        }
        Mail::MessageToTeam { account, program, conversation } => {
            of_conversations::to_team(conn, public_url, *account, *program, *conversation).await?
        }
        Mail::MessageToPartner { program, conversation } => {
            of_conversations::to_partner(conn, moment, public_url, *program, *conversation).await?
        }
        Mail::SaleSubmitted { account, program, sale } => {
            of_sales::submitted(conn, public_url, *account, *program, *sale).await?
        }
        Mail::SaleApproved { program, sale } => {
            of_sales::judged(conn, public_url, *program, *sale, MailKind::SaleApproved).await?
        }
        Mail::SaleDeclined { program, sale } => {
            of_sales::judged(conn, public_url, *program, *sale, MailKind::SaleDeclined).await?
        }
    };
    let Some(content) = content else { return Ok(None) };
    let (from, contact) = house(conn, mail).await?;
    // The team needs nobody to tell it where it is.
    let to_team = matches!(
        mail,
        Mail::TeamInvitation { .. }
            | Mail::PartnerWaiting { .. }
            | Mail::PaymentsPrepared { .. }
            | Mail::ApprovalWanted { .. }
            | Mail::LeadSubmitted { .. }
            | Mail::LeadsImported { .. }
            | Mail::SaleSubmitted { .. }
            | Mail::MessageToTeam { .. }
    ) || matches!(mail, Mail::Test { kind, .. } if kind.is_to_team());
    let contact = if to_team { String::new() } else { contact };
    Content { contact, ..content }.letter(from).map(Some)
}

/// A mail with example data, to a member of the team. Its links lead to where the real ones would, as far as they can.
async fn test(
    conn: &mut PgConnection,
    public_url: &str,
    account: AccountId,
    program: ProgramId,
    kind: MailKind,
    words: &Words,
) -> Result<Option<Content>> {
    let Some(person) = person(conn, account).await? else { return Ok(None) };
    let examples = templates::examples(conn, program).await?;
    let slug = crate::programs::get(conn, program).await?.slug;
    let place = match kind {
        MailKind::PartnerWaiting => format!("{public_url}/admin/{slug}/partners"),
        MailKind::LeadSubmitted | MailKind::LeadsImported => format!("{public_url}/admin/{slug}/leads"),
        MailKind::MessageToTeam => format!("{public_url}/admin/{slug}/messages"),
        MailKind::SaleSubmitted => format!("{public_url}/admin/{slug}/submitted-sales"),
        _ => format!("{public_url}/p/{slug}"),
    };
    let sample = words.sample(kind, &examples, &person.name);
    Ok(Some(Content {
        to: person.email,
        name: sample.name,
        subject: format!("Test: {}", sample.subject),
        paragraphs: sample.paragraphs,
        button: sample.button.map(|label| (label.to_owned(), place.clone())),
        sender: sample.sender,
        stop: sample.stop.map(|label| (label, place)),
        ..Content::default()
    }))
}

/// The program in whose name a mail goes, and the e-mail at which its partners reach it; both empty where there is none.
async fn house(conn: &mut PgConnection, mail: &Mail) -> Result<(String, String)> {
    let slug = match mail {
        Mail::PasswordReset { slug, .. } => slug.as_deref(),
        _ => None,
    };
    let row = sqlx::query!(
        r#"select coalesce(nullif(o.brand, ''), p.name) as "name!", o.contact_email
           from programs p join portals o on o.program_id = p.id where p.id = $1 or p.slug = $2"#,
        mail.program() as Option<ProgramId>,
        slug
    )
    .fetch_optional(conn)
    .await?;
    Ok(row.map(|row| (row.name, row.contact_email)).unwrap_or_default())
}

pub(super) struct Person {
    pub email: String,
    name: String,
    has_password: bool,
}

impl Person {
    pub(super) fn content(self) -> Content {
        Content { to: self.email, name: self.name, ..Content::default() }
    }
}

pub(super) async fn person(conn: &mut PgConnection, account: AccountId) -> Result<Option<Person>> {
    Ok(sqlx::query_as!(
        Person,
        r#"select email, name, password_hash is not null as "has_password!" from accounts where id = $1"#,
        account as AccountId
    )
    .fetch_optional(conn)
    .await?)
}

async fn password_reset(
    conn: &mut PgConnection,
    moment: &Moment,
    public_url: &str,
    who: &str,
    slug: Option<&str>,
) -> Result<Option<Content>> {
    let Some(account) = accounts::account_of(conn, who, slug).await? else { return Ok(None) };
    let Some(person) = person(conn, account).await? else { return Ok(None) };
    let of_program = sqlx::query!(
        r#"select p.slug, coalesce(nullif(o.brand, ''), p.name) as "brand!"
           from programs p join portals o on o.program_id = p.id where p.slug = $1"#,
        slug.unwrap_or_default()
    )
    .fetch_optional(&mut *conn)
    .await?;
    let (place, sender) = match of_program {
        Some(program) => (format!("{public_url}/p/{}", program.slug), program.brand),
        None => (public_url.to_owned(), "Tributary".to_owned()),
    };
    let token = tokens::make(conn, moment, Purpose::PasswordReset, Some(account), "").await?;
    Ok(Some(Content {
        subject: "Choose a new password".into(),
        paragraphs: vec![
            "Somebody, most likely you, has asked for a new password for your account.".into(),
            "The link below works once, for an hour. If you did not ask, leave it: your password stays as it is."
                .into(),
        ],
        button: Some(("Choose a new password".into(), format!("{place}/reset-password/{token}"))),
        sender,
        ..person.content()
    }))
}

/// The link by which a person begins: to choose a password, or to sign in at this place where there is one. Of a partner the
/// link names it and its program.
async fn way_in(
    conn: &mut PgConnection,
    moment: &Moment,
    public_url: &str,
    (account, has_password): (AccountId, bool),
    (place, of): (&str, &str),
) -> Result<(String, String)> {
    if has_password {
        return Ok(("Sign in".into(), format!("{place}/sign-in")));
    }
    let token = tokens::make(conn, moment, Purpose::Invitation, Some(account), of).await?;
    Ok(("Accept the invitation".into(), format!("{public_url}/accept-invitation/{token}")))
}

async fn team_invitation(
    conn: &mut PgConnection,
    moment: &Moment,
    public_url: &str,
    account: AccountId,
    program: ProgramId,
) -> Result<Option<Content>> {
    let organization = sqlx::query_scalar!(
        "select o.name from memberships m
         join organizations o on o.id = m.organization_id
         join programs p on p.organization_id = o.id
         where m.account_id = $1 and p.id = $2",
        account as AccountId,
        program as ProgramId
    )
    .fetch_optional(&mut *conn)
    .await?;
    let (Some(organization), Some(person)) = (organization, person(conn, account).await?) else { return Ok(None) };
    let button = way_in(conn, moment, public_url, (account, person.has_password), (public_url, "")).await?;
    Ok(Some(Content {
        subject: format!("Join the team of {organization}"),
        paragraphs: vec![
            format!("You have been invited to look after the partner programs of {organization}."),
            once_a_week(person.has_password).into(),
        ],
        button: Some(button),
        sender: organization,
        ..person.content()
    }))
}

fn once_a_week(has_password: bool) -> &'static str {
    if has_password { "Sign in with the password that you have." } else { ONCE_A_WEEK }
}

async fn partner_invitation(
    conn: &mut PgConnection,
    moment: &Moment,
    public_url: &str,
    account: AccountId,
    program: ProgramId,
    enrollment: EnrollmentId,
) -> Result<Option<Content>> {
    let Some(partner) = partner(conn, public_url, program, enrollment).await? else { return Ok(None) };
    let Some(person) = person(conn, account).await? else { return Ok(None) };
    let of = format!("{program}/{enrollment}");
    let button = way_in(conn, moment, public_url, (account, person.has_password), (&*partner.portal, &*of)).await?;
    let last = once_a_week(person.has_password).to_owned();
    let values =
        [("partner.name", &*partner.name), ("partner.code", &*partner.code), ("program.name", &*partner.program)];
    let content = Content { button: Some(button), sender: partner.program.clone(), ..person.content() };
    let mut content = worded(conn, program, MailKind::PartnerInvitation, &values, content).await?;
    content.paragraphs.push(last);
    Ok(Some(content))
}

/// A mail in the words that the program has for its kind.
pub(super) async fn worded(
    conn: &mut PgConnection,
    program: ProgramId,
    kind: MailKind,
    values: &[(&str, &str)],
    content: Content,
) -> Result<Content> {
    Ok(in_words(&templates::of(conn, program, kind).await?, values, content))
}

/// A mail in these words, with what is merged into them.
fn in_words(words: &Words, values: &[(&str, &str)], content: Content) -> Content {
    let value = |field: &str| values.iter().find(|(name, _)| *name == field).map(|(_, value)| (*value).to_owned());
    let filled = words.filled(value);
    let paragraphs = filled.paragraphs();
    Content { subject: filled.subject, paragraphs, ..content }
}

/// A mail to a partner, perhaps with a button that leads to the portal.
pub(super) async fn to_partner(
    conn: &mut PgConnection,
    program: ProgramId,
    kind: MailKind,
    partner: Option<Partner>,
    more: &[(&str, &str)],
) -> Result<Option<Content>> {
    let Some(partner) = partner else { return Ok(None) };
    let words = templates::of(conn, program, kind).await?;
    Ok(Some(written_to(partner, &words, kind.button(), more)))
}

/// A mail to a partner in these words: what can always be merged into it, and more.
pub(super) fn written_to(partner: Partner, words: &Words, button: Option<&str>, more: &[(&str, &str)]) -> Content {
    let Partner { email, name, code, program, portal } = partner;
    let own = [("partner.name", &*name), ("partner.code", &*code), ("program.name", &*program)];
    let values = [&own, more].concat();
    let button = button.map(|label| (label.to_owned(), portal));
    let content = Content { to: email, name: name.clone(), button, sender: program.clone(), ..Content::default() };
    in_words(words, &values, content)
}

async fn sign_up_confirm(
    conn: &mut PgConnection,
    moment: &Moment,
    public_url: &str,
    program: ProgramId,
    sign_up: SignUpId,
) -> Result<Option<Content>> {
    let row = sqlx::query!(
        r#"select s.email, p.slug, coalesce(nullif(o.brand, ''), p.name) as "program!",
                  exists (select from enrollments e
                          where e.program_id = $1 and lower(e.email) = lower(s.email) and e.status <> 'declined')
                      as "is_partner!"
           from sign_ups s join programs p on p.id = s.program_id join portals o on o.program_id = s.program_id
           where s.program_id = $1 and s.id = $2"#,
        program as ProgramId,
        sign_up as SignUpId
    )
    .fetch_optional(&mut *conn)
    .await?;
    let Some(row) = row else { return Ok(None) };
    // Without the name: whoever signs up may type a stranger's address, and words for that stranger as the name.
    let content = Content { to: row.email, sender: row.program.clone(), ..Content::default() };
    if row.is_partner {
        return Ok(Some(Content {
            subject: format!("You are a partner of {} already", row.program),
            paragraphs: vec![
                format!(
                    "Somebody, most likely you, has signed up as a partner of {} with this e-mail address. You are \
                     one already: sign in, or choose a new password where you have forgotten yours.",
                    row.program
                ),
                "If that was not you, leave it: nothing has changed.".into(),
            ],
            button: Some(("Sign in".into(), format!("{public_url}/p/{}/sign-in", row.slug))),
            ..content
        }));
    }
    let token = tokens::make(conn, moment, Purpose::SignUp, None, &format!("{program}/{sign_up}")).await?;
    let link = format!("{public_url}/confirm-sign-up/{token}");
    let button = MailKind::SignUpConfirm.button().map(|label| (label.into(), link));
    let content = Content { button, ..content };
    let values = [("program.name", &*row.program)];
    worded(conn, program, MailKind::SignUpConfirm, &values, content).await.map(Some)
}

async fn partner_waiting(
    conn: &mut PgConnection,
    public_url: &str,
    account: AccountId,
    program: ProgramId,
    enrollment: EnrollmentId,
) -> Result<Option<Content>> {
    let row = sqlx::query!(
        r#"select p.slug, p.name as program, e.code, coalesce(nullif(e.name, ''), e.company) as "name!", e.email,
                  e.website
           from enrollments e join programs p on p.id = e.program_id
           where e.program_id = $1 and e.id = $2 and e.status = 'pending'"#,
        program as ProgramId,
        enrollment as EnrollmentId
    )
    .fetch_optional(&mut *conn)
    .await?;
    let (Some(row), Some(person)) = (row, person(conn, account).await?) else { return Ok(None) };
    let page = format!("{public_url}/admin/{}/partners/{}", row.slug, row.code);
    let content = Content {
        button: MailKind::PartnerWaiting.button().map(|label| (label.into(), page)),
        sender: row.program.clone(),
        ..person.content()
    };
    let values = [
        ("partner.name", &*row.name),
        ("partner.email", &*row.email),
        ("partner.website", &*row.website),
        ("program.name", &*row.program),
    ];
    worded(conn, program, MailKind::PartnerWaiting, &values, content).await.map(Some)
}

async fn email_change(
    conn: &mut PgConnection,
    moment: &Moment,
    public_url: &str,
    account: AccountId,
    new: bool,
) -> Result<Option<Content>> {
    let change = accounts::email::hold(conn, moment, account).await?;
    let (Some(change), Some(person)) = (change, person(conn, account).await?) else { return Ok(None) };
    let purpose = if new { Purpose::EmailNew } else { Purpose::EmailOld };
    let token = tokens::make(conn, moment, purpose, Some(account), "").await?;
    let (was, will_be) = (person.email.clone(), change.email.clone());
    let mut content = Content {
        subject: "Confirm your new e-mail".into(),
        paragraphs: vec![
            format!(
                "Your account shall have the e-mail {will_be} instead of {was}. Both addresses have to confirm that."
            ),
            "The link below works once, for a day. If you did not ask for this, leave it, and choose a new password: \
             somebody knows yours."
                .into(),
        ],
        button: Some(("Confirm".into(), format!("{public_url}/confirm-email/{token}"))),
        sender: "Tributary".into(),
        ..person.content()
    };
    if new {
        content.to = change.email;
        // Perhaps it was mistyped, and belongs to a stranger.
        content.paragraphs = vec![
            "Somebody, most likely you, wants to use this e-mail address to sign in.".into(),
            "The link below confirms it. It works once, for a day. If that was not you, leave it.".into(),
        ];
        content.name = String::new();
    }
    Ok(Some(content))
}

pub(super) struct Partner {
    pub email: String,
    pub name: String,
    pub code: String,
    pub program: String,
    pub portal: String,
}

/// A partner with the address at which it is reached: its own, else that of its first account. `None` without any.
pub(super) async fn partner(
    conn: &mut PgConnection,
    public_url: &str,
    program: ProgramId,
    enrollment: EnrollmentId,
) -> Result<Option<Partner>> {
    let row = sqlx::query!(
        r#"select e.code, coalesce(nullif(e.name, ''), e.company) as "name!", p.slug,
                  coalesce(nullif(o.brand, ''), p.name) as "program!",
                  coalesce(nullif(e.email, ''), (
                      select a.email from enrollment_accounts ea join accounts a on a.id = ea.account_id
                      where ea.program_id = e.program_id and ea.enrollment_id = e.id
                      order by ea.created_at, a.id limit 1
                  )) as email
         from enrollments e join programs p on p.id = e.program_id join portals o on o.program_id = e.program_id
         where e.program_id = $1 and e.id = $2"#,
        program as ProgramId,
        enrollment as EnrollmentId
    )
    .fetch_optional(conn)
    .await?;
    Ok(row.and_then(|row| {
        let portal = format!("{public_url}/p/{}", row.slug);
        Some(Partner { email: row.email?, name: row.name, code: row.code, program: row.program, portal })
    }))
}

/// The button of who can't see the page that the mail is about.
pub(super) fn to_the_portal(content: &mut Option<Content>) {
    if let Some((label, _)) = content.as_mut().and_then(|content| content.button.as_mut()) {
        "Open the portal".clone_into(label);
    }
}

/// So many reasons of bonuses and corrections a mail tells; the page of the payout has all.
const REASONS: i64 = 3;

/// Of a payment that was made; or of one that has failed or was cancelled since.
async fn of_payment(
    conn: &mut PgConnection,
    moment: &Moment,
    public_url: &str,
    (program, payment): (ProgramId, PaymentId),
    kind: MailKind,
) -> Result<Option<Content>> {
    let paid = sqlx::query!(
        r#"select p.enrollment_id as "enrollment: EnrollmentId", p.amount, p.currency as "currency: Currency", p.method,
                  p.status as "status: PaymentStatus", b.payment_date, b.code
         from payments p join payment_batches b on b.program_id = p.program_id and b.id = p.batch_id
         where p.program_id = $1 and p.id = $2"#,
        program as ProgramId,
        payment as PaymentId
    )
    .fetch_optional(&mut *conn)
    .await?;
    let Some(paid) = paid.filter(|paid| paid.status.is_paid() == (kind == MailKind::PaymentSent)) else {
        return Ok(None);
    };
    if !notifications_of(conn, program, paid.enrollment).await?.on_payment {
        return Ok(None);
    }
    let amount = Money::new(paid.amount, paid.currency).to_string();
    let method = if paid.method.is_empty() { "your payout method" } else { &paid.method };
    let date = paid.payment_date.format("%-d %B %Y").to_string();
    let Some(partner) = partner(conn, public_url, program, paid.enrollment).await? else { return Ok(None) };
    let seat = crate::portal::seat(conn, program, paid.enrollment).await?;
    let sees_payouts = seat.shown.contains(&PortalPage::Payouts);
    let portal = if sees_payouts { format!("{}/payouts/{payment}", partner.portal) } else { partner.portal };
    let partner = Partner { portal, ..partner };
    let parts = crate::payments::parts(conn, program, paid.currency, payment).await?;
    let reasons = crate::payments::reasons(conn, program, payment, REASONS).await?.join("; ");
    let parts = parts.iter().map(|part| {
        let of_these = if part.kind == PartKind::Corrections && !reasons.is_empty() {
            format!(" ({reasons})")
        } else {
            String::new()
        };
        format!("{} ({}): {}{of_these}", part.kind.words(), part.count, part.amount)
    });
    let (parts, reference) = (parts.collect::<Vec<_>>().join(", "), payment_reference(payment));
    let values = [
        ("payment.amount", &*amount),
        ("payment.method", method),
        ("payment.date", &*date),
        ("payment.batch", &*paid.code),
        ("payment.reference", &*reference),
        ("payment.parts", &*parts),
        ("payment.outcome", paid.status.outcome()),
        ("payment.next", paid.status.next_step()),
    ];
    let mut content = to_partner(conn, program, kind, Some(partner), &values).await?;
    if !sees_payouts {
        to_the_portal(&mut content);
    }
    notices::stoppable(conn, moment, public_url, (program, paid.enrollment), Notice::Payment, content).await
}
