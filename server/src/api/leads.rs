//! Leads: added, listed, changed and moved.

use super::body::{Body, JsonOrXml};
use super::key::{Key, Manage, ReadLeads, WriteLeads};
use super::once::once;
use super::partners::rounded;
use super::query::{Name, Page, Query, paging};
use super::written;
use crate::Shared;
use crate::problem::Problem;
use axum::Json;
use axum::extract::State;
use axum::response::Response;
use chrono::{DateTime, NaiveDate, Utc};
use domain::accounts::Actor;
use domain::conversations::{NewMessage, To};
use domain::ids::{EnrollmentId, LeadGroupId, LeadId, LeadTypeId};
use domain::leads::{
    BETWEEN, EMAIL, GivenConsent, LeadDetail, LeadFilter, LeadRow, Move, NAME, NewLead, Outcome, Sent, Stage,
};
use domain::money::{Currency, amount_text};
use domain::programs::Program;
use domain::text::FieldError;
use engine::{Error, Moment, conversations, leads, partners};
use http::HeaderMap;
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use sqlx::PgConnection;
use std::collections::BTreeMap;
use utoipa::{IntoParams, ToSchema};

/// A lead as lists have it.
#[derive(Clone, Debug, Deserialize, Serialize, ToSchema)]
pub struct ListedLead {
    /// Our id.
    pub id: LeadId,
    /// Who introduced it.
    pub partner_code: String,
    /// The name of its group.
    pub lead_group: String,
    /// The name of its stage.
    pub stage: String,
    /// The kind of its stage.
    pub stage_kind: Stage,
    /// What happens next, in words for the partner; may be empty.
    pub next_step: String,
    /// What became of it.
    pub outcome: Outcome,
    /// Its e-mail; empty once it is erased.
    pub email: String,
    /// Who it is, or empty.
    pub name: String,
    /// What the deal is worth, where it is known.
    pub deal_value: Option<Decimal>,
    /// What its partner has earned by it and by its customer, clawbacks taken off.
    pub commission: Decimal,
    /// The program's currency.
    pub currency: Currency,
    /// Whether it repeats another; told to the program's own keys alone.
    pub duplicate: bool,
    /// Whether its partner has taken it back.
    pub withdrawn: bool,
    /// When it was added.
    pub created_at: DateTime<Utc>,
    /// When anything about it changed.
    pub updated_at: DateTime<Utc>,
}

impl From<LeadRow> for ListedLead {
    fn from(row: LeadRow) -> Self {
        Self {
            id: row.id,
            partner_code: row.partner.code,
            lead_group: row.group,
            stage: row.stage.name,
            stage_kind: row.stage.kind,
            next_step: row.next_step,
            outcome: row.outcome,
            email: row.email,
            name: row.name,
            deal_value: row.deal_value.map(rounded),
            commission: rounded(row.commission),
            currency: row.commission.currency,
            duplicate: row.duplicate,
            withdrawn: row.withdrawn,
            created_at: row.created_at,
            updated_at: row.updated_at,
        }
    }
}

/// A lead with what was filled in.
#[derive(Clone, Debug, Deserialize, Serialize, ToSchema)]
pub struct Lead {
    /// As lists have it.
    #[serde(flatten)]
    pub lead: ListedLead,
    /// The name of its type, or empty.
    pub lead_type: String,
    /// Why it is at its stage, in the team's words; may be empty.
    pub reason: String,
    /// What was filled in, by the keys of its form.
    pub fields: BTreeMap<String, String>,
}

impl From<LeadDetail> for Lead {
    fn from(detail: LeadDetail) -> Self {
        let LeadDetail { row, answers, reason, lead_type, .. } = detail;
        let own = [(EMAIL, answers.email), (NAME, answers.name)].into_iter().filter(|(_, text)| !text.is_empty());
        let fields = own.map(|(key, text)| (key.to_owned(), text)).chain(answers.fields).collect();
        Self { lead: row.into(), lead_type, reason, fields }
    }
}

