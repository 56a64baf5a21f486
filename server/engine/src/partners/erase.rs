//! The personal data of a partner: all of it in one file, and taken away for good. Every sum stays.

use super::{note_standing, page};
use crate::payments::details;
use crate::privacy::{self, ERASED, Rows, Sought, Whose};
use crate::programs::audit;
use crate::secrets::Secrets;
use crate::{Error, Moment, Result};
use chrono::{DateTime, SecondsFormat, Utc};
use domain::accounts::{Actor, Power};
use domain::ids::{AccountId, EnrollmentId, FileId, ProgramId};
use domain::partners::EnrollmentStatus;
use domain::text::code_key;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use sqlx::PgConnection;

/// All that is known of a partner, its payout details in full; of mail in the outbox not the text, whose links sign in, and
/// which owners read there. Asks for `Erase` and `RevealPayoutDetails`. Audited.
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
    if !(actor.may(Power::Erase) && actor.may(Power::RevealPayoutDetails)) {
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
               'forms', (select coalesce(jsonb_agg(to_jsonb(c) order by c.created_at, c.code), '[]') from capture_forms c
                         where c.program_id = $1 and c.enrollment_id = $2),
               'tags', (select coalesce(jsonb_agg(t.tag order by t.tag), '[]') from partner_tags t
                        where t.program_id = $1 and t.enrollment_id = $2),
               'notes', (select coalesce(jsonb_agg(to_jsonb(n) order by n.id), '[]') from partner_notes n
                         where n.program_id = $1 and n.enrollment_id = $2),
               'mails', (select coalesce(jsonb_agg(jsonb_build_object('kind', o.title, 'email', o.email, 'name', o.name,
                                    'subject', o.subject, 'created_at', o.created_at) order by o.id), '[]')
                         from outbox o
                         where o.program_id = $1 and lower(o.email) in
                               (select lower(e.email) where e.email <> ''
                                union select a.email_key from enrollment_accounts ea join accounts a on a.id = ea.account_id
                                      where ea.program_id = $1 and ea.enrollment_id = $2)),
               'leads', (select coalesce(jsonb_agg(to_jsonb(l) - 'email' - 'email_key' - 'name' order by l.id), '[]')
                         from leads l where l.program_id = $1 and l.enrollment_id = $2),
               'messages', (select coalesce(jsonb_agg(jsonb_build_object('at', m.created_at, 'about', v.subject,
                                       'by_partner', m.by_partner, 'text', m.body) order by m.created_at, m.id), '[]')
                            from conversations v
                            join conversation_messages m on m.program_id = v.program_id and m.conversation_id = v.id
                            where v.program_id = $1 and v.enrollment_id = $2),
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
    phone: String,
    tax_id: String,
    status: EnrollmentStatus,
    photo: Option<FileId>,
    erased: bool,
}

