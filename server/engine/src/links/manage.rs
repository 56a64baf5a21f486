use super::codes::{IN_USE, claim};
use crate::programs::audit;
use crate::{Error, Moment, Result, partners};
use chrono::{DateTime, Utc};
use domain::accounts::{Actor, Power};
use domain::ids::{EnrollmentId, LinkId, ProgramId};
use domain::links::{LinkEdit, LinkRow, NewLink, Utm};
use domain::money::{Currency, Money};
use domain::page::{Page, Paging};
use domain::partners::EnrollmentStatus;
use domain::text::{FieldError, check_code};
use rust_decimal::Decimal;
use serde_json::json;
use sqlx::PgConnection;
use sqlx::types::Json;

/// How many links a partner may have: the table of links is kept in memory.
const MOST_LINKS: i64 = 5_000;

/// Makes a link of a partner: by the partner itself, by `ManagePartners`, or by a key.
///
/// # Errors
/// `Forbidden`; `NotFound` without such a partner, or where it is another's; `Conflict` where the partner is not
/// active or has too many; `Invalid` on `code` (in use, reserved), `name` or `destination` (off the program's sites).
pub async fn create(
    conn: &mut PgConnection,
    moment: &Moment,
    actor: &Actor,
    partner: EnrollmentId,
    input: &NewLink,
) -> Result<LinkRow> {
    owner(actor, partner, Power::ManagePartners)?;
    let program = actor.program();
    let found = sqlx::query!(
        r#"select e.code, e.status as "status: EnrollmentStatus", p.website, p.allowed_hosts,
                  e.erased_at is not null as "erased!"
           from enrollments e join programs p on p.id = e.program_id where e.program_id = $1 and e.id = $2
           for no key update of e"#,
        program as ProgramId,
        partner as EnrollmentId
    )
    .fetch_optional(&mut *conn)
    .await?
    .ok_or(Error::NotFound("partner"))?;
    if found.erased {
        return Err(partners::erased());
    }
    if matches!(actor, Actor::Partner { .. }) && found.status != EnrollmentStatus::Active {
        return Err(Error::Conflict("Only active partners can make links.".into()));
    }
    // By its own statement: whoever made links of the partner before has committed.
    let links = sqlx::query_scalar!(
        r#"select count(*) as "links!" from links where program_id = $1 and enrollment_id = $2"#,
        program as ProgramId,
        partner as EnrollmentId
    )
    .fetch_one(&mut *conn)
    .await?;
    if links >= MOST_LINKS {
        return Err(Error::Conflict(format!("A partner can have {MOST_LINKS} links.")));
    }
    let wished = input.code.as_deref().map(str::trim).filter(|code| !code.is_empty());
    let rest = LinkEdit {
        name: input.name.clone(),
        destination: input.destination.clone(),
        sub_id: input.sub_id.clone(),
        utm: input.utm.trimmed(),
    };
    let mut errors = rest.check(&found.website, &found.allowed_hosts);
    if let Some(Err(message)) = wished.map(check_code) {
        errors.push(FieldError::new("code", message));
    }
    if !errors.is_empty() {
        return Err(Error::Invalid(errors));
    }
    let code = match wished {
        Some(code) => code.to_owned(),
        None => format!("{}-{}", found.code.chars().take(30).collect::<String>(), &moment.token()[..8]),
    };
    let id: LinkId = moment.id();
    let destination = rest.leads_to(&found.website);
    sqlx::query!(
        "insert into links (program_id, id, enrollment_id, code, name, destination, created_at, sub_id, utm)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
        program as ProgramId,
        id as LinkId,
        partner as EnrollmentId,
        code,
        rest.name.trim(),
        destination.as_deref().unwrap_or(&found.website),
        moment.at,
        rest.sub_id.trim(),
        Json(&rest.utm) as Json<&Utm>
    )
    .execute(&mut *conn)
    .await?;
    if !claim(conn, program, id, &code).await? {
        return Err(Error::field("code", IN_USE));
    }
    note(conn, moment, actor, "link.create", &code, &found.code, json!({})).await?;
    rows(conn, program, &[id]).await?.pop().ok_or(Error::NotFound("link"))
}

