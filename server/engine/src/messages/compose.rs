use super::Mail;
use crate::accounts::tokens::{self, Purpose};
use crate::programs;
use crate::{Error, Moment, Result};
use askama::Template;
use domain::ids::{AccountId, EnrollmentId, PaymentId, ProgramId};
use domain::money::{Currency, Money};
use domain::text::email_key;
use sqlx::PgConnection;

/// A mail, ready to go.
#[derive(Clone, PartialEq, Eq)]
pub struct Letter {
    /// The address.
    pub to: String,
    /// The person's name, or empty.
    pub name: String,
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
struct Content {
    to: String,
    name: String,
    subject: String,
    paragraphs: Vec<String>,
    /// What the button says, and where it leads.
    button: Option<(String, String)>,
    /// In whose name the mail is sent.
    sender: String,
}

impl Content {
    fn letter(self) -> Result<Letter> {
        let text = Text { letter: &self }.render().map_err(Error::internal)?;
        let html = Html { letter: &self }.render().map_err(Error::internal)?;
        Ok(Letter { to: self.to, name: self.name, subject: self.subject, text, html })
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
        Mail::PasswordReset { email } => password_reset(conn, moment, public_url, email).await?,
        Mail::TeamInvitation { account, program } => {
            team_invitation(conn, moment, public_url, *account, *program).await?
        }
        Mail::PartnerInvitation { account, program, enrollment } => {
            partner_invitation(conn, moment, public_url, *account, *program, *enrollment).await?
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
        Mail::PartnerActivated { program, enrollment } => {
            let partner = partner(conn, public_url, *program, *enrollment).await?;
            partner.map(|partner| Content {
                subject: format!("You are a partner of {}", partner.program),
                paragraphs: vec![
                    format!("You are now an active partner of {}. Your code is {}.", partner.program, partner.code),
                    "Share your link, and follow each click, customer and commission on your dashboard.".into(),
                ],
                button: Some(("Open your dashboard".into(), partner.portal.clone())),
                ..partner.content()
            })
        }
        Mail::PartnerPaused { program, enrollment } => {
            let partner = partner(conn, public_url, *program, *enrollment).await?;
            partner.map(|partner| Content {
                subject: format!("Your partnership with {} is paused", partner.program),
                paragraphs: vec![
                    format!("{} has paused your partnership.", partner.program),
                    "What you have earned so far stays yours. While the pause lasts, new sales earn nothing. If you have \
                     questions, answer to the team that looks after the program."
                        .into(),
                ],
                button: Some(("Open your dashboard".into(), partner.portal.clone())),
                ..partner.content()
            })
        }
        Mail::PaymentSent { program, payment } => payment_sent(conn, public_url, *program, *payment).await?,
    };
    content.map(Content::letter).transpose()
}

struct Person {
    email: String,
    name: String,
    has_password: bool,
}

impl Person {
    fn content(self) -> Content {
        Content { to: self.email, name: self.name, ..Content::default() }
    }
}

async fn person(conn: &mut PgConnection, account: AccountId) -> Result<Option<Person>> {
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
    email: &str,
) -> Result<Option<Content>> {
    let account =
        sqlx::query_scalar!(r#"select id as "id: AccountId" from accounts where email_key = $1"#, email_key(email))
            .fetch_optional(&mut *conn)
            .await?;
    let Some(account) = account else { return Ok(None) };
    let Some(person) = person(conn, account).await? else { return Ok(None) };
    let token = tokens::make(conn, moment, Purpose::PasswordReset, Some(account), "").await?;
    Ok(Some(Content {
        subject: "Choose a new password".into(),
        paragraphs: vec![
            "Somebody, most likely you, has asked for a new password for this e-mail address.".into(),
            "The link below works once, for an hour. If you did not ask, leave it: your password stays as it is."
                .into(),
        ],
        button: Some(("Choose a new password".into(), format!("{public_url}/reset-password/{token}"))),
        sender: "Tributary".into(),
        ..person.content()
    }))
}

/// The link by which a person begins: to choose a password, or to sign in where there is one.
async fn way_in(
    conn: &mut PgConnection,
    moment: &Moment,
    public_url: &str,
    account: AccountId,
    has_password: bool,
) -> Result<(String, String)> {
    if has_password {
        return Ok(("Sign in".into(), format!("{public_url}/sign-in")));
    }
    let token = tokens::make(conn, moment, Purpose::Invitation, Some(account), "").await?;
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
    let button = way_in(conn, moment, public_url, account, person.has_password).await?;
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
    if has_password { "Sign in with the password that you have." } else { "The link below works once, for a week." }
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
    let button = way_in(conn, moment, public_url, account, person.has_password).await?;
    Ok(Some(Content {
        subject: format!("Become a partner of {}", partner.program),
        paragraphs: vec![
            format!("{} has invited you to its partner program. Your code is {}.", partner.program, partner.code),
            once_a_week(person.has_password).into(),
        ],
        button: Some(button),
        sender: partner.program,
        ..person.content()
    }))
}

struct Partner {
    email: String,
    name: String,
    code: String,
    program: String,
    portal: String,
}

impl Partner {
    fn content(self) -> Content {
        Content { to: self.email, name: self.name, sender: self.program, ..Content::default() }
    }
}

/// A partner with the address at which it is reached: its own, else that of its first account. `None` without any.
async fn partner(
    conn: &mut PgConnection,
    public_url: &str,
    program: ProgramId,
    enrollment: EnrollmentId,
) -> Result<Option<Partner>> {
    let program = programs::get(conn, program).await?;
    let row = sqlx::query!(
        r#"select e.code, coalesce(nullif(e.name, ''), e.company) as "name!",
                  coalesce(nullif(e.email, ''), (
                      select a.email from enrollment_accounts ea join accounts a on a.id = ea.account_id
                      where ea.program_id = e.program_id and ea.enrollment_id = e.id
                      order by ea.created_at, a.id limit 1
                  )) as email
         from enrollments e where e.program_id = $1 and e.id = $2"#,
        program.id as ProgramId,
        enrollment as EnrollmentId
    )
    .fetch_optional(conn)
    .await?;
    Ok(row.and_then(|row| {
        let portal = format!("{public_url}/p/{}", program.slug);
        Some(Partner { email: row.email?, name: row.name, code: row.code, program: program.name, portal })
    }))
}

async fn payment_sent(
    conn: &mut PgConnection,
    public_url: &str,
    program: ProgramId,
    payment: PaymentId,
) -> Result<Option<Content>> {
    let paid = sqlx::query!(
        r#"select p.enrollment_id as "enrollment: EnrollmentId", p.amount, p.currency as "currency: Currency", p.method,
                  b.payment_date
         from payments p join payment_batches b on b.program_id = p.program_id and b.id = p.batch_id
         where p.program_id = $1 and p.id = $2 and p.status = 'paid'"#,
        program as ProgramId,
        payment as PaymentId
    )
    .fetch_optional(&mut *conn)
    .await?;
    let Some(paid) = paid else { return Ok(None) };
    let amount = Money::new(paid.amount, paid.currency);
    let by = if paid.method.is_empty() { String::new() } else { format!(" by {}", paid.method) };
    Ok(partner(conn, public_url, program, paid.enrollment).await?.map(|partner| Content {
        subject: format!("{} has paid you {amount}", partner.program),
        paragraphs: vec![
            format!("{} has sent you {amount}{by}, dated {}.", partner.program, paid.payment_date.format("%-d %B %Y")),
            "Your dashboard shows which commissions it pays.".into(),
        ],
        button: Some(("See your ledger".into(), format!("{}/ledger", partner.portal))),
        ..partner.content()
    }))
}
