//! Adding a lead, changing what was filled in, and taking it back.

use super::claims::{self, Claims};
use super::{At, note, of_team};
use crate::accounts::members_who_may;
use crate::messages::{self, Mail};
use crate::partners::allow;
use crate::{Error, Moment, Result};
use chrono::{DateTime, Utc};
use domain::accounts::{Actor, Power};
use domain::ids::{EnrollmentId, LeadGroupId, LeadId, LeadStageId, LeadTypeId, ProgramId};
use domain::leads::{
    Answers, CONSENT, DuplicateRule, EMAIL, EventDetails, FieldKind, GivenConsent, LeadEventKind, LeadField, LeadForm,
    MOST_A_DAY, NewLead, Sent, Stage,
};
use domain::money::Currency;
use domain::partners::EnrollmentStatus;
use domain::text::{email_key, email_normalised};
use serde_json::json;
use sqlx::PgConnection;
use sqlx::types::Json;
use std::borrow::Cow;

/// A partner as leads are added for it, locked: of many leads at once each sees those before it.
struct Submitter {
    code: String,
    status: EnrollmentStatus,
    emails: Vec<String>,
    currency: Currency,
    time_zone: String,
}

impl Submitter {
    async fn lock(conn: &mut PgConnection, program: ProgramId, partner: EnrollmentId) -> Result<Self> {
        sqlx::query_as!(
            Submitter,
            r#"select e.code, e.status as "status: EnrollmentStatus", p.currency as "currency: Currency", p.time_zone,
                      array(select e.email where e.email <> ''
                            union
                            select a.email from enrollment_accounts ea join accounts a on a.id = ea.account_id
                            where ea.program_id = $1 and ea.enrollment_id = $2) as "emails!"
               from enrollments e join programs p on p.id = e.program_id
               where e.program_id = $1 and e.id = $2 for no key update of e"#,
            program as ProgramId,
            partner as EnrollmentId
        )
        .fetch_optional(conn)
        .await?
        .ok_or(Error::NotFound("partner"))
    }
}

/// The name of the field that holds a lead's type.
const LEAD_TYPE: &str = "lead_type";

/// Who says so adds what a visitor has filled in.
pub(super) const CAPTURE: &str = "capture_form";

/// What became of a lead that was added.
pub(super) enum Added {
    /// It is there.
    Made(LeadId),
    /// It is known already, for which reason it is refused: the caller takes all of it back.
    Known(Error),
}

/// Adds a lead of a partner, in the caller's transaction: by the partner itself or a key, where the program takes leads, or
/// by `JudgeLeads`.
///
/// # Errors
/// `Forbidden`, also where the program takes no leads from partners; `NotFound` without such a partner, where it is
/// another's, or without such a group; `Invalid` by the form's keys, also for a duplicate; `Conflict` where the partner is
/// not active or has added too many today, or the form has changed since it was shown.
pub async fn submit(
    conn: &mut PgConnection,
    moment: &Moment,
    actor: &Actor,
    partner: EnrollmentId,
    input: &NewLead,
) -> Result<LeadId> {
    match add(conn, moment, actor, partner, input).await? {
        Added::Made(id) => Ok(id),
        Added::Known(refusal) => Err(refusal),
    }
}

