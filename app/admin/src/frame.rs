//! The frame around the admin area's pages: menu, programs, account.

use access::{LazyPage, Place, Read, Result, read};
use domain::reports::Waiting;
use domain::time::Zone;
use leptos::prelude::*;
use leptos::server_fn::codec::GetUrl;
use leptos_meta::Link;
use leptos_router::components::Outlet;
use leptos_router::hooks::use_location;
use serde::{Deserialize, Serialize};
use ui::{AccountInfo, AppShell, Glyph, MenuButton, MenuLine, MenuLink, NavItem, NavSection, PaletteEntry};

use crate::show;

/// What the frame shows.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Framed {
    slug: String,
    brand: String,
    accent: String,
    logo: Option<String>,
    favicon: Option<String>,
    sandbox: bool,
    /// Whether the asker owns it all.
    owns: bool,
    /// Whether the asker may set programs up.
    edits: bool,
    name: String,
    email: String,
    /// Whether the audit log and failed jobs are the asker's to see.
    audits: bool,
    /// Whether the asker may pay partners.
    pays: bool,
    places: Vec<Place>,
    waiting: Waiting,
    /// In which times are shown.
    zone: Zone,
}

/// What the frame of a program's admin area shows.
#[server(prefix = "/fn", endpoint = "admin/frame", input = GetUrl)]
pub async fn read_frame(program: String) -> Result<Framed> {
    access::answer(async {
        let mut asking = access::admin(&program).await?;
        let places = access::places(&mut asking.conn, &asking.session, &asking.actor).await?;
        let waiting = engine::reports::waiting(&mut asking.conn, &asking.moment, &asking.actor).await?;
        let slug = asking.program.slug.clone();
        let path = |id: Option<_>, name: &str| id.map(|id| domain::files::file_path(&slug, id, name));
        let zone = engine::programs::zone(&asking.program.time_zone, asking.moment.at)?;
        Ok(Framed {
            logo: path(asking.program.logo, "logo"),
            favicon: path(asking.program.favicon, "icon"),
            audits: asking.actor.may(domain::accounts::Power::Audit),
            pays: asking.actor.may(domain::accounts::Power::Pay),
            owns: asking.actor.may(domain::accounts::Power::ManageTeam),
            edits: asking.actor.may(domain::accounts::Power::EditProgram),
            sandbox: asking.program.sandbox,
            slug: asking.program.slug,
            brand: asking.program.name,
            accent: asking.program.accent,
            name: asking.session.name,
            email: asking.session.email,
            places,
            waiting,
            zone,
        })
    })
    .await
}

/// What waits by now, for the counts in the menu.
#[server(prefix = "/fn", endpoint = "admin/waiting", input = GetUrl)]
pub async fn read_waiting(program: String) -> Result<Waiting> {
    access::answer(async {
        let mut asking = access::admin(&program).await?;
        Ok(engine::reports::waiting(&mut asking.conn, &asking.moment, &asking.actor).await?)
    })
    .await
}

/// The counts in the menu, which are taken again whenever another page is shown, and after each act on a page that says
/// so by [`show::done`].
fn counts(slug: &str, at_first: Waiting) -> RwSignal<Waiting> {
    let waiting = RwSignal::new(at_first);
    let path = use_location().pathname;
    let acts = show::Acts::provide();
    let program = slug.to_owned();
    Effect::new(move |before: Option<()>| {
        path.track();
        acts.track();
        // The page came with the first counts.
        if before.is_none() {
            return;
        }
        let asked = ReadWaiting { program: program.clone() };
        leptos::task::spawn_local(async move {
            // Where it fails, the counts stay as they were.
            if let Ok(counted) = access::ask(asked).await {
                waiting.try_set(counted);
            }
        });
    });
    waiting
}

/// What the palette found.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hit {
    kind: Kind,
    name: String,
    /// The partner's code, the customer's id at the company, or the lead's stage.
    known_as: String,
    /// Where it leads below the program.
    path: String,
}

/// Whom the palette finds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Kind {
    /// A partner.
    Partner,
    /// A customer.
    Customer,
    /// A lead.
    Lead,
}

