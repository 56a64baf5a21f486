//! Tables. Cells are plain `<td>`s: class `num` for figures (right-aligned), `wide` for a column that a phone leaves
//! out, `under` for one that a phone moves below its row (see `phone_columns`).

use domain::page::Page;
use leptos::prelude::*;

use crate::address::Address;
use crate::button::ButtonLink;
use crate::chart::grouped;
use crate::icon::{Glyph, icon};

/// A dense table with a sticky head. Its head is [`Th`] cells, its children are rows, its foot (a row) the totals.
#[component]
pub fn Table(
    /// What it lists, for screen readers.
    #[prop(into)]
    caption: String,
    /// The head's cells.
    #[prop(into)]
    head: ViewFnOnce,
    /// The totals: cells of one row.
    #[prop(optional, into)]
    foot: Option<ViewFnOnce>,
    /// How many columns a phone keeps, 2 or 3, where it moves cells of class `under` below their row; 0 for none.
    #[prop(optional)]
    phone_columns: u8,
    /// The rows.
    children: Children,
) -> impl IntoView {
    let label = caption.clone();
    let class = match phone_columns {
        2 => "phone-2",
        3 => "phone-3",
        _ => "",
    };
    view! {
        <div class="table-scroll" role="region" aria-label=label tabindex="0">
            <table class=class>
                <caption class="visually-hidden">{caption}</caption>
                <thead>
                    <tr>{head.run()}</tr>
                </thead>
                <tbody>{children()}</tbody>
                {foot.map(|foot| view! { <tfoot><tr>{foot.run()}</tr></tfoot> })}
            </table>
        </div>
    }
    .into_any()
}

/// The head of a column. With `sort`, it is a link that sorts by it and turns the order on the next press.
#[component]
pub fn Th(
    /// Its words; for a column of buttons, words for screen readers with `quiet`.
    #[prop(into)]
    label: String,
    /// Whether the column holds figures.
    #[prop(optional)]
    num: bool,
    /// Whether a phone leaves it out.
    #[prop(optional)]
    wide: bool,
    /// Whether a phone moves its cells below their row (`phone_columns` of the table).
    #[prop(optional)]
    under: bool,
    /// Whether its words are for screen readers alone.
    #[prop(optional)]
    quiet: bool,
    /// The key it sorts by, and the view's address, whose `sort` is `key` or `-key`.
    #[prop(optional_no_strip, into)]
    sort: Option<(&'static str, Address)>,
) -> impl IntoView {
    let class = match (num, wide, under) {
        (true, true, _) => "num wide",
        (true, false, true) => "num under",
        (true, false, false) => "num",
        (false, true, _) => "wide",
        (false, false, true) => "under",
        (false, false, false) => "",
    };
    let Some((key, address)) = sort else {
        let words =
            if quiet { view! { <span class="visually-hidden">{label}</span> }.into_any() } else { label.into_any() };
        return view! { <th scope="col" class=class>{words}</th> }.into_any();
    };
    let current = address.get("sort").unwrap_or_default();
    let descending = current.strip_prefix('-') == Some(key);
    let ascending = current == key;
    // The first press shows what most people look for: the largest figures, the first words.
    let next = if descending || (!ascending && !num) { key.to_owned() } else { format!("-{key}") };
    let href = address.without("cursor").with("sort", &next).href();
    let (direction, glyph) = match (ascending, descending) {
        (true, _) => (Some("ascending"), Some(Glyph::SortUp)),
        (_, true) => (Some("descending"), Some(Glyph::SortDown)),
        _ => (None, None),
    };
    view! {
        <th scope="col" class=class aria-sort=direction>
            <a class="sort" href=href>{label} {glyph.map(icon)}</a>
        </th>
    }
    .into_any()
}

/// The first page of a list and the next one, as links; nothing where all rows are shown.
#[component]
pub fn Pagination(
    /// The address of the first page, where another is shown.
    #[prop(optional_no_strip, into)]
    first: Option<String>,
    /// The address of the next page.
    #[prop(optional_no_strip, into)]
    next: Option<String>,
    /// What is shown: "50 of 1,204".
    #[prop(optional, into)]
    shown: String,
) -> impl IntoView {
    if first.is_none() && next.is_none() && shown.is_empty() {
        return ().into_any();
    }
    view! {
        <nav class="pagination" aria-label="Pages">
            <span class="shown">{shown}</span>
            {first.map(|href| view! { <ButtonLink href=href icon=Glyph::ChevronLeft>"First page"</ButtonLink> })}
            {next.map(|href| view! { <ButtonLink href=href>"Next" {icon(Glyph::ChevronRight)}</ButtonLink> })}
        </nav>
    }
    .into_any()
}

/// The foot of a list by cursor; `total` where it is known.
pub fn pages<T>(page: &Page<T>, total: Option<i64>, address: &Address) -> AnyView {
    let rows = grouped(i64::try_from(page.data.len()).unwrap_or(0));
    // Which rows a later page shows, its cursor doesn't tell.
    let shown = total.map(|total| match address.get("cursor") {
        None => format!("{rows} of {}", grouped(total)),
        Some(_) => format!("{} in all", grouped(total)),
    });
    let first = address.get("cursor").map(|_| address.without("cursor").href());
    let next = page.next_cursor.as_ref().map(|cursor| address.with("cursor", cursor).href());
    view! { <Pagination first=first next=next shown=shown.unwrap_or_default()/> }.into_any()
}
