//! Partners: listed, let in, and seen with their balance.

use super::body::Body;
use super::key::{Key, Manage, Read};
use super::once::once;
use super::query::{Name, Page, Query, paging};
use super::written;
use crate::Shared;
use crate::problem::Problem;
use axum::Json;
use axum::extract::State;
use axum::response::Response;
use chrono::{DateTime, Utc};
use domain::links::short_path;
use domain::money::{Currency, Money};
use domain::partners::{EnrollmentStatus, Kinds, NewPartner, PartnerFilter, PartnerRow};
use domain::portal::link_server;
use domain::programs::Program;
use engine::{Moment, partners, reports};
use http::HeaderMap;
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

/// A partner.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Partner {
    /// Its code, unique in the program whatever the case.
    pub code: String,
    /// The person's name, or empty.
    pub name: String,
    /// The company, or empty.
    pub company: String,
    /// Its e-mail, or empty.
    pub email: String,
    /// Its standing.
    pub status: EnrollmentStatus,
    /// The link that bears its code.
    pub url: String,
    /// When it was enrolled.
    pub created_at: DateTime<Utc>,
}

impl Partner {
    fn of(server: &Shared, program: &Program, row: PartnerRow) -> Self {
        let url = url(server, program, &row.code);
        let PartnerRow { code, name, company, email, status, created_at, .. } = row;
        Self { code, name, company, email, status, url, created_at }
    }
}

/// The link that bears a partner's code.
fn url(server: &Shared, program: &Program, code: &str) -> String {
    let start = link_server(&server.public_url, &program.link_domain);
    format!("{start}{}", short_path(&program.slug, code))
}

/// A partner with what it is owed.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct PartnerWithBalance {
    /// The partner.
    #[serde(flatten)]
    pub partner: Partner,
    /// What it is owed and has been paid.
    pub balance: Balance,
}

/// What a partner is owed and has been paid.
#[derive(Clone, Copy, Debug, Serialize, ToSchema)]
pub struct Balance {
    /// Not yet due.
    pub held: Decimal,
    /// Awaiting payout; negative where clawbacks are carried forward.
    pub due: Decimal,
    /// Paid so far.
    pub paid: Decimal,
    /// The program's currency.
    pub currency: Currency,
}

/// An amount with its currency's decimals.
pub(super) fn rounded(money: Money) -> Decimal {
    money.currency.round(money.amount)
}

/// Which partners.
#[derive(Clone, Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct Which {
    /// Only those of this standing.
    #[param(inline)]
    status: Option<EnrollmentStatus>,
    /// The `next_cursor` of the page before.
    cursor: Option<String>,
    /// 1 to 100; 50 where not given.
    limit: Option<u32>,
}

/// List partners, newest first.
#[utoipa::path(
    get, path = "/api/v1/partners", tag = "partners", params(Which),
    responses(
        (status = 200, description = "A page of them", body = Page<Partner>),
        (status = "default", description = "A problem", body = Problem, content_type = "application/problem+json"),
    )
)]
pub async fn list(
    State(server): State<Shared>,
    key: Key<Read>,
    Query(which): Query<Which>,
) -> Result<Json<Page<Partner>>, Problem> {
    let paging = paging(which.cursor, which.limit)?;
    let filter = PartnerFilter { status: which.status, ..PartnerFilter::default() };
    let mut connection = server.pool.acquire().await.map_err(engine::Error::from)?;
    let page = partners::list(&mut connection, &key.actor, &filter, &paging).await?;
    Ok(Json(Page::of(page, |row| Partner::of(&server, &key.program, row))))
}

/// A partner to let in: active at once.
#[derive(Clone, Debug, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PartnerInput {
    /// Where it is reached, and by which it signs in.
    email: String,
    /// The person's name.
    name: String,
    /// Its code; made from the name where not given.
    #[serde(default)]
    code: Option<String>,
}

/// What is remembered of the answer: neither name nor e-mail.
#[derive(Deserialize, Serialize)]
struct Made {
    code: String,
    status: EnrollmentStatus,
    created_at: DateTime<Utc>,
}

/// Let a partner in.
#[utoipa::path(
    post, path = "/api/v1/partners", tag = "partners", request_body = PartnerInput,
    params(("Idempotency-Key" = Option<String>, Header, description = "The same again within 30 days gets the first answer")),
    responses(
        (status = 201, description = "Enrolled", body = Partner),
        (status = 200, description = "The same request again: the first answer", body = Partner),
        (status = "default", description = "A problem", body = Problem, content_type = "application/problem+json"),
    )
)]
pub async fn create(
    State(server): State<Shared>,
    key: Key<Manage>,
    headers: HeaderMap,
    Body(input): Body<PartnerInput>,
) -> Result<Response, Problem> {
    if input.email.trim().is_empty() {
        return Err(Problem::field("email", "This field is required."));
    }
    let moment = Moment::now();
    let new = NewPartner {
        name: input.name.clone(),
        company: String::new(),
        email: input.email.clone(),
        website: String::new(),
        code: input.code.clone(),
        kinds: Kinds { affiliate: true, ..Kinds::default() },
        status: EnrollmentStatus::Active,
    };
    let call = ("POST", "/partners", &input);
    let answered = once(&server, &key.actor, &headers, call, &moment, async |conn: &mut sqlx::PgConnection| {
        let partner = partners::create(conn, &moment, &key.actor, &new).await?;
        Ok(Made { code: partner.code, status: new.status, created_at: moment.at })
    })
    .await?;
    let Made { code, status, created_at } = answered.answer;
    let partner = Partner {
        url: url(&server, &key.program, &code),
        code,
        name: input.name.trim().to_owned(),
        company: String::new(),
        email: input.email.trim().to_owned(),
        status,
        created_at,
    };
    Ok(written(answered.replayed, partner))
}

/// See a partner and its balance, by its code, present or past.
#[utoipa::path(
    get, path = "/api/v1/partners/{code}", tag = "partners", params(("code" = String, Path, description = "The partner's code")),
    responses(
        (status = 200, description = "The partner", body = PartnerWithBalance),
        (status = "default", description = "A problem", body = Problem, content_type = "application/problem+json"),
    )
)]
pub async fn one(
    State(server): State<Shared>,
    key: Key<Read>,
    Name(code): Name,
) -> Result<Json<PartnerWithBalance>, Problem> {
    let mut connection = server.pool.acquire().await.map_err(engine::Error::from)?;
    let row = partners::detail_by_code(&mut connection, &key.actor, &code).await?.partner;
    let balance = reports::balance(&mut connection, &key.actor, row.id).await?;
    let balance = Balance {
        held: rounded(balance.held),
        due: rounded(balance.due),
        paid: rounded(balance.paid),
        currency: balance.due.currency,
    };
    Ok(Json(PartnerWithBalance { partner: Partner::of(&server, &key.program, row), balance }))
}
