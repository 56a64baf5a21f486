//! The frame around the admin area's pages: menu, programs, account.

use access::{LazyPage, Read, Result, read};
use leptos::prelude::*;
use leptos::server_fn::codec::GetUrl;
use leptos_router::components::Outlet;
use leptos_router::hooks::use_location;
use serde::{Deserialize, Serialize};
use ui::{AccountInfo, AppShell, Glyph, MenuButton, MenuLine, MenuLink, NavItem, NavSection, ProgramLink};

use crate::show;

/// What the frame shows.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Framed {
    slug: String,
    brand: String,
    accent: String,
    name: String,
    email: String,
    /// Whether the audit log and failed jobs are the asker's to see.
    audits: bool,
    /// Whether the asker may pay partners.
    pays: bool,
    places: Vec<Place>,
}

/// A program that one may switch to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Place {
    name: String,
    href: String,
    role: String,
    current: bool,
}

/// What the frame of a program's admin area shows.
#[server(prefix = "/fn", endpoint = "admin/frame", input = GetUrl)]
pub async fn read_frame(program: String) -> Result<Framed> {
    access::answer(async {
        let mut asking = access::admin(&program).await?;
        let places = engine::accounts::places(&mut asking.conn, &asking.session).await?;
        let as_admin = places.programs.into_iter().map(|place| Place {
            current: place.slug == program,
            href: format!("/admin/{}", place.slug),
            role: format!("Admin area, {}", place.role),
            name: place.name,
        });
        let as_partner = places.enrollments.into_iter().map(|place| Place {
            current: false,
            href: format!("/p/{}", place.program_slug),
            role: format!("Partner {}", place.partner.code),
            name: place.program_name,
        });
        Ok(Framed {
            audits: asking.actor.may(domain::accounts::Power::Audit),
            pays: asking.actor.may(domain::accounts::Power::Pay),
            slug: asking.program.slug,
            brand: asking.program.name,
            accent: asking.program.accent,
            name: asking.session.name,
            email: asking.session.email,
            places: as_admin.chain(as_partner).collect(),
        })
    })
    .await
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
    let Framed { slug, brand, accent, name, email, audits, pays, places } = framed;
    let home = format!("/admin/{slug}");
    let item = |label: &str, path: &str, glyph| NavItem::new(label, format!("/admin/{slug}/{path}"), glyph);
    let mut last = vec![
        item("Offers", "offers", Glyph::Gift),
        item("Promo codes", "promo-codes", Glyph::Tag),
        item("API keys", "api-keys", Glyph::Key),
        item("Team", "team", Glyph::Shield),
        item("Settings", "settings", Glyph::Settings),
    ];
    if audits {
        last.push(item("Audit log", "audit-log", Glyph::History));
        last.push(item("Failed jobs", "failed-jobs", Glyph::Alert));
    }
    let mut money = vec![item("Commissions", "commissions", Glyph::Receipt)];
    if pays {
        money.push(item("Pay", "pay", Glyph::Bank));
    }
    money.push(item("Payments", "payments", Glyph::List));
    let sections = vec![
        NavSection::new(
            "Program",
            vec![
                NavItem::new("Overview", home.clone(), Glyph::Home).exact(),
                item("Partners", "partners", Glyph::Users),
                item("Customers", "customers", Glyph::User),
                item("Sales", "sales", Glyph::Cart),
            ],
        ),
        NavSection::new("Money", money),
        NavSection::new("Set-up", last),
    ];
    let programs = places
        .into_iter()
        .map(|Place { name, href, role, current }| ProgramLink { name, href, role, current })
        .collect();
    let account_menu = || {
        view! {
            <MenuLink href="/account" icon=Glyph::User>"Account"</MenuLink>
            <MenuLine/>
            <form method="post" action="/fn/sign-out">
                <MenuButton icon=Glyph::SignOut submit=true>"Sign out"</MenuButton>
            </form>
        }
    };
    view! {
        <AppShell
            brand=brand
            home=home
            accent=accent
            sections=sections
            path=use_location().pathname
            programs=programs
            account=AccountInfo { name, email }
            account_menu=account_menu
        >
            <Outlet/>
        </AppShell>
    }
    .into_any()
}
