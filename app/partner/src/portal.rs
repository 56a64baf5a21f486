//! The frame around the portal's pages: menu, programs, account.

use access::{LazyPage, Place, Read, Result, read};
use domain::partners::EnrollmentStatus;
use domain::portal::{PortalPage, Section};
use leptos::prelude::*;
use leptos::server_fn::codec::GetUrl;
use leptos_meta::Link;
use leptos_router::components::Outlet;
use leptos_router::hooks::use_location;
use serde::{Deserialize, Serialize};
use ui::{
    AccountInfo, AppShell, Button, Glyph, MenuButton, MenuLine, MenuLink, NavItem, NavSection, Note, PlainShell, Tone,
};

use crate::show::{self, ShownPages, Unread};

/// What the frame shows.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Frame {
    slug: String,
    brand: String,
    accent: String,
    logo: Option<String>,
    favicon: Option<String>,
    photo: Option<String>,
    sandbox: bool,
    /// The pages that show.
    shown: Vec<PortalPage>,
    /// The standing of one who is not let in.
    outside: Option<EnrollmentStatus>,
    name: String,
    email: String,
    places: Vec<Place>,
    /// As whom a member of the team sees the portal.
    seen_as: Option<String>,
    /// Whether there are terms to accept.
    terms_due: bool,
    /// The e-mail at which partners reach the team, or empty.
    contact: String,
    /// In how many conversations there is something unread.
    unread: i64,
}

