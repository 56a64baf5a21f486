//! The drawer: a file is chosen, looked at, mended and sent.

use super::ReadImportSetup;
use super::grid::{Grid, grid};
use super::send::{Sent, send};
use super::work::{Held, Work, check_all, read};
use domain::leads::GroupChoice;
use domain::leads::file::ImportSetup;
use leptos::ev::{self, DragEvent, Event};
use leptos::html;
use leptos::prelude::*;
use leptos::reactive::computed::ScopedFuture;
use leptos::wasm_bindgen::JsCast;
use leptos_router::NavigateOptions;
use leptos_router::hooks::use_navigate;
use ui::{Button, ButtonKind, ButtonLink, Choice, Glyph, Note, Select, Tone, counted, grouped, icon, use_toasts};

use crate::show;

const QUESTION: &str = "What you have mended here is not imported yet. Close it, and lose that?";

/// What the drawer is at.
#[derive(Clone, Debug, PartialEq, Eq)]
enum At {
    /// A file is to be chosen.
    Start,
    /// A file is read: percent, rows.
    Reading(usize, usize),
    /// It is looked at.
    Looking,
    /// It is sent: how many rows have arrived.
    Sending(usize),
    /// Its rows were imported before.
    Same,
}

impl At {
    /// The step's name, for screen readers.
    fn label(&self) -> &'static str {
        match self {
            Self::Start => "Choose a file",
            Self::Reading(..) => "The file is read",
            Self::Looking => "Look at the leads",
            Self::Sending(_) => "The leads are sent",
            Self::Same => "Imported before",
        }
    }
}

#[derive(Clone, Copy)]
struct Drawer {
    program: StoredValue<String>,
    setup: StoredValue<ImportSetup>,
    group: RwSignal<String>,
    at: RwSignal<At>,
    wrong: RwSignal<Option<String>>,
    grid: Grid,
    /// Whether only rows with errors show.
    filtered: RwSignal<bool>,
    /// How far a second look has come, in percent.
    again: RwSignal<Option<usize>>,
    stop: RwSignal<bool>,
    /// What follows when all was sent.
    begun: Callback<()>,
}

pub(super) fn drawer(program: String) -> AnyView {
    let node = NodeRef::<html::Dialog>::new();
    let asked = RwSignal::new(None::<access::Result<ImportSetup>>);
    let request = ReadImportSetup { program: program.clone() };
    leptos::task::spawn_local(async move {
        let answer = access::ask(request).await;
        asked.try_set(Some(answer));
    });
    Effect::new(move |_| {
        if let Some(dialog) = node.get()
            && !dialog.open()
        {
            // It fails only where the element has left the page.
            drop(dialog.show_modal());
        }
    });
    // Whether closing loses what was mended.
    let dirty = RwSignal::new(false);
    let address = show::address();
    let navigate = use_navigate();
    let close = Callback::new(move |()| {
        if dirty.get_untracked() && !window().confirm_with_message(QUESTION).unwrap_or(true) {
            return;
        }
        dirty.set(false);
        let back = address.with_untracked(|address| address.without("import").href());
        navigate(&back, NavigateOptions { scroll: false, ..NavigateOptions::default() });
    });
    let leaving = window_event_listener(ev::beforeunload, move |event| {
        if dirty.get_untracked() {
            event.prevent_default();
        }
    });
    on_cleanup(move || leaving.remove());
    let content = move || match asked.get() {
        None => view! { <p role="status">"One moment…"</p> }.into_any(),
        Some(Err(access::Error::Forbidden)) => {
            view! { <Note tone=Tone::Warn>"This program takes no files of leads at the moment."</Note> }.into_any()
        }
        Some(Err(error)) => view! { <Note tone=Tone::Bad>{error.words()}</Note> }.into_any(),
        Some(Ok(setup)) => inside(program.clone(), setup, dirty),
    };
    view! {
        <dialog
            class="dialog drawer lead-import"
            aria-labelledby="lead-import-title"
            node_ref=node
            on:cancel=move |event: Event| {
                event.prevent_default();
                close.run(());
            }
        >
            <div class="dialog-box">
                <div class="dialog-head">
                    <h2 id="lead-import-title">"Import leads"</h2>
                    <button type="button" class="btn quiet icon-btn" aria-label="Close" on:click=move |_| close.run(())>
                        {icon(Glyph::Cross)}
                    </button>
                </div>
                {content}
            </div>
        </dialog>
    }
    .into_any()
}

