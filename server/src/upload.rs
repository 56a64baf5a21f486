//! What people upload, one route for each use: a form with fields and a file, posted by the browser itself or by the page.
//!
//! No server functions: those read a whole body before anything is known of who sends it, and know no limit.

use crate::{Shared, notice, pages};
use access::{Error, ImportSent, Result};
use axum::extract::multipart::{Field, Multipart};
use axum::extract::{DefaultBodyLimit, FromRequest, Path, Request, State};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::post;
use axum::{Json, Router};
use domain::accounts::{Actor, Power};
use domain::assets::{AssetInput, AssetKind};
use domain::conversations::{NewMessage, To};
use domain::files::{FilePurpose, MOST_FILE, MOST_IMAGE};
use domain::ids::{AssetId, BatchId, EnrollmentId, FileId, LeadId};
use domain::partners::ImportPreview;
use domain::payments::ResultsPreview;
use domain::portal::PortalPage;
use domain::sales::NewSubmittedSale;
use domain::text::FieldError;
use engine::Moment;
use engine::files::Upload;
use http::request::Parts;
use http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use sqlx::Postgres;
use sqlx::pool::PoolConnection;

/// The largest body: the largest file, and the fields beside it.
pub const BODY_LIMIT: usize = MOST_FILE + 512 * 1024;

/// The most fields of a form.
const FIELDS: usize = 200;

/// The longest text of a field, and the largest list of partners, in bytes.
const TEXT: usize = 4 * 1024 * 1024;

/// Whether this is the path of an upload.
pub fn is_upload(path: &str) -> bool {
    path.starts_with("/upload/") || path.ends_with("/partners/import")
}

/// Every upload.
pub fn router(server: &Shared) -> Router<Shared> {
    let page = pages::answering::<ImportSent>(server);
    let import = move |State(server): State<Shared>, Path(program): Path<String>, request: Request| {
        partners(server, program, request, page.clone())
    };
    let of = |path: &str| access::upload_path(path, "{program}");
    Router::new()
        .route("/admin/{program}/partners/import", post(import))
        .route(&of(access::UPLOAD_ASSET), post(asset))
        .route(&of(access::UPLOAD_LOGO), post(logo))
        .route(&of(access::UPLOAD_FAVICON), post(favicon))
        .route(&of(access::UPLOAD_PHOTO), post(photo))
        .route(&of(access::UPLOAD_RESULTS), post(results))
        .route(&of(access::UPLOAD_LEAD_FILE), post(lead_file))
        .route(&of(access::UPLOAD_TEAM_LEAD_FILE), post(team_lead_file))
        .route(&of(access::UPLOAD_SALE), post(sale))
        .route(&of(access::UPLOAD_MESSAGE), post(message))
        .route(&of(access::UPLOAD_TEAM_MESSAGE), post(team_message))
        // The limit around them is higher.
        .layer(DefaultBodyLimit::disable())
}

/// A form that was sent.
#[derive(Default)]
struct Form {
    fields: Vec<(String, String)>,
    file: Option<Upload>,
}

impl Form {
    fn text(&self, name: &str) -> &str {
        self.fields.iter().find(|(field, _)| field == name).map_or("", |(_, value)| value)
    }

    /// An id among the fields.
    fn id<T: std::str::FromStr>(&self, name: &str) -> Result<T> {
        self.text(name).parse().map_err(|_| Error::NotFound)
    }

    /// The file, for a form that is nothing without one.
    fn file(&mut self) -> Upload {
        self.file.take().unwrap_or_default()
    }
}

/// What is read of a request: its head stays at hand for those who ask who it is.
struct Sent {
    parts: Parts,
    form: Form,
}