/// The first few partners, customers and leads in whose name, code or e-mail a text is.
#[server(prefix = "/fn", endpoint = "admin/find", input = GetUrl)]
pub async fn find(program: String, text: String) -> Result<Vec<Hit>> {
    use domain::page::Paging;
    access::answer(async {
        let mut asking = access::admin(&program).await?;
        let paging = Paging { cursor: None, limit: Some(5) };
        let filter = domain::partners::PartnerFilter { search: text.clone(), ..Default::default() };
        let partners = engine::partners::list(&mut asking.conn, &asking.actor, &filter, &paging).await?;
        let filter = domain::reports::CustomerFilter { search: Some(text.clone()), ..Default::default() };
        let customers = engine::reports::customers_page(&mut asking.conn, &asking.actor, &filter, &paging).await?;
        let filter = domain::leads::LeadFilter { search: text, ..Default::default() };
        let leads = engine::leads::list(&mut asking.conn, &asking.moment, &asking.actor, &filter, &paging).await?;
        let partners = partners.data.into_iter().map(|partner| Hit {
            kind: Kind::Partner,
            name: crate::partners::called(&partner),
            path: format!("partners/{}", partner.code),
            known_as: partner.code,
        });
        let customers = customers.data.into_iter().map(|customer| Hit {
            kind: Kind::Customer,
            name: customer.customer.label,
            path: format!("customers/{}", customer.customer.id),
            known_as: customer.customer.external_id,
        });
        let leads = leads.data.into_iter().map(|lead| Hit {
            kind: Kind::Lead,
            path: format!("leads/{}", lead.id),
            name: crate::leads::called(&lead),
            known_as: format!("{}, {}", lead.email, lead.stage.name),
        });
        Ok(partners.chain(customers).chain(leads).collect())
    })
    .await
}

/// What is found for the text that was typed last, once typing has paused.
fn search(slug: &str) -> (RwSignal<Vec<PaletteEntry>>, Callback<String>) {
    let found = RwSignal::new(Vec::new());
    let pause = show::Pause::new();
    let latest = StoredValue::new(String::new());
    let slug = slug.to_owned();
    let on_search = Callback::new(move |text: String| {
        pause.forget();
        latest.set_value(text.clone());
        if text.trim().chars().count() < 2 {
            found.set(Vec::new());
            return;
        }
        let program = slug.clone();
        pause.then(150, move || {
            leptos::task::spawn_local(async move {
                // A search that fails finds nothing: the pages are still there to go to.
                let asked = Find { program: program.clone(), text: text.clone() };
                let hits = access::ask(asked).await.unwrap_or_default();
                // Something else may have been typed since.
                if latest.try_with_value(|latest| *latest == text) == Some(true) {
                    found.set(hits.into_iter().map(|hit| entry(&program, hit)).collect());
                }
            });
        });
    });
    (found, on_search)
}

fn entry(program: &str, hit: Hit) -> PaletteEntry {
    let (what, glyph) = match hit.kind {
        Kind::Partner => ("Partner", Glyph::Users),
        Kind::Customer => ("Customer", Glyph::User),
        Kind::Lead => ("Lead", Glyph::UserPlus),
    };
    PaletteEntry {
        label: hit.name,
        detail: format!("{what} {}", hit.known_as),
        href: format!("/admin/{program}/{}", hit.path),
        glyph,
    }
}

/// The frame of `/admin/{program}`.
pub struct Frame(Read<Framed>);

impl LazyPage for Frame {
    fn data() -> Self {
        let program = show::program();
        Self(read(move || ReadFrame { program: program.get() }))
    }

    fn view(this: Self) -> AnyView {
        this.0.frame(shell)
    }
}