fn inside(program: String, setup: ImportSetup, dirty: RwSignal<bool>) -> AnyView {
    let held: Held = StoredValue::new_local(None);
    let first = setup.groups.first().map(|group| group.id.to_string()).unwrap_or_default();
    let (epoch, again) = (RwSignal::new(0), RwSignal::new(None::<usize>));
    // How often all rows were looked at again, to the end.
    let looked = RwSignal::new(0);
    let map = Callback::new(move |(column, asked)| {
        held.update_value(|work| {
            if let Some(work) = work {
                work.map(column, asked);
            }
        });
        look_again(held, epoch, again, looked);
    });
    let only = RwSignal::new(None);
    let mended = RwSignal::new(0);
    let (toasts, navigate) = (use_toasts(), use_navigate());
    let history = format!("/p/{program}/leads/imports");
    let begun = Callback::new(move |()| {
        toasts.say("Your leads are being imported");
        dirty.set(false);
        navigate(&history, NavigateOptions::default());
    });
    let drawer = Drawer {
        program: StoredValue::new(program),
        setup: StoredValue::new(setup),
        group: RwSignal::new(first),
        at: RwSignal::new(At::Start),
        wrong: RwSignal::new(None),
        grid: Grid { held, only, epoch, mended, map },
        filtered: RwSignal::new(false),
        again,
        stop: RwSignal::new(false),
        begun,
    };
    Effect::new(move |_| dirty.set(mended.get() > 0 || matches!(drawer.at.get(), At::Sending(_))));
    // The list of rows with errors stays as it was when it was asked for, so that none is gone while it is mended.
    Effect::new(move |_| {
        epoch.track();
        looked.track();
        let filtered = drawer.filtered.get();
        only.set(
            filtered
                .then(|| held.try_with_value(|work| work.as_ref().map(Work::wrong_rows)).flatten().unwrap_or_default()),
        );
    });
    let drop_file = move |event: DragEvent| {
        event.prevent_default();
        let file = event.data_transfer().and_then(|data| data.files()).and_then(|files| files.get(0));
        if let Some(file) = file {
            take(drawer, file);
        }
    };
    let kind = Memo::new(move |_| std::mem::discriminant(&drawer.at.get()));
    let node = NodeRef::<html::Div>::new();
    Effect::new(move |before: Option<_>| {
        let now = kind.get();
        // The next step is told: what had the focus is gone.
        if before.is_some_and(|before| before != now)
            && let Some(node) = node.get_untracked()
        {
            drop(node.focus());
        }
        now
    });
    let body = move || {
        // Read, not only tracked: what is never read follows nothing.
        kind.with(|_| ());
        match drawer.at.get_untracked() {
            At::Start => choosing(drawer),
            At::Reading(..) => reading(drawer),
            At::Looking => looking(drawer),
            At::Sending(_) => sending(drawer),
            At::Same => same(drawer),
        }
    };
    view! {
        <div
            class="lead-import-box"
            tabindex="-1"
            role="group"
            aria-label=move || drawer.at.with(At::label)
            node_ref=node
            on:dragover=|event: DragEvent| event.prevent_default()
            on:drop=drop_file
        >
            {move || drawer.wrong.get().map(|words| view! { <Note tone=Tone::Bad>{words}</Note> })}
            {body}
        </div>
    }
    .into_any()
}

/// Looks at all rows again, since their columns changed.
fn look_again(held: Held, epoch: RwSignal<usize>, again: RwSignal<Option<usize>>, looked: RwSignal<usize>) {
    let Some(this) = epoch.try_update(|epoch| {
        *epoch += 1;
        *epoch
    }) else {
        return;
    };
    let rows = held.try_with_value(|work| work.as_ref().map_or(0, |work| work.counts().0)).unwrap_or_default();
    leptos::task::spawn_local(async move {
        // Another change begins anew.
        let current = move || epoch.try_get_untracked() == Some(this);
        check_all(held, move |row| {
            if current() {
                again.try_set(Some(row * 100 / rows.max(1)));
            }
            current()
        })
        .await;
        if current() {
            again.try_set(None);
            looked.try_update(|count| *count += 1);
        }
    });
}

impl Drawer {
    fn chosen(self) -> Option<GroupChoice> {
        let id = self.group.get_untracked();
        self.setup.with_value(|setup| setup.groups.iter().find(|group| group.id.to_string() == id).cloned())
    }
}

