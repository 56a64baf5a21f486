//! Mails about submitted sales: to the team when there is one to review, to its partner when it was judged.

use super::compose::{Content, person, to_partner, worded};
use super::notices::in_portal;
use crate::Result;
use domain::ids::{AccountId, EnrollmentId, ProgramId, SubmittedSaleId};
use domain::messages::MailKind;
use domain::money::{Currency, Money};
use domain::sales::SubmittedSaleStatus;
use rust_decimal::Decimal;
use sqlx::PgConnection;

struct Told {
    slug: String,
    program: String,
    enrollment: EnrollmentId,
    code: String,
    partner: String,
    name: String,
    amount: Decimal,
    currency: Currency,
    status: SubmittedSaleStatus,
    reason: String,
}

impl Told {
    fn amount(&self) -> String {
        Money::new(self.amount, self.currency).to_string()
    }
}

/// What mails tell of a submitted sale; nothing of one whose personal data was erased.
async fn told(conn: &mut PgConnection, program: ProgramId, sale: SubmittedSaleId) -> Result<Option<Told>> {
    Ok(sqlx::query_as!(
        Told,
        r#"select p.slug, p.name as program, s.enrollment_id as "enrollment: EnrollmentId", e.code,
                  coalesce(nullif(e.name, ''), e.company) as "partner!", s.name, s.amount,
                  s.currency as "currency: Currency", s.status as "status: SubmittedSaleStatus", s.reason
           from submitted_sales s
           join programs p on p.id = s.program_id
           join enrollments e on e.program_id = s.program_id and e.id = s.enrollment_id
           where s.program_id = $1 and s.id = $2 and s.erased_at is null"#,
        program as ProgramId,
        sale as SubmittedSaleId
    )
    .fetch_optional(conn)
    .await?)
}

/// To a member of the team, unless it was judged or taken back meanwhile.
pub(super) async fn submitted(
    conn: &mut PgConnection,
    public_url: &str,
    account: AccountId,
    program: ProgramId,
    sale: SubmittedSaleId,
) -> Result<Option<Content>> {
    let told = told(conn, program, sale).await?.filter(|told| told.status == SubmittedSaleStatus::New);
    let (Some(told), Some(person)) = (told, person(conn, account).await?) else { return Ok(None) };
    let page = format!("{public_url}/admin/{}/submitted-sales/{sale}", told.slug);
    let content = Content {
        button: MailKind::SaleSubmitted.button().map(|label| (label.into(), page)),
        sender: told.program.clone(),
        ..person.content()
    };
    let amount = told.amount();
    let values = [
        ("partner.name", &*told.partner),
        ("partner.code", &*told.code),
        ("program.name", &*told.program),
        ("sale.amount", &*amount),
        ("sale.customer", &*told.name),
    ];
    worded(conn, program, MailKind::SaleSubmitted, &values, content).await.map(Some)
}

/// To its partner, by what became of it.
pub(super) async fn judged(
    conn: &mut PgConnection,
    public_url: &str,
    program: ProgramId,
    sale: SubmittedSaleId,
    kind: MailKind,
) -> Result<Option<Content>> {
    let Some(told) = told(conn, program, sale).await? else { return Ok(None) };
    let to = in_portal(conn, public_url, program, told.enrollment, "submitted-sales").await?;
    let amount = told.amount();
    let values = [("sale.amount", &*amount), ("sale.customer", &*told.name), ("sale.reason", &*told.reason)];
    to_partner(conn, program, kind, to, &values).await
}