impl Lead {
    /// What is remembered of an answer: nothing of the person.
    fn without_person(mut self) -> Self {
        (self.lead.email, self.lead.name) = (String::new(), String::new());
        self.fields.clear();
        self
    }

    /// The answer with the person as the lead has it now.
    async fn with_person(mut self, server: &Shared, moment: &Moment, actor: &Actor) -> Result<Self, Problem> {
        let mut connection = server.pool.acquire().await.map_err(Error::from)?;
        let now = Self::from(leads::detail(&mut connection, moment, actor, self.lead.id).await?);
        (self.lead.email, self.lead.name, self.fields) = (now.lead.email, now.lead.name, now.fields);
        Ok(self)
    }
}

async fn answer(conn: &mut PgConnection, moment: &Moment, actor: &Actor, id: LeadId) -> engine::Result<Lead> {
    Ok(Lead::from(leads::detail(conn, moment, actor, id).await?).without_person())
}

/// Which leads.
#[derive(Clone, Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct Which {
    /// Of the partner with this code, present or past.
    partner_code: Option<String>,
    /// Of the group with this name or id.
    lead_group: Option<String>,
    /// At stages of this kind, or at the stage with this name or id.
    stage: Option<String>,
    /// With this in the e-mail or the name.
    search: Option<String>,
    /// Also those that their partner has taken back.
    withdrawn: Option<bool>,
    /// Added on this day or later, in the program's time zone.
    from: Option<NaiveDate>,
    /// Added on this day or earlier, in the program's time zone.
    to: Option<NaiveDate>,
    /// The `next_cursor` of the page before.
    cursor: Option<String>,
    /// 1 to 100; 50 where not given.
    limit: Option<u32>,
}

/// List leads, newest first.
#[utoipa::path(
    get, path = "/api/v1/leads", tag = "leads", params(Which),
    responses(
        (status = 200, description = "A page of them", body = Page<ListedLead>),
        (status = "default", description = "A problem", body = Problem, content_type = "application/problem+json"),
    )
)]
pub async fn list(
    State(server): State<Shared>,
    key: Key<ReadLeads>,
    Query(which): Query<Which>,
) -> Result<Json<Page<ListedLead>>, Problem> {
    let paging = paging(which.cursor, which.limit)?;
    let mut connection = server.pool.acquire().await.map_err(Error::from)?;
    let kind = which.stage.as_deref().and_then(|text| text.parse::<Stage>().ok());
    let stage = match which.stage.filter(|_| kind.is_none()) {
        Some(text) => Some(stage_named(&mut connection, &key.program, &text).await?),
        None => None,
    };
    let filter = LeadFilter {
        search: which.search.unwrap_or_default(),
        kind,
        stage,
        group: group(&mut connection, &key.program, which.lead_group.as_deref()).await?,
        partner_code: which.partner_code.unwrap_or_default(),
        withdrawn: which.withdrawn.unwrap_or_default(),
        from: which.from,
        to: which.to,
        ..LeadFilter::default()
    };
    let page = leads::list(&mut connection, &Moment::now(), &key.actor, &filter, &paging).await?;
    Ok(Json(Page::of(page, ListedLead::from)))
}

async fn stage_named(
    conn: &mut PgConnection,
    program: &Program,
    text: &str,
) -> engine::Result<domain::ids::LeadStageId> {
    let found = leads::stage_named(conn, program.id, text).await?;
    found.ok_or_else(|| Error::field("stage", "There is no such stage."))
}

/// The group with a name or id; none where none is given.
pub(super) async fn group(
    conn: &mut PgConnection,
    program: &Program,
    text: Option<&str>,
) -> engine::Result<Option<LeadGroupId>> {
    let Some(text) = text else { return Ok(None) };
    let found = leads::group_named(conn, program.id, text).await?;
    found.map(Some).ok_or_else(|| Error::field("lead_group", "There is no such group of leads."))
}

