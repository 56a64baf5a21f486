//! The personal data of a partner: all of it in one file, and taken away for good. Every sum stays.

use super::{note_standing, page};
use crate::payments::details;
use crate::privacy::{self, ERASED};
use crate::programs::audit;
use crate::secrets::Secrets;
use crate::{Error, Moment, Result};
use domain::accounts::{Actor, Power};
use domain::ids::{AccountId, EnrollmentId, ProgramId};
use domain::partners::EnrollmentStatus;
use domain::text::code_key;
use serde_json::{Value, json};
use sqlx::PgConnection;

/// All that is known of a partner, its payout details in full. Asks for `Erase`. Audited.
///
/// # Errors
/// `Forbidden`; `NotFound`.
pub async fn export(
    conn: &mut PgConnection,
    secrets: &Secrets,
    moment: &Moment,
    actor: &Actor,
    id: EnrollmentId,
) -> Result<Value> {
    if !actor.may(Power::Erase) {
        return Err(Error::Forbidden);
    }
    let row = sqlx::query!(
        r#"select code, coalesce(nullif(name, ''), company) as "name!", payout_details is not null as "has_details!"
           from enrollments where program_id = $1 and id = $2"#,
        actor.program() as ProgramId,
        id as EnrollmentId
    )
    .fetch_optional(&mut *conn)
    .await?
    .ok_or(Error::NotFound("partner"))?;
    let mut all = sqlx::query_scalar!(
        r#"select jsonb_build_object(
               'partner', to_jsonb(e) - 'payout_details' - 'payout_hash',
               'accounts', (select coalesce(jsonb_agg(jsonb_build_object('email', a.email, 'name', a.name,
                                    'language', a.language, 'created_at', a.created_at)), '[]')
                            from enrollment_accounts ea join accounts a on a.id = ea.account_id
                            where ea.program_id = $1 and ea.enrollment_id = $2),
               'statuses', (select coalesce(jsonb_agg(to_jsonb(s) order by s.at), '[]') from enrollment_statuses s
                            where s.program_id = $1 and s.enrollment_id = $2),
               'codes', (select coalesce(jsonb_agg(c.code_key order by c.created_at), '[]') from enrollment_codes c
                         where c.program_id = $1 and c.enrollment_id = $2),
               'links', (select coalesce(jsonb_agg(to_jsonb(l) order by l.id), '[]') from links l
                         where l.program_id = $1 and l.enrollment_id = $2),
               'promo_codes', (select coalesce(jsonb_agg(to_jsonb(p) order by p.id), '[]') from promo_codes p
                               where p.program_id = $1 and p.enrollment_id = $2),
               'terms', (select coalesce(jsonb_agg(to_jsonb(t) order by t.version), '[]') from terms_acceptances t
                         where t.program_id = $1 and t.enrollment_id = $2),
               'notifications', (select to_jsonb(n) - 'key' from notification_settings n
                                 where n.program_id = $1 and n.enrollment_id = $2),
               'tags', (select coalesce(jsonb_agg(t.tag order by t.tag), '[]') from partner_tags t
                        where t.program_id = $1 and t.enrollment_id = $2),
               'notes', (select coalesce(jsonb_agg(to_jsonb(n) order by n.id), '[]') from partner_notes n
                         where n.program_id = $1 and n.enrollment_id = $2),
               'leads', (select coalesce(jsonb_agg(to_jsonb(l) - 'email' - 'email_key' - 'name' order by l.id), '[]')
                         from leads l where l.program_id = $1 and l.enrollment_id = $2),
               'commissions', (select coalesce(jsonb_agg(to_jsonb(c) - 'why' order by c.occurred_at, c.id), '[]')
                               from commissions c where c.program_id = $1 and c.enrollment_id = $2),
               'payments', (select coalesce(jsonb_agg(to_jsonb(p) - 'why' order by p.created_at, p.id), '[]')
                            from payments p where p.program_id = $1 and p.enrollment_id = $2),
               'ledger', (select coalesce(jsonb_agg(to_jsonb(t) order by t.posted_at, t.id), '[]') from entries t
                          where t.program_id = $1 and t.enrollment_id = $2)
           ) as "all!"
           from enrollments e where e.program_id = $1 and e.id = $2"#,
        actor.program() as ProgramId,
        id as EnrollmentId
    )
    .fetch_one(&mut *conn)
    .await?;
    if row.has_details {
        let lines = details::all(conn, secrets, actor.program(), id).await?;
        all["payout_details"] = json!(lines.into_iter().collect::<std::collections::BTreeMap<_, _>>());
    }
    audit::record(conn, moment, actor, "partner.export", &row.name, &page(&row.code), json!({})).await?;
    Ok(all)
}