/// What the frame of a program's portal shows.
#[server(prefix = "/fn", endpoint = "partner/frame", input = GetUrl)]
pub async fn read_frame(program: String) -> Result<Frame> {
    access::answer(async {
        let mut asking = access::portal(&program).await?;
        let places = access::places(&mut asking.conn, &asking.session, &asking.actor).await?;
        let unread = engine::conversations::unread(&mut asking.conn, &asking.moment, &asking.actor).await?;
        let slug = asking.program.slug;
        let path = |id: Option<_>, name: &str| id.map(|id| domain::files::file_path(&slug, id, name));
        Ok(Frame {
            logo: path(asking.program.logo, "logo"),
            favicon: path(asking.program.favicon, "icon"),
            photo: path(asking.seat.photo, "photo"),
            slug,
            accent: asking.program.accent,
            sandbox: asking.program.sandbox,
            outside: (!asking.seat.is_open()).then_some(asking.seat.status),
            brand: asking.seat.brand,
            contact: asking.seat.contact_email,
            unread,
            shown: asking.seat.shown,
            name: asking.session.name,
            email: asking.session.email,
            places,
            terms_due: asking.seat.terms_due.is_some() && !asking.seen_as,
            seen_as: asking.seen_as.then_some(asking.partner.name),
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

/// A page's icon in the menu.
fn glyph(page: PortalPage) -> Glyph {
    match page {
        PortalPage::Dashboard => Glyph::Home,
        PortalPage::Welcome => Glyph::Flag,
        PortalPage::Summary => Glyph::Info,
        PortalPage::Programs => Glyph::List,
        PortalPage::Structure => Glyph::Star,
        PortalPage::Profile => Glyph::User,
        PortalPage::Links => Glyph::Link,
        PortalPage::PromoCodes => Glyph::Tag,
        PortalPage::Assets => Glyph::Image,
        PortalPage::Details => Glyph::Chart,
        PortalPage::CommissionReport => Glyph::Receipt,
        PortalPage::Sales => Glyph::Cart,
        PortalPage::Rewards => Glyph::Gift,
        PortalPage::Payouts => Glyph::Bank,
        PortalPage::Leads => Glyph::UserPlus,
        PortalPage::Messages => Glyph::Mail,
        PortalPage::Customers => Glyph::Users,
        PortalPage::Ledger => Glyph::Book,
        PortalPage::Statements => Glyph::Calendar,
    }
}

/// The menu: the pages that show, by section.
fn sections(slug: &str, shown: &[PortalPage], unread: RwSignal<i64>) -> Vec<NavSection> {
    let item = |page: PortalPage| {
        let item = NavItem::new(page.label(), page.href(slug), glyph(page));
        match page {
            PortalPage::Dashboard => item.exact(),
            PortalPage::Messages => item.count(Signal::derive(move || Some(unread.get()))),
            _ => item,
        }
    };
    let section = |section: &Section| {
        let pages = shown.iter().filter(|page| page.section() == *section);
        let items: Vec<NavItem> = pages.map(|page| item(*page)).collect();
        (!items.is_empty()).then(|| NavSection::new(section.label(), items))
    };
    Section::ALL.iter().filter_map(section).collect()
}

/// Whose sign-in page follows signing out.
fn signed_out_of(slug: &str) -> AnyView {
    view! { <input type="hidden" name="program" value=slug.to_owned()/> }.into_any()
}

/// What somebody sees who is not let in (yet): no page of the portal.
fn outside(
    slug: &str,
    brand: String,
    accent: String,
    logo: Option<String>,
    status: EnrollmentStatus,
    contact: &str,
) -> AnyView {
    let contact = reach(contact);
    let (title, words) = if status == EnrollmentStatus::Pending {
        ("You are on the list", "The team looks at your application. You get a mail as soon as you are let in.")
    } else {
        ("You are not let in", "The team could not take you into this program.")
    };
    let program = signed_out_of(slug);
    view! {
        <PlainShell brand=brand accent=accent logo=logo title=title words=words foot=|| view! { <a href="/account">"Your account"</a> }>
            <form method="post" action="/fn/sign-out">
                {program}
                <Button submit=true>"Sign out"</Button>
            </form>
            {contact}
        </PlainShell>
    }
    .into_any()
}

/// Where partners reach the team, where it says so.
fn reach(contact: &str) -> Option<AnyView> {
    (!contact.is_empty()).then(|| {
        let (href, contact) = (format!("mailto:{contact}"), contact.to_owned());
        view! { <p class="sub">"Questions? Write to "<a class="link" href=href>{contact}</a></p> }.into_any()
    })
}

/// What stands above every page: that it is only looked at, or that there are terms to accept.
fn banner(slug: &str, seen_as: Option<String>, terms_due: bool) -> AnyView {
    if let Some(name) = seen_as {
        let program = slug.to_owned();
        let end = move || {
            view! {
                <form method="post" action="/fn/admin/partners/see-as/end">
                    <input type="hidden" name="program" value=program/>
                    <Button submit=true>"Back to the admin area"</Button>
                </form>
            }
        };
        return view! {
            <Note tone=Tone::Warn glyph=Glyph::Eye action=end>
                "You see the portal as "<b>{name}</b>" does. Nothing can be changed. It ends by itself within an hour."
            </Note>
        }
        .into_any();
    }
    if !terms_due {
        return ().into_any();
    }
    let terms = format!("/p/{slug}/terms");
    view! {
        <Note tone=Tone::Warn glyph=Glyph::Info>
            "There are terms of the program that you have not accepted yet. " <a href=terms>"Read and accept them"</a>
        </Note>
    }
    .into_any()
}

fn shell(frame: Frame) -> AnyView {
    let Frame {
        slug,
        brand,
        accent,
        logo,
        favicon,
        photo,
        sandbox,
        shown,
        outside: status,
        name,
        email,
        places,
        seen_as,
        terms_due,
        contact,
        unread,
    } = frame;
    if let Some(status) = status {
        return outside(&slug, brand, accent, logo, status, &contact);
    }
    let contact = reach(&contact);
    let home = format!("/p/{slug}");
    let banner = banner(&slug, seen_as, terms_due);
    let unread = RwSignal::new(unread);
    provide_context(Unread(unread));
    let sections = sections(&slug, &shown, unread);
    provide_context(ShownPages(shown));
    let program = signed_out_of(&slug);
    let account_menu = move || {
        view! {
            <MenuLink href="/account" icon=Glyph::User>"Account"</MenuLink>
            <MenuLine/>
            <form method="post" action="/fn/sign-out">
                {program}
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
            photo=photo
            mark_as=if sandbox { "Sandbox" } else { "" }
            sections=sections
            path=use_location().pathname
            programs=access::program_links(places)
            account=AccountInfo { name, email }
            account_menu=account_menu
        >
            {banner}
            <Outlet/>
            {contact}
        </AppShell>
    }
    .into_any()
}
