//! The team's work on partners: tags, notes, and many at once.

use super::list::page_of_ids;
use super::standing::check_reason;
use super::{allow, groups, job, lock, page, set_status};
use crate::messages::{self, Mail};
use crate::programs::audit;
use crate::{Error, Moment, Result};
use domain::accounts::{Actor, Power};
use domain::ids::{AccountId, EnrollmentId, PartnerGroupId, PartnerLetterId, PartnerNoteId, ProgramId};
use domain::messages::{LETTER_FIELDS, LetterTo, Template};
use domain::partners::{
    Bulk, BulkAct, BulkDone, BulkLook, EnrollmentStatus, MOST_AT_ONCE, MOST_FOUND, MOST_TAGS, PartnerFilter,
    PartnerNote, read_tags,
};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use sqlx::{PgConnection, PgPool};
use uuid::Uuid;

/// The program's tags, each once.
///
/// # Errors
/// `Forbidden`.
pub async fn all_tags(conn: &mut PgConnection, actor: &Actor) -> Result<Vec<String>> {
    allow(actor, Power::View)?;
    Ok(sqlx::query_scalar!(
        "select distinct tag from partner_tags where program_id = $1 order by tag limit 200",
        actor.program() as ProgramId
    )
    .fetch_all(conn)
    .await?)
}

async fn tags(conn: &mut PgConnection, program: ProgramId, id: EnrollmentId) -> Result<Vec<String>> {
    Ok(sqlx::query_scalar!(
        "select tag from partner_tags where program_id = $1 and enrollment_id = $2 order by tag",
        program as ProgramId,
        id as EnrollmentId
    )
    .fetch_all(conn)
    .await?)
}

/// Gives a partner these tags, as they are typed between commas, and no others. Asks for `ManagePartners`.
///
/// # Errors
/// `Forbidden`; `NotFound`; `Invalid` on `tags`.
pub async fn set_tags(
    conn: &mut PgConnection,
    moment: &Moment,
    actor: &Actor,
    id: EnrollmentId,
    text: &str,
) -> Result<()> {
    allow(actor, Power::ManagePartners)?;
    let after = read_tags(text).map_err(|words| Error::field("tags", words))?;
    let partner = lock(conn, actor.program(), id).await?;
    let before = tags(conn, actor.program(), id).await?;
    write_tags(conn, actor.program(), id, &after).await?;
    // Not which: what was typed may name a person, and an erasure would not know it.
    let details = json!({ "how_many": { "before": before.len(), "after": after.len() } });
    audit::record(conn, moment, actor, "partner.set_tags", &partner.name, &page(&partner.code), details).await
}

pub(super) async fn write_tags(
    conn: &mut PgConnection,
    program: ProgramId,
    id: EnrollmentId,
    tags: &[String],
) -> Result<()> {
    sqlx::query!(
        "with gone as (
             delete from partner_tags where program_id = $1 and enrollment_id = $2 and tag <> all($3::text[])
         )
         insert into partner_tags (program_id, enrollment_id, tag) select $1, $2, unnest($3::text[])
         on conflict do nothing",
        program as ProgramId,
        id as EnrollmentId,
        tags
    )
    .execute(conn)
    .await?;
    Ok(())
}

pub(super) async fn notes(conn: &mut PgConnection, program: ProgramId, id: EnrollmentId) -> Result<Vec<PartnerNote>> {
    Ok(sqlx::query_as!(
        PartnerNote,
        r#"select n.id as "id: PartnerNoteId", n.note, coalesce(a.name, '') as "by!", n.created_at as at
           from partner_notes n left join accounts a on a.id = n.account_id
           where n.program_id = $1 and n.enrollment_id = $2 order by n.id desc limit 200"#,
        program as ProgramId,
        id as EnrollmentId
    )
    .fetch_all(conn)
    .await?)
}

