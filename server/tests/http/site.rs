//! A server on a port of its own, and a client that does only what it is told: no redirects, no cookies.

use axum::body::Bytes;
use domain::accounts::{Actor, Scope};
use domain::ids::{EnrollmentId, ProgramId};
use domain::integrations::NewApiKey;
use domain::offers::{Duration, OfferInput, Rate, Reward, Trigger};
use domain::partners::{EnrollmentStatus, Kinds, NewPartner};
use domain::programs::{NewProgram, ProgramInput};
use engine::accounts::setup::{NewOwner, create_admin};
use engine::integrations::api_keys;
use engine::secrets::Secrets;
use engine::{Moment, offers, partners, programs};
use http::{HeaderMap, Method, Request, StatusCode, header};
use http_body_util::{BodyExt, Full};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use leptos::config::LeptosOptions;
use serde_json::Value;
use server::{Parts, Server, Shared, router};
use sqlx::PgPool;
use std::net::SocketAddr;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

pub const PASSWORD: &str = "correct horse battery";

pub struct Site {
    pub base: String,
    pub pool: PgPool,
    pub program: ProgramId,
    /// A key of program `acme` with every scope.
    pub key: String,
    /// Partner `ada` of program `acme`.
    pub ada: EnrollmentId,
    client: Client<HttpConnector, Full<Bytes>>,
    server: Shared,
    serving: JoinHandle<()>,
}

impl Drop for Site {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

#[derive(Debug)]
pub struct Answer {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub body: Bytes,
}

impl Answer {
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|error| panic!("{error}: {}", self.text()))
    }

    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
    }

    /// The field at fault, of a 422.
    pub fn field(&self) -> String {
        assert_eq!(self.status, StatusCode::UNPROCESSABLE_ENTITY, "{}", self.text());
        self.json()["errors"][0]["field"].as_str().unwrap_or_default().to_owned()
    }

    /// Asserts a problem of this status, and returns it.
    pub fn problem(&self, status: u16) -> Value {
        assert_eq!(self.status.as_u16(), status, "{}", self.text());
        assert_eq!(self.header("content-type"), "application/problem+json");
        let problem = self.json();
        assert_eq!(problem["status"], status);
        for member in ["type", "title", "detail"] {
            assert!(problem[member].as_str().is_some_and(|words| !words.is_empty()), "{member}: {problem}");
        }
        problem
    }
}

/// A moment at which the clock stands.
pub fn now() -> Moment {
    Moment::now()
}

fn reward(trigger: Trigger, rate: Rate) -> Reward {
    Reward {
        trigger,
        rate,
        duration: Duration::Lifetime,
        hold_days: 30,
        product: None,
        minimum: None,
        cap: None,
        tiers: None,
    }
}

/// A program of an organization with 20 % for life and 5 for a sign-up, and one partner.
pub async fn program(pool: &PgPool, slug: &str, partner: &str) -> (ProgramId, EnrollmentId) {
    let owner = NewOwner {
        name: "Olive Owner".into(),
        email: format!("owner@{slug}.test"),
        password: PASSWORD.into(),
        organization: slug.into(),
    };
    let owner = create_admin(pool, &now(), &owner).await.expect("owner");
    let mut tx = pool.begin().await.expect("begin");
    let new = NewProgram {
        name: slug.to_uppercase(),
        slug: slug.into(),
        currency: "EUR".into(),
        time_zone: "UTC".into(),
        description: String::new(),
        website: format!("https://{slug}.test/home?lang=en"),
    };
    let program = programs::make(&mut tx, &now(), owner.organization, &new).await.expect("program").id;
    let actor = Actor::System { program };
    let offer = OfferInput {
        name: "Standard".into(),
        description: String::new(),
        rewards: vec![reward(Trigger::Sale, Rate::Percent(20.into())), reward(Trigger::SignUp, Rate::Flat(5.into()))],
        is_default: true,
    };
    offers::create(&mut tx, &now(), &actor, &offer).await.expect("offer");
    tx.commit().await.expect("commit");
    (program, join(pool, program, partner).await)
}

/// A further partner of a program.
pub async fn join(pool: &PgPool, program: ProgramId, partner: &str) -> EnrollmentId {
    let mut tx = pool.begin().await.expect("begin");
    let new = NewPartner {
        name: partner.into(),
        company: String::new(),
        email: format!("{partner}@partners.test"),
        website: String::new(),
        code: Some(partner.into()),
        kinds: Kinds { affiliate: true, ..Kinds::default() },
        status: EnrollmentStatus::Active,
    };
    let partner = partners::create(&mut tx, &now(), &Actor::System { program }, &new).await.expect("partner").id;
    tx.commit().await.expect("commit");
    partner
}

/// A key with these scopes.
pub async fn key(pool: &PgPool, program: ProgramId, scopes: &[Scope]) -> String {
    let new = NewApiKey { name: "test".into(), scopes: scopes.to_vec(), ..NewApiKey::default() };
    api_keys::create(pool, &now(), &Actor::System { program }, &new).await.expect("key").key
}