/// Takes away all by which a partner can be known, in every place: names, addresses, codes, payout details, notes, mails,
/// and the accounts that serve nothing else; what stands in words beside the data of others is looked through by a job. Its
/// figures stay, and what it is owed. It is paused: its links lead nowhere. Asks for `Erase`. Audited, without a name; the
/// log names who else has its e-mails.
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
        r#"select code, name, company, email, website, phone, tax_id, status as "status: EnrollmentStatus",
                  photo_file_id as "photo: FileId", erased_at is not null as "erased!"
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
    // First, and by a statement of its own: of two erasures at once, the second sees what the first left.
    sqlx::query!(
        "select id from accounts
         where id in (select account_id from enrollment_accounts where program_id = $1 and enrollment_id = $2)
         order by id for no key update",
        program as ProgramId,
        id as EnrollmentId
    )
    .fetch_all(&mut *conn)
    .await?;
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
    let mut codes = Codes { partner: vec![code_key(&person.code)], links: Vec::new(), promos: Vec::new() };
    let found = sqlx::query!(
        r#"select 1 as "of!", code_key as "code!" from enrollment_codes where program_id = $1 and enrollment_id = $2
           union select 2, lower(code) from links where program_id = $1 and enrollment_id = $2
           union select 2, c.code_key from link_codes c
                 join links l on l.program_id = c.program_id and l.id = c.link_id
                 where l.program_id = $1 and l.enrollment_id = $2
           union select 3, code_key from promo_codes where program_id = $1 and enrollment_id = $2"#,
        program as ProgramId,
        id as EnrollmentId
    )
    .fetch_all(&mut *conn)
    .await?;
    for row in found {
        match row.of {
            1 => codes.partner.push(row.code),
            2 => codes.links.push(row.code),
            _ => codes.promos.push(row.code),
        }
    }
    let code = privacy::instead(id.0);
    blank(conn, moment, program, id, &code).await?;
    if let Some(photo) = person.photo {
        crate::files::abandon(conn, moment, program, photo).await?;
    }
    crate::conversations::blank_partner(conn, moment, program, id).await?;
    stop(conn, moment, actor, id, person.status).await?;
    let alone: Vec<AccountId> = accounts.iter().filter(|account| account.alone).map(|account| account.id).collect();
    for account in &alone {
        blank_account(conn, *account).await?;
    }
    // Who acts for others too stays a person there, by the same e-mail.
    let of_them = accounts.iter().filter(|account| account.alone);
    let mut emails = vec![person.email.clone()];
    emails.extend(of_them.map(|account| account.email.clone()));
    privacy::forget_mail(conn, program, &emails).await?;
    forget_jobs(conn, program, &emails, &codes.partner).await?;
    let mut ids = vec![person.email];
    // Where there are figures enough, it is a number of the partner's alone.
    let numbers = [person.phone, person.tax_id];
    ids.extend(numbers.into_iter().filter(|text| text.chars().filter(char::is_ascii_digit).count() >= 6));
    let mut names = vec![person.name, person.company];
    for account in accounts.into_iter().filter(|account| account.alone) {
        ids.push(account.email);
        names.push(account.name);
    }
    let whose = Whose::Partner { id, codes, website: person.website };
    privacy::look_for(conn, moment, program, &Sought { whose, ids, names }).await?;
    let same_email = privacy::same_email(conn, program, &emails).await?;
    let details = json!({ "accounts": alone.len(), "same_email": same_email });
    audit::record(conn, moment, actor, "partner.erase", ERASED, &page(&code), details).await
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
        "update payments set masked = '' where program_id = $1 and enrollment_id = $2",
        program as ProgramId,
        id as EnrollmentId
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
              forms as (delete from capture_forms where program_id = $1 and enrollment_id = $2),
              keys as (update api_keys set revoked_at = coalesce(revoked_at, $3)
                       where program_id = $1 and enrollment_id = $2),
              accounts as (delete from enrollment_accounts where program_id = $1 and enrollment_id = $2)
         update enrollment_statuses set reason = '' where program_id = $1 and enrollment_id = $2",
        program as ProgramId,
        id as EnrollmentId,
        moment.at
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

/// Jobs hold ids, but for the mail with a new password, and words that the team tries.
async fn forget_jobs(conn: &mut PgConnection, program: ProgramId, emails: &[String], codes: &[String]) -> Result<()> {
    let keys: Vec<String> = emails.iter().map(|email| email.trim().to_lowercase()).collect();
    // There it stands as it was typed.
    sqlx::query(
        "delete from graphile_worker._private_jobs
         where lower(trim(payload ->> 'who')) = any($1)
            or lower(trim(payload ->> 'who')) = any($2) and payload ->> 'slug' = (select slug from programs where id = $3)
            or payload ->> 'mail' = 'test' and payload ->> 'program' = (select id::text from programs where id = $3)",
    )
    .bind(&keys)
    .bind(codes)
    .bind(program)
    .execute(conn)
    .await?;
    Ok(())
}

/// All codes that lead to a partner, in lower case.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Codes {
    partner: Vec<String>,
    links: Vec<String>,
    promos: Vec<String>,
}

/// What Tributary has written of a partner by its codes, and clicks that name its site, until it was erased: somebody else
/// may have the codes since.
pub(crate) async fn forget_words(
    conn: &mut PgConnection,
    program: ProgramId,
    id: EnrollmentId,
    codes: &Codes,
    website: &str,
    until: DateTime<Utc>,
) -> Result<()> {
    own_words(conn, program, id, codes, until).await?;
    own_site(conn, program, id, website).await
}