/// The type with a name or id in a group, or in the default one; none where none is given.
async fn lead_type(
    conn: &mut PgConnection,
    program: &Program,
    group: Option<LeadGroupId>,
    text: Option<&str>,
) -> engine::Result<Option<LeadTypeId>> {
    let Some(text) = text else { return Ok(None) };
    let found = leads::type_named(conn, program.id, group, text).await?;
    found.map(Some).ok_or_else(|| Error::field("lead_type", "There is no such type in this group of leads."))
}

/// Whose lead it is: the partner's to whom the key is bound, else the one named.
pub(super) async fn partner(
    conn: &mut PgConnection,
    actor: &Actor,
    code: Option<&str>,
) -> engine::Result<EnrollmentId> {
    match (code.map(str::trim).filter(|code| !code.is_empty()), actor.partner()) {
        (None, Some(own)) => Ok(own),
        (None, None) => Err(Error::field("partner_code", "This field is required.")),
        // Another's is as unknown as nobody's.
        (Some(code), Some(_)) => Ok(partners::find_by_code(conn, actor, code).await?.id),
        (Some(code), None) => match partners::find_by_code(conn, actor, code).await {
            Ok(found) => Ok(found.id),
            Err(Error::NotFound(_)) => Err(Error::field("partner_code", "There is no such partner.")),
            Err(error) => Err(error),
        },
    }
}

/// See a lead.
#[utoipa::path(
    get, path = "/api/v1/leads/{id}", tag = "leads", params(("id" = String, Path, description = "The lead's id")),
    responses(
        (status = 200, description = "The lead", body = Lead),
        (status = "default", description = "A problem", body = Problem, content_type = "application/problem+json"),
    )
)]
pub async fn one(State(server): State<Shared>, key: Key<ReadLeads>, Name(id): Name) -> Result<Json<Lead>, Problem> {
    let id = lead(&id)?;
    let mut connection = server.pool.acquire().await.map_err(Error::from)?;
    Ok(Json(leads::detail(&mut connection, &Moment::now(), &key.actor, id).await?.into()))
}

/// A lead's id; what can't be one is no lead's.
fn lead(id: &str) -> Result<LeadId, Problem> {
    id.parse().map_err(|_| Problem::not_found("lead"))
}

/// A lead to add.
#[derive(Clone, Debug, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct LeadInput {
    /// The name or id of its group; the program's default one where not given.
    #[serde(default)]
    lead_group: Option<String>,
    /// The name or id of a type of its group.
    #[serde(default)]
    lead_type: Option<String>,
    /// Who introduces it; a partner's own key may leave it out.
    #[serde(default)]
    partner_code: Option<String>,
    /// What was filled in, by the keys of the group's form: `email`, `name` and those of its fields. Each is a text, a
    /// number, true or false, or a list of texts.
    #[schema(value_type = BTreeMap<String, Value>)]
    fields: BTreeMap<String, Value>,
    /// The consent that was given to the company or the partner, kept as evidence.
    #[serde(default)]
    consent: Option<GivenConsent>,
}

/// What was sent for the fields, as texts; null is none.
fn texts(fields: &BTreeMap<String, Value>) -> engine::Result<BTreeMap<String, Option<String>>> {
    let plain = |value: &Value| match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        Value::Bool(yes) => Some(if *yes { "Yes" } else { "No" }.to_owned()),
        Value::Null | Value::Array(_) | Value::Object(_) => None,
    };
    let mut errors = Vec::new();
    let mut sent = BTreeMap::new();
    for (key, value) in fields {
        let text = match value {
            Value::Null => Some(None),
            Value::Array(values) => {
                values.iter().map(plain).collect::<Option<Vec<_>>>().map(|all| Some(all.join(BETWEEN)))
            }
            value => plain(value).map(Some),
        };
        match text {
            Some(text) => _ = sent.insert(key.clone(), text),
            None => {
                errors.push(FieldError::new(key.as_str(), "Send a text, a number, true or false, or a list of texts."))
            }
        }
    }
    if errors.is_empty() { Ok(sent) } else { Err(Error::Invalid(errors)) }
}