/// Reads a file that was chosen or dropped.
fn take(drawer: Drawer, file: web_sys::File) {
    if !matches!(drawer.at.get_untracked(), At::Start | At::Looking | At::Same) {
        return;
    }
    let loses = drawer.grid.mended.get_untracked() > 0;
    if loses && !window().confirm_with_message("Take this file instead, and lose what you have mended?").unwrap_or(true)
    {
        return;
    }
    let Some(group) = drawer.chosen() else { return };
    let rules = drawer.setup.with_value(|setup| setup.rules(&group));
    drawer.wrong.set(None);
    drawer.at.set(At::Reading(0, 0));
    leptos::task::spawn_local(ScopedFuture::new(async move {
        let told = move |percent, rows| {
            drawer.at.try_set(At::Reading(percent, rows));
        };
        match read(&file, group, rules, told).await {
            Ok(work) => {
                let wrong = work.counts().1 > 0;
                drawer.grid.held.try_set_value(Some(work));
                drawer.grid.mended.try_set(0);
                drawer.filtered.try_set(wrong);
                drawer.grid.epoch.try_update(|epoch| *epoch += 1);
                drawer.at.try_set(At::Looking);
            }
            Err(words) => {
                drawer.wrong.try_set(Some(words));
                drawer.at.try_set(At::Start);
            }
        }
    }));
}

/// The field for a file; the drawer takes one that is dropped anywhere on it.
fn file_field(drawer: Drawer, label: &'static str) -> AnyView {
    let choose = move |event: Event| {
        let input = event.target().and_then(|target| target.dyn_into::<web_sys::HtmlInputElement>().ok());
        let Some(input) = input else { return };
        if let Some(file) = input.files().and_then(|files| files.get(0)) {
            // The same file may be chosen again.
            input.set_value("");
            take(drawer, file);
        }
    };
    view! {
        <div class="field">
            <label for="lead-import-file">{label}</label>
            <input id="lead-import-file" type="file" class="input drop" accept=".csv,.txt,.tsv,text/csv" on:change=choose/>
        </div>
    }
    .into_any()
}

fn choosing(drawer: Drawer) -> AnyView {
    let groups = drawer.setup.with_value(|setup| {
        setup.groups.iter().map(|group| Choice::new(group.id.to_string(), group.name.clone())).collect::<Vec<_>>()
    });
    if groups.is_empty() {
        return view! { <Note tone=Tone::Warn>"The program takes no leads at present."</Note> }.into_any();
    }
    let several = (groups.len() > 1).then(|| {
        view! { <Select id="lead-import-group" label="Which leads are these?" choices=groups bind=drawer.group/> }
    });
    let template = move || {
        let program = drawer.program.get_value();
        format!("/p/{program}/lead-imports/template.csv?group={}", drawer.group.get())
    };
    view! {
        <p>"Fill in the template, one lead a line; columns with a star must be filled in. Then add the file: you see its leads before they are imported."</p>
        {several}
        {move || {
            let href = template();
            view! { <p><ButtonLink href=href icon=Glyph::Download download=true>"Download CSV template"</ButtonLink></p> }
        }}
        {file_field(drawer, "Add file: choose a CSV file, or drop it here")}
        <p class="sub">"At most 100,000 rows and 25 MB."</p>
    }
    .into_any()
}

fn reading(drawer: Drawer) -> AnyView {
    let now = move || match drawer.at.get() {
        At::Reading(percent, rows) => (percent, rows),
        _ => (100, 0),
    };
    view! {
        <progress class="progress" max="100" value=move || now().0.to_string() aria-label="Reading the file"></progress>
        <p role="status">{move || format!("{} read.", counted(now().1 as i64, "row"))}</p>
    }
    .into_any()
}