impl Sent {
    /// Reads a form of somebody who is signed in, whose file is at most so long.
    async fn read(server: &Shared, parts: &Parts, body: axum::body::Body, most: usize) -> Result<Self> {
        pages::in_context(server, asked(parts), access::account()).await?;
        let request = Request::from_parts(parts.clone(), body);
        let mut multipart = Multipart::from_request(request, &()).await.map_err(|_| Error::Malformed)?;
        let mut form = Form::default();
        while let Some(field) = multipart.next_field().await.map_err(broken)? {
            let Some(name) = field.name().map(str::to_owned) else { continue };
            if let Some(file) = field.file_name().map(str::to_owned) {
                let bytes = limited(field, most).await?.ok_or_else(|| too_large(most))?;
                // A file input that was left empty is sent without a name.
                if name == "file" && !file.is_empty() {
                    form.file = Some(Upload { name: file, bytes });
                }
                continue;
            }
            let text = limited(field, TEXT).await?.and_then(|bytes| String::from_utf8(bytes).ok());
            // Postgres takes no NUL.
            let text = text.filter(|text| !text.contains('\0')).ok_or(Error::Malformed)?;
            form.fields.push((name, text));
            if form.fields.len() > FIELDS {
                return Err(Error::Malformed);
            }
        }
        Ok(Self { parts: parts.clone(), form })
    }
}

/// The head of a request, for asking who it is.
fn asked(parts: &Parts) -> Request {
    Request::from_parts(parts.clone(), axum::body::Body::empty())
}

/// A field's content; `None` where it is longer than that.
async fn limited(mut field: Field<'_>, most: usize) -> Result<Option<Vec<u8>>> {
    let mut bytes = Vec::new();
    while let Some(piece) = field.chunk().await.map_err(broken)? {
        if bytes.len() + piece.len() > most {
            return Ok(None);
        }
        bytes.extend_from_slice(&piece);
    }
    Ok(Some(bytes))
}

/// Keeps a file: that takes its time, and a connection of its own, so the asker's is given back, and fetched anew.
async fn kept(
    server: &Shared,
    conn: PoolConnection<Postgres>,
    moment: &Moment,
    actor: &Actor,
    purpose: FilePurpose,
    only_image: bool,
    upload: Upload,
) -> Result<(PoolConnection<Postgres>, FileId)> {
    drop(conn);
    let file = engine::files::keep(&server.pool, &server.files, moment, actor, purpose, only_image, upload).await?;
    Ok((server.pool.acquire().await?, file))
}

fn too_large(most: usize) -> Error {
    Error::field("file", domain::files::too_large(most))
}

fn broken(error: axum::extract::multipart::MultipartError) -> Error {
    if error.status() == StatusCode::PAYLOAD_TOO_LARGE { too_large(MOST_FILE) } else { Error::Malformed }
}

/// Lets on who may change the program that the address names: of nobody else the body is read. The connection is given back
/// meanwhile, since reading waits for the sender.
async fn may_edit(server: &Shared, parts: &Parts, program: &str) -> Result<()> {
    pages::in_context(server, asked(parts), access::admin(program)).await?.may(Power::EditProgram)
}

/// An asset that is made or changed, with its file where there is a new one.
async fn asset(State(server): State<Shared>, Path(program): Path<String>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let work = async {
        may_edit(&server, &parts, &program).await?;
        let Sent { parts, mut form } = Sent::read(&server, &parts, body, MOST_FILE).await?;
        let mut asking = pages::in_context(&server, asked(&parts), access::admin(&program)).await?;
        asking.may(Power::EditProgram)?;
        let kind: AssetKind = form.text("kind").parse().map_err(|_| Error::Malformed)?;
        let id = if form.text("id").is_empty() { None } else { Some(form.id::<AssetId>("id")?) };
        let groups = form.fields.iter().filter(|(name, _)| name == "groups");
        let groups = groups.map(|(_, id)| id.parse().map_err(|_| Error::Malformed)).collect::<Result<_>>()?;
        let mut input = AssetInput {
            kind,
            name: form.text("name").to_owned(),
            language: form.text("language").to_owned(),
            subject: form.text("subject").to_owned(),
            body: form.text("body").replace("\r\n", "\n"),
            destination: form.text("destination").trim().to_owned(),
            groups,
            file: None,
        };
        // What is wrong with the fields is told before a file is worked on.
        let errors = input.check();
        if !errors.is_empty() {
            return Err(Error::Invalid(errors));
        }
        if let Some(upload) = form.file.take().filter(|_| kind.has_file()) {
            let only_image = kind == AssetKind::Banner;
            let (conn, moment, actor) = (asking.conn, &asking.moment, &asking.actor);
            let (conn, file) = kept(&server, conn, moment, actor, FilePurpose::Asset, only_image, upload).await?;
            asking.conn = conn;
            input.file = Some(file);
        }
        let mut tx = access::begin(&mut asking.conn).await?;
        match id {
            Some(id) => engine::assets::edit(&mut tx, &asking.moment, &asking.actor, id, &input).await?,
            None => {
                engine::assets::create(&mut tx, &asking.moment, &asking.actor, &input).await?;
            }
        }
        tx.commit().await?;
        Ok(format!("/admin/{program}/assets"))
    };
    answer(work.await, &parts.headers, access::UPLOAD_ASSET)
}