pub(super) async fn add(
    conn: &mut PgConnection,
    moment: &Moment,
    actor: &Actor,
    partner: EnrollmentId,
    input: &NewLead,
) -> Result<Added> {
    let of_partner = match actor.partner() {
        Some(own) if own == partner => true,
        Some(_) => return Err(Error::NotFound("partner")),
        None => allow(actor, Power::JudgeLeads).map(|()| false)?,
    };
    let by_key = matches!(actor, Actor::Key { .. });
    if let Some(errors) =
        input.consent.as_ref().map(|consent| consent.check(moment.at)).filter(|found| !found.is_empty())
    {
        return Err(Error::Invalid(errors));
    }
    let program = actor.program();
    let submitter = Submitter::lock(conn, program, partner).await?;
    let rules = claims::rules(conn, program).await?;
    if (of_partner || by_key) && !rules.submission {
        return Err(Error::Forbidden);
    }
    let group = group(conn, program, input.group).await?;
    if input.version.is_some_and(|version| version != group.version) {
        return Err(Error::Conflict("The form has changed since it was shown. Look through it again.".into()));
    }
    let by_form = input.by == CAPTURE;
    let sent = agreed(&group.form, input);
    // A form for everyone tells nobody what its partner's e-mail is.
    let own = if by_form { [].as_slice() } else { &submitter.emails };
    let answers = group.form.read(&sent, submitter.currency, own).map_err(Error::Invalid)?;
    if by_form && submitter.emails.iter().any(|own| email_normalised(own) == email_normalised(&answers.email)) {
        return Ok(Added::Known(Error::field(EMAIL, "This is the partner's own e-mail address.")));
    }
    if submitter.status != EnrollmentStatus::Active {
        return Err(Error::Conflict("Only active partners can add leads.".into()));
    }
    if of_partner {
        limit(conn, moment, program, partner, &submitter.time_zone, by_form).await?;
    }
    let id: LeadId = moment.id();
    let claims = Claims::of(&group.form, &answers);
    check_type(conn, program, group.id, input.lead_type).await?;
    insert(conn, moment, program, partner, (&group, input.lead_type), id, &answers, &claims).await?;
    let repeats = claims.take(conn, moment, program, partner, id, &rules).await?;
    if let Some(found) = &repeats
        && rules.rule == DuplicateRule::Refuse
    {
        return Ok(Added::Known(found.refusal(&group.form, partner, of_partner)));
    }
    let duplicate_of = repeats.filter(|_| rules.rule == DuplicateRule::Flag).map(|found| found.lead);
    if duplicate_of.is_some() {
        sqlx::query!(
            "update leads set duplicate_of = $3 where program_id = $1 and id = $2",
            program as ProgramId,
            id as LeadId,
            duplicate_of as Option<LeadId>
        )
        .execute(&mut *conn)
        .await?;
    }
    let consents = Consents { ip: &input.ip, given: input.consent.as_ref() };
    consents.keep(conn, moment, program, id, (&group.form, group.version), &answers).await?;
    let details = EventDetails { duplicate_of, by: input.by.clone(), ..EventDetails::default() };
    let at = At { to: Some(group.stage), ..At::default() };
    super::event(conn, moment, actor, id, LeadEventKind::Submitted, at, &details).await?;
    if of_partner || by_key {
        for account in members_who_may(conn, program, Power::JudgeLeads).await? {
            messages::enqueue(conn, &Mail::LeadSubmitted { account, program, lead: id }).await?;
        }
    }
    if !of_partner {
        note(conn, moment, actor, "lead.add", &submitter.code, json!({ "lead": id })).await?;
    }
    Ok(Added::Made(id))
}

/// What was sent, with the form's own consents that were given elsewhere in the same words.
fn agreed<'a>(form: &LeadForm, input: &'a NewLead) -> Cow<'a, Sent> {
    let Some(given) = &input.consent else { return Cow::Borrowed(&input.sent) };
    let same = |field: &&LeadField| field.kind == FieldKind::Consent && field.value.trim() == given.text.trim();
    let mut sent = input.sent.clone();
    for field in form.fields.iter().filter(same) {
        sent.entry(field.key.clone()).or_insert_with(|| "Yes".to_owned());
    }
    Cow::Owned(sent)
}

/// A group with the form in force, and the stage at which leads begin.
struct Group {
    id: LeadGroupId,
    version: i32,
    form: LeadForm,
    stage: LeadStageId,
}

async fn group(conn: &mut PgConnection, program: ProgramId, id: Option<LeadGroupId>) -> Result<Group> {
    let found = sqlx::query!(
        r#"select g.id as "id: LeadGroupId", g.version, f.form as "form: Json<LeadForm>", g.closed_at is not null as "closed!",
                  (select s.id from lead_stages s where s.program_id = $1 and s.kind = 'new' and s.archived_at is null
                   order by s.position limit 1) as "stage!: LeadStageId"
           from lead_groups g
           join lead_forms f on f.program_id = g.program_id and f.group_id = g.id and f.version = g.version
           where g.program_id = $1 and ($2::uuid is null and g.is_default or g.id = $2)"#,
        program as ProgramId,
        id as Option<LeadGroupId>
    )
    .fetch_optional(conn)
    .await?
    .ok_or(Error::NotFound("lead group"))?;
    if found.closed {
        return Err(Error::Conflict("This group takes no further leads. Choose another.".into()));
    }
    Ok(Group { id: found.id, version: found.version, form: found.form.0, stage: found.stage })
}