/// Gives a link another code; the old one goes on leading to it. A default link bears its partner's code, which only
/// the team changes.
///
/// # Errors
/// `Forbidden`; `NotFound`; `Conflict` for a default link, or where the partner is not active and asks itself; `Invalid`
/// on `code` (in use, reserved).
pub async fn rename(conn: &mut PgConnection, moment: &Moment, actor: &Actor, id: LinkId, code: &str) -> Result<()> {
    let link = lock(conn, actor, id).await?;
    stands(actor, &link)?;
    let code = code.trim();
    check_code(code).map_err(|message| Error::field("code", message))?;
    if link.is_default {
        return Err(Error::Conflict("This link bears the partner's code: change that instead.".into()));
    }
    if !claim(conn, actor.program(), id, code).await? {
        return Err(Error::field("code", IN_USE));
    }
    sqlx::query!(
        "update links set code = $3 where program_id = $1 and id = $2",
        actor.program() as ProgramId,
        id as LinkId,
        code
    )
    .execute(&mut *conn)
    .await?;
    note(conn, moment, actor, "link.rename", code, &link.partner_code, json!({ "from": link.code })).await
}

/// Changes a link's name, where it leads, its mark and its campaign; what was clicked before stays as it was.
///
/// # Errors
/// `Forbidden`; `NotFound`; `Conflict` where the partner is not active and asks itself; `Invalid` on `name`,
/// `destination` (off the program's sites), `sub_id` or the campaign's fields.
pub async fn edit(conn: &mut PgConnection, moment: &Moment, actor: &Actor, id: LinkId, input: &LinkEdit) -> Result<()> {
    let link = lock(conn, actor, id).await?;
    stands(actor, &link)?;
    let found = sqlx::query!("select website, allowed_hosts from programs where id = $1", actor.program() as ProgramId)
        .fetch_one(&mut *conn)
        .await?;
    let input = LinkEdit { utm: input.utm.trimmed(), ..input.clone() };
    let errors = input.check(&found.website, &found.allowed_hosts);
    if !errors.is_empty() {
        return Err(Error::Invalid(errors));
    }
    let destination = input.leads_to(&found.website);
    sqlx::query!(
        "update links set name = $3, destination = $4, sub_id = $5, utm = $6 where program_id = $1 and id = $2",
        actor.program() as ProgramId,
        id as LinkId,
        input.name.trim(),
        destination.as_deref().unwrap_or(&found.website),
        input.sub_id.trim(),
        Json(&input.utm) as Json<&Utm>
    )
    .execute(&mut *conn)
    .await?;
    note(conn, moment, actor, "link.edit", &link.code, &link.partner_code, json!({})).await
}

/// Switches a link off, or on again: what the team has switched off, the team alone switches on.
///
/// # Errors
/// `Forbidden`; `NotFound`; `Conflict` for a partner's default link, and where the partner asks itself and is not active,
/// or the team has switched it off.
pub async fn set_disabled(
    conn: &mut PgConnection,
    moment: &Moment,
    actor: &Actor,
    id: LinkId,
    disabled: bool,
) -> Result<()> {
    let link = lock(conn, actor, id).await?;
    if link.is_default && disabled {
        return Err(Error::Conflict("A partner's first link can't be switched off; pause the partner instead.".into()));
    }
    stands(actor, &link)?;
    let by_team = !matches!(actor, Actor::Partner { .. });
    if link.disabled_by_team && !by_team && !disabled {
        return Err(Error::Conflict("The program has switched this link off. Ask its team to switch it on.".into()));
    }
    sqlx::query!(
        "update links set disabled_at = case when $3 then coalesce(disabled_at, $4) end,
                          disabled_by_team = $3 and (disabled_by_team or $5)
         where program_id = $1 and id = $2",
        actor.program() as ProgramId,
        id as LinkId,
        disabled,
        moment.at,
        by_team
    )
    .execute(&mut *conn)
    .await?;
    let action = if disabled { "link.disable" } else { "link.restore" };
    note(conn, moment, actor, action, &link.code, &link.partner_code, json!({})).await
}