async fn logo(State(server): State<Shared>, Path(program): Path<String>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let work = async {
        let (mut asking, file) = brand(&server, &program, &parts, body, FilePurpose::Logo).await?;
        let mut tx = access::begin(&mut asking.conn).await?;
        engine::files::set_logo(&mut tx, &asking.moment, &asking.actor, Some(file)).await?;
        tx.commit().await?;
        Ok(format!("/admin/{}/portal", asking.program.slug))
    };
    answer(work.await, &parts.headers, access::UPLOAD_LOGO)
}

async fn favicon(State(server): State<Shared>, Path(program): Path<String>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let work = async {
        let (mut asking, file) = brand(&server, &program, &parts, body, FilePurpose::Favicon).await?;
        let mut tx = access::begin(&mut asking.conn).await?;
        engine::files::set_favicon(&mut tx, &asking.moment, &asking.actor, Some(file)).await?;
        tx.commit().await?;
        Ok(format!("/admin/{}/portal", asking.program.slug))
    };
    answer(work.await, &parts.headers, access::UPLOAD_FAVICON)
}

/// An image of a program's brand.
async fn brand(
    server: &Shared,
    program: &str,
    parts: &Parts,
    body: axum::body::Body,
    purpose: FilePurpose,
) -> Result<(access::Admin, FileId)> {
    may_edit(server, parts, program).await?;
    let Sent { parts, mut form } = Sent::read(server, parts, body, MOST_IMAGE).await?;
    let mut asking = pages::in_context(server, asked(&parts), access::admin(program)).await?;
    asking.may(Power::EditProgram)?;
    let (conn, moment, actor) = (asking.conn, &asking.moment, &asking.actor);
    let (conn, file) = kept(server, conn, moment, actor, purpose, true, form.file()).await?;
    asking.conn = conn;
    Ok((asking, file))
}

/// A partner's photo of itself.
async fn photo(State(server): State<Shared>, Path(program): Path<String>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let work = async {
        pages::in_context(&server, asked(&parts), access::portal(&program)).await?;
        let Sent { parts, mut form } = Sent::read(&server, &parts, body, MOST_IMAGE).await?;
        let partner = form.id::<EnrollmentId>("partner")?;
        let who = access::this_partner(&program, partner, PortalPage::Dashboard);
        let mut asking = pages::in_context(&server, asked(&parts), who).await?;
        let (conn, moment, actor) = (asking.conn, &asking.moment, &asking.actor);
        let (conn, file) = kept(&server, conn, moment, actor, FilePurpose::Photo, true, form.file()).await?;
        asking.conn = conn;
        let mut tx = access::begin(&mut asking.conn).await?;
        engine::files::set_photo(&mut tx, &asking.moment, &asking.actor, partner, Some(file)).await?;
        tx.commit().await?;
        Ok(PortalPage::Dashboard.href(&program))
    };
    answer(work.await, &parts.headers, access::UPLOAD_PHOTO)
}

/// The partner for whom something is sent with a file. Who may not send is told so before the file is read.
async fn of_partner(
    server: &Shared,
    program: &str,
    parts: &Parts,
    body: axum::body::Body,
    page: PortalPage,
) -> Result<(access::Partner, Form)> {
    pages::in_context(server, asked(parts), access::partner(program, page)).await?;
    let Sent { parts, form } = Sent::read(server, parts, body, MOST_FILE).await?;
    let who = access::this_partner(program, form.id("partner")?, page);
    Ok((pages::in_context(server, asked(&parts), who).await?, form))
}

/// Somebody of the team who works on leads and sends a file, likewise.
async fn of_team(
    server: &Shared,
    program: &str,
    parts: &Parts,
    body: axum::body::Body,
) -> Result<(access::Admin, Form)> {
    pages::in_context(server, asked(parts), access::admin(program)).await?.may(Power::JudgeLeads)?;
    let Sent { parts, form } = Sent::read(server, parts, body, MOST_FILE).await?;
    let asking = pages::in_context(server, asked(&parts), access::admin(program)).await?;
    asking.may(Power::JudgeLeads)?;
    Ok((asking, form))
}

