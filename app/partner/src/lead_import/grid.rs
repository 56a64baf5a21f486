//! The rows of a file, of which only those in view are in the page: a hundred thousand scroll like twenty.

use super::work::{Held, Told, Work};
use leptos::ev::{Event, KeyboardEvent};
use leptos::html;
use leptos::prelude::*;
use leptos::wasm_bindgen::JsCast;
use ui::{Glyph, grouped, icon};

/// How high a row is, and how wide a column; the style sheet says the same.
const ROW: i32 = 36;
const COLUMN: i32 = 190;
/// So many more are in the page above, below and beside those in view.
const ROWS_AROUND: usize = 10;
const COLUMNS_AROUND: usize = 2;

/// What the grid shows, and what is told of it.
#[derive(Clone, Copy)]
pub(super) struct Grid {
    pub held: Held,
    /// The rows that are shown; none are all of them.
    pub only: RwSignal<Option<Vec<usize>>>,
    /// Counts what changes all rows: another file, other columns.
    pub epoch: RwSignal<usize>,
    /// Counts the cells that were mended.
    pub mended: RwSignal<usize>,
    /// What happens when a column shall answer another question.
    pub map: Callback<(usize, Option<usize>)>,
}

impl Grid {
    fn with<T: Default>(self, of: impl FnOnce(&Work) -> T) -> T {
        self.held.try_with_value(|work| work.as_ref().map(of)).flatten().unwrap_or_default()
    }
}

/// What is in view: the first and how many of the rows and columns.
#[derive(Clone, Copy, PartialEq, Eq)]
struct View {
    row: usize,
    rows: usize,
    column: usize,
    columns: usize,
}

pub(super) fn grid(grid: Grid) -> AnyView {
    let node = NodeRef::<html::Div>::new();
    let view = RwSignal::new(View { row: 0, rows: 40, column: 0, columns: 10 });
    let look = move || {
        let Some(element) = node.get_untracked() else { return };
        let of = |pixels: i32, size: i32| usize::try_from(pixels / size).unwrap_or_default();
        let seen = View {
            row: of(element.scroll_top(), ROW).saturating_sub(ROWS_AROUND),
            rows: of(element.client_height(), ROW) + 2 * ROWS_AROUND,
            column: of(element.scroll_left(), COLUMN).saturating_sub(COLUMNS_AROUND),
            columns: of(element.client_width(), COLUMN) + 2 * COLUMNS_AROUND + 1,
        };
        if view.get_untracked() != seen {
            view.set(seen);
        }
    };
    Effect::new(move |_| {
        grid.epoch.track();
        grid.only.track();
        look();
    });
    let width = Memo::new(move |_| {
        grid.epoch.track();
        grid.with(|work| work.file.head.len())
    });
    let count = Memo::new(move |_| {
        grid.epoch.track();
        grid.only.with(|only| only.as_ref().map(Vec::len)).unwrap_or_else(|| grid.with(|work| work.counts().0))
    });
    let rows = move || {
        let (seen, epoch) = (view.get(), grid.epoch.get());
        let last = (seen.row + seen.rows).min(count.get());
        let places = seen.row.min(last)..last;
        grid.only.with(|only| {
            places
                .map(|place| (epoch, place, only.as_ref().and_then(|only| only.get(place).copied()).unwrap_or(place)))
                .collect::<Vec<_>>()
        })
    };
    let columns = Memo::new(move |_| {
        let seen = view.get();
        let last = (seen.column + seen.columns).min(width.get());
        (seen.column.min(last), last)
    });
    view! {
        <div
            class="lead-sheet"
            role="grid"
            aria-label="Rows of the file"
            aria-rowcount=move || (count.get() + 1).to_string()
            aria-colcount=move || (width.get() + 1).to_string()
            node_ref=node
            on:scroll=move |_| look()
        >
            <div class="lead-sheet-head" role="rowgroup" style:width=move || pixels(width.get(), COLUMN, 88)>
                <div class="lead-sheet-row" role="row" aria-rowindex="1">
                    <div class="lead-sheet-number" role="columnheader">"Row"</div>
                    <div class="lead-sheet-gap" role="presentation" style:width=move || pixels(columns.get().0, COLUMN, 0)></div>
                    <For
                        each=move || {
                            let (from, to) = columns.get();
                            from..to
                        }
                        key=|column| *column
                        children=move |column| head(grid, column)
                    />
                </div>
            </div>
            <div
                class="lead-sheet-body"
                role="rowgroup"
                style:height=move || pixels(count.get(), ROW, 0)
                style:width=move || pixels(width.get(), COLUMN, 88)
            >
                <For each=rows key=|key| *key children=move |(_, place, at)| row(grid, columns, place, at)/>
            </div>
        </div>
    }
    .into_any()
}

fn pixels(count: usize, size: i32, more: i32) -> String {
    let size = i64::from(size);
    format!("{}px", count as i64 * size + i64::from(more))
}

