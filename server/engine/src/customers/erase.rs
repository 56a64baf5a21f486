//! The personal data of a customer: all of it in one file, and taken away for good. Every sum stays.

use crate::leads::{self, Known};
use crate::privacy::{self, ERASED, Rows, Sought, Whose};
use crate::programs::audit;
use crate::{Error, Moment, Result, sales};
use chrono::{DateTime, SecondsFormat, Utc};
use domain::accounts::{Actor, Power};
use domain::ids::{CustomerId, LeadId, ProgramId};
use domain::text::email_key;
use serde_json::{Value, json};
use sqlx::PgConnection;

/// All that is known of a customer, with the clicks that brought it, where they are still there. Asks for `Erase`. Audited.
///
/// # Errors
/// `Forbidden`; `NotFound`.
pub async fn export(conn: &mut PgConnection, moment: &Moment, actor: &Actor, id: CustomerId) -> Result<Value> {
    if !actor.may(Power::Erase) {
        return Err(Error::Forbidden);
    }
    let row = sqlx::query!(
        r#"select c.external_id, jsonb_build_object(
               'customer', to_jsonb(c),
               'referrals', (select coalesce(jsonb_agg(to_jsonb(r) - 'terms' order by r.id), '[]') from referrals r
                             where r.program_id = $1 and r.customer_id = $2),
               'clicks', (select coalesce(jsonb_agg(to_jsonb(k) - 'ip_hash' order by k.clicked_at, k.id), '[]')
                          from clicks k
                          where k.program_id = $1 and (k.clicked_at, k.id) in
                                (select r.clicked_at, r.click_id from referrals r
                                 where r.program_id = $1 and r.customer_id = $2)),
               'sales', (select coalesce(jsonb_agg(to_jsonb(s) order by s.occurred_at, s.id), '[]') from sales s
                         where s.program_id = $1 and s.customer_id = $2),
               'submitted_sales', (select coalesce(jsonb_agg(to_jsonb(t) order by t.id), '[]') from submitted_sales t
                                   where t.program_id = $1 and (c.email <> '' and lower(t.email) = lower(c.email)
                                         or t.sale_id in (select s.id from sales s
                                                          where s.program_id = $1 and s.customer_id = $2))),
               'refunds', (select coalesce(jsonb_agg(to_jsonb(r) order by r.occurred_at, r.id), '[]')
                           from refunds r join sales s on s.program_id = r.program_id and s.id = r.sale_id
                           where r.program_id = $1 and s.customer_id = $2),
               'commissions', (select coalesce(jsonb_agg(to_jsonb(m) order by m.occurred_at, m.id), '[]')
                               from commissions m where m.program_id = $1 and m.customer_id = $2)
           ) as "all!"
           from customers c where c.program_id = $1 and c.id = $2"#,
        actor.program() as ProgramId,
        id as CustomerId
    )
    .fetch_optional(&mut *conn)
    .await?
    .ok_or(Error::NotFound("customer"))?;
    let leads = sqlx::query_scalar!(
        r#"select l.id as "id: LeadId" from leads l join customers c on c.program_id = l.program_id and c.id = $2
           where l.program_id = $1 and (l.customer_id = $2 or l.email_key <> '' and l.email_key = lower(trim(c.email)))"#,
        actor.program() as ProgramId,
        id as CustomerId
    )
    .fetch_all(&mut *conn)
    .await?;
    let mut all = row.all;
    all["leads"] = leads::told(conn, actor.program(), &leads).await?;
    let path = format!("customers/{id}");
    audit::record(conn, moment, actor, "customer.export", &row.external_id, &path, json!({})).await?;
    Ok(all)
}