/// A file that a partner attaches to a lead of its own.
async fn lead_file(State(server): State<Shared>, Path(program): Path<String>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let work = async {
        let (mut asking, mut form) = of_partner(&server, &program, &parts, body, PortalPage::Leads).await?;
        let lead = form.id::<LeadId>("lead")?;
        let (conn, moment, actor) = (asking.conn, &asking.moment, &asking.actor);
        let (conn, file) = kept(&server, conn, moment, actor, FilePurpose::Lead, false, form.file()).await?;
        asking.conn = conn;
        let mut tx = access::begin(&mut asking.conn).await?;
        engine::leads::attach(&mut tx, &asking.moment, &asking.actor, lead, file).await?;
        tx.commit().await?;
        Ok(format!("/p/{program}/leads/{lead}"))
    };
    answer(work.await, &parts.headers, access::UPLOAD_LEAD_FILE)
}

/// A file that the team attaches to a lead.
async fn team_lead_file(State(server): State<Shared>, Path(program): Path<String>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let work = async {
        let (mut asking, mut form) = of_team(&server, &program, &parts, body).await?;
        let lead = form.id::<LeadId>("lead")?;
        let (conn, moment, actor) = (asking.conn, &asking.moment, &asking.actor);
        let (conn, file) = kept(&server, conn, moment, actor, FilePurpose::Lead, false, form.file()).await?;
        asking.conn = conn;
        let mut tx = access::begin(&mut asking.conn).await?;
        engine::leads::attach(&mut tx, &asking.moment, &asking.actor, lead, file).await?;
        tx.commit().await?;
        Ok(format!("/admin/{program}/leads/{lead}"))
    };
    answer(work.await, &parts.headers, access::UPLOAD_TEAM_LEAD_FILE)
}

/// A message of a partner's to the team.
async fn message(State(server): State<Shared>, Path(program): Path<String>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let work = async {
        let (mut asking, mut form) = of_partner(&server, &program, &parts, body, PortalPage::Messages).await?;
        let file = form.file.take();
        let mut input = written(&form, form.id("partner")?, file.is_some())?;
        if let Some(file) = file {
            let (conn, moment, actor) = (asking.conn, &asking.moment, &asking.actor);
            let (conn, file) = kept(&server, conn, moment, actor, FilePurpose::Message, false, file).await?;
            asking.conn = conn;
            input.file = Some(file);
        }
        let mut tx = access::begin(&mut asking.conn).await?;
        let id = engine::conversations::send(&mut tx, &asking.moment, &asking.actor, &input).await?;
        tx.commit().await?;
        Ok(format!("/p/{program}/messages/{id}"))
    };
    answer(work.await, &parts.headers, access::UPLOAD_MESSAGE)
}

/// A message of the team's to a partner.
async fn team_message(State(server): State<Shared>, Path(program): Path<String>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let work = async {
        let (mut asking, mut form) = of_team(&server, &program, &parts, body).await?;
        let file = form.file.take();
        let partner =
            if form.text("partner").is_empty() { EnrollmentId(uuid::Uuid::nil()) } else { form.id("partner")? };
        let mut input = written(&form, partner, file.is_some())?;
        if let Some(file) = file {
            let (conn, moment, actor) = (asking.conn, &asking.moment, &asking.actor);
            let (conn, file) = kept(&server, conn, moment, actor, FilePurpose::Message, false, file).await?;
            asking.conn = conn;
            input.file = Some(file);
        }
        let mut tx = access::begin(&mut asking.conn).await?;
        let id = engine::conversations::send(&mut tx, &asking.moment, &asking.actor, &input).await?;
        tx.commit().await?;
        Ok(format!("/admin/{program}/messages/{id}"))
    };
    answer(work.await, &parts.headers, access::UPLOAD_TEAM_MESSAGE)
}

