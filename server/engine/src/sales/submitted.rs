//! Sales that partners submit: judged by the team, and counted like any other once approved.

use super::sale::count;
use crate::accounts::members_who_may;
use crate::customers::lock_or_make;
use crate::files::{abandon, claim};
use crate::integrations::answers::body_hash;
use crate::messages::{self, Mail};
use crate::programs::audit;
use crate::reports::Setting;
use crate::secrets::Secrets;
use crate::{Error, Moment, Result};
use chrono::Duration;
use domain::accounts::{Actor, Power};
use domain::files::FilePurpose;
use domain::ids::{AccountId, CustomerId, EnrollmentId, FileId, ProgramId, SaleId, SubmittedSaleId};
use domain::money::Currency;
use domain::partners::EnrollmentStatus;
use domain::sales::{Approval, MOST_A_DAY, NewSubmittedSale, SubmittedSaleStatus, TrackSale};
use serde_json::json;
use sqlx::PgConnection;

/// The page of a submitted sale in the admin area.
fn page(id: SubmittedSaleId) -> String {
    format!("submitted-sales/{id}")
}

/// Submits a sale of the partner's who asks, with its proof. The team is mailed.
///
/// # Errors
/// `Forbidden` where the program takes no sales from partners; `Invalid` by field; `Conflict` where the partner is not active,
/// or has submitted many today.
pub async fn submit(
    conn: &mut PgConnection,
    moment: &Moment,
    actor: &Actor,
    input: &NewSubmittedSale,
    file: FileId,
) -> Result<SubmittedSaleId> {
    let Actor::Partner { enrollment, .. } = actor else { return Err(Error::Forbidden) };
    let (program, partner) = (actor.program(), *enrollment);
    // The partner's row orders those that it submits at once, for their limit; the settings' stays as it is meanwhile.
    let found = sqlx::query!(
        r#"select e.status as "status: EnrollmentStatus", e.code, s.sales
           from enrollments e join lead_settings s on s.program_id = e.program_id
           where e.program_id = $1 and e.id = $2 for no key update of e for share of s"#,
        program as ProgramId,
        partner as EnrollmentId
    )
    .fetch_optional(&mut *conn)
    .await?
    .ok_or(Error::NotFound("partner"))?;
    if !found.sales {
        return Err(Error::Forbidden);
    }
    let setting = Setting::of(conn, actor).await?;
    let today = setting.day(moment.at);
    let errors = input.check(setting.currency, today);
    if !errors.is_empty() {
        return Err(Error::Invalid(errors));
    }
    if found.status != EnrollmentStatus::Active {
        return Err(Error::Conflict("Only active partners can submit sales.".into()));
    }
    let submitted = sqlx::query_scalar!(
        r#"select count(*) as "count!" from submitted_sales
           where program_id = $1 and enrollment_id = $2 and created_at >= $3"#,
        program as ProgramId,
        partner as EnrollmentId,
        setting.start(today)?
    )
    .fetch_one(&mut *conn)
    .await?;
    if submitted >= MOST_A_DAY {
        return Err(Error::Conflict(format!("You have submitted {MOST_A_DAY} sales today. Submit more tomorrow.")));
    }
    claim(conn, program, file, FilePurpose::Sale).await?;
    let id: SubmittedSaleId = moment.id();
    sqlx::query!(
        "insert into submitted_sales (program_id, id, enrollment_id, email, name, amount, currency, sold_on, product,
                                      invoice_id, note, file_id, created_at)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)",
        program as ProgramId,
        id as SubmittedSaleId,
        partner as EnrollmentId,
        input.email,
        input.name,
        input.amount,
        setting.currency.code(),
        input.sold_on,
        input.product,
        input.invoice_id,
        input.note,
        file as FileId,
        moment.at
    )
    .execute(&mut *conn)
    .await?;
    for account in members_who_may(conn, program, Power::JudgeCommissions).await? {
        messages::enqueue(conn, &Mail::SaleSubmitted { account, program, sale: id }).await?;
    }
    Ok(id)
}