/// Takes away all by which a customer can be known, in every place: name, e-mail, the company's own id, its leads, and
/// what others wrote of it, which a job looks through. Sales, commissions and every sum stay. Asks for `Erase`. Audited,
/// without a name; the log names who else has its e-mail.
///
/// The company's ids of events and invoices stay: by them the same event is known again, and pays once.
///
/// # Errors
/// `Forbidden`; `NotFound`; `Conflict` where it has been done.
pub async fn erase(conn: &mut PgConnection, moment: &Moment, actor: &Actor, id: CustomerId) -> Result<()> {
    if !actor.may(Power::Erase) {
        return Err(Error::Forbidden);
    }
    let program = actor.program();
    let person = sqlx::query!(
        "select external_id, email, name from customers where program_id = $1 and id = $2 for no key update",
        program as ProgramId,
        id as CustomerId
    )
    .fetch_optional(&mut *conn)
    .await?
    .ok_or(Error::NotFound("customer"))?;
    let instead = privacy::instead(id.0);
    if person.external_id == instead {
        return Err(privacy::already());
    }
    let leads = sqlx::query_scalar!(
        r#"select id as "id: LeadId" from leads
           where program_id = $1 and (customer_id = $2 or email_key <> '' and email_key = $3)
           order by id for no key update"#,
        program as ProgramId,
        id as CustomerId,
        email_key(&person.email)
    )
    .fetch_all(&mut *conn)
    .await?;
    sqlx::query!(
        "update customers set external_id = $3, email = '', name = '' where program_id = $1 and id = $2",
        program as ProgramId,
        id as CustomerId,
        instead
    )
    .execute(&mut *conn)
    .await?;
    sqlx::query!(
        "with refunded as (
             update refunds r set reason = '' from sales s
             where r.program_id = $1 and s.program_id = $1 and s.id = r.sale_id and s.customer_id = $2
         )
         update clicks c set ip_hash = null from referrals r
         where r.program_id = $1 and r.customer_id = $2 and c.program_id = $1 and c.clicked_at = r.clicked_at
           and c.id = r.click_id",
        program as ProgramId,
        id as CustomerId
    )
    .execute(&mut *conn)
    .await?;
    let mut known = Known { emails: vec![person.email], names: vec![person.name], numbers: Vec::new() };
    for lead in leads {
        leads::blank(conn, moment, program, lead, &mut known).await?;
    }
    let Known { emails, names, numbers } = known;
    sales::blank(conn, moment, program, &emails, Some(id)).await?;
    privacy::forget_mail(conn, program, &emails).await?;
    let mut ids: Vec<String> = emails.iter().cloned().chain(numbers).collect();
    // An id that can be nothing else is sought everywhere, like an e-mail.
    let own = &person.external_id;
    if own.contains('@') || own.chars().count() >= 8 && own.chars().any(|c| c.is_ascii_digit()) {
        ids.push(own.clone());
    }
    let whose = Whose::Customer { id, external_id: person.external_id };
    privacy::look_for(conn, moment, program, &Sought { whose, ids, names }).await?;
    let details = json!({ "same_email": privacy::same_email(conn, program, &emails).await? });
    audit::record(conn, moment, actor, "customer.erase", ERASED, &format!("customers/{id}"), details).await
}

/// Answers are kept for ever, and name the customer as the company does; so does the log. Until it was erased: the company
/// may have another of that name since.
pub(crate) async fn rename(
    conn: &mut PgConnection,
    program: ProgramId,
    id: CustomerId,
    was: &str,
    until: DateTime<Utc>,
) -> Result<()> {
    let instead = &privacy::instead(id.0);
    let rows = Rows { program, id: id.0 };
    let named = format!(
        "program_id = $1 and strpos(answer::text, $2) > 0 and created_at <= '{}'::timestamptz",
        until.to_rfc3339_opts(SecondsFormat::Micros, true)
    );
    for places in rows.places_where(conn, "api_answers", &named, &json!(was).to_string()).await? {
        let mut answers = rows.values(conn, "api_answers", "answer", &places).await?;
        privacy::rename(&mut answers, &["external_id", "customer_id"], |id| id == was, instead);
        rows.keep(conn, "api_answers", "answer", answers).await?;
    }
    sqlx::query!(
        "update audit_log set subject = $4 where program_id = $1 and subject = $2 and subject_path = $3",
        program as ProgramId,
        was,
        format!("customers/{id}"),
        ERASED
    )
    .execute(conn)
    .await?;
    Ok(())
}