/// An error of a form, by the names in the body.
fn in_fields(error: Error) -> Error {
    let named = |error: FieldError| match error.field.starts_with("consent.") || error.field == "lead_type" {
        true => error,
        false => FieldError::new(format!("fields.{}", error.field), error.message),
    };
    match error {
        Error::Invalid(errors) => Error::Invalid(errors.into_iter().map(named).collect()),
        error => error,
    }
}

/// Add a lead.
#[utoipa::path(
    post, path = "/api/v1/leads", tag = "leads",
    request_body(content((LeadInput = "application/json"), (LeadInput = "application/xml"))),
    params(("Idempotency-Key" = Option<String>, Header, description = "The same again within 30 days gets the first answer")),
    responses(
        (status = 201, description = "Added", body = Lead),
        (status = 200, description = "The same request again: the first answer", body = Lead),
        (status = "default", description = "A problem", body = Problem, content_type = "application/problem+json"),
    )
)]
pub async fn create(
    State(server): State<Shared>,
    key: Key<WriteLeads>,
    headers: HeaderMap,
    JsonOrXml(input): JsonOrXml<LeadInput>,
) -> Result<Response, Problem> {
    let moment = Moment::now();
    let call = ("POST", "/leads", &input);
    let answered = once(&server, &key.actor, &headers, call, &moment, async |conn: &mut PgConnection| {
        let partner = partner(conn, &key.actor, input.partner_code.as_deref()).await?;
        let group = group(conn, &key.program, input.lead_group.as_deref()).await?;
        let lead_type = lead_type(conn, &key.program, group, input.lead_type.as_deref()).await?;
        let sent = texts(&input.fields).map_err(in_fields)?;
        let lead = NewLead {
            group,
            lead_type,
            sent: sent.into_iter().filter_map(|(key, text)| Some((key, text?))).collect(),
            by: "api".to_owned(),
            consent: input.consent.clone(),
            ..NewLead::default()
        };
        let id = leads::submit(conn, &moment, &key.actor, partner, &lead).await.map_err(in_fields)?;
        answer(conn, &moment, &key.actor, id).await
    })
    .await?;
    let lead = answered.answer.with_person(&server, &moment, &key.actor).await?;
    Ok(written(answered.replayed, lead))
}

/// What changes of a lead.
#[derive(Clone, Debug, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct LeadChange {
    /// The fields that change; null takes an answer away, what isn't named stays.
    #[schema(value_type = BTreeMap<String, Value>)]
    fields: BTreeMap<String, Value>,
}

/// Change what was filled in. A partner's own key may while the lead is open.
#[utoipa::path(
    patch, path = "/api/v1/leads/{id}", tag = "leads", request_body = LeadChange,
    params(
        ("id" = String, Path, description = "The lead's id"),
        ("Idempotency-Key" = Option<String>, Header, description = "The same again within 30 days gets the first answer"),
    ),
    responses(
        (status = 200, description = "Changed", body = Lead),
        (status = "default", description = "A problem", body = Problem, content_type = "application/problem+json"),
    )
)]
pub async fn edit(
    State(server): State<Shared>,
    key: Key<WriteLeads>,
    Name(id): Name,
    headers: HeaderMap,
    Body(input): Body<LeadChange>,
) -> Result<Json<Lead>, Problem> {
    let id = lead(&id)?;
    let moment = Moment::now();
    let path = format!("/leads/{id}");
    let call = ("PATCH", path.as_str(), &input);
    let answered = once(&server, &key.actor, &headers, call, &moment, async |conn: &mut PgConnection| {
        let before = leads::detail(conn, &moment, &key.actor, id).await?;
        let seen = before.row.updated_at;
        let mut sent: Sent = Lead::from(before).fields;
        for (field, text) in texts(&input.fields).map_err(in_fields)? {
            match text {
                Some(text) => _ = sent.insert(field, text),
                None => _ = sent.remove(&field),
            }
        }
        leads::edit(conn, &moment, &key.actor, id, seen, &sent, "").await.map_err(in_fields)?;
        answer(conn, &moment, &key.actor, id).await
    })
    .await?;
    Ok(Json(answered.answer.with_person(&server, &moment, &key.actor).await?))
}