/// A submitted sale that nobody has judged, locked.
struct Waiting {
    code: String,
    email: String,
    name: String,
    currency: Currency,
    invoice_id: String,
}

async fn waiting(conn: &mut PgConnection, program: ProgramId, id: SubmittedSaleId) -> Result<Waiting> {
    let found = sqlx::query!(
        r#"select e.code, s.email, s.name, s.currency as "currency: Currency",
                  s.invoice_id, s.status as "status: SubmittedSaleStatus"
           from submitted_sales s join enrollments e on e.program_id = s.program_id and e.id = s.enrollment_id
           where s.program_id = $1 and s.id = $2 for no key update of s"#,
        program as ProgramId,
        id as SubmittedSaleId
    )
    .fetch_optional(conn)
    .await?
    .ok_or(Error::NotFound("submitted sale"))?;
    if found.status != SubmittedSaleStatus::New {
        let label = found.status.label().to_lowercase();
        return Err(Error::Conflict(format!("This sale is {label} already.")));
    }
    Ok(Waiting {
        code: found.code,
        email: found.email,
        name: found.name,
        currency: found.currency,
        invoice_id: found.invoice_id,
    })
}

/// Takes back a sale that the partner who asks has submitted, while nobody has judged it.
///
/// # Errors
/// `Forbidden`; `NotFound`, also for another partner's; `Conflict` where it was judged.
pub async fn withdraw(conn: &mut PgConnection, moment: &Moment, actor: &Actor, id: SubmittedSaleId) -> Result<()> {
    let Actor::Partner { enrollment, .. } = actor else { return Err(Error::Forbidden) };
    if super::partner_of(conn, actor.program(), id).await? != *enrollment {
        return Err(Error::NotFound("submitted sale"));
    }
    waiting(conn, actor.program(), id).await?;
    close(conn, moment, actor, id, SubmittedSaleStatus::Withdrawn, "").await
}

/// Declines a submitted sale with a reason, which its partner reads. Asks for `JudgeCommissions`. Audited; the partner is
/// mailed.
///
/// # Errors
/// `Forbidden`; `NotFound`; `Invalid` on `reason`; `Conflict` where it was judged, or taken back.
pub async fn decline(
    conn: &mut PgConnection,
    moment: &Moment,
    actor: &Actor,
    id: SubmittedSaleId,
    reason: &str,
) -> Result<()> {
    if !actor.may(Power::JudgeCommissions) {
        return Err(Error::Forbidden);
    }
    let program = actor.program();
    let sale = waiting(conn, program, id).await?;
    let reason = reason.trim();
    if reason.is_empty() || reason.chars().count() > 500 {
        return Err(Error::field("reason", "Say why, in at most 500 characters. The partner reads it."));
    }
    close(conn, moment, actor, id, SubmittedSaleStatus::Declined, reason).await?;
    audit::record(conn, moment, actor, "submitted_sale.decline", &sale.code, &page(id), json!({ "reason": reason }))
        .await?;
    messages::enqueue(conn, &Mail::SaleDeclined { program, sale: id }).await
}