/// Checks that the type is one of the group that takes leads; held, so that it is so until the lead is there.
async fn check_type(
    conn: &mut PgConnection,
    program: ProgramId,
    group: LeadGroupId,
    id: Option<LeadTypeId>,
) -> Result<()> {
    let Some(id) = id else { return Ok(()) };
    let closed = sqlx::query_scalar!(
        r#"select closed_at is not null as "closed!" from lead_types
           where program_id = $1 and group_id = $2 and id = $3 for share"#,
        program as ProgramId,
        group as LeadGroupId,
        id as LeadTypeId
    )
    .fetch_optional(conn)
    .await?;
    match closed {
        Some(false) => Ok(()),
        Some(true) => Err(Error::field(LEAD_TYPE, "Leads of this type are not taken any more. Choose another.")),
        None => Err(Error::field(LEAD_TYPE, "There is no such type in this group.")),
    }
}

async fn limit(
    conn: &mut PgConnection,
    moment: &Moment,
    program: ProgramId,
    partner: EnrollmentId,
    time_zone: &str,
    by_form: bool,
) -> Result<()> {
    let zone = time_zone.parse::<chrono_tz::Tz>().map_err(Error::internal)?;
    let today = moment.at.with_timezone(&zone).date_naive();
    // Imports have a limit of their own. So has what visitors send: no stranger uses up the partner's.
    let added = sqlx::query_scalar!(
        r#"select count(*) as "added!" from (
               select from leads l
               where program_id = $1 and enrollment_id = $2
                 and created_at >= $3::date::timestamp at time zone $4
                 and created_at < ($3::date + 1)::timestamp at time zone $4
                 and not exists (select from lead_events v where v.program_id = $1 and v.lead_id = l.id
                                 and v.kind = 'submitted' and v.details ->> 'by' = 'import')
                 and $6 = exists (select from lead_events v where v.program_id = $1 and v.lead_id = l.id
                                  and v.kind = 'submitted' and v.details ->> 'by' = 'capture_form')
               limit $5) as today"#,
        program as ProgramId,
        partner as EnrollmentId,
        today,
        time_zone,
        MOST_A_DAY,
        by_form
    )
    .fetch_one(conn)
    .await?;
    if added >= MOST_A_DAY && by_form {
        return Err(Error::Conflict("This form takes nothing more today. Try again tomorrow.".into()));
    }
    if added >= MOST_A_DAY {
        return Err(Error::Conflict(format!("You have added {MOST_A_DAY} leads today. Add more tomorrow.")));
    }
    Ok(())
}

#[allow(clippy::too_many_arguments, reason = "the columns of one row")]
async fn insert(
    conn: &mut PgConnection,
    moment: &Moment,
    program: ProgramId,
    partner: EnrollmentId,
    (group, lead_type): (&Group, Option<LeadTypeId>),
    id: LeadId,
    answers: &Answers,
    claims: &Claims,
) -> Result<()> {
    sqlx::query!(
        "insert into leads (program_id, id, enrollment_id, group_id, form_version, email, email_key, name, answers,
                            phone_key, domain_key, stage, stage_id, created_at, stage_at, updated_at, lead_type_id)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $14, $14, $15)",
        program as ProgramId,
        id as LeadId,
        partner as EnrollmentId,
        group.id as LeadGroupId,
        group.version,
        answers.email,
        email_key(&answers.email),
        answers.name,
        Json(&answers.fields) as _,
        claims.phone,
        claims.domain,
        Stage::New as Stage,
        group.stage as LeadStageId,
        moment.at,
        lead_type as Option<LeadTypeId>
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// How consents were given.
struct Consents<'a> {
    /// From which address, where it is known.
    ip: &'a str,
    /// The one that was given elsewhere: when and from where goes for all.
    given: Option<&'a GivenConsent>,
}

