//! The demo's shop: a company as Tributary's users are one. Its pages carry the snippet, and its server reports to the
//! API over HTTP with a key of its own. In demo mode only.

mod reporter;

use crate::Shared;
use askama::Template;
use axum::extract::{Form, State};
use axum::response::{Html, IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use axum::{Extension, Router};
use domain::commissions::TrackedCommission;
use domain::customers::{NewCustomer, TrackSignup};
use domain::sales::{TrackRefund, TrackSale};
use domain::why::Why;
use engine::Moment;
use http::{HeaderMap, HeaderValue, StatusCode, header};
use reporter::{Refused, Reporter};
use serde::Deserialize;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use uuid::Uuid;

/// The demo's program that the shop belongs to.
const PROGRAM: &str = "acme";
/// How many visitors' accounts are kept, in memory: it is a demo.
const MOST: usize = 1_000;
const COOKIE: &str = "shop_customer";

struct Product {
    name: &'static str,
    price: &'static str,
}

const PRODUCTS: &[Product] =
    &[Product { name: "Team plan", price: "49.00" }, Product { name: "Studio plan", price: "129.00" }];

/// The shop's own memory.
struct Shop {
    reporter: Reporter,
    customers: Mutex<HashMap<Uuid, Customer>>,
}

#[derive(Clone)]
struct Customer {
    name: String,
    email: String,
    purchases: Vec<Purchase>,
    reports: Vec<Report>,
}

#[derive(Clone)]
struct Purchase {
    event_id: String,
    product: &'static str,
    price: &'static str,
    refunded: bool,
}

/// What Tributary answered to a report.
#[derive(Clone)]
struct Report {
    title: String,
    lines: Vec<String>,
    why: Why,
}

impl Shop {
    fn customers(&self) -> MutexGuard<'_, HashMap<Uuid, Customer>> {
        self.customers.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Who the visitor's cookie says it is.
    fn visitor(&self, headers: &HeaderMap) -> Option<(Uuid, Customer)> {
        let id = access::cookie(headers, COOKIE)?.parse().ok()?;
        let customer = self.customers().get(&id)?.clone();
        Some((id, customer))
    }

    fn change(&self, id: Uuid, change: impl FnOnce(&mut Customer)) {
        if let Some(customer) = self.customers().get_mut(&id) {
            change(customer);
        }
    }
}

/// The shop's pages, in demo mode.
pub fn router(server: &Shared) -> Router<Shared> {
    if !server.demo {
        return Router::new();
    }
    let shop = Arc::new(Shop { reporter: Reporter::new(server), customers: Mutex::default() });
    Router::new()
        .route("/shop", get(land))
        .route("/shop/sign-up", post(sign_up))
        .route("/shop/account", get(account))
        .route("/shop/buy", post(buy))
        .route("/shop/refund", post(refund))
        .route("/shop/sign-out", post(sign_out))
        .route("/shop/shop.js", get(script))
        .layer(Extension(shop))
}

#[derive(Template)]
#[template(path = "shop/land.html")]
struct Land {
    css: String,
    program: &'static str,
    consent: bool,
    problem: Option<String>,
}

#[derive(Template)]
#[template(path = "shop/account.html")]
struct Account {
    css: String,
    program: &'static str,
    currency: String,
    products: &'static [Product],
    customer: Customer,
    problem: Option<String>,
}

/// A page of the shop's, with leave to load the shop's own files.
fn page(status: StatusCode, template: &impl Template) -> Response {
    const POLICY: &str =
        "default-src 'self'; object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'";
    let headers = [(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(POLICY))];
    match template.render() {
        Ok(html) => (status, headers, Html(html)).into_response(),
        Err(error) => {
            tracing::error!(%error, "a page of the shop");
            StatusCode::INTERNAL_SERVER_ERROR.into_response()
        }
    }
}

async fn land(State(server): State<Shared>) -> Response {
    landing(&server, StatusCode::OK, None)
}

fn landing(server: &Shared, status: StatusCode, problem: Option<String>) -> Response {
    let consent = server.links.program(PROGRAM).is_some_and(|program| program.consent_required);
    page(status, &Land { css: server.leptos.css_path(), program: PROGRAM, consent, problem })
}

async fn script() -> impl IntoResponse {
    let headers =
        [(header::CONTENT_TYPE, "text/javascript; charset=utf-8"), (header::CACHE_CONTROL, "public, max-age=3600")];
    (headers, include_str!("shop.js"))
}

#[derive(Deserialize)]
struct SignUp {
    name: String,
    email: String,
    #[serde(default)]
    click_id: String,
    #[serde(default)]
    promo_code: String,
}

async fn sign_up(
    State(server): State<Shared>,
    Extension(shop): Extension<Arc<Shop>>,
    Form(form): Form<SignUp>,
) -> Response {
    let filled = |text: &str| Some(text.trim().to_owned()).filter(|text| !text.is_empty());
    let id: Uuid = Moment::now().id();
    let event = TrackSignup {
        event_id: format!("shop-{id}"),
        customer: NewCustomer {
            external_id: format!("shop-{id}"),
            email: filled(&form.email),
            name: filled(&form.name),
        },
        click_id: filled(&form.click_id),
        promo_code: filled(&form.promo_code),
        ..TrackSignup::default()
    };
    let answer = match shop.reporter.signup(&event).await {
        Ok(answer) => answer,
        Err(refused) => return landing(&server, StatusCode::UNPROCESSABLE_ENTITY, Some(refused.words)),
    };
    let attributed = match &answer.referral {
        Some(referral) => format!("Attributed to {}.", referral.partner_code),
        None => "Attributed to nobody.".into(),
    };
    let lines = std::iter::once(attributed).chain(answer.commissions.iter().map(earned)).collect();
    let report = Report { title: "Sign-up".into(), lines, why: answer.why };
    let customer = Customer { name: form.name, email: form.email, purchases: Vec::new(), reports: vec![report] };
    let mut customers = shop.customers();
    if customers.len() >= MOST {
        customers.clear();
    }
    customers.insert(id, customer);
    let secure = if server.is_https() { "; Secure" } else { "" };
    let cookie = format!("{COOKIE}={id}; Path=/shop; HttpOnly; SameSite=Lax{secure}");
    ([(header::SET_COOKIE, cookie)], Redirect::to("/shop/account")).into_response()
}

async fn account(State(server): State<Shared>, Extension(shop): Extension<Arc<Shop>>, headers: HeaderMap) -> Response {
    match shop.visitor(&headers) {
        Some((_, customer)) => standing(&server, &shop, customer, StatusCode::OK, None).await,
        None => Redirect::to("/shop").into_response(),
    }
}

async fn standing(
    server: &Shared,
    shop: &Shop,
    customer: Customer,
    status: StatusCode,
    problem: Option<String>,
) -> Response {
    let currency = shop.reporter.currency().await.unwrap_or_default();
    let css = server.leptos.css_path();
    page(status, &Account { css, program: PROGRAM, currency, products: PRODUCTS, customer, problem })
}

#[derive(Deserialize)]
struct Buy {
    product: String,
}

async fn buy(
    State(server): State<Shared>,
    Extension(shop): Extension<Arc<Shop>>,
    headers: HeaderMap,
    Form(form): Form<Buy>,
) -> Response {
    let Some((id, customer)) = shop.visitor(&headers) else { return Redirect::to("/shop").into_response() };
    let Some(product) = PRODUCTS.iter().find(|product| product.name == form.product) else {
        return StatusCode::UNPROCESSABLE_ENTITY.into_response();
    };
    let event_id = format!("shop-sale-{}", Moment::now().id::<Uuid>());
    let answer = async {
        let event = TrackSale {
            event_id: event_id.clone(),
            customer_id: format!("shop-{id}"),
            amount: product.price.parse().unwrap_or_default(),
            currency: shop.reporter.currency().await?,
            product: Some(product.name.to_owned()),
            invoice_id: None,
            click_id: None,
            promo_code: None,
            partner_code: None,
            occurred_at: None,
        };
        shop.reporter.sale(&event).await
    };
    match answer.await {
        Ok(answer) => {
            let title = format!("Sale of {} for {} {}", product.name, product.price, answer.sale.currency);
            let lines = if answer.commissions.is_empty() {
                vec!["It earned nobody anything.".into()]
            } else {
                answer.commissions.iter().map(earned).collect()
            };
            shop.change(id, |customer| {
                let Product { name, price } = product;
                customer.purchases.push(Purchase { event_id, product: name, price, refunded: false });
                customer.reports.push(Report { title, lines, why: answer.why });
            });
            Redirect::to("/shop/account").into_response()
        }
        Err(refused) => standing(&server, &shop, customer, StatusCode::UNPROCESSABLE_ENTITY, Some(refused.words)).await,
    }
}

#[derive(Deserialize)]
struct Refund {
    event_id: String,
}

async fn refund(
    State(server): State<Shared>,
    Extension(shop): Extension<Arc<Shop>>,
    headers: HeaderMap,
    Form(form): Form<Refund>,
) -> Response {
    let Some((id, customer)) = shop.visitor(&headers) else { return Redirect::to("/shop").into_response() };
    let Some(purchase) = customer.purchases.iter().find(|purchase| purchase.event_id == form.event_id) else {
        return StatusCode::UNPROCESSABLE_ENTITY.into_response();
    };
    let event = TrackRefund {
        event_id: format!("refund-{}", purchase.event_id),
        sale_event_id: purchase.event_id.clone(),
        reason: Some("Asked for in the shop".into()),
        ..TrackRefund::default()
    };
    match shop.reporter.refund(&event).await {
        Ok(answer) => {
            let title = format!("Refund of {} {}", answer.refund.amount, answer.refund.currency);
            let lines = answer.commissions.iter().map(taken_back).collect();
            shop.change(id, |customer| {
                if let Some(purchase) =
                    customer.purchases.iter_mut().find(|purchase| purchase.event_id == form.event_id)
                {
                    purchase.refunded = true;
                }
                customer.reports.push(Report { title, lines, why: answer.why });
            });
            Redirect::to("/shop/account").into_response()
        }
        Err(Refused { words }) => {
            standing(&server, &shop, customer, StatusCode::UNPROCESSABLE_ENTITY, Some(words)).await
        }
    }
}

async fn sign_out() -> Response {
    let cookie = format!("{COOKIE}=; Path=/shop; Max-Age=0; HttpOnly; SameSite=Lax");
    ([(header::SET_COOKIE, cookie)], Redirect::to("/shop")).into_response()
}

/// A commission in a sentence.
fn earned(commission: &TrackedCommission) -> String {
    let TrackedCommission { partner_code, amount, currency, status, .. } = commission;
    format!("{partner_code} earns {amount} {currency} ({status}).")
}

/// What was taken back of a commission, in a sentence.
fn taken_back(commission: &TrackedCommission) -> String {
    let TrackedCommission { partner_code, clawed_back, amount, currency, status, .. } = commission;
    format!("{clawed_back} of {partner_code}'s {amount} {currency} is taken back ({status}).")
}