async fn close(
    conn: &mut PgConnection,
    moment: &Moment,
    actor: &Actor,
    id: SubmittedSaleId,
    status: SubmittedSaleStatus,
    reason: &str,
) -> Result<()> {
    sqlx::query!(
        "update submitted_sales set status = $3, reason = $4, judged_by = $5, judged_at = $6 where program_id = $1 and id = $2",
        actor.program() as ProgramId,
        id as SubmittedSaleId,
        status as SubmittedSaleStatus,
        reason,
        actor.account() as Option<AccountId>,
        moment.at
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// Approves a submitted sale: it becomes a sale like any other, of the company's own customer, with its partner's code; whose
/// customer it is already stays so. Asks for `JudgeCommissions`. Audited; the partner is mailed.
///
/// # Errors
/// `Forbidden`; `NotFound`; `Invalid` by field; `Conflict` where it was judged, or taken back, or the program's currency has
/// changed since.
pub async fn approve(
    conn: &mut PgConnection,
    secrets: &Secrets,
    moment: &Moment,
    actor: &Actor,
    id: SubmittedSaleId,
    input: &Approval,
) -> Result<SaleId> {
    if !actor.may(Power::JudgeCommissions) {
        return Err(Error::Forbidden);
    }
    let program = actor.program();
    let setting = Setting::of(conn, actor).await?;
    let errors = input.check(setting.currency, setting.day(moment.at));
    if !errors.is_empty() {
        return Err(Error::Invalid(errors));
    }
    // The customer before the submitted sale: whoever reports a sale locks in this order too.
    let mut scene = lock_or_make(conn, moment, program, &input.customer_id).await?;
    let sale = waiting(conn, program, id).await?;
    if sale.currency != scene.rules.currency {
        let (told, now) = (sale.currency, scene.rules.currency);
        return Err(Error::Conflict(format!(
            "It was submitted in {told}, and the program counts in {now}: decline it."
        )));
    }
    if scene.customer.email.is_empty() {
        name(conn, program, scene.customer.id, &sale).await?;
        scene.customer.email = sale.email;
    }
    let reported = TrackSale {
        event_id: format!("submitted:{id}"),
        customer_id: input.customer_id.clone(),
        amount: input.amount,
        currency: sale.currency.code().to_owned(),
        product: Some(input.product.clone()).filter(|product| !product.is_empty()),
        invoice_id: Some(sale.invoice_id).filter(|invoice| !invoice.is_empty()),
        click_id: None,
        promo_code: None,
        partner_code: Some(sale.code.clone()),
        // Noon of the day; but no later than now.
        occurred_at: Some((setting.start(input.sold_on)? + Duration::hours(12)).min(moment.at)),
    };
    let counted = count(conn, moment, &scene, &reported, &body_hash(secrets, &reported)?).await?.answer.sale.id;
    sqlx::query!(
        "update submitted_sales set status = 'approved', sale_id = $3, judged_by = $4, judged_at = $5
         where program_id = $1 and id = $2",
        program as ProgramId,
        id as SubmittedSaleId,
        counted as SaleId,
        actor.account() as Option<AccountId>,
        moment.at
    )
    .execute(&mut *conn)
    .await?;
    let details = json!({ "sale": counted, "amount": input.amount, "partner": sale.code });
    audit::record(conn, moment, actor, "submitted_sale.approve", &sale.code, &page(id), details).await?;
    messages::enqueue(conn, &Mail::SaleApproved { program, sale: id }).await?;
    Ok(counted)
}

/// Gives a customer of whom only the id is known the e-mail and name that were submitted.
async fn name(conn: &mut PgConnection, program: ProgramId, customer: CustomerId, sale: &Waiting) -> Result<()> {
    sqlx::query!(
        "update customers set email = $3, name = case when name = '' then $4 else name end
         where program_id = $1 and id = $2",
        program as ProgramId,
        customer as CustomerId,
        sale.email,
        sale.name
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// Takes the personal data out of what was submitted about these e-mails, or of this customer's sales: figures stay. What
/// waits is taken back by it.
pub(crate) async fn blank(
    conn: &mut PgConnection,
    moment: &Moment,
    program: ProgramId,
    emails: &[String],
    customer: Option<CustomerId>,
) -> Result<()> {
    let emails: Vec<String> =
        emails.iter().filter(|email| !email.is_empty()).map(|email| email.to_lowercase()).collect();
    let files = sqlx::query_scalar!(
        r#"with sought as (
               select id, file_id from submitted_sales
               where program_id = $1 and erased_at is null
                 and (lower(email) = any($2)
                      or sale_id in (select id from sales where program_id = $1 and customer_id = $3))
               order by id for no key update
           )
           update submitted_sales s
           set email = '', name = '', note = '', reason = '', file_id = null, erased_at = $4,
               status = case when status = 'new' then 'withdrawn' else status end
           from sought o where s.program_id = $1 and s.id = o.id returning o.file_id as "file!: FileId""#,
        program as ProgramId,
        &emails,
        customer as Option<CustomerId>,
        moment.at
    )
    .fetch_all(&mut *conn)
    .await?;
    for file in files {
        abandon(conn, moment, program, file).await?;
    }
    Ok(())
}
