//! The frame around the portal's pages: menu, programs, account.

use access::{LazyPage, Place, Read, Result, read};
use leptos::prelude::*;
use leptos::server_fn::codec::GetUrl;
use leptos_router::components::Outlet;
use leptos_router::hooks::use_location;
use serde::{Deserialize, Serialize};
use ui::{AccountInfo, AppShell, Glyph, MenuButton, MenuLine, MenuLink, NavItem, NavSection};

use crate::show;

/// What the frame shows.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Frame {
    slug: String,
    brand: String,
    accent: String,
    name: String,
    email: String,
    places: Vec<Place>,
}

/// What the frame of a program's portal shows.
#[server(prefix = "/fn", endpoint = "partner/frame", input = GetUrl)]
pub async fn read_frame(program: String) -> Result<Frame> {
    access::answer(async {
        let mut asking = access::partner(&program).await?;
        let places = access::places(&mut asking.conn, &asking.session, &asking.actor).await?;
        Ok(Frame {
            slug: asking.program.slug,
            brand: asking.program.name,
            accent: asking.program.accent,
            name: asking.session.name,
            email: asking.session.email,
            places,
        })
    })
    .await
}

/// The frame of `/p/{program}`.
pub struct Portal(Read<Frame>);

impl LazyPage for Portal {
    fn data() -> Self {
        let program = show::program();
        Self(read(move || ReadFrame { program: program.get() }))
    }

    fn view(this: Self) -> AnyView {
        this.0.frame(shell)
    }
}

fn shell(frame: Frame) -> AnyView {
    let Frame { slug, brand, accent, name, email, places } = frame;
    let home = format!("/p/{slug}");
    let page = |path: &str| format!("/p/{slug}/{path}");
    let sections = vec![
        NavSection::new("Home", vec![NavItem::new("Dashboard", home.clone(), Glyph::Home).exact()]),
        NavSection::new(
            "Resources",
            vec![
                NavItem::new("Links", page("links"), Glyph::Link),
                NavItem::new("Promo codes", page("promo-codes"), Glyph::Tag),
            ],
        ),
        NavSection::new(
            "Reports",
            vec![
                NavItem::new("Details", page("details"), Glyph::Chart),
                NavItem::new("Rewards", page("commissions"), Glyph::Gift),
                NavItem::new("Payouts", page("payouts"), Glyph::Bank),
                NavItem::new("Commissions", page("commission-report"), Glyph::Receipt),
                NavItem::new("Sales", page("sales"), Glyph::Cart),
                NavItem::new("My ledger", page("ledger"), Glyph::Book),
            ],
        ),
    ];
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
            programs=access::program_links(places)
            account=AccountInfo { name, email }
            account_menu=account_menu
        >
            <Outlet/>
        </AppShell>
    }
    .into_any()
}
