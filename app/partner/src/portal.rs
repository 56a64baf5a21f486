//! The frame around the portal's pages: menu, programs, account.

use access::{LazyPage, Read, Result, read};
use leptos::prelude::*;
use leptos::server_fn::codec::GetUrl;
use leptos_router::components::{Outlet, Redirect};
use leptos_router::hooks::{use_location, use_params_map};
use serde::{Deserialize, Serialize};
use ui::{AccountInfo, AppShell, Glyph, MenuButton, MenuLine, MenuLink, NavItem, NavSection, ProgramLink};

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

/// A program that one may switch to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Place {
    name: String,
    href: String,
    role: String,
    current: bool,
}

/// What the frame of a program's portal shows.
#[server(prefix = "/fn", endpoint = "partner/frame", input = GetUrl)]
pub async fn read_frame(program: String) -> Result<Frame> {
    access::answer(async {
        let mut asking = access::partner(&program).await?;
        let places = engine::accounts::places(&mut asking.conn, &asking.session).await?;
        let as_partner = places.enrollments.into_iter().map(|place| Place {
            current: place.partner.id == asking.partner.id,
            href: format!("/p/{}/as/{}", place.program_slug, place.partner.code),
            role: format!("Partner {}", place.partner.code),
            name: place.program_name,
        });
        let as_admin = places.programs.into_iter().map(|place| Place {
            current: false,
            href: format!("/admin/{}", place.slug),
            role: format!("Admin area, {}", place.role),
            name: place.name,
        });
        Ok(Frame {
            slug: asking.program.slug,
            brand: asking.program.name,
            accent: asking.program.accent,
            name: asking.session.name,
            email: asking.session.email,
            places: as_partner.chain(as_admin).collect(),
        })
    })
    .await
}

/// Chooses whom of the account's partners the portal shows.
#[server(prefix = "/fn", endpoint = "partner/act-as", input = GetUrl)]
pub async fn choose_partner(program: String, code: String) -> Result<()> {
    access::answer(async {
        let mut asking = access::account().await?;
        let places = engine::accounts::places(&mut asking.conn, &asking.session).await?;
        let own = |place: &domain::accounts::PartnerPlace| place.program_slug == program && place.partner.code == code;
        if !places.enrollments.iter().any(own) {
            return Err(access::Error::NotFound);
        }
        access::act_as(&program, &code)
    })
    .await
}

/// `/p/{program}/as/{code}`: on to the portal, for that partner.
pub struct ActAs(Read<()>);

impl LazyPage for ActAs {
    fn data() -> Self {
        let code = use_params_map().with_untracked(|params| params.get("code").unwrap_or_default());
        let program = show::program();
        Self(read(move || ChoosePartner { program: program.get(), code: code.clone() }))
    }

    fn view(this: Self) -> AnyView {
        let home = format!("/p/{}", show::program().get_untracked());
        view! { {this.0.page(move |()| view! { <Redirect path=home.clone()/> }.into_any())} }.into_any()
    }
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
                NavItem::new("Rewards", page("commissions"), Glyph::Gift),
                NavItem::new("Payouts", page("payouts"), Glyph::Bank),
                NavItem::new("My ledger", page("ledger"), Glyph::Book),
            ],
        ),
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