/// Notes something on a partner, for the team alone. Asks for `ManagePartners`.
///
/// # Errors
/// `Forbidden`; `NotFound`; `Invalid` on `note`.
pub async fn add_note(
    conn: &mut PgConnection,
    moment: &Moment,
    actor: &Actor,
    id: EnrollmentId,
    note: &str,
) -> Result<()> {
    allow(actor, Power::ManagePartners)?;
    let note = note.replace("\r\n", "\n").trim().to_owned();
    if note.is_empty() || note.chars().count() > 4_000 || note.contains('\0') {
        return Err(Error::field("note", "Use 1 to 4,000 characters."));
    }
    let partner = lock(conn, actor.program(), id).await?;
    sqlx::query!(
        "insert into partner_notes (program_id, id, enrollment_id, note, account_id, created_at)
         values ($1, $2, $3, $4, $5, $6)",
        actor.program() as ProgramId,
        moment.id::<PartnerNoteId>() as PartnerNoteId,
        id as EnrollmentId,
        note,
        actor.account() as Option<AccountId>,
        moment.at
    )
    .execute(&mut *conn)
    .await?;
    audit::record(conn, moment, actor, "partner.note", &partner.name, &page(&partner.code), json!({})).await
}

/// Takes a note away. Asks for `ManagePartners`.
///
/// # Errors
/// `Forbidden`; `NotFound`.
pub async fn remove_note(conn: &mut PgConnection, moment: &Moment, actor: &Actor, note: PartnerNoteId) -> Result<()> {
    allow(actor, Power::ManagePartners)?;
    let of = sqlx::query_scalar!(
        r#"delete from partner_notes where program_id = $1 and id = $2 returning enrollment_id as "of: EnrollmentId""#,
        actor.program() as ProgramId,
        note as PartnerNoteId
    )
    .fetch_optional(&mut *conn)
    .await?
    .ok_or(Error::NotFound("note"))?;
    let partner = lock(conn, actor.program(), of).await?;
    audit::record(conn, moment, actor, "partner.remove_note", &partner.name, &page(&partner.code), json!({})).await
}

/// Does something to all partners that were ticked or that a filter finds, together, or by a job where they are very many;
/// those whom the act doesn't fit are left out. Asks for `ManagePartners`. Audited.
///
/// # Errors
/// `Forbidden`; `Invalid` on `partners`, `tag`, `group`, `reason`, `subject` or `body`, also for an unknown merge field;
/// `NotFound` where one is not in the program; `Conflict` where the filter finds more than it was said to.
pub async fn bulk(pool: &PgPool, moment: &Moment, actor: &Actor, input: &Bulk) -> Result<BulkDone> {
    allow(actor, Power::ManagePartners)?;
    let mut tx = pool.begin().await?;
    let ids = chosen(&mut tx, actor.program(), input).await?;
    let given = Given::read(&mut tx, moment, actor, input).await?;
    let mut became = BulkDone { act: input.act, done: 0, left_out: 0, job: None };
    if ids.len() > job::AT_ONCE {
        became.job = Some(job::begin(&mut tx, moment, actor, given, &ids).await?);
    } else {
        became.left_out = apply(&mut tx, moment, actor, &given, &ids).await?.len() as i64;
        became.done = ids.len() as i64 - became.left_out;
        // Each partner's own line says what was changed of it, and nothing of a mail or of why it was among them.
        if given.letter.is_some() || input.all {
            note(&mut tx, moment, actor, &given, (became.done, became.left_out), "partners").await?;
        }
    }
    tx.commit().await?;
    Ok(became)
}