struct Person {
    code: String,
    name: String,
    company: String,
    email: String,
    website: String,
    address: String,
    phone: String,
    tax_id: String,
    status: EnrollmentStatus,
    erased: bool,
}

/// Takes away all by which a partner can be known, in every place: names, addresses, codes, payout details, notes, mails,
/// and the accounts that serve nothing else. Its figures stay, and what it is owed. It is paused: its links lead nowhere.
/// Asks for `Erase`. Audited, without a name.
///
/// # Errors
/// `Forbidden`; `NotFound`; `Conflict` where it has been done.
pub async fn erase(conn: &mut PgConnection, moment: &Moment, actor: &Actor, id: EnrollmentId) -> Result<()> {
    if !actor.may(Power::Erase) {
        return Err(Error::Forbidden);
    }
    let program = actor.program();
    let person = sqlx::query_as!(
        Person,
        r#"select code, name, company, email, website, address, phone, tax_id, status as "status: EnrollmentStatus",
                  erased_at is not null as "erased!"
           from enrollments where program_id = $1 and id = $2 for no key update"#,
        program as ProgramId,
        id as EnrollmentId
    )
    .fetch_optional(&mut *conn)
    .await?
    .ok_or(Error::NotFound("partner"))?;
    if person.erased {
        return Err(privacy::already());
    }
    let accounts = sqlx::query!(
        r#"select a.id as "id: AccountId", a.email, a.name,
                  not exists (select from memberships m where m.account_id = a.id)
                  and not exists (select from enrollment_accounts o
                                  where o.account_id = a.id and (o.program_id, o.enrollment_id) <> ($1, $2)) as "alone!"
           from enrollment_accounts ea join accounts a on a.id = ea.account_id
           where ea.program_id = $1 and ea.enrollment_id = $2"#,
        program as ProgramId,
        id as EnrollmentId
    )
    .fetch_all(&mut *conn)
    .await?;
    let codes = sqlx::query_scalar!(
        r#"select code_key as "code!" from enrollment_codes where program_id = $1 and enrollment_id = $2
           union select lower(code) from links where program_id = $1 and enrollment_id = $2
           union select code_key from promo_codes where program_id = $1 and enrollment_id = $2"#,
        program as ProgramId,
        id as EnrollmentId
    )
    .fetch_all(&mut *conn)
    .await?;
    let code = privacy::instead(id.0);
    blank(conn, moment, program, id, &code).await?;
    stop(conn, moment, actor, id, person.status).await?;
    let alone: Vec<AccountId> = accounts.iter().filter(|account| account.alone).map(|account| account.id).collect();
    for account in &alone {
        blank_account(conn, *account).await?;
    }
    // Who acts for others too stays a person there, by the same e-mail.
    let of_them = accounts.iter().filter(|account| account.alone);
    let mut emails = vec![person.email.clone()];
    emails.extend(of_them.clone().map(|account| account.email.clone()));
    privacy::forget_mail(conn, program, &emails).await?;
    forget_jobs(conn, &emails).await?;
    own_words(conn, program, id, &codes, &code).await?;
    sqlx::query!(
        "update audit_log set subject = $3 where program_id = $1 and subject = any($2)",
        program as ProgramId,
        &[person.name.clone(), person.company.clone()].into_iter().filter(|name| !name.is_empty()).collect::<Vec<_>>(),
        ERASED
    )
    .execute(&mut *conn)
    .await?;
    let host = domain::links::split_address(&person.website).map(|(_, host, _)| host.to_owned()).unwrap_or_default();
    let own = [&person.name, &person.company, &person.email, &person.website, &host, &person.phone, &person.tax_id];
    let mut texts: Vec<&str> = own.into_iter().map(String::as_str).collect();
    texts.extend(person.address.lines());
    texts.extend(codes.iter().map(String::as_str));
    texts.push(&person.code);
    for account in of_them {
        texts.extend([account.email.as_str(), account.name.as_str()]);
    }
    privacy::scrub(conn, program, &texts).await?;
    audit::record(conn, moment, actor, "partner.erase", ERASED, &page(&code), json!({ "accounts": alone.len() })).await
}

