//! Leads from a file: a drawer that reads it in the browser, by the rules that the server applies, and the history of imports.

mod drawer;
mod grid;
mod history;
mod send;
mod work;

pub(crate) use history::ImportsPage;

use access::Result;
use domain::ids::{EnrollmentId, LeadImportId};
use domain::leads::file::{ImportSetup, LeadImport};
use domain::page::Page;
use leptos::prelude::*;
use leptos::reactive::computed::ScopedFuture;
use leptos::server_fn::codec::GetUrl;
use serde::{Deserialize, Serialize};
use std::sync::{Arc, Mutex};

use crate::show;

/// What the drawer needs to read a file for the partner who asks.
#[server(prefix = "/fn", endpoint = "partner/lead-imports/setup", input = GetUrl)]
pub async fn read_import_setup(program: String) -> Result<ImportSetup> {
    access::answer(async {
        let mut asking = access::partner(&program, domain::portal::PortalPage::Leads).await?;
        Ok(engine::leads::imports::setup(&mut asking.conn, &asking.actor, asking.partner.id).await?)
    })
    .await
}

/// What the page of earlier imports shows.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct History {
    imports: Page<LeadImport>,
    /// Whose they are.
    partner: EnrollmentId,
    /// Whether the program takes files of leads.
    importing: bool,
}

/// The imports of the partner who asks.
#[server(prefix = "/fn", endpoint = "partner/lead-imports", input = GetUrl)]
pub async fn read_imports(program: String, cursor: Option<String>) -> Result<History> {
    access::answer(async {
        let mut asking = access::partner(&program, domain::portal::PortalPage::Leads).await?;
        let paging = domain::page::Paging { cursor, limit: None };
        let imports = engine::leads::imports::list(&mut asking.conn, &asking.actor, None, &paging).await?;
        let importing = engine::leads::settings(&mut asking.conn, asking.program.id).await?.importing;
        Ok(History { imports, partner: asking.partner.id, importing })
    })
    .await
}

/// How far an import is.
#[server(prefix = "/fn", endpoint = "partner/lead-imports/one", input = GetUrl)]
pub async fn read_import(program: String, id: String) -> Result<LeadImport> {
    access::answer(async {
        let id = id.parse::<LeadImportId>().map_err(|_| access::Error::NotFound)?;
        let mut asking = access::partner(&program, domain::portal::PortalPage::Leads).await?;
        Ok(engine::leads::imports::get(&mut asking.conn, &asking.actor, id).await?)
    })
    .await
}

/// Has the rows worked that were sent; answers the import with the same rows, where there was one.
#[server(prefix = "/fn", endpoint = "partner/lead-imports/finish")]
pub async fn finish_import(program: String, partner: EnrollmentId, id: LeadImportId) -> Result<Option<LeadImportId>> {
    access::answer(async {
        let mut asking = access::this_partner(&program, partner, domain::portal::PortalPage::Leads).await?;
        let mut tx = access::begin(&mut asking.conn).await?;
        let same = engine::leads::imports::finish(&mut tx, &asking.actor, id).await?;
        tx.commit().await?;
        Ok(same)
    })
    .await
}

/// Stops an import.
#[server(prefix = "/fn", endpoint = "partner/lead-imports/cancel")]
pub async fn cancel_import(program: String, partner: EnrollmentId, id: LeadImportId) -> Result<()> {
    access::answer(async {
        let mut asking = access::this_partner(&program, partner, domain::portal::PortalPage::Leads).await?;
        let mut tx = access::begin(&mut asking.conn).await?;
        engine::leads::imports::cancel(&mut tx, &asking.moment, &asking.actor, id).await?;
        tx.commit().await?;
        Ok(())
    })
    .await
}

/// The drawer, in a chunk of its own.
#[leptos::lazy]
fn lead_import_drawer(program: String) -> AnyView {
    drawer::drawer(program)
}

/// On a page whose address may ask for the drawer with `?import=1`: the drawer, once its code is there. In the browser alone.
pub(crate) fn opened() -> AnyView {
    let (program, address) = (show::program(), show::address());
    let wanted = Memo::new(move |_| address.with(|address| address.get("import").is_some()));
    let there = RwSignal::new(false);
    // A view can't be cloned into a signal: it is laid here, and taken when the signal tells.
    let drawer = Arc::new(Mutex::new(None::<AnyView>));
    let laid = drawer.clone();
    Effect::new(move |_| {
        there.set(false);
        if !wanted.get() {
            return;
        }
        let (program, drawer) = (program.get_untracked(), laid.clone());
        // Of this run: it ends when the drawer is closed, or the page left.
        leptos::task::spawn_local(ScopedFuture::new(async move {
            let view = lead_import_drawer(program).await;
            if let Ok(mut drawer) = drawer.lock() {
                *drawer = Some(view);
            }
            there.try_set(true);
        }));
    });
    (move || there.get().then(|| drawer.lock().ok().and_then(|mut drawer| drawer.take()))).into_any()
}