/// Does it to those of these partners whom it fits; answers the others. They are locked in the order of their ids.
pub(super) async fn apply(
    conn: &mut PgConnection,
    moment: &Moment,
    actor: &Actor,
    given: &Given,
    ids: &[EnrollmentId],
) -> Result<Vec<EnrollmentId>> {
    let program = actor.program();
    lock_all(conn, program, ids).await?;
    let standing = standing(conn, program, ids, given).await?;
    if standing.len() < ids.len() {
        return Err(Error::NotFound("partner"));
    }
    let mut left_out = Vec::new();
    for partner in standing {
        if !partner.fits(given.act) {
            left_out.push(partner.id);
            continue;
        }
        let became = match (given.letter, given.act.moves()) {
            (Some(letter), _) => {
                messages::enqueue(conn, &Mail::PartnerLetter { program, enrollment: partner.id, letter }).await
            }
            (None, Some((_, to))) => set_status(conn, moment, actor, partner.id, to, &given.reason).await.map(drop),
            (None, None) if given.act == BulkAct::SetGroup => {
                groups::put(conn, moment, actor, partner.id, given.group).await
            }
            (None, None) => add_tag(conn, moment, actor, partner.id, &given.tag).await,
        };
        match became {
            // Refused before anything was written: the group has been removed since.
            Err(Error::Invalid(_) | Error::Conflict(_)) => left_out.push(partner.id),
            became => became?,
        }
    }
    Ok(left_out)
}

/// Notes in the log to how many it was done, and how they were found.
pub(super) async fn note(
    conn: &mut PgConnection,
    moment: &Moment,
    actor: &Actor,
    given: &Given,
    (done, left_out): (i64, i64),
    path: &str,
) -> Result<()> {
    let action = match given.act {
        BulkAct::Approve => "partners.approve",
        BulkAct::Decline => "partners.decline",
        BulkAct::Pause => "partners.pause",
        BulkAct::Resume => "partners.resume",
        BulkAct::AddTag => "partners.add_tag",
        BulkAct::SetGroup => "partners.set_group",
        BulkAct::Message => "partners.message",
    };
    let mut details = json!({ "partners": done, "left_out": left_out });
    if let Some(filter) = &given.all_that_match {
        details["all_that_match"] = filter.clone();
    }
    if !given.reason.is_empty() {
        details["reason"] = json!(given.reason);
    }
    audit::record(conn, moment, actor, action, "Partners", path, details).await
}

/// To how many an act would be done by now, and to whom first. Asks for `ManagePartners`.
///
/// # Errors
/// `Forbidden`; `Invalid` on `partners`, `tag` or `group`; `NotFound` where one is not in the program.
pub async fn look(conn: &mut PgConnection, actor: &Actor, input: &Bulk) -> Result<BulkLook> {
    allow(actor, Power::ManagePartners)?;
    let program = actor.program();
    let ids = chosen(conn, program, input).await?;
    // Which tag or group it will be is chosen in the very dialog that tells this.
    let standing = standing(conn, program, &ids, &Given::nothing(input.act)).await?;
    if standing.len() < ids.len() {
        return Err(Error::NotFound("partner"));
    }
    let open = matches!(input.act, BulkAct::AddTag | BulkAct::SetGroup);
    let all = standing.len() as i64;
    let fits = |partner: &Standing| if open { !partner.erased } else { partner.fits(input.act) };
    let fits: Vec<_> = standing.into_iter().filter(fits).collect();
    let first = match fits.first() {
        Some(first) if input.act == BulkAct::Message => Some(letter_to(conn, program, first.id).await?),
        _ => None,
    };
    let fits = fits.len() as i64;
    Ok(BulkLook { act: input.act, fits, left_out: all - fits, first })
}

/// What a letter's merge fields become for a partner.
async fn letter_to(conn: &mut PgConnection, program: ProgramId, id: EnrollmentId) -> Result<LetterTo> {
    Ok(sqlx::query_as!(
        LetterTo,
        r#"select coalesce(nullif(e.name, ''), e.company) as "name!", e.code,
                  coalesce(nullif(o.brand, ''), p.name) as "program!"
           from enrollments e join programs p on p.id = e.program_id join portals o on o.program_id = e.program_id
           where e.program_id = $1 and e.id = $2"#,
        program as ProgramId,
        id as EnrollmentId
    )
    .fetch_one(conn)
    .await?)
}

