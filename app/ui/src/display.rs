//! What shows things: status, cards, tiles, amounts, tabs, steps.

use domain::commissions::CommissionStatus;
use domain::money::Money;
use domain::sales::SubmittedSaleStatus;
use domain::why::Check;
use leptos::prelude::*;

use crate::chart::grouped;
use crate::icon::{Glyph, icon};

/// What a tint means.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Tone {
    /// Nothing in particular.
    #[default]
    Neutral,
    /// The program's own colour.
    Accent,
    /// Went well, is due, is active.
    Good,
    /// Waits, is held, needs a look.
    Warn,
    /// Failed, was taken back, is banned.
    Bad,
}

impl Tone {
    pub(crate) fn pill(self) -> &'static str {
        match self {
            Tone::Neutral => "pill",
            Tone::Accent => "pill accent",
            Tone::Good => "pill good",
            Tone::Warn => "pill warn",
            Tone::Bad => "pill bad",
        }
    }

    pub(crate) fn note(self) -> &'static str {
        match self {
            Tone::Neutral => "note",
            Tone::Accent => "note accent",
            Tone::Good => "note good",
            Tone::Warn => "note warn",
            Tone::Bad => "note bad",
        }
    }
}

/// The tint of a commission's status.
pub fn commission_tone(status: CommissionStatus) -> Tone {
    match status {
        CommissionStatus::Review | CommissionStatus::Held => Tone::Warn,
        CommissionStatus::Due => Tone::Good,
        CommissionStatus::Paid => Tone::Accent,
        CommissionStatus::Reversed => Tone::Bad,
    }
}

/// The tint of a submitted sale's status.
pub fn submitted_sale_tone(status: SubmittedSaleStatus) -> Tone {
    match status {
        SubmittedSaleStatus::New => Tone::Warn,
        SubmittedSaleStatus::Approved => Tone::Good,
        SubmittedSaleStatus::Declined => Tone::Bad,
        SubmittedSaleStatus::Withdrawn => Tone::Neutral,
    }
}

/// A status as a word on a tint.
#[component]
pub fn Pill(
    /// What it means.
    #[prop(optional)]
    tone: Tone,
    /// The word.
    #[prop(into)]
    text: String,
) -> impl IntoView {
    view! { <span class=tone.pill()>{text}</span> }
}

/// The heading of a page (its menu entry's words) with the page's actions to the right.
#[component]
pub fn PageHead(
    /// The h1.
    #[prop(into)]
    title: String,
    /// A link back to the list it belongs to: its address and words.
    #[prop(optional, into)]
    back: Option<(String, String)>,
    /// What the page tells, in a line.
    #[prop(optional, into)]
    words: Option<String>,
    /// Buttons, pickers.
    #[prop(optional)]
    children: Option<Children>,
) -> impl IntoView {
    view! {
        <div class="page-head">
            {back
                .map(|(href, words)| {
                    view! { <a class="back" href=href>{icon(Glyph::ChevronLeft)} {words}</a> }
                })}
            <h1>{title}</h1>
            {children.map(|children| view! { <div class="actions">{children()}</div> })}
            {words.map(|words| view! { <p class="sub">{words}</p> })}
        </div>
    }
    .into_any()
}

/// A card: one subject on the surface.
#[component]
pub fn Card(
    /// Its h2.
    #[prop(optional, into)]
    title: Option<String>,
    /// Links and buttons beside the title.
    #[prop(optional, into)]
    actions: ViewFnOnce,
    /// Its content.
    children: Children,
) -> impl IntoView {
    view! {
        <section class="card">
            {title
                .map(|title| {
                    view! {
                        <div class="card-head">
                            <h2>{title}</h2>
                            {actions.run()}
                        </div>
                    }
                })}
            {children()}
        </section>
    }
    .into_any()
}

/// How a figure moved against the period before.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Delta {
    /// It rose, by these words ("12.4% more").
    Up(String),
    /// It fell, by these words ("4.7% less").
    Down(String),
    /// It stayed, or there is nothing to compare with.
    Same(String),
}

/// Tiles side by side in one card.
#[component]
pub fn Tiles(
    /// The [`Tile`]s.
    children: Children,
) -> impl IntoView {
    view! { <dl class="tiles">{children()}</dl> }.into_any()
}

