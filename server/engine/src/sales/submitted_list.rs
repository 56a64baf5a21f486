//! Submitted sales as the team and their partners read them.

use crate::links::cursor;
use crate::reports::{listing, own};
use crate::{Error, Result};
use chrono::{DateTime, NaiveDate, Utc};
use domain::accounts::{Actor, Power};
use domain::files::{FileInfo, FilePurpose};
use domain::ids::{CustomerId, EnrollmentId, FileId, ProgramId, SaleId, SubmittedSaleId};
use domain::money::{Currency, Money};
use domain::page::{Page, Paging};
use domain::partners::PartnerName;
use domain::sales::{CountedSale, KnownCustomer, SubmittedSale, SubmittedSaleStatus};
use domain::why::Why;
use rust_decimal::Decimal;
use sqlx::PgConnection;
use sqlx::types::Json;

struct Row {
    id: SubmittedSaleId,
    enrollment: EnrollmentId,
    code: String,
    called: String,
    email: String,
    name: String,
    amount: Decimal,
    currency: Currency,
    sold_on: NaiveDate,
    product: String,
    invoice_id: String,
    note: String,
    file: Option<FileId>,
    file_name: Option<String>,
    content_type: Option<String>,
    bytes: Option<i64>,
    status: SubmittedSaleStatus,
    reason: String,
    judged_by: Option<String>,
    judged_at: Option<DateTime<Utc>>,
    created_at: DateTime<Utc>,
    sale: Option<SaleId>,
    customer: Option<CustomerId>,
    counted: Option<Decimal>,
    counts: bool,
    earned: Decimal,
    why: Option<Json<Why>>,
}

/// Reads rows by a condition: `$1` is the program. They are chosen before anything is joined to them.
macro_rules! rows {
    ($rest:tt, $program:expr $(, $argument:expr)* $(,)?) => {
        sqlx::query_as!(
            Row,
            r#"select s.id as "id: SubmittedSaleId", s.enrollment_id as "enrollment: EnrollmentId", e.code,
                      coalesce(nullif(e.name, ''), e.company) as "called!", s.email, s.name, s.amount,
                      s.currency as "currency: Currency", s.sold_on, s.product, s.invoice_id, s.note,
                      f.id as "file?: FileId", f.name as "file_name?", f.content_type as "content_type?", f.bytes as "bytes?",
                      s.status as "status: SubmittedSaleStatus", s.reason,
                      coalesce(nullif(a.name, ''), a.email) as "judged_by?", s.judged_at, s.created_at,
                      t.id as "sale?: SaleId", t.customer_id as "customer?: CustomerId", t.amount as "counted?",
                      coalesce(t.enrollment_id = s.enrollment_id, false) as "counts!",
                      (select coalesce(sum(n.amount), 0)
                       from commissions c
                       join journals j on j.program_id = c.program_id and j.commission_id = c.id
                       join entries n on n.program_id = j.program_id and n.journal_id = j.id
                            and n.account in ('held', 'payable')
                       where c.program_id = s.program_id and c.sale_id = s.sale_id
                         and c.enrollment_id = s.enrollment_id) as "earned!",
                      t.why as "why?: Json<Why>"
               from (select * from submitted_sales s where s.program_id = $1 "# + $rest + ") s
               join enrollments e on e.program_id = s.program_id and e.id = s.enrollment_id
               left join files f on f.program_id = s.program_id and f.id = s.file_id
               left join sales t on t.program_id = s.program_id and t.id = s.sale_id
               left join accounts a on a.id = s.judged_by
               order by s.id desc",
            $program as ProgramId
            $(, $argument)*
        )
    };
}

impl Row {
    fn told(self, of_partner: bool) -> SubmittedSale {
        let money = |amount| Money::new(amount, self.currency);
        let sale = self.sale.zip(self.customer).zip(self.counted).map(|((id, customer), counted)| CountedSale {
            id,
            customer,
            amount: money(counted),
            counts: self.counts,
            earned: money(self.earned),
            why: self.why.map(|why| why.0).unwrap_or_default(),
        });
        let proof = self.file.map(|id| FileInfo {
            id,
            purpose: FilePurpose::Sale,
            name: self.file_name.unwrap_or_default(),
            content_type: self.content_type.unwrap_or_default(),
            bytes: self.bytes.unwrap_or_default(),
            width: 0,
            height: 0,
        });
        let told = SubmittedSale {
            id: self.id,
            partner: PartnerName { id: self.enrollment, code: self.code, name: self.called },
            email: self.email,
            name: self.name,
            amount: money(self.amount),
            sold_on: self.sold_on,
            product: self.product,
            invoice_id: self.invoice_id,
            note: self.note,
            proof,
            status: self.status,
            reason: self.reason,
            judged_by: self.judged_by.unwrap_or_default(),
            judged_at: self.judged_at,
            created_at: self.created_at,
            sale,
        };
        if of_partner { told.for_partner() } else { told }
    }
}