/// What is done to partners, as it was typed and chosen.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Given {
    pub act: BulkAct,
    tag: String,
    group: Option<PartnerGroupId>,
    reason: String,
    letter: Option<PartnerLetterId>,
    /// By what a filter finds them, where it does.
    all_that_match: Option<Value>,
}

impl Given {
    fn nothing(act: BulkAct) -> Self {
        Self { act, tag: String::new(), group: None, reason: String::new(), letter: None, all_that_match: None }
    }

    async fn read(conn: &mut PgConnection, moment: &Moment, actor: &Actor, input: &Bulk) -> Result<Self> {
        let mut given = Self::nothing(input.act);
        match input.act {
            BulkAct::Message => given.letter = Some(write(conn, moment, actor, input).await?),
            BulkAct::AddTag => {
                let mut tags = read_tags(&input.tag).map_err(|words| Error::field("tag", words))?;
                given.tag =
                    tags.pop().filter(|_| tags.is_empty()).ok_or_else(|| Error::field("tag", "Type one tag."))?;
            }
            BulkAct::SetGroup if !input.group.is_empty() => {
                given.group = Some(group(conn, actor.program(), &input.group).await?);
            }
            BulkAct::Pause => {
                given.reason = input.reason.trim().to_owned();
                check_reason(&given.reason)?;
            }
            BulkAct::Approve | BulkAct::Decline | BulkAct::Resume | BulkAct::SetGroup => {}
        }
        if input.all {
            given.all_that_match = Some(described(conn, actor, &input.filter).await?);
        }
        Ok(given)
    }
}

/// The group that was chosen.
async fn group(conn: &mut PgConnection, program: ProgramId, id: &str) -> Result<PartnerGroupId> {
    let unknown = || Error::field("group", "There is no such group.");
    let id: PartnerGroupId = id.parse().map_err(|_| unknown())?;
    let known = sqlx::query_scalar!(
        r#"select exists (select from partner_groups where program_id = $1 and id = $2) as "known!""#,
        program as ProgramId,
        id as PartnerGroupId
    )
    .fetch_one(conn)
    .await?;
    if known { Ok(id) } else { Err(unknown()) }
}

/// Gives a partner one tag more.
async fn add_tag(conn: &mut PgConnection, moment: &Moment, actor: &Actor, id: EnrollmentId, tag: &str) -> Result<()> {
    let mut has = tags(conn, actor.program(), id).await?;
    has.push(tag.to_owned());
    set_tags(conn, moment, actor, id, &has.join(",")).await
}

/// To whom it is done, in the order of their ids, as everybody locks partners.
async fn chosen(conn: &mut PgConnection, program: ProgramId, input: &Bulk) -> Result<Vec<EnrollmentId>> {
    let (mut ids, most) = if input.all {
        let found = page_of_ids(conn, program, &input.filter, None, MOST_FOUND as i64 + 1).await?;
        // Nothing is done to those whom nobody has been told of.
        if found.len() as i64 > input.found && found.len() <= MOST_FOUND {
            let words = "match by now: more than the list shows. Load the page again, and look at them first.";
            return Err(Error::Conflict(format!("{} partners {words}", found.len())));
        }
        (found, MOST_FOUND)
    } else {
        (input.partners.clone(), MOST_AT_ONCE)
    };
    ids.sort_unstable();
    ids.dedup();
    if ids.is_empty() || ids.len() > most {
        return Err(Error::field("partners", format!("Choose 1 to {most} partners.")));
    }
    Ok(ids)
}

