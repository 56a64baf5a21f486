//! The frame of every page: the menu, the top bar, and the plain frame before signing in.

use domain::colour::accent_style;
use leptos::prelude::*;

use crate::display::{Avatar, Pill, Tone};
use crate::icon::{Glyph, icon};
use crate::overlay::{Menu, MenuButton, MenuLink, hide_popover, listen_for_commands};
use crate::palette::{CommandPalette, PALETTE, PaletteEntry};
use crate::toast::ToastRegion;

/// A group of the menu.
#[derive(Clone, Debug)]
pub struct NavSection {
    /// Its words.
    pub title: String,
    /// Its pages.
    pub items: Vec<NavItem>,
}

impl NavSection {
    /// A group of pages.
    pub fn new(title: impl Into<String>, items: Vec<NavItem>) -> Self {
        Self { title: title.into(), items }
    }
}

/// A page in the menu.
#[derive(Clone, Debug)]
pub struct NavItem {
    /// Its words, which are the page's h1 too.
    pub label: String,
    /// Where it is.
    pub href: String,
    /// Its icon.
    pub glyph: Glyph,
    /// How many things wait there; none is not shown.
    pub count: Signal<Option<i64>>,
    /// Whether pages below its address are not its own (the dashboard's address is the start of all others).
    pub exact: bool,
}

impl NavItem {
    /// A page, whose address covers those below it.
    pub fn new(label: impl Into<String>, href: impl Into<String>, glyph: Glyph) -> Self {
        Self { label: label.into(), href: href.into(), glyph, count: Signal::default(), exact: false }
    }

    /// The same, without the pages below its address.
    #[must_use]
    pub fn exact(mut self) -> Self {
        self.exact = true;
        self
    }

    /// The same, with how many things wait there.
    #[must_use]
    pub fn count(mut self, count: Signal<Option<i64>>) -> Self {
        self.count = count;
        self
    }
}

/// A program in "Your programs".
#[derive(Clone, Debug)]
pub struct ProgramLink {
    /// Its name.
    pub name: String,
    /// Its portal or admin area; with `post`, what is posted to.
    pub href: String,
    /// The fields to post, where choosing it is an act.
    pub post: Vec<(&'static str, String)>,
    /// What one is there: "Partner", "Owner".
    pub role: String,
    /// Whether it is the one shown.
    pub current: bool,
}

/// Who is signed in.
#[derive(Clone, Debug)]
pub struct AccountInfo {
    /// Their name.
    pub name: String,
    /// Their e-mail.
    pub email: String,
}

/// Whose page is shown.
#[derive(Clone)]
struct PageBrand(ArcRwSignal<String>);

/// What makes a page's whole title of its own words: it ends in the brand of the frame around the page. Once, at the top
/// of the app.
pub fn provide_titles() -> impl Fn(String) -> String + Send + Sync + 'static {
    let brand = ArcRwSignal::new(String::new());
    provide_context(PageBrand(brand.clone()));
    move |title| for_head(brand.with(|brand| whole_title(&title, brand)))
}

fn whole_title(title: &str, brand: &str) -> String {
    [title, brand].into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(" · ")
}

/// The server writes a title into the page as it is given: names in it may not end it.
fn for_head(title: String) -> String {
    if cfg!(feature = "ssr") { title.replace('&', "&amp;").replace('<', "&lt;") } else { title }
}

/// Each frame says whose page it is around.
fn page_of(brand: &str) {
    if let Some(PageBrand(shown)) = use_context()
        && shown.with_untracked(|shown| shown != brand)
    {
        shown.set(brand.to_owned());
    }
}

/// Whether a menu entry is the page at a path.
fn is_current(item: &str, exact: bool, path: &str) -> bool {
    let rest = path.strip_prefix(item);
    rest.is_some_and(|rest| rest.is_empty() || rest == "/" || (!exact && rest.starts_with('/')))
}

/// The id of the menu, which a phone shows as a drawer.
const MENU: &str = "main-menu";

/// The program's logo, else the product's.
fn mark(logo: Option<String>) -> AnyView {
    match logo {
        Some(logo) => view! { <img class="logo" src=logo alt=""/> }.into_any(),
        None => view! { <span class="mark">{icon(Glyph::Wave)}</span> }.into_any(),
    }
}