/// A column's name, and the choice of the question that it answers.
fn head(grid: Grid, column: usize) -> AnyView {
    let (name, asked) = grid.with(|work| {
        let labels: Vec<String> = work.asked.iter().map(|asked| asked.label.clone()).collect();
        (work.file.head.get(column).cloned().unwrap_or_default(), labels)
    });
    // It stays where it is when columns are matched anew, and so does whoever chooses in it.
    let chosen = Memo::new(move |_| {
        grid.epoch.get();
        grid.with(|work| work.columns.get(column).copied().flatten())
    });
    let name = if name.is_empty() { format!("Column {}", column + 1) } else { name };
    let options = asked.into_iter().enumerate().map(|(at, label)| {
        view! { <option value=at.to_string() selected=move || chosen.get() == Some(at)>{label}</option> }
    });
    let options = options.collect_view();
    let label = format!("What {name} is");
    let choose = move |event: Event| grid.map.run((column, event_target_value(&event).parse().ok()));
    view! {
        <div class="lead-sheet-column" role="columnheader" aria-colindex=(column + 2).to_string()>
            <span class="lead-sheet-name" title=name.clone()>{name.clone()}</span>
            <select class="input" aria-label=label prop:value=move || chosen.get().map(|at| at.to_string()).unwrap_or_default() on:change=choose>
                <option value="" selected=move || chosen.get().is_none()>"Not imported"</option>
                {options}
            </select>
        </div>
    }
    .into_any()
}

fn row(grid: Grid, columns: Memo<(usize, usize)>, place: usize, at: usize) -> AnyView {
    let told = RwSignal::new(grid.with(|work| work.told(at)));
    let of_row = Memo::new(move |_| {
        let told = told.get();
        let words: Vec<String> = told.into_iter().filter(|told| told.column.is_none()).map(|told| told.words).collect();
        (!words.is_empty()).then(|| words.join(" "))
    });
    let is_bad = move || told.with(|told| !told.is_empty());
    // As a spreadsheet counts, where the first line has the names.
    let number = grouped(at as i64 + 2);
    let reason = move || {
        of_row.get().map(|words| {
            let short = words.clone();
            view! {
                <span class="lead-sheet-alert" tabindex="0" role="img" aria-label=words>{icon(Glyph::Alert)}</span>
                <span class="lead-sheet-reason" aria-hidden="true">{short}</span>
            }
        })
    };
    view! {
        <div
            class="lead-sheet-row"
            class:bad=is_bad
            role="row"
            aria-rowindex=(place + 2).to_string()
            style:top=pixels(place, ROW, 0)
        >
            <div class="lead-sheet-number" role="rowheader">{number}{reason}</div>
            <div class="lead-sheet-gap" role="presentation" style:width=move || pixels(columns.get().0, COLUMN, 0)></div>
            <For
                each=move || {
                    let (from, to) = columns.get();
                    from..to
                }
                key=|column| *column
                children=move |column| cell(grid, told, at, column)
            />
        </div>
    }
    .into_any()
}

fn cell(grid: Grid, told: RwSignal<Vec<Told>>, row: usize, column: usize) -> AnyView {
    let (text, name) = grid.with(|work| {
        let name = work.file.head.get(column).cloned().unwrap_or_default();
        (work.file.rows.cell(row, column).to_owned(), name)
    });
    let words = Memo::new(move |_| {
        told.with(|told| told.iter().find(|told| told.column == Some(column)).map(|told| told.words.clone()))
    });
    let id = format!("lead-{row}-{column}");
    let reason = format!("{id}-reason");
    let label = format!("{name}, row {}", row + 2);
    let change = move |event: Event| {
        let text = event_target_value(&event);
        let again = grid.held.try_update_value(|work| {
            let work = work.as_mut()?;
            work.set(row, column, text);
            Some(work.told(row))
        });
        if let Some(Some(now)) = again {
            told.set(now);
            grid.mended.update(|count| *count += 1);
        }
    };
    let describes = reason.clone();
    let described = move || words.with(Option::is_some).then(|| describes.clone());
    let invalid = move || words.with(Option::is_some).then_some("true");
    let steer = move |event: KeyboardEvent| steer(grid, &event, row, column);
    // A line can't show several.
    let control = if text.contains(['\n', '\r']) {
        view! {
            <textarea id=id class="lead-sheet-input" rows="1" aria-label=label aria-invalid=invalid aria-describedby=described prop:value=text on:change=change></textarea>
        }
        .into_any()
    } else {
        view! {
            <input id=id class="lead-sheet-input" type="text" autocomplete="off" aria-label=label aria-invalid=invalid aria-describedby=described prop:value=text on:change=change on:keydown=steer/>
        }
        .into_any()
    };
    view! {
        <div class="lead-sheet-cell" role="gridcell" aria-colindex=(column + 2).to_string()>
            {control}
            {move || words.get().map(|words| view! { <span class="lead-sheet-reason" id=reason.clone()>{words}</span> })}
        </div>
    }
    .into_any()
}

/// Up and down go to the same column of the row shown above and below.
fn steer(grid: Grid, event: &KeyboardEvent, row: usize, column: usize) {
    let down = match event.key().as_str() {
        "ArrowUp" => false,
        "ArrowDown" | "Enter" => true,
        _ => return,
    };
    let beside = |place: usize| if down { Some(place + 1) } else { place.checked_sub(1) };
    let next = grid.only.with_untracked(|only| match only {
        Some(rows) => rows.get(beside(rows.binary_search(&row).ok()?)?).copied(),
        None => beside(row),
    });
    let Some(next) = next else { return };
    let next = document().get_element_by_id(&format!("lead-{next}-{column}"));
    if let Some(next) = next.and_then(|next| next.dyn_into::<web_sys::HtmlElement>().ok()) {
        event.prevent_default();
        // It fails only where the element has left the page.
        drop(next.focus());
    }
}