/// A key that submits a partner's leads.
pub async fn submit_key(pool: &PgPool, program: ProgramId, partner: &str) -> String {
    let new = NewApiKey { name: "theirs".into(), scopes: vec![Scope::Submit], partner_code: partner.into() };
    api_keys::create(pool, &now(), &Actor::System { program }, &new).await.expect("key").key
}

impl Site {
    pub async fn start(pool: PgPool) -> Self {
        Self::start_with(pool, |_| {}).await
    }

    /// Serves program `acme` with partner `ada`.
    pub async fn start_with(pool: PgPool, change: impl FnOnce(&mut Parts)) -> Self {
        let (program, ada) = program(&pool, "acme", "ada").await;
        let key = key(&pool, program, &Scope::OF_PROGRAM).await;
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("bind");
        let address = listener.local_addr().expect("address");
        let base = format!("http://{address}");
        let leptos = LeptosOptions::builder().output_name("tributary").site_root("/nowhere").site_addr(address).build();
        let secrets = Secrets::new("a secret for tests, long enough to be taken").expect("secret");
        let mut parts = Parts {
            pool: pool.clone(),
            secrets,
            public_url: base.clone(),
            demo: false,
            sends_mail: false,
            client_ip_header: None,
            country_header: None,
            leptos,
            files: engine::files::Store::memory(),
        };
        change(&mut parts);
        let server = Server::start(parts).await.expect("server");
        let service = router(&server).into_make_service_with_connect_info::<SocketAddr>();
        let serving = tokio::spawn(async move { axum::serve(listener, service).await.expect("serve") });
        let client = Client::builder(TokioExecutor::new()).build_http();
        Self { base, pool, program, key, ada, client, server, serving }
    }

    /// Changes the program's settings.
    pub async fn change_program(&self, change: impl FnOnce(&mut ProgramInput)) {
        let actor = Actor::System { program: self.program };
        let program = programs::get(&mut self.pool.acquire().await.expect("connection"), self.program).await;
        let program = program.expect("program");
        let mut input = ProgramInput {
            name: program.name,
            currency: program.currency.code().to_owned(),
            time_zone: program.time_zone,
            description: program.description,
            website: program.website,
            allowed_hosts: program.allowed_hosts,
            window_days: program.window_days,
            lead_window_days: program.lead_window_days,
            click_model: program.click_model,
            self_referral: program.self_referral,
            review_commissions: program.review_commissions,
            consent_required: program.consent_required,
            minimum_payment: program.minimum_payment,
            payment_day: program.payment_day,
            mask_customers: program.mask_customers,
        };
        change(&mut input);
        programs::update(&self.pool, &now(), &actor, &input).await.expect("settings");
    }

    pub async fn send(&self, method: Method, path: &str, headers: &[(&str, &str)], body: impl Into<Bytes>) -> Answer {
        let mut request = Request::builder().method(method).uri(format!("{}{path}", self.base));
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let request = request.body(Full::new(body.into())).expect("request");
        let answer = self.client.request(request).await.expect("answer");
        let (parts, body) = answer.into_parts();
        let body = body.collect().await.expect("body").to_bytes();
        Answer { status: parts.status, headers: parts.headers, body }
    }

    pub async fn get(&self, path: &str) -> Answer {
        self.send(Method::GET, path, &[], "").await
    }

    /// Reads by the API.
    pub async fn read(&self, path: &str) -> Answer {
        self.send(Method::GET, &format!("/api/v1{path}"), &[("authorization", &format!("Bearer {}", self.key))], "")
            .await
    }

    /// Posts to the API.
    pub async fn post(&self, path: &str, body: Value) -> Answer {
        self.post_with(path, &[], body.to_string()).await
    }

    pub async fn post_with(&self, path: &str, headers: &[(&str, &str)], body: String) -> Answer {
        let bearer = format!("Bearer {}", self.key);
        let mut all = vec![("authorization", bearer.as_str()), ("content-type", "application/json")];
        all.retain(|(name, _)| !headers.iter().any(|(other, _)| other == name));
        all.extend_from_slice(headers);
        self.send(Method::POST, &format!("/api/v1{path}"), &all, body).await
    }

    /// Waits until something holds that another task brings about.
    pub async fn until(&self, what: &str, holds: impl AsyncFn() -> bool) {
        for _ in 0..200 {
            if holds().await {
                return;
            }
            tokio::time::sleep(std::time::Duration::from_millis(25)).await;
        }
        panic!("not within five seconds: {what}");
    }

    /// Writes the views of banners that were counted.
    pub async fn flush_views(&self) {
        self.server.flush_views().await;
    }

    /// How many clicks ada's first link has had.
    pub async fn clicks(&self) -> i64 {
        self.read("/partners/ada/links").await.json()["data"][0]["clicks"].as_i64().expect("clicks")
    }
}

/// A header's values, lower-case name.
pub fn cookies(answer: &Answer) -> Vec<String> {
    let values = answer.headers.get_all(header::SET_COOKIE).iter();
    values.map(|value| value.to_str().expect("ASCII").to_owned()).collect()
}