fn looking(drawer: Drawer) -> AnyView {
    let held = drawer.grid.held;
    let of =
        move |of: fn(&Work) -> String| held.try_with_value(|work| work.as_ref().map(of)).flatten().unwrap_or_default();
    let counts = move || {
        drawer.grid.mended.track();
        drawer.grid.epoch.track();
        drawer.again.track();
        held.try_with_value(|work| work.as_ref().map(Work::counts)).flatten().unwrap_or_default()
    };
    let missing = move || {
        drawer.grid.epoch.track();
        let missing = held.try_with_value(|work| work.as_ref().map(Work::missing)).flatten().unwrap_or_default();
        (!missing.is_empty()).then(|| {
            let words = format!("Choose which column is {}: none is so far.", missing.join(", "));
            view! { <Note tone=Tone::Bad>{words}</Note> }
        })
    };
    let toggle = move |event: Event| drawer.filtered.set(event_target_checked(&event));
    let none_ready = Signal::derive(move || {
        let (rows, wrong) = counts();
        rows == wrong
    });
    let cannot = Signal::derive(move || drawer.again.get().is_some() || none_ready.get() || held_misses_email(held));
    view! {
        <p class="sub">{of(|work| work.name.clone())}" · "{of(Work::written)}</p>
        {missing}
        <div class="lead-import-counts" role="status">
            <span><strong>{move || grouped(counts().0 as i64)}</strong>" rows"</span>
            <span><strong>{move || { let (rows, wrong) = counts(); grouped((rows - wrong) as i64) }}</strong>" ready"</span>
            <span class:bad=move || { counts().1 > 0 }><strong>{move || grouped(counts().1 as i64)}</strong>" with errors"</span>
        </div>
        <label class="check">
            <input type="checkbox" class="checkbox" prop:checked=move || drawer.filtered.get() on:change=toggle/>
            "Rows with errors"
        </label>
        {move || drawer.again.get().map(|percent| {
            view! { <progress class="progress" max="100" value=percent.to_string() aria-label="Looking at the rows again"></progress> }
        })}
        {grid(drawer.grid)}
        <p class="sub">
            {move || if none_ready.get() {
                "No row is ready: match the columns or mend a row first."
            } else {
                "Rows that still have errors are refused. You find them, with the reasons, under View import history."
            }}
        </p>
        {file_field(drawer, "Another file: choose it, or drop it here")}
        <div class="dialog-actions">
            <Button kind=ButtonKind::Primary disabled=cannot on_click=Callback::new(move |()| submit(drawer))>"Import and submit"</Button>
        </div>
    }
    .into_any()
}

/// Whether no column holds the e-mail: without it there is no lead.
fn held_misses_email(held: Held) -> bool {
    held.try_with_value(|work| work.as_ref().is_none_or(|work| !work.columns.contains(&Some(0)))).unwrap_or(true)
}

fn sending(drawer: Drawer) -> AnyView {
    let rows =
        drawer.grid.held.try_with_value(|work| work.as_ref().map_or(0, |work| work.counts().0)).unwrap_or_default();
    let sent = move || match drawer.at.get() {
        At::Sending(sent) => sent,
        _ => rows,
    };
    let stopping = Signal::derive(move || drawer.stop.get());
    view! {
        <progress class="progress" max=rows.to_string() value=move || sent().to_string() aria-label="Sending the rows"></progress>
        <p role="status">{move || format!("{} of {} sent.", grouped(sent() as i64), counted(rows as i64, "row"))}</p>
        <div class="dialog-actions">
            <Button disabled=stopping on_click=Callback::new(move |()| drawer.stop.set(true))>"Cancel"</Button>
        </div>
    }
    .into_any()
}

fn same(drawer: Drawer) -> AnyView {
    let history = format!("/p/{}/leads/imports", drawer.program.get_value());
    view! {
        <div role="status"><Note tone=Tone::Warn>"You have imported these very rows already: nothing was imported again."</Note></div>
        {file_field(drawer, "Another file: choose it, or drop it here")}
        <div class="dialog-actions">
            <ButtonLink href=history kind=ButtonKind::Primary>"View import history"</ButtonLink>
        </div>
    }
    .into_any()
}

/// Sends the rows, and leads to the history.
fn submit(drawer: Drawer) {
    drawer.wrong.set(None);
    drawer.stop.set(false);
    drawer.at.set(At::Sending(0));
    let (program, partner) = (drawer.program.get_value(), drawer.setup.with_value(|setup| setup.partner));
    leptos::task::spawn_local(ScopedFuture::new(async move {
        let told = move |rows| {
            drawer.at.try_set(At::Sending(rows));
        };
        let stopped = move || drawer.stop.try_get_untracked().unwrap_or(true);
        match send(&program, partner, drawer.grid.held, told, stopped).await {
            Ok(Sent::Begun) => {
                drawer.grid.mended.try_set(0);
                drawer.at.try_set(At::Start);
                drawer.begun.run(());
            }
            Ok(Sent::Same) => {
                drawer.grid.mended.try_set(0);
                drawer.at.try_set(At::Same);
            }
            Ok(Sent::Stopped) => {
                drawer.at.try_set(At::Looking);
            }
            Err(error) => {
                drawer.wrong.try_set(Some(error.words()));
                drawer.at.try_set(At::Looking);
            }
        }
    }));
}