impl Consents<'_> {
    /// Keeps what was agreed to, with its text as it stood, as evidence; what was agreed to before is not kept twice.
    async fn keep(
        &self,
        conn: &mut PgConnection,
        moment: &Moment,
        program: ProgramId,
        lead: LeadId,
        (form, version): (&LeadForm, i32),
        answers: &Answers,
    ) -> Result<()> {
        let agreed = form.fields.iter().filter(|field| {
            field.kind == FieldKind::Consent && answers.fields.get(&field.key).is_some_and(|answer| answer == "Yes")
        });
        let mut texts: Vec<(&str, &str)> = agreed.map(|field| (field.key.as_str(), field.value.as_str())).collect();
        if let Some(given) = self.given
            && !texts.iter().any(|(_, text)| text.trim() == given.text.trim())
        {
            texts.push((CONSENT, given.text.trim()));
        }
        let (at, ip) = self.given.map_or((moment.at, self.ip), |given| (given.at, given.ip.as_str()));
        for (key, text) in texts {
            sqlx::query!(
                "insert into lead_consents (program_id, lead_id, field, form_version, body, given_at, ip)
                 select $1, $2, $3, $4, $5, $6, $7
                 where not exists (select from lead_consents
                                   where program_id = $1 and lead_id = $2 and field = $3 and body = $5)",
                program as ProgramId,
                lead as LeadId,
                key,
                version,
                text,
                at,
                ip
            )
            .execute(&mut *conn)
            .await?;
        }
        Ok(())
    }
}

/// A lead as it is worked on, locked.
struct Found {
    enrollment: EnrollmentId,
    code: String,
    version: i32,
    form: LeadForm,
    kind: Stage,
    email: String,
    name: String,
    fields: std::collections::BTreeMap<String, String>,
    updated_at: DateTime<Utc>,
    gone: bool,
}

async fn lock(conn: &mut PgConnection, actor: &Actor, id: LeadId) -> Result<Found> {
    let own = actor.partner();
    if own.is_none() {
        allow(actor, Power::JudgeLeads)?;
    }
    let row = sqlx::query!(
        r#"select l.enrollment_id as "enrollment: EnrollmentId", e.code, l.form_version,
                  f.form as "form: Json<LeadForm>", l.stage as "kind: Stage", l.email, l.name,
                  l.answers as "fields: Json<std::collections::BTreeMap<String, String>>", l.updated_at,
                  l.withdrawn_at is not null or l.erased_at is not null as "gone!"
           from leads l
           join enrollments e on e.program_id = l.program_id and e.id = l.enrollment_id
           join lead_forms f on f.program_id = l.program_id and f.group_id = l.group_id and f.version = l.form_version
           where l.program_id = $1 and l.id = $2 and ($3::uuid is null or l.enrollment_id = $3)
           for no key update of l"#,
        actor.program() as ProgramId,
        id as LeadId,
        own as Option<EnrollmentId>
    )
    .fetch_optional(conn)
    .await?
    .ok_or(Error::NotFound("lead"))?;
    Ok(Found {
        enrollment: row.enrollment,
        code: row.code,
        version: row.form_version,
        form: row.form.0,
        kind: row.kind,
        email: row.email,
        name: row.name,
        fields: row.fields.0,
        updated_at: row.updated_at,
        gone: row.gone,
    })
}

/// Whether a lead at a stage of this kind may still be changed or taken back by its partner.
#[must_use]
pub(crate) fn partner_may_edit(kind: Stage) -> bool {
    kind.is_open()
}