/// One figure, with its change and, on a line of its own, a note.
#[component]
pub fn Tile(
    /// What is counted.
    #[prop(into)]
    label: String,
    /// The figure, as it is read.
    #[prop(into)]
    value: String,
    /// Its change.
    #[prop(optional_no_strip, into)]
    delta: Option<Delta>,
    /// What it rose or fell against: "than the 30 days before".
    #[prop(optional, into)]
    than: String,
    /// Words below.
    #[prop(optional, into)]
    note: String,
) -> impl IntoView {
    let moved = delta.map(|delta| {
        let (class, glyph, words) = match delta {
            Delta::Up(words) => ("delta up", Some(Glyph::SortUp), words),
            Delta::Down(words) => ("delta down", Some(Glyph::SortDown), words),
            Delta::Same(words) => ("delta", None, words),
        };
        let than = (glyph.is_some() && !than.is_empty()).then(|| view! { <span>" "{than}</span> });
        view! { <dd class=class>{glyph.map(icon)}<b>{words}</b>{than}</dd> }
    });
    view! {
        <div class="tile">
            <dt>{label}</dt>
            <dd class="value">{value}</dd>
            {moved}
            {(!note.is_empty()).then(|| view! { <dd class="delta">{note}</dd> })}
        </div>
    }
    .into_any()
}

/// An amount, in figures that line up, with the currency's sign and a true minus.
#[component]
pub fn Amount(
    /// The amount.
    value: Money,
    /// Whether it is set in bold: the amount that matters in its row.
    #[prop(optional)]
    strong: bool,
) -> impl IntoView {
    view! { <span class=if strong { "amount strong" } else { "amount" }>{value.to_string()}</span> }
}

/// An amount in a table, or an empty cell where it is zero: what was taken back, where nothing was.
pub fn unless_zero(amount: Money) -> Option<AnyView> {
    (!amount.amount.is_zero()).then(|| view! { <Amount value=amount/> }.into_any())
}

/// Figures by their names, but those that are zero, for a screen without room for columns: `Opening $5.00 · Held $20.00`.
pub fn in_a_line(figures: &[(&str, Money)]) -> String {
    let told = figures.iter().filter(|(_, value)| !value.amount.is_zero());
    told.map(|(label, value)| format!("{label} {value}")).collect::<Vec<_>>().join(" · ")
}

/// Pairs of a name and a value, one below the other.
#[component]
pub fn Facts(
    /// The [`Fact`]s.
    children: Children,
) -> impl IntoView {
    view! { <dl class="facts">{children()}</dl> }.into_any()
}

/// One pair of [`Facts`].
#[component]
pub fn Fact(
    /// The name.
    #[prop(into)]
    label: String,
    /// The value.
    children: Children,
) -> impl IntoView {
    view! {
        <div>
            <dt>{label}</dt>
            <dd>{children()}</dd>
        </div>
    }
    .into_any()
}

/// A long page's sections beside an index of them, on a phone below it: each section has the id that its entry names.
#[component]
pub fn Indexed(
    /// The sections: their ids and words.
    entries: Vec<(&'static str, &'static str)>,
    /// The [`Section`]s.
    children: Children,
) -> impl IntoView {
    let entries = entries.into_iter().map(|(id, words)| view! { <a href=format!("#{id}")>{words}</a> }).collect_view();
    view! {
        <div class="indexed">
            <nav class="index" aria-label="On this page">{entries}</nav>
            <div class="sections">{children()}</div>
        </div>
    }
    .into_any()
}

/// A section of an [`Indexed`] page.
#[component]
pub fn Section(
    /// Its id.
    id: &'static str,
    /// Its cards.
    children: Children,
) -> impl IntoView {
    view! { <div id=id>{children()}</div> }.into_any()
}

/// Views of one subject, side by side, as links.
#[component]
pub fn Tabs(
    /// What they are views of, for screen readers.
    #[prop(into)]
    label: String,
    /// The [`Tab`]s.
    children: Children,
) -> impl IntoView {
    view! { <nav class="tabs" aria-label=label>{children()}</nav> }.into_any()
}

/// One of [`Tabs`].
#[component]
pub fn Tab(
    /// Where it leads.
    #[prop(into)]
    href: String,
    /// Its words.
    #[prop(into)]
    label: String,
    /// How many things it holds.
    #[prop(optional_no_strip, into)]
    count: Option<i64>,
    /// Whether it is the one shown.
    #[prop(optional, into)]
    current: Signal<bool>,
) -> impl IntoView {
    view! {
        <a href=href aria-current=move || current.get().then_some("page")>
            {label}
            {count.map(|count| view! { <span class="count">{grouped(count)}</span> })}
        </a>
    }
    .into_any()
}