/// The submitted sales of the program, or of the partner who asks, the latest first.
///
/// # Errors
/// `Forbidden` without the power to view; `Invalid` on `cursor`.
pub async fn submitted(
    conn: &mut PgConnection,
    actor: &Actor,
    status: Option<SubmittedSaleStatus>,
    partner_code: Option<&str>,
    paging: &Paging,
) -> Result<Page<SubmittedSale>> {
    let after: Option<SubmittedSaleId> = cursor(paging)?;
    let mut list = listing(conn, actor, partner_code).await?;
    let rows = rows!(
        "and ($2::uuid is null or s.enrollment_id = $2) and ($3::submitted_sale_status is null or s.status = $3)
         and ($4::uuid is null or s.id < $4) order by s.id desc limit $5",
        actor.program(),
        list.partner as Option<EnrollmentId>,
        status as Option<SubmittedSaleStatus>,
        after as Option<SubmittedSaleId>,
        paging.rows() + 1
    )
    .fetch_all(&mut *list.conn)
    .await?;
    let of_partner = list.of_partner;
    Ok(Page::cut(rows.into_iter().map(|row| row.told(of_partner)).collect(), paging, |sale| sale.id.to_string()))
}

/// One submitted sale, for the team or its partner.
///
/// # Errors
/// `Forbidden` without the power to view; `NotFound`, also for another partner's.
pub async fn submitted_one(conn: &mut PgConnection, actor: &Actor, id: SubmittedSaleId) -> Result<SubmittedSale> {
    let own = own(actor)?;
    let row = rows!(
        "and s.id = $2 and ($3::uuid is null or s.enrollment_id = $3)",
        actor.program(),
        id as SubmittedSaleId,
        own as Option<EnrollmentId>
    )
    .fetch_optional(conn)
    .await?;
    Ok(row.ok_or(Error::NotFound("submitted sale"))?.told(own.is_some()))
}

/// Who has submitted it.
pub(super) async fn partner_of(
    conn: &mut PgConnection,
    program: ProgramId,
    id: SubmittedSaleId,
) -> Result<EnrollmentId> {
    sqlx::query_scalar!(
        r#"select enrollment_id as "enrollment: EnrollmentId" from submitted_sales where program_id = $1 and id = $2"#,
        program as ProgramId,
        id as SubmittedSaleId
    )
    .fetch_optional(conn)
    .await?
    .ok_or(Error::NotFound("submitted sale"))
}

/// Those of the program's customers who have an e-mail, the earliest first; for whoever judges a sale.
///
/// # Errors
/// `Forbidden` without the power to view.
pub async fn known_by_email(conn: &mut PgConnection, actor: &Actor, email: &str) -> Result<Vec<KnownCustomer>> {
    if !actor.may(Power::View) {
        return Err(Error::Forbidden);
    }
    let rows = sqlx::query!(
        r#"select c.id as "id: CustomerId", c.external_id, e.id as "partner?: EnrollmentId", e.code as "code?",
                  coalesce(nullif(e.name, ''), e.company) as "called?"
           from customers c left join enrollments e on e.program_id = c.program_id and e.id = c.enrollment_id
           where c.program_id = $1 and c.email <> '' and lower(c.email) = lower($2)
           order by c.created_at, c.id limit 5"#,
        actor.program() as ProgramId,
        email
    )
    .fetch_all(conn)
    .await?;
    let known = rows.into_iter().map(|row| KnownCustomer {
        id: row.id,
        external_id: row.external_id,
        partner: row.partner.zip(row.code).zip(row.called).map(|((id, code), name)| PartnerName { id, code, name }),
    });
    Ok(known.collect())
}