/// A partner's links with their figures, the default one first, then the latest: a page of them.
///
/// # Errors
/// `Forbidden`; `NotFound` where it is another's; `Invalid` on `cursor`.
pub async fn list(
    conn: &mut PgConnection,
    actor: &Actor,
    partner: EnrollmentId,
    paging: &Paging,
) -> Result<Page<LinkRow>> {
    owner(actor, partner, Power::View)?;
    let after: Option<LinkId> = super::cursor(paging)?;
    let ids = sqlx::query_scalar!(
        r#"select id as "id: LinkId" from links
           where program_id = $1 and enrollment_id = $2
             and ($3::uuid is null or (is_default, id) < (select is_default, id from links
                                                          where program_id = $1 and enrollment_id = $2 and id = $3))
           order by is_default desc, id desc limit $4"#,
        actor.program() as ProgramId,
        partner as EnrollmentId,
        after as Option<LinkId>,
        paging.rows() + 1
    )
    .fetch_all(&mut *conn)
    .await?;
    let page = Page::cut(ids, paging, ToString::to_string);
    Ok(Page { data: rows(conn, actor.program(), &page.data).await?, next_cursor: page.next_cursor })
}

/// One link with its figures.
///
/// # Errors
/// `Forbidden`; `NotFound`, also where it is another's.
pub async fn get(conn: &mut PgConnection, actor: &Actor, id: LinkId) -> Result<LinkRow> {
    let enrollment = sqlx::query_scalar!(
        r#"select enrollment_id as "enrollment: EnrollmentId" from links where program_id = $1 and id = $2"#,
        actor.program() as ProgramId,
        id as LinkId
    )
    .fetch_optional(&mut *conn)
    .await?
    .ok_or(Error::NotFound("link"))?;
    owner(actor, enrollment, Power::View)?;
    rows(conn, actor.program(), &[id]).await?.pop().ok_or(Error::NotFound("link"))
}

/// Whether a partner's links are the asker's to use: the partner's own, or an admin's or a key's.
fn owner(actor: &Actor, partner: EnrollmentId, power: Power) -> Result<()> {
    match actor {
        Actor::Partner { enrollment, .. } if *enrollment == partner => Ok(()),
        Actor::Partner { .. } => Err(Error::NotFound("partner")),
        _ => partners::allow(actor, power),
    }
}

struct Locked {
    enrollment: EnrollmentId,
    code: String,
    is_default: bool,
    disabled_by_team: bool,
    partner_code: String,
    standing: EnrollmentStatus,
    erased: bool,
}

async fn lock(conn: &mut PgConnection, actor: &Actor, id: LinkId) -> Result<Locked> {
    let link = sqlx::query_as!(
        Locked,
        r#"select l.enrollment_id as "enrollment: EnrollmentId", l.code, l.is_default, l.disabled_by_team,
                  e.code as partner_code, e.status as "standing: EnrollmentStatus",
                  e.erased_at is not null as "erased!"
           from links l join enrollments e on e.program_id = l.program_id and e.id = l.enrollment_id
           where l.program_id = $1 and l.id = $2 for no key update of l"#,
        actor.program() as ProgramId,
        id as LinkId
    )
    .fetch_optional(conn)
    .await?
    .ok_or(Error::NotFound("link"))?;
    owner(actor, link.enrollment, Power::ManagePartners).map_err(|error| match error {
        Error::NotFound(_) => Error::NotFound("link"),
        error => error,
    })?;
    if link.erased { Err(partners::erased()) } else { Ok(link) }
}