/// A message as the form tells it; what is wrong with its words is told before a file is worked on.
fn written(form: &Form, partner: EnrollmentId, with_file: bool) -> Result<NewMessage> {
    let to = if !form.text("conversation").is_empty() {
        To::Conversation(form.id("conversation")?)
    } else if !form.text("lead").is_empty() {
        To::Lead(form.id("lead")?)
    } else {
        To::Partner { partner, id: form.id("new")?, subject: form.text("subject").to_owned() }
    };
    let body = form.text("body").replace("\r\n", "\n");
    let message = NewMessage { to, id: form.id("message")?, body, file: None };
    let mut errors = message.check();
    errors.retain(|error| !(with_file && error.field == "body" && message.body.trim().is_empty()));
    if errors.is_empty() { Ok(message) } else { Err(Error::Invalid(errors)) }
}

/// A sale that a partner submits, with its proof.
async fn sale(State(server): State<Shared>, Path(program): Path<String>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let work = async {
        let (mut asking, mut form) = of_partner(&server, &program, &parts, body, PortalPage::Leads).await?;
        let input = submitted(&form)?;
        let today = engine::reports::day(&asking.program, asking.moment.at)?;
        // What is wrong with the fields is told before a file is worked on.
        let mut errors = input.check(asking.program.currency, today);
        if form.file.is_none() {
            errors.push(FieldError::new("file", "Choose a file that proves the sale."));
        }
        if !errors.is_empty() {
            return Err(Error::Invalid(errors));
        }
        let (conn, moment, actor) = (asking.conn, &asking.moment, &asking.actor);
        let (conn, file) = kept(&server, conn, moment, actor, FilePurpose::Sale, false, form.file()).await?;
        asking.conn = conn;
        let mut tx = access::begin(&mut asking.conn).await?;
        engine::sales::submit(&mut tx, &asking.moment, &asking.actor, &input, file).await?;
        tx.commit().await?;
        Ok(format!("/p/{program}/submitted-sales"))
    };
    answer(work.await, &parts.headers, access::UPLOAD_SALE)
}

/// A sale as the form tells it.
fn submitted(form: &Form) -> Result<NewSubmittedSale> {
    let (amount, sold_on) = (form.text("amount").trim().parse(), form.text("sold_on").trim().parse());
    let (Ok(amount), Ok(sold_on)) = (&amount, &sold_on) else {
        let unread = [
            ("amount", "Type an amount, such as 12.50.", amount.is_err()),
            ("sold_on", "Choose a day.", sold_on.is_err()),
        ];
        let unread = unread.into_iter().filter(|(.., wrong)| *wrong);
        return Err(Error::Invalid(unread.map(|(field, words, _)| FieldError::new(field, words)).collect()));
    };
    let text = |name: &str| form.text(name).to_owned();
    let sale = NewSubmittedSale {
        email: text("email"),
        name: text("name"),
        amount: *amount,
        sold_on: *sold_on,
        product: text("product"),
        invoice_id: text("invoice_id"),
        note: text("note").replace("\r\n", "\n"),
    };
    Ok(sale.trimmed())
}

/// A payment provider's result file of a batch: looked at; and applied where that is asked for, and nothing in it is wrong.
async fn results(State(server): State<Shared>, Path(program): Path<String>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let work = async {
        // Whoever may not pay is refused before the body is read; reading waits for the sender, without a connection.
        pages::in_context(&server, asked(&parts), access::admin(&program)).await?.may(Power::Pay)?;
        let Sent { parts, mut form } = Sent::read(&server, &parts, body, MOST_FILE).await?;
        let asking = pages::in_context(&server, asked(&parts), access::admin(&program)).await?;
        asking.may(Power::Pay)?;
        let batch = form.id::<BatchId>("batch")?;
        let apply = form.text("act") == "apply";
        let access::Admin { conn, moment, actor, .. } = asking;
        // The use case takes a connection of its own.
        drop(conn);
        let none = || Error::field("file", "Choose the file that your payment provider gives you.");
        let file = form.file.take().ok_or_else(none)?.bytes;
        let preview = engine::payments::results(&server.pool, &moment, &actor, batch, file, apply).await?;
        Ok::<_, Error>((batch, preview))
    };
    match work.await {
        Ok((_, preview)) if !wants_page(&parts.headers) => Json(preview).into_response(),
        outcome => {
            let then = outcome
                .and_then(|(batch, preview)| told(&preview).map(|()| format!("/admin/{program}/payments/{batch}")));
            answer(then, &parts.headers, access::UPLOAD_RESULTS)
        }
    }
}