fn nav_section(at: usize, section: NavSection, path: Signal<String>) -> AnyView {
    let id = format!("nav-{at}");
    let items = section
        .items
        .into_iter()
        .map(|item| {
            let NavItem { label, href, glyph, count, exact } = item;
            let own = href.clone();
            let current = move || path.with(|path| is_current(&own, exact, path)).then_some("page");
            let count = move || {
                let count = count.get().filter(|count| *count > 0)?;
                Some(view! { <span class="count">{crate::chart::grouped(count)}<span class="visually-hidden">" waiting"</span></span> })
            };
            view! { <li><a href=href aria-current=current>{icon(glyph)}{label}{count}</a></li> }
        })
        .collect_view();
    view! {
        <div class="nav-title" id=id.clone()>{section.title}</div>
        <ul aria-labelledby=id>{items}</ul>
    }
    .into_any()
}

fn program_item(program: ProgramLink) -> AnyView {
    let ProgramLink { name, href, post, role, current } = program;
    let words = view! {
        <span class="two-lines">{name}<small>{role}</small></span>
        {current.then(|| icon(Glyph::Check))}
    };
    if post.is_empty() {
        return view! { <MenuLink href=href current=current>{words}</MenuLink> }.into_any();
    }
    let fields = post.into_iter().map(|(name, value)| view! { <input type="hidden" name=name value=value/> });
    view! {
        <form method="post" action=href>
            {fields.collect_view()}
            <MenuButton submit=true>{words}</MenuButton>
        </form>
    }
    .into_any()
}

/// The frame of the partner portal and of the admin area: the menu on the left (on a phone a drawer), the top bar with
/// search, programs and account, the page.
#[component]
pub fn AppShell(
    /// The program's name.
    #[prop(into)]
    brand: String,
    /// The address of its first page.
    #[prop(into)]
    home: String,
    /// The name of the program's accent, one of [`ACCENTS`], or a colour of the company's own; any other is the first.
    #[prop(optional, into)]
    accent: String,
    /// The address of the program's logo.
    #[prop(optional_no_strip, into)]
    logo: Option<String>,
    /// The address of the photo of whoever is signed in.
    #[prop(optional_no_strip, into)]
    photo: Option<String>,
    /// What kind of program it is, where it is no ordinary one: "Sandbox".
    #[prop(optional)]
    mark_as: &'static str,
    /// The menu.
    sections: Vec<NavSection>,
    /// The path that is shown (the router's location).
    #[prop(into)]
    path: Signal<String>,
    /// The programs one may switch to.
    #[prop(optional)]
    programs: Vec<ProgramLink>,
    /// Who is signed in.
    account: AccountInfo,
    /// The items of the account menu.
    #[prop(into)]
    account_menu: ViewFnOnce,
    /// What the palette finds beside the menu's pages: actions.
    #[prop(optional)]
    actions: Vec<PaletteEntry>,
    /// What the palette finds elsewhere, for the text last given to `on_search`.
    #[prop(optional, into)]
    found: Signal<Vec<PaletteEntry>>,
    /// Called with what is typed in the palette.
    #[prop(optional, into)]
    on_search: Option<Callback<String>>,
    /// What the palette says it finds.
    #[prop(default = "Find pages and actions")]
    search_words: &'static str,
    /// The page.
    children: Children,
) -> impl IntoView {
    page_of(&brand);
    let mut entries: Vec<PaletteEntry> = sections
        .iter()
        .flat_map(|section| section.items.iter().map(move |item| (section, item)))
        .map(|(section, item)| PaletteEntry {
            label: item.label.clone(),
            detail: section.title.clone(),
            href: item.href.clone(),
            glyph: item.glyph,
        })
        .collect();
    entries.extend(actions);
    entries.extend(programs.iter().filter(|program| !program.current && program.post.is_empty()).map(|program| {
        PaletteEntry {
            label: program.name.clone(),
            detail: "Your programs".to_owned(),
            href: program.href.clone(),
            glyph: Glyph::Switch,
        }
    }));

    listen_for_commands();
    // A page chosen in the phone's drawer closes it.
    Effect::new(move |_| {
        path.track();
        hide_popover(MENU);
    });

    let nav = sections.into_iter().enumerate().map(|(i, section)| nav_section(i, section, path)).collect_view();
    let switcher = (!programs.is_empty()).then(|| {
        view! {
            <Menu id="programs-menu" label="Your programs" button=|| view! { <span class="wide">"Your programs"</span> <span class="narrow">{icon(Glyph::Switch)}<span class="visually-hidden">"Your programs"</span></span> <span class="wide">{icon(Glyph::ChevronDown)}</span> }>
                {programs
                    .into_iter()
                    .map(program_item)
                    .collect_view()}
            </Menu>
        }
    });
    let AccountInfo { name, email } = account;
    let marked = (!mark_as.is_empty()).then(|| view! { <Pill tone=Tone::Warn text=mark_as/> });
    let initials_of = name.clone();

    view! {
        <div class="app" data-accent=accent.clone() style=accent_style(&accent)>
            <a class="skip" href="#main">"Skip to the page"</a>
            <nav class="side" id=MENU popover="auto" aria-label="Main">
                <a class="brand" href=home>{mark(logo)}<span>{brand.clone()}</span>{marked}</a>
                {nav}
            </nav>
            <div class="body">
                <header class="top">
                    <button type="button" class="btn quiet icon-btn menu-btn" aria-label="Menu" popovertarget=MENU>
                        {icon(Glyph::Menu)}
                    </button>
                    <button
                        type="button"
                        class="find"
                        command="show-modal"
                        commandfor=PALETTE
                        aria-haspopup="dialog"
                        aria-keyshortcuts="Meta+K Control+K"
                    >
                        {icon(Glyph::Search)}
                        <span>{search_words}</span>
                        <kbd aria-hidden="true">"⌘K"</kbd>
                    </button>
                    <div class="spacer"></div>
                    {switcher}
                    <Menu
                        id="account-menu"
                        label="Account"
                        bare=true
                        button=move || view! { <Avatar name=initials_of photo=photo/> }
                        head=move || view! { <div class="menu-head"><b>{name}</b><span>{email}</span></div> }
                    >
                        {account_menu.run()}
                    </Menu>
                </header>
                <main id="main" tabindex="-1">{children()}</main>
            </div>
            <CommandPalette entries=entries found=found on_search=on_search words=search_words/>
            <ToastRegion/>
        </div>
    }
    .into_any()
}

