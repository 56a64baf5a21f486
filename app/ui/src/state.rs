//! What stands where there is nothing (yet), where something failed, and what tells so.

use leptos::prelude::*;

use crate::address::Address;
use crate::button::ButtonLink;
use crate::display::{Card, Tone};
use crate::icon::{Glyph, icon};

/// A list without rows: what it is for, and what to do next.
#[component]
pub fn EmptyState(
    /// A picture of what would be here.
    glyph: Glyph,
    /// What is missing: "No commissions yet".
    #[prop(into)]
    title: String,
    /// How it will come to be.
    #[prop(into)]
    words: String,
    /// A button or link that starts it.
    #[prop(optional)]
    children: Option<Children>,
) -> impl IntoView {
    view! {
        <div class="empty">
            <span class="empty-icon">{icon(glyph)}</span>
            <p class="empty-title">{title}</p>
            <p class="empty-words">{words}</p>
            {children.map(|children| view! { <div class="actions">{children()}</div> })}
        </div>
    }
    .into_any()
}

/// A list whose filters leave nothing.
pub fn nothing_found(address: &Address) -> AnyView {
    let all = address.path().to_owned();
    view! {
        <Card>
            <EmptyState glyph=Glyph::Filter title="Nothing found" words="Nothing fits these filters.">
                <ButtonLink href=all>"Clear the filters"</ButtonLink>
            </EmptyState>
        </Card>
    }
    .into_any()
}

/// A step of setting something up.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SetUpStep {
    /// Whether it is done.
    pub done: bool,
    /// What to do.
    pub words: &'static str,
    /// Where it is done.
    pub href: String,
    /// What for.
    pub why: &'static str,
}

/// The steps of setting something up; those that are done lead nowhere any more.
pub fn set_up_steps(steps: Vec<SetUpStep>) -> AnyView {
    let steps = steps.into_iter().map(|SetUpStep { done, words, href, why }| {
        let (glyph, state) = if done { (Glyph::CheckCircle, "Done") } else { (Glyph::Clock, "To do") };
        let words = if done { words.into_any() } else { view! { <a class="link" href=href>{words}</a> }.into_any() };
        view! {
            <li class="between">
                <span>{icon(glyph)}" "{words}<span class="sub">" "{why}</span></span>
                <span class="sub">{state}</span>
            </li>
        }
    });
    view! { <ol class="list">{steps.collect_view()}</ol> }.into_any()
}

/// Something failed: what, under which error id it is in the log, and a way on.
#[component]
pub fn ErrorState(
    /// What happened, in the reader's words.
    #[prop(into)]
    title: String,
    /// What they can do.
    #[prop(into)]
    words: String,
    /// The id under which it was logged.
    #[prop(optional_no_strip, into)]
    error_id: Option<String>,
    /// A button or link that leads on.
    #[prop(optional)]
    children: Option<Children>,
) -> impl IntoView {
    view! {
        <div class="empty failed" role="alert">
            <span class="empty-icon">{icon(Glyph::Alert)}</span>
            <p class="empty-title">{title}</p>
            <p class="empty-words">{words}</p>
            {error_id
                .map(|id| {
                    view! { <p class="empty-words">"Error id " <code>{id}</code></p> }
                })}
            {children.map(|children| view! { <div class="actions">{children()}</div> })}
        </div>
    }
    .into_any()
}

/// A notice on the page: what is due, what went wrong with a form.
#[component]
pub fn Note(
    /// What it means; a bad one is announced at once.
    #[prop(optional)]
    tone: Tone,
    /// Its icon.
    #[prop(default = Glyph::Info)]
    glyph: Glyph,
    /// A button or link at its end.
    #[prop(optional, into)]
    action: ViewFnOnce,
    /// The words.
    children: Children,
) -> impl IntoView {
    view! {
        <div class=tone.note() role=(tone == Tone::Bad).then_some("alert")>
            {icon(glyph)}
            <div class="note-words">{children()}</div>
            {action.run()}
        </div>
    }
    .into_any()
}

/// What went wrong beside a form's fields; nothing where nothing did.
pub fn wrong(words: Signal<Option<String>>) -> AnyView {
    (move || words.get().map(|words| view! { <Note tone=Tone::Bad>{words}</Note> })).into_any()
}

fn skeleton(content: AnyView) -> AnyView {
    view! {
        <div class="skeleton" role="status">
            <span class="visually-hidden">"Loading"</span>
            {content}
        </div>
    }
    .into_any()
}

fn bars(count: usize) -> AnyView {
    (0..count).map(|_| view! { <span class="bar"></span> }).collect_view().into_any()
}

/// The shape of a table that is on its way.
#[component]
pub fn SkeletonTable(
    /// How many rows.
    #[prop(default = 8)]
    rows: usize,
    /// How many columns.
    #[prop(default = 4)]
    columns: usize,
) -> impl IntoView {
    skeleton((0..=rows).map(|_| view! { <div class="skeleton-row">{bars(columns)}</div> }).collect_view().into_any())
}

/// The shape of tiles that are on their way.
#[component]
pub fn SkeletonTiles(
    /// How many.
    #[prop(default = 4)]
    count: usize,
) -> impl IntoView {
    skeleton(
        view! {
            <div class="tiles">
                {(0..count).map(|_| view! { <div class="tile">{bars(3)}</div> }).collect_view()}
            </div>
        }
        .into_any(),
    )
}

/// The shape of a card that is on its way.
#[component]
pub fn SkeletonCard(
    /// How many lines of text.
    #[prop(default = 4)]
    lines: usize,
) -> impl IntoView {
    skeleton(view! { <div class="card skeleton-card">{bars(lines)}</div> }.into_any())
}

/// What is made anew where its key is another one: a page that is shown again otherwise keeps its elements, and with them
/// what was typed for something else.
pub fn anew<K>(key: K, view: impl IntoView + 'static) -> AnyView
where
    K: Clone + Eq + std::hash::Hash + Send + Sync + 'static,
{
    let once = std::sync::Arc::new(std::sync::Mutex::new(Some(view.into_any())));
    let each = move || vec![key.clone()];
    // The key stays: it is asked for once.
    let children = move |_| once.lock().ok().and_then(|mut once| once.take()).into_any();
    view! { <For each=each key=K::clone children=children/> }.into_any()
}