/// Lets partners who are not active change nothing.
fn stands(actor: &Actor, link: &Locked) -> Result<()> {
    if matches!(actor, Actor::Partner { .. }) && link.standing != EnrollmentStatus::Active {
        return Err(Error::Conflict("Only active partners can change links.".into()));
    }
    Ok(())
}

/// Notes what an admin or a key did to a partner's link; a partner's own acts are no admin acts.
async fn note(
    conn: &mut PgConnection,
    moment: &Moment,
    actor: &Actor,
    action: &str,
    code: &str,
    partner_code: &str,
    details: serde_json::Value,
) -> Result<()> {
    if matches!(actor, Actor::Partner { .. }) {
        return Ok(());
    }
    audit::record(conn, moment, actor, action, code, &partners::page(partner_code), details).await
}

/// These links with their figures, in this order.
async fn rows(conn: &mut PgConnection, program: ProgramId, ids: &[LinkId]) -> Result<Vec<LinkRow>> {
    struct Row {
        id: LinkId,
        code: String,
        name: String,
        destination: String,
        sub_id: String,
        utm: Json<Utm>,
        is_default: bool,
        disabled: bool,
        created_at: DateTime<Utc>,
        clicks: i64,
        unique_clicks: i64,
        sign_ups: i64,
        customers: i64,
        earned: Decimal,
        currency: Currency,
    }
    let ids: Vec<_> = ids.iter().map(|id| id.0).collect();
    let rows = sqlx::query_as!(
        Row,
        r#"select l.id as "id: LinkId", l.code, l.name, l.destination, l.sub_id, l.utm as "utm: Json<Utm>",
                  l.is_default,
                  l.disabled_at is not null as "disabled!", l.created_at, d.clicks as "clicks!",
                  d.unique_clicks as "unique_clicks!", r.sign_ups as "sign_ups!", r.customers as "customers!",
                  m.earned as "earned!", p.currency as "currency: Currency"
           from unnest($2::uuid[]) with ordinality as wanted (id, place)
           join links l on l.program_id = $1 and l.id = wanted.id
           join programs p on p.id = l.program_id
           cross join lateral (
               select coalesce(sum(clicks), 0)::bigint as clicks, coalesce(sum(unique_clicks), 0)::bigint as unique_clicks
               from click_days where program_id = $1 and link_id = l.id
           ) d
           cross join lateral (
               select count(c.signed_up_at) as sign_ups, count(c.first_sale_at) as customers
               from referrals r join customers c on c.program_id = r.program_id and c.id = r.customer_id
               where r.program_id = $1 and r.link_id = l.id and r.ended_at is null
           ) r
           cross join lateral (
               select (select coalesce(sum(co.amount), 0)
                       from referrals r
                       join commissions co on co.program_id = $1 and co.referral_id = r.id
                       where r.program_id = $1 and r.link_id = l.id)
                      + (select coalesce(sum(en.amount), 0)
                         from journals j
                         join commissions co on co.program_id = $1 and co.id = j.commission_id
                         join referrals r on r.program_id = $1 and r.id = co.referral_id
                         join entries en on en.program_id = $1 and en.journal_id = j.id
                         where j.program_id = $1 and j.kind = 'clawback' and r.link_id = l.id
                           and en.account in ('held', 'payable')) as earned
           ) m
           order by wanted.place"#,
        program as ProgramId,
        &ids
    )
    .fetch_all(conn)
    .await?;
    let link = |row: Row| LinkRow {
        id: row.id,
        code: row.code,
        name: row.name,
        destination: row.destination,
        sub_id: row.sub_id,
        utm: row.utm.0,
        is_default: row.is_default,
        disabled: row.disabled,
        created_at: row.created_at,
        clicks: row.clicks,
        unique_clicks: row.unique_clicks,
        sign_ups: row.sign_ups,
        customers: row.customers,
        earned: Money::new(row.earned, row.currency),
    };
    Ok(rows.into_iter().map(link).collect())
}