/// To a browser without the page's script: what is wrong first.
fn told(preview: &ResultsPreview) -> Result<()> {
    let wrong = preview.rows.iter().find_map(|row| Some((row.line, row.problem.as_ref()?)));
    match wrong {
        Some((line, problem)) => Err(Error::field("file", format!("Line {line}: {problem}"))),
        None => Ok(()),
    }
}

/// A list of partners, from a file or typed: looked at; and, where that is asked for, what is right in it is made, or what
/// is wrong is handed back as a file. The page itself answers, so that it works without scripts.
async fn partners(
    server: Shared,
    program: String,
    request: Request,
    page: impl Fn(Request, ImportSent) -> pages::Rendered + Send + Sync,
) -> Response {
    let (mut parts, body) = request.into_parts();
    let path = parts.uri.path().to_owned();
    let mut list = List::default();
    let found = import(&server, &program, &parts, body, &mut list).await;
    match found {
        Ok(found) if list.refused => {
            let headers = [
                (header::CONTENT_TYPE, "text/csv; charset=utf-8"),
                (header::CONTENT_DISPOSITION, "attachment; filename=\"not-imported.csv\""),
            ];
            (headers, found.refused).into_response()
        }
        Ok(ImportPreview { job: Some(job), .. }) => {
            Redirect::to(&format!("/admin/{program}/partners/jobs/{job}")).into_response()
        }
        Ok(found) if found.imported && found.wrong_rows == 0 => {
            Redirect::to(&format!("{path}?imported={}", found.rows)).into_response()
        }
        found => {
            if let Some(elsewhere) = found.as_ref().err().and_then(|error| error.leads_to(&path)) {
                return Redirect::to(&elsewhere).into_response();
            }
            // What is left to mend is shown instead of what was sent.
            let text = match &found {
                Ok(found) if found.imported => found.refused.clone(),
                _ => list.text,
            };
            parts.method = Method::GET;
            page(asked(&parts), ImportSent { text, found: Some(found) }).await
        }
    }
}

/// A list of partners as it was sent.
#[derive(Default)]
struct List {
    text: String,
    /// Whether the rows that can't be imported are asked for, as a file.
    refused: bool,
}

async fn import(
    server: &Shared,
    program: &str,
    parts: &Parts,
    body: axum::body::Body,
    list: &mut List,
) -> Result<ImportPreview> {
    // The address says which program's team it must be: nobody else's list is read.
    let asking = pages::in_context(server, asked(parts), access::admin(program)).await?;
    asking.may(Power::ManagePartners)?;
    let access::Admin { conn, moment, actor, .. } = asking;
    // Reading waits for the sender, and the use case takes connections of its own.
    drop(conn);
    let mut form = Sent::read(server, parts, body, TEXT).await?.form;
    list.text = match form.file.take() {
        Some(file) => String::from_utf8(file.bytes)
            .map_err(|_| Error::field("file", "Save the file as CSV in UTF-8, then choose it again."))?,
        None => form.text("csv").to_owned(),
    };
    list.refused = !form.text("refused").is_empty();
    let make = !list.refused && !form.text("make").is_empty();
    Ok(engine::partners::import::import(&server.pool, &moment, &actor, &list.text, make).await?)
}

/// Whether a browser without the page asks.
fn wants_page(headers: &HeaderMap) -> bool {
    let accepts = headers.get(header::ACCEPT).and_then(|accepts| accepts.to_str().ok()).unwrap_or_default();
    accepts.contains("text/html")
}

/// What the sender is told: the page learns what went wrong; a browser without it is led to `then`, or back to the form.
fn answer(outcome: Result<String>, headers: &HeaderMap, path: &str) -> Response {
    let html = wants_page(headers);
    match outcome {
        Ok(then) if html => Redirect::to(&then).into_response(),
        Ok(then) => Json(then).into_response(),
        Err(error) if html => {
            let (back, cookie) = access::shown_again(&error, path, headers);
            let mut response = Redirect::to(&back).into_response();
            if let Some(cookie) = cookie.and_then(|cookie| HeaderValue::from_str(&cookie).ok()) {
                response.headers_mut().append(header::SET_COOKIE, cookie);
            }
            response
        }
        Err(error) => (notice::status(&error), Json(error)).into_response(),
    }
}