fn shell(framed: Framed) -> AnyView {
    let Framed {
        slug,
        brand,
        accent,
        logo,
        favicon,
        sandbox,
        owns,
        edits,
        name,
        email,
        audits,
        pays,
        places,
        waiting,
        zone,
    } = framed;
    show::provide_zone(zone);
    let home = format!("/admin/{slug}");
    let (found, on_search) = search(&slug);
    let waiting = counts(&slug, waiting);
    let of_partners = Signal::derive(move || Some(waiting.get().partners));
    let of_commissions = Signal::derive(move || Some(waiting.get().commissions));
    let of_messages = Signal::derive(move || Some(waiting.get().messages));
    let of_sales = Signal::derive(move || Some(waiting.get().sales));
    let item = |label: &str, path: &str, glyph| NavItem::new(label, format!("/admin/{slug}/{path}"), glyph);
    let mut last = vec![
        item("Offers", "offers", Glyph::Gift),
        item("Groups", "groups", Glyph::Users),
        item("Lead settings", "lead-settings", Glyph::List),
        item("Promo codes", "promo-codes", Glyph::Tag),
        item("Assets", "assets", Glyph::Image),
        item("Portal", "portal", Glyph::Globe),
        item("Mails", "mails", Glyph::Edit),
        item("API keys", "api-keys", Glyph::Key),
        item("Team", "team", Glyph::Shield),
        item("Settings", "settings", Glyph::Settings),
    ];
    if owns {
        last.push(item("Outbox", "outbox", Glyph::Inbox));
    }
    if audits {
        last.push(item("Audit log", "audit-log", Glyph::History));
        last.push(item("Failed jobs", "failed-jobs", Glyph::Alert));
    }
    let action = |label: &str, path: &str| PaletteEntry {
        label: label.to_owned(),
        detail: "Action".to_owned(),
        href: format!("/admin/{slug}/{path}"),
        glyph: Glyph::Plus,
    };
    let mut actions = vec![
        action("Add a partner", "partners/new"),
        action("Import partners", "partners/import"),
        action("New offer", "offers/new"),
    ];
    if edits {
        let (label, detail) = ("New program".to_owned(), "Action".to_owned());
        actions.push(PaletteEntry { label, detail, href: "/admin/new-program".to_owned(), glyph: Glyph::Plus });
    }
    let mut money = vec![
        item("Commissions", "commissions", Glyph::Receipt),
        item("Review", "review", Glyph::CheckCircle).count(of_commissions),
    ];
    if pays {
        money.push(item("Pay", "pay", Glyph::Bank));
    }
    money.push(item("Payments", "payments", Glyph::List));
    money.push(item("Finance", "finance", Glyph::Wallet));
    let sections = vec![
        NavSection::new(
            "Program",
            vec![
                NavItem::new("Overview", home.clone(), Glyph::Home).exact(),
                item("Partners", "partners", Glyph::Users).count(of_partners),
                item("Leads", "leads", Glyph::UserPlus),
                item("Messages", "messages", Glyph::Mail).count(of_messages),
                item("My tasks", "tasks", Glyph::CheckCircle),
                item("Customers", "customers", Glyph::User),
                item("Sales", "sales", Glyph::Cart).count(of_sales),
                item("Reports", "reports", Glyph::Chart),
            ],
        ),
        NavSection::new("Money", money),
        NavSection::new("Set-up", last),
    ];
    let account_menu = move || {
        view! {
            {edits.then(|| view! { <MenuLink href="/admin/new-program" icon=Glyph::Plus>"New program"</MenuLink> })}
            <MenuLink href="/account" icon=Glyph::User>"Account"</MenuLink>
            <MenuLine/>
            <form method="post" action="/fn/sign-out">
                <MenuButton icon=Glyph::SignOut submit=true>"Sign out"</MenuButton>
            </form>
        }
    };
    view! {
        {favicon.map(|href| view! { <Link rel="icon" href=href/> })}
        <AppShell
            brand=brand
            home=home
            accent=accent
            logo=logo
            mark_as=if sandbox { "Sandbox" } else { "" }
            sections=sections
            path=use_location().pathname
            programs=access::program_links(places)
            account=AccountInfo { name, email }
            account_menu=account_menu
            actions=actions
            found=found
            on_search=on_search
            search_words="Find pages, partners, customers, leads"
        >
            <Outlet/>
        </AppShell>
    }
    .into_any()
}