/// The accents a program can choose from: each is a pair of colours with enough contrast in both schemes (in
/// `style/tokens.css`).
pub use domain::programs::ACCENTS;

/// The frame of pages before signing in and of the set-up: one card in the middle.
#[component]
pub fn PlainShell(
    /// The program's name, or the product's.
    #[prop(into)]
    brand: String,
    /// The name of the program's accent.
    #[prop(optional, into)]
    accent: String,
    /// The address of the program's logo.
    #[prop(optional_no_strip, into)]
    logo: Option<String>,
    /// The h1.
    #[prop(into)]
    title: String,
    /// A line below it.
    #[prop(optional, into)]
    words: String,
    /// Whether the card is as wide as a form with code beside it needs (the set-up).
    #[prop(optional)]
    wide: bool,
    /// Links below the card.
    #[prop(optional, into)]
    foot: ViewFnOnce,
    /// The card's content.
    children: Children,
) -> impl IntoView {
    page_of(&brand);
    listen_for_commands();
    view! {
        <div class=if wide { "plain wide-card" } else { "plain" } data-accent=accent.clone() style=accent_style(&accent)>
            <header class="brand">{mark(logo)}<span>{brand}</span></header>
            <main id="main" class="card">
                <h1>{title}</h1>
                {(!words.is_empty()).then(|| view! { <p class="lead">{words}</p> })}
                {children()}
            </main>
            <footer>{foot.run()}</footer>
            <ToastRegion/>
        </div>
    }
    .into_any()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_title_ends_in_the_brand_and_holds_no_markup() {
        assert_eq!(whole_title("Links", "Acme"), "Links · Acme");
        assert_eq!(whole_title("", "Acme"), "Acme");
        if cfg!(feature = "ssr") {
            assert_eq!(for_head("R&D</title>".into()), "R&amp;D&lt;/title>");
        }
    }

    #[test]
    fn a_menu_entry_is_current_on_its_pages_alone() {
        assert!(is_current("/admin/acme/partners", false, "/admin/acme/partners/ada"));
        assert!(!is_current("/admin/acme/partners", false, "/admin/acme/partnerships"));
        assert!(is_current("/p/acme", true, "/p/acme/"));
        assert!(!is_current("/p/acme", true, "/p/acme/links"));
    }
}