/// Something to say about a lead.
#[derive(Clone, Debug, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CommentInput {
    /// What, at most 10,000 characters.
    text: String,
}

/// What was said about a lead.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Comment {
    /// What.
    pub text: String,
    /// When.
    pub created_at: DateTime<Utc>,
}

/// An error of a message, by the name in the body.
fn of_text(error: Error) -> Error {
    match error {
        Error::Invalid(errors) => {
            Error::Invalid(errors.into_iter().map(|error| FieldError::new("text", error.message)).collect())
        }
        error => error,
    }
}

/// Comment on a lead: the team and its partner talk about it.
#[utoipa::path(
    post, path = "/api/v1/leads/{id}/comments", tag = "leads", request_body = CommentInput,
    params(
        ("id" = String, Path, description = "The lead's id"),
        ("Idempotency-Key" = Option<String>, Header, description = "The same again within 30 days gets the first answer"),
    ),
    responses(
        (status = 201, description = "Said", body = Comment),
        (status = 200, description = "The same request again: the first answer", body = Comment),
        (status = "default", description = "A problem", body = Problem, content_type = "application/problem+json"),
    )
)]
pub async fn comment(
    State(server): State<Shared>,
    key: Key<WriteLeads>,
    Name(id): Name,
    headers: HeaderMap,
    Body(input): Body<CommentInput>,
) -> Result<Response, Problem> {
    let id = lead(&id)?;
    let moment = Moment::now();
    let path = format!("/leads/{id}/comments");
    let call = ("POST", path.as_str(), &input);
    let answered = once(&server, &key.actor, &headers, call, &moment, async |conn: &mut PgConnection| {
        let message = NewMessage { to: To::Lead(id), id: moment.id(), body: input.text.clone(), file: None };
        conversations::send(conn, &moment, &key.actor, &message).await.map_err(of_text)?;
        Ok(moment.at)
    })
    .await?;
    Ok(written(answered.replayed, Comment { text: input.text.trim().to_owned(), created_at: answered.answer }))
}

/// Where a lead moves.
#[derive(Clone, Debug, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct StageInput {
    /// The name or id of a stage, or its kind: the first stage of that kind.
    stage: String,
    /// Why; the partner sees it. Some stages need it.
    #[serde(default)]
    reason: Option<String>,
    /// What the deal is worth, where it is won.
    #[serde(default, with = "amount_text::option")]
    deal_value: Option<Decimal>,
}

/// Move a lead to another stage.
#[utoipa::path(
    post, path = "/api/v1/leads/{id}/stage", tag = "leads", request_body = StageInput,
    params(
        ("id" = String, Path, description = "The lead's id"),
        ("Idempotency-Key" = Option<String>, Header, description = "The same again within 30 days gets the first answer"),
    ),
    responses(
        (status = 200, description = "Moved", body = Lead),
        (status = "default", description = "A problem", body = Problem, content_type = "application/problem+json"),
    )
)]
pub async fn set_stage(
    State(server): State<Shared>,
    key: Key<Manage>,
    Name(id): Name,
    headers: HeaderMap,
    Body(input): Body<StageInput>,
) -> Result<Json<Lead>, Problem> {
    let id = lead(&id)?;
    let moment = Moment::now();
    let path = format!("/leads/{id}/stage");
    let call = ("POST", path.as_str(), &input);
    let answered = once(&server, &key.actor, &headers, call, &moment, async |conn: &mut PgConnection| {
        let stage = stage_named(conn, &key.program, &input.stage).await?;
        let reason = input.reason.clone().unwrap_or_default();
        let to = Move { stage, reason, deal_value: input.deal_value, customer: String::new() };
        leads::move_to(conn, &moment, &key.actor, id, &to).await?;
        answer(conn, &moment, &key.actor, id).await
    })
    .await?;
    Ok(Json(answered.answer.with_person(&server, &moment, &key.actor).await?))
}