/// What stands in columns of its own.
async fn blank(
    conn: &mut PgConnection,
    moment: &Moment,
    program: ProgramId,
    id: EnrollmentId,
    code: &str,
) -> Result<()> {
    sqlx::query!(
        "update enrollments
         set name = 'Erased partner', company = '', email = '', website = '', address = '', country = '', phone = '',
             time_zone = '', tax_id = '', answers = '[]', payout_method = null, payout_details = null,
             payout_masked = '', payout_hash = null, photo_file_id = null, code = $3, erased_at = $4
         where program_id = $1 and id = $2",
        program as ProgramId,
        id as EnrollmentId,
        code,
        moment.at
    )
    .execute(&mut *conn)
    .await?;
    sqlx::query!(
        "delete from enrollment_codes where program_id = $1 and enrollment_id = $2",
        program as ProgramId,
        id as EnrollmentId
    )
    .execute(&mut *conn)
    .await?;
    sqlx::query!(
        "insert into enrollment_codes (program_id, code_key, enrollment_id, created_at) values ($1, $2, $3, $4)",
        program as ProgramId,
        code_key(code),
        id as EnrollmentId,
        moment.at
    )
    .execute(&mut *conn)
    .await?;
    sqlx::query!(
        "delete from link_codes c using links l
         where c.program_id = $1 and l.program_id = $1 and l.id = c.link_id and l.enrollment_id = $2",
        program as ProgramId,
        id as EnrollmentId
    )
    .execute(&mut *conn)
    .await?;
    sqlx::query!(
        "update links l
         set code = 'erased-' || right(replace(l.id::text, '-', ''), 12), name = '', sub_id = '', utm = '{}', destination = p.website,
             disabled_at = coalesce(l.disabled_at, $3)
         from programs p where p.id = l.program_id and l.program_id = $1 and l.enrollment_id = $2",
        program as ProgramId,
        id as EnrollmentId,
        moment.at
    )
    .execute(&mut *conn)
    .await?;
    sqlx::query!(
        "update promo_codes
         set code = 'erased-' || right(replace(id::text, '-', ''), 12),
             code_key = 'erased-' || right(replace(id::text, '-', ''), 12), disabled_at = coalesce(disabled_at, $3)
         where program_id = $1 and enrollment_id = $2",
        program as ProgramId,
        id as EnrollmentId,
        moment.at
    )
    .execute(&mut *conn)
    .await?;
    sqlx::query!(
        "with tags as (delete from partner_tags where program_id = $1 and enrollment_id = $2),
              notes as (delete from partner_notes where program_id = $1 and enrollment_id = $2),
              changes as (delete from payout_changes where program_id = $1 and enrollment_id = $2),
              settings as (delete from notification_settings where program_id = $1 and enrollment_id = $2),
              seen as (update sessions set sees_program = null, sees_enrollment = null, sees_until = null
                       where sees_program = $1 and sees_enrollment = $2),
              accounts as (delete from enrollment_accounts where program_id = $1 and enrollment_id = $2)
         update enrollment_statuses set reason = '' where program_id = $1 and enrollment_id = $2",
        program as ProgramId,
        id as EnrollmentId
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// It earns nothing from now on; who was never let in is not let in.
async fn stop(
    conn: &mut PgConnection,
    moment: &Moment,
    actor: &Actor,
    id: EnrollmentId,
    status: EnrollmentStatus,
) -> Result<()> {
    let to = match status {
        EnrollmentStatus::Active => EnrollmentStatus::Paused,
        EnrollmentStatus::Pending => EnrollmentStatus::Declined,
        EnrollmentStatus::Paused | EnrollmentStatus::Banned | EnrollmentStatus::Declined => return Ok(()),
    };
    sqlx::query!(
        "update enrollments set status = $3 where program_id = $1 and id = $2",
        actor.program() as ProgramId,
        id as EnrollmentId,
        to as EnrollmentStatus
    )
    .execute(&mut *conn)
    .await?;
    note_standing(conn, moment, actor, id, to, "").await
}

/// An account that serves nothing else: its row stays, because logs name it, and holds nobody.
async fn blank_account(conn: &mut PgConnection, account: AccountId) -> Result<()> {
    let email = format!("{}@erased.invalid", privacy::instead(account.0));
    sqlx::query!(
        "with codes as (delete from recovery_codes where account_id = $1),
              sessions as (delete from sessions where account_id = $1),
              tokens as (delete from one_time_tokens where account_id = $1),
              changes as (delete from email_changes where account_id = $1),
              mails as (delete from outbox where account_id = $1)
         update accounts
         set email = $2, email_key = $2, name = '', password_hash = null, email_verified_at = null, totp_secret = null,
             totp_confirmed_at = null, totp_last_step = null
         where id = $1",
        account as AccountId,
        email
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// Jobs hold ids, but for the mail with a new password.
async fn forget_jobs(conn: &mut PgConnection, emails: &[String]) -> Result<()> {
    let keys: Vec<String> = emails.iter().map(|email| email.trim().to_lowercase()).collect();
    sqlx::query("delete from graphile_worker._private_jobs where lower(payload ->> 'email') = any($1)")
        .bind(&keys)
        .execute(conn)
        .await?;
    Ok(())
}

/// The codes, also short ones, where the words are about this partner.
async fn own_words(
    conn: &mut PgConnection,
    program: ProgramId,
    id: EnrollmentId,
    codes: &[String],
    instead: &str,
) -> Result<()> {
    if codes.is_empty() {
        return Ok(());
    }
    let any = codes.iter().map(|code| code.replace(['.', '+'], "")).collect::<Vec<_>>().join("|");
    let pattern = format!("(?<![[:alnum:]_-])({any})(?![[:alnum:]_-])");
    for table in ["referrals", "sales", "commissions", "payments"] {
        let statement = sqlx::AssertSqlSafe(format!(
            "update {table} set why = regexp_replace(why::text, $3, $4, 'gi')::jsonb
             where program_id = $1 and enrollment_id = $2 and why::text ~* $3"
        ));
        sqlx::query(statement).bind(program).bind(id).bind(&pattern).bind(instead).execute(&mut *conn).await?;
    }
    // Answers and the log know a partner by its code alone: `"partner_code": "ada"`, `partners/ada`, `$5 for ada`.
    let named = format!("\"({any})\"");
    sqlx::query(
        "update api_answers set answer = regexp_replace(answer::text, $2, $3, 'gi')::jsonb
         where program_id = $1 and answer::text ~* $4",
    )
    .bind(program)
    .bind(&pattern)
    .bind(instead)
    .bind(format!("\"(partner_code|code)\": {named}"))
    .execute(&mut *conn)
    .await?;
    sqlx::query(
        "update audit_log
         set details = regexp_replace(details::text, $2, '\"' || $3 || '\"', 'gi')::jsonb,
             subject = regexp_replace(subject, $4, $3, 'gi'), subject_path = regexp_replace(subject_path, $4, $3, 'gi')
         where program_id = $1 and (details::text ~* $2 or subject ~* $4 or subject_path ~* $4)",
    )
    .bind(program)
    .bind(&named)
    .bind(instead)
    .bind(format!("(?<=(^partners/| for |=))({any})$"))
    .execute(conn)
    .await?;
    Ok(())
}