/// Changes what was filled in, on the version of the form that it was filled in on: by its partner while the lead is open,
/// or by `JudgeLeads`. `seen` is when the lead had changed last as the asker saw it.
///
/// # Errors
/// `Forbidden`; `NotFound`, also for another partner's; `Invalid` by the form's keys; `Conflict` where it was taken back or
/// judged, or has changed since it was seen.
pub async fn edit(
    conn: &mut PgConnection,
    moment: &Moment,
    actor: &Actor,
    id: LeadId,
    seen: DateTime<Utc>,
    sent: &Sent,
    ip: &str,
) -> Result<()> {
    let program = actor.program();
    // Before the lead: in the order in which leads are added.
    let of = super::partner_of(conn, program, id).await?;
    if actor.partner().is_some_and(|own| own != of) {
        return Err(Error::NotFound("lead"));
    }
    let submitter = Submitter::lock(conn, program, of).await?;
    let rules = claims::rules(conn, program).await?;
    let found = lock(conn, actor, id).await?;
    if found.gone {
        return Err(Error::Conflict("This lead was taken back or erased: it can't be changed.".into()));
    }
    let of_partner = actor.partner().is_some();
    if of_partner && !(partner_may_edit(found.kind) && rules.submission) {
        return Err(Error::Conflict("The team has closed this lead: it can't be changed any more.".into()));
    }
    if found.updated_at != seen {
        return Err(Error::Conflict("This lead has changed since you opened it. Look at it again.".into()));
    }
    if of_partner && !matches!(submitter.status, EnrollmentStatus::Active | EnrollmentStatus::Paused) {
        return Err(Error::Conflict("Only active partners can change leads.".into()));
    }
    let answers = found.form.read(sent, submitter.currency, &submitter.emails).map_err(Error::Invalid)?;
    let before = Answers { email: found.email, name: found.name, fields: found.fields };
    let changed = changed(&before, &answers);
    if changed.is_empty() {
        return Ok(());
    }
    let claims = Claims::of(&found.form, &answers);
    sqlx::query!(
        "update leads set email = $3, email_key = $4, name = $5, answers = $6, phone_key = $7, domain_key = $8,
                          updated_at = $9
         where program_id = $1 and id = $2",
        program as ProgramId,
        id as LeadId,
        answers.email,
        email_key(&answers.email),
        answers.name,
        Json(&answers.fields) as _,
        claims.phone,
        claims.domain,
        moment.at
    )
    .execute(&mut *conn)
    .await?;
    // What stays as it was keeps its claim and its age.
    let fresh = claims.without(&Claims::of(&found.form, &before));
    claims::release(conn, program, id, &claims).await?;
    if let Some(repeated) = fresh.take(conn, moment, program, found.enrollment, id, &rules).await? {
        match rules.rule {
            DuplicateRule::Refuse => return Err(repeated.refusal(&found.form, found.enrollment, of_partner)),
            DuplicateRule::Flag => {
                sqlx::query!(
                    "update leads set duplicate_of = $3 where program_id = $1 and id = $2",
                    program as ProgramId,
                    id as LeadId,
                    repeated.lead as LeadId
                )
                .execute(&mut *conn)
                .await?;
            }
            DuplicateRule::Accept => {}
        }
    }
    let consents = Consents { ip, given: None };
    consents.keep(conn, moment, program, id, (&found.form, found.version), &answers).await?;
    let details = EventDetails { fields: changed.clone(), ..EventDetails::default() };
    super::event(conn, moment, actor, id, LeadEventKind::Edited, At::default(), &details).await?;
    if of_team(actor) {
        note(conn, moment, actor, "lead.edit", &found.code, json!({ "lead": id, "fields": changed })).await?;
    }
    Ok(())
}

/// The keys of what differs.
fn changed(before: &Answers, after: &Answers) -> Vec<String> {
    let mut keys = Vec::new();
    if before.email != after.email {
        keys.push(domain::leads::EMAIL.to_owned());
    }
    if before.name != after.name {
        keys.push(domain::leads::NAME.to_owned());
    }
    let both: std::collections::BTreeSet<&String> = before.fields.keys().chain(after.fields.keys()).collect();
    keys.extend(both.into_iter().filter(|key| before.fields.get(*key) != after.fields.get(*key)).cloned());
    keys
}

/// Takes a lead back: its partner, while it is open. Nobody works it any more, and it can be added again.
///
/// # Errors
/// `Forbidden` for anybody but a partner; `NotFound`; `Conflict` where the team has closed it, or it has earned something: it
/// would earn that again under another id.
pub async fn withdraw(conn: &mut PgConnection, moment: &Moment, actor: &Actor, id: LeadId) -> Result<()> {
    if !matches!(actor, Actor::Partner { .. }) {
        return Err(Error::Forbidden);
    }
    let program = actor.program();
    // Nobody gathers keys anew meanwhile.
    claims::rules(conn, program).await?;
    let found = lock(conn, actor, id).await?;
    if found.gone {
        return Ok(());
    }
    if !partner_may_edit(found.kind) {
        return Err(Error::Conflict("The team has closed this lead: it can't be taken back any more.".into()));
    }
    let earned = sqlx::query_scalar!(
        r#"select exists (select from commissions where program_id = $1 and lead_id = $2) as "earned!""#,
        program as ProgramId,
        id as LeadId
    )
    .fetch_one(&mut *conn)
    .await?;
    if earned {
        return Err(Error::Conflict("This lead has earned you a commission: it can't be taken back any more.".into()));
    }
    sqlx::query!(
        "update leads set withdrawn_at = $3, updated_at = $3 where program_id = $1 and id = $2",
        program as ProgramId,
        id as LeadId,
        moment.at
    )
    .execute(&mut *conn)
    .await?;
    claims::release(conn, program, id, &Claims::default()).await?;
    super::event(conn, moment, actor, id, LeadEventKind::Withdrawn, At::default(), &EventDetails::default()).await
}