/// The codes, where the words are about this partner: Tributary wrote them, so it is known where a code stands in them.
async fn own_words(
    conn: &mut PgConnection,
    program: ProgramId,
    id: EnrollmentId,
    codes: &Codes,
    until: DateTime<Utc>,
) -> Result<()> {
    let instead = &privacy::instead(id.0);
    let rows = Rows { program, id: id.0 };
    // To the microsecond, as Postgres keeps it.
    let until_then = format!("'{}'::timestamptz", until.to_rfc3339_opts(SecondsFormat::Micros, true));
    // Codes are letters, digits, `-` and `_`; the partner's own is always among them.
    let partner = codes.partner.join("|");
    let shared = codes.partner.iter().chain(&codes.links).map(String::as_str).collect::<Vec<_>>().join("|");
    let all = codes.partner.iter().chain(&codes.links).chain(&codes.promos).map(String::as_str).collect::<Vec<_>>();
    let all = all.join("|");
    // `Attributed to ada by promo code ada20`, `by click on /r/acme/ada`, `Partner ada was …`, `of ada down`, `ada: €5 …`.
    let sentence = format!("(?<=(partner | to | of | code |/|^))({all})(?= by | was | is | of | down|[.,:]|$)");
    let of_rows = "program_id = $1 and enrollment_id = $3::uuid";
    let of_sales = "sale_id in (select id from sales where program_id = $1 and enrollment_id = $3::uuid)";
    let of_sales = format!("program_id = $1 and {of_sales}");
    for (table, which) in [
        ("referrals", of_rows),
        ("sales", of_rows),
        ("commissions", of_rows),
        ("payments", of_rows),
        ("refunds", of_sales.as_str()),
    ] {
        for places in rows.places(conn, table, "why", which, &format!("({all})")).await? {
            let mut why = rows.values(conn, table, "why", &places).await?;
            privacy::reword(conn, &mut why, |key| key == "detail", &sentence, instead).await?;
            rows.keep(conn, table, "why", why).await?;
        }
    }
    let named = format!("\"(partner_code|code)\": \"({shared})\"");
    let of_then = format!("program_id = $1 and created_at <= {until_then}");
    for places in rows.places(conn, "api_answers", "answer", &of_then, &named).await? {
        let mut answers = rows.values(conn, "api_answers", "answer", &places).await?;
        rename(&mut answers, &["partner_code"], &codes.partner, instead);
        rename(&mut answers, &["code"], &codes.partner, instead);
        rename(&mut answers, &["code"], &codes.links, instead);
        privacy::reword(conn, &mut answers, |key| key == "detail", &sentence, instead).await?;
        privacy::reword(conn, &mut answers, |key| key == "url", &format!("(?<=/)({shared})$"), instead).await?;
        rows.keep(conn, "api_answers", "answer", answers).await?;
    }
    // The log: `"partner": "ada"`, `partners/ada`, `$5 for ada`, `Lead of ada`, and links and promo codes as they are.
    let named = format!("\"({all})\"");
    for (which, keys, of) in [
        ("program_id = $1", &["partner"][..], &codes.partner),
        (
            "program_id = $1 and action in ('partner.change_code', 'customer.reassign')",
            &["from", "to"][..],
            &codes.partner,
        ),
        ("program_id = $1 and action = 'link.rename'", &["from"][..], &codes.links),
    ] {
        let which = format!("{which} and at <= {until_then}");
        for places in rows.places(conn, "audit_log", "details", &which, &named).await? {
            let mut details = rows.values(conn, "audit_log", "details", &places).await?;
            rename(&mut details, keys, of, instead);
            rows.keep(conn, "audit_log", "details", details).await?;
        }
    }
    sqlx::query!(
        "update audit_log
         set subject = case when action ~ '^(commission|lead)[.]' then regexp_replace(subject, $4::text, $3::text, 'i')
                            when action ~ '^promo_code[.]' or subject_path ~* $5::text
                                then regexp_replace(subject, $6::text, $3::text, 'i')
                            else subject end,
             subject_path = regexp_replace(subject_path, $2::text, $3::text, 'i')
         where program_id = $1 and at <= $7
           and (subject_path ~* $2::text or action ~ '^(commission|lead)[.]' and subject ~* $4::text
                or action ~ '^promo_code[.]' and subject ~* $6::text)",
        program as ProgramId,
        format!("(?<=(^partners/|[?&]partner_code=))({partner})$"),
        instead,
        format!("(?<=( for | of ))({partner})$"),
        format!("^partners/({partner})$"),
        format!("^({all})$"),
        until
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// Puts another code in the stead of these, where a field of one of these names is one of them.
fn rename(values: &mut [(String, Value)], keys: &[&str], codes: &[String], instead: &str) {
    privacy::rename(values, keys, |code| codes.contains(&code_key(code)), instead);
}

/// The site from which the partner's own visitors came, unless it is the program's own.
async fn own_site(conn: &mut PgConnection, program: ProgramId, id: EnrollmentId, website: &str) -> Result<()> {
    let host = |address: &str| {
        let (_, host, _) = domain::links::split_address(address)?;
        let host = host.to_lowercase();
        Some(host.strip_prefix("www.").map_or_else(|| host.clone(), str::to_owned))
    };
    let Some(site) = host(website) else { return Ok(()) };
    let own = sqlx::query_scalar!("select website from programs where id = $1", program as ProgramId)
        .fetch_one(&mut *conn)
        .await?;
    if host(&own).as_ref() == Some(&site) {
        return Ok(());
    }
    // Kept by its host, without a port.
    let site = site.split(':').next().unwrap_or_default();
    sqlx::query!(
        "update clicks set referrer = ''
         where program_id = $1 and enrollment_id = $2 and click_referrer(referrer) = $3",
        program as ProgramId,
        id as EnrollmentId,
        site
    )
    .execute(&mut *conn)
    .await?;
    sqlx::query!(
        "update click_tops set value = $4
         where program_id = $1 and enrollment_id = $2 and facet = 'referrer' and not other and value = $3",
        program as ProgramId,
        id as EnrollmentId,
        site,
        ERASED
    )
    .execute(conn)
    .await?;
    Ok(())
}