/// The steps of a set-up, with the one that is under way.
#[component]
pub fn Steps(
    /// Their names.
    names: &'static [&'static str],
    /// The one under way, counted from 0; past the last, all are done.
    current: usize,
) -> impl IntoView {
    let steps = names
        .iter()
        .enumerate()
        .map(|(i, name)| {
            let done = i < current;
            view! {
                <li class=done.then_some("done") aria-current=(i == current).then_some("step")>
                    <span class="dot" aria-hidden="true">
                        {if done { icon(Glyph::Check) } else { (i + 1).to_string().into_any() }}
                    </span>
                    {*name}
                    {done.then(|| view! { <span class="visually-hidden">" done"</span> })}
                </li>
            }
        })
        .collect_view();
    view! { <ol class="steps">{steps}</ol> }.into_any()
}

/// The photo of a person or a company in a circle, else the initials; decoration beside the name.
#[component]
pub fn Avatar(
    /// The name.
    #[prop(into)]
    name: String,
    /// Whether it is drawn large, for a profile.
    #[prop(optional)]
    large: bool,
    /// The photo's address.
    #[prop(optional_no_strip, into)]
    photo: Option<String>,
) -> impl IntoView {
    if let Some(photo) = photo {
        let class = if large { "avatar large" } else { "avatar" };
        return view! { <img class=class src=photo alt="" width="44" height="44"/> }.into_any();
    }
    view! {
        // Drawn by the style sheet: as text it would be a name that no label contains.
        <span class=if large { "avatar large" } else { "avatar" } data-initials=initials(&name) aria-hidden="true">
        </span>
    }
    .into_any()
}

/// The first letters of a name's first and last word.
pub(crate) fn initials(name: &str) -> String {
    let mut words = name.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty());
    let first = words.next().and_then(|word| word.chars().next());
    let last = words.next_back().and_then(|word| word.chars().next());
    first.into_iter().chain(last).flat_map(char::to_uppercase).collect()
}

/// The reasons for a decision, behind "Why?": each check in order, passed or failed.
#[component]
pub fn Why(
    /// The checks.
    checks: Vec<Check>,
    /// Whether it starts unfolded.
    #[prop(optional)]
    open: bool,
    /// An id of its own, where it opens over the page instead of unfolding: the rows of a narrow column stay low.
    #[prop(optional, into)]
    over: Option<String>,
) -> impl IntoView {
    let checks = checks
        .into_iter()
        .map(|check| {
            let (class, glyph, word) =
                if check.passed { ("passed", Glyph::Check, "Passed: ") } else { ("failed", Glyph::Cross, "Not met: ") };
            view! {
                <li class=class>
                    {icon(glyph)}
                    <span>
                        <span class="visually-hidden">{word}</span>
                        {check.detail}
                    </span>
                </li>
            }
        })
        .collect_view();
    if let Some(id) = over {
        return view! {
            <button type="button" class="why" popovertarget=id.clone()>"Why?"</button>
            <div class="popover reasons" id=id popover="auto"><ol>{checks}</ol></div>
        }
        .into_any();
    }
    view! {
        <details class="why" open=open>
            <summary>"Why?"</summary>
            <ol>{checks}</ol>
        </details>
    }
    .into_any()
}

/// A QR code. The path comes from the server, so that no encoder travels in the WASM.
#[component]
pub fn QrCode(
    /// How many modules it has on a side.
    size: u32,
    /// The dark modules as an SVG path in units of a module.
    #[prop(into)]
    path: String,
    /// What it leads to, for screen readers.
    #[prop(into)]
    label: String,
) -> impl IntoView {
    // Four modules of quiet zone on each side, as scanners want.
    let view_box = format!("-4 -4 {0} {0}", size + 8);
    view! {
        <svg class="qr" role="img" aria-label=label viewBox=view_box shape-rendering="crispEdges">
            <path d=path></path>
        </svg>
    }
    .into_any()
}

#[cfg(test)]
mod tests {
    use super::initials;

    #[test]
    fn initials_are_of_the_first_and_last_word() {
        assert_eq!(initials("Ada Lind"), "AL");
        assert_eq!(initials("émile van der zee"), "ÉZ");
        assert_eq!(initials("acme"), "A");
        assert_eq!(initials("  –  "), "");
    }
}