/// By what a filter finds partners, for the log. What was typed may name a person, and is not told.
async fn described(conn: &mut PgConnection, actor: &Actor, filter: &PartnerFilter) -> Result<Value> {
    let mut words = Map::new();
    if let Some(status) = filter.status {
        words.insert("status".into(), json!(status));
    }
    if let Some(id) = filter.group {
        let group = groups::names(conn, actor).await?.into_iter().find(|group| group.id == id);
        words.insert("group".into(), json!(group.map(|group| group.name)));
    }
    let typed = [("search", filter.search.as_str()), ("tag", filter.tag.as_deref().unwrap_or_default())];
    for (field, _) in typed.into_iter().filter(|(_, text)| !text.trim().is_empty()) {
        words.insert(field.into(), json!(true));
    }
    Ok(if words.is_empty() { json!(true) } else { Value::Object(words) })
}

async fn write(conn: &mut PgConnection, moment: &Moment, actor: &Actor, input: &Bulk) -> Result<PartnerLetterId> {
    let body = input.body.replace("\r\n", "\n").trim().to_owned();
    let words = Template { subject: input.subject.trim().to_owned(), body };
    let errors = words.check(LETTER_FIELDS);
    if !errors.is_empty() {
        return Err(Error::Invalid(errors));
    }
    let id: PartnerLetterId = moment.id();
    sqlx::query!(
        "insert into partner_letters (program_id, id, subject, body, account_id, created_at)
         values ($1, $2, $3, $4, $5, $6)",
        actor.program() as ProgramId,
        id as PartnerLetterId,
        words.subject,
        words.body,
        actor.account() as Option<AccountId>,
        moment.at
    )
    .execute(conn)
    .await?;
    Ok(id)
}

/// Locks the partners, in the order of their ids.
async fn lock_all(conn: &mut PgConnection, program: ProgramId, ids: &[EnrollmentId]) -> Result<()> {
    let ids: Vec<Uuid> = ids.iter().map(|id| id.0).collect();
    sqlx::query!(
        "select from enrollments where program_id = $1 and id = any($2) order by id for no key update",
        program as ProgramId,
        &ids
    )
    .fetch_all(conn)
    .await?;
    Ok(())
}

/// What decides whether an act fits a partner.
struct Standing {
    id: EnrollmentId,
    status: EnrollmentStatus,
    /// Whether it has an e-mail.
    reached: bool,
    /// Whether its personal data has been erased: nothing is done to it any more.
    erased: bool,
    /// Whether it has the tag, or no room for it.
    tagged: bool,
    /// Whether it is in the group, or in none where it shall be in none.
    grouped: bool,
}

impl Standing {
    fn fits(&self, act: BulkAct) -> bool {
        match act {
            _ if self.erased => false,
            BulkAct::Message => self.reached,
            BulkAct::AddTag => !self.tagged,
            BulkAct::SetGroup => !self.grouped,
            _ => act.moves().is_some_and(|(from, _)| from == self.status),
        }
    }
}

/// How the partners stand, in the order of their ids.
async fn standing(
    conn: &mut PgConnection,
    program: ProgramId,
    ids: &[EnrollmentId],
    given: &Given,
) -> Result<Vec<Standing>> {
    let ids: Vec<Uuid> = ids.iter().map(|id| id.0).collect();
    Ok(sqlx::query_as!(
        Standing,
        r#"select e.id as "id: EnrollmentId", e.status as "status: EnrollmentStatus",
                  e.email <> '' or exists (select from enrollment_accounts a
                                           where a.program_id = $1 and a.enrollment_id = e.id) as "reached!",
                  e.erased_at is not null as "erased!", t.has or t.tags >= $5 as "tagged!",
                  e.group_id is not distinct from $4 as "grouped!"
           from enrollments e
           cross join lateral (
               select count(*) as tags, count(*) filter (where tag = $3) > 0 as has
               from partner_tags where program_id = $1 and enrollment_id = e.id
           ) t
           where e.program_id = $1 and e.id = any($2) order by e.id"#,
        program as ProgramId,
        &ids,
        given.tag,
        given.group as Option<PartnerGroupId>,
        MOST_TAGS as i64
    )
    .fetch_all(conn)
    .await?)
}
