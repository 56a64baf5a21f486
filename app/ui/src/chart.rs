//! Line charts as SVG, drawn on the server without knowing their width: lines in a plot that stretches, words beside it
//! at percentages. All geometry is in whole numbers: no float is needed, and none has to be formatted in the browser.

use leptos::html;
use leptos::prelude::*;

use crate::table::{Table, Th};

/// One line of a chart.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Series {
    /// Its name.
    pub name: String,
    /// Its values, one for each point of the axis; amounts of money in the minor unit.
    pub values: Vec<i64>,
    /// How each value is read, where that is not the plain number: amounts with their sign.
    pub texts: Vec<String>,
    /// Whether it is measured on the axis at the right: for values much smaller than the others'.
    pub right: bool,
}

impl Series {
    /// A line of plain numbers.
    pub fn new(name: impl Into<String>, values: Vec<i64>) -> Self {
        Self { name: name.into(), values, ..Self::default() }
    }

    /// The same, measured on the axis at the right.
    #[must_use]
    pub fn on_the_right(mut self) -> Self {
        self.right = true;
        self
    }

    /// The same, with the words for its values.
    #[must_use]
    pub fn read_as(mut self, texts: Vec<String>) -> Self {
        self.texts = texts;
        self
    }

    fn text(&self, at: usize) -> String {
        self.texts.get(at).cloned().unwrap_or_else(|| grouped(self.values.get(at).copied().unwrap_or_default()))
    }
}

/// A whole number with its thousands apart: `4,812`, `−12`.
pub fn grouped(number: i64) -> String {
    let digits = number.unsigned_abs().to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3 + 3);
    if number < 0 {
        text.push('\u{2212}');
    }
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// So many things by their name of one: `1 sign-up`, `4,812 sign-ups`.
pub fn counted(number: i64, one: &str) -> String {
    format!("{} {one}{}", grouped(number), if number == 1 { "" } else { "s" })
}

/// The unit of the plot's own coordinates: 100 % = 10,000.
const FULL: i64 = 10_000;
/// Lines across the plot, the base included.
const TICKS: i64 = 5;

/// The ticks of an axis: from the first, each `step` above the one before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Scale {
    base: i128,
    step: i128,
}

impl Scale {
    /// The smallest step of few digits with which all values lie between the ticks.
    fn over<'a>(values: impl Iterator<Item = &'a i64> + Clone) -> Self {
        let low = values.clone().copied().min().unwrap_or(0).min(0);
        let high = values.copied().max().unwrap_or(0).max(0);
        let mut power = 1_i128;
        loop {
            for tenths in [10, 15, 20, 25, 30, 40, 50, 60, 75, 80] {
                let step = power * tenths / 10;
                // Ticks are whole numbers.
                if step * 10 != power * tenths {
                    continue;
                }
                let base = i128::from(low).div_euclid(step) * step;
                if base + step * i128::from(TICKS - 1) >= i128::from(high) {
                    return Self { base, step };
                }
            }
            power *= 10;
        }
    }

    /// How far a value lies above the base, of [`FULL`].
    fn height(self, value: i64) -> i64 {
        let span = self.step * i128::from(TICKS - 1);
        let above = (i128::from(value) - self.base) * i128::from(FULL) / span;
        i64::try_from(above).unwrap_or(0)
    }

    fn tick(self, i: i64) -> i64 {
        i64::try_from(self.base + self.step * i128::from(i)).unwrap_or(i64::MAX)
    }
}

/// Where a point stands from the left, of [`FULL`].
fn across(at: usize, points: usize) -> i64 {
    if points < 2 { FULL / 2 } else { i64::try_from(at).unwrap_or(0) * FULL / i64::try_from(points - 1).unwrap_or(1) }
}

/// A share of [`FULL`] as a percentage for an SVG attribute.
fn percent(share: i64) -> String {
    format!("{}.{:02}%", share / 100, share % 100)
}

fn line(series: &Series, scale: Scale) -> String {
    use std::fmt::Write;
    let points = series.values.len();
    let mut path = String::with_capacity(points * 10);
    for (i, value) in series.values.iter().enumerate() {
        let command = if i == 0 { 'M' } else { 'L' };
        // Writing to a String can't fail.
        _ = write!(path, "{command}{} {}", across(i, points), FULL - scale.height(*value));
    }
    path
}

/// Which points get a word beneath: about `wanted` of them, the first and the last among them.
fn labelled(points: usize, wanted: usize) -> Vec<usize> {
    if points == 0 {
        return Vec::new();
    }
    let last = points - 1;
    let gaps = wanted.min(points).max(2) - 1;
    let mut chosen: Vec<usize> = (0..=gaps).map(|i| i * last / gaps).collect();
    chosen.dedup();
    chosen
}

/// Lines over time, with their values as a table beneath. Pointing at it, or the arrow keys, show a point's values in
/// the legend.
#[component]
pub fn LineChart(
    /// Its id, one of its own on the page.
    #[prop(into)]
    id: String,
    /// What it shows, for screen readers: "Clicks, sign-ups and sales by day".
    #[prop(into)]
    label: String,
    /// What the points are: "Day".
    #[prop(default = "Day")]
    axis: &'static str,
    /// The words for the points, in order.
    points: Vec<String>,
    /// The lines: four at most, the first one filled.
    series: Vec<Series>,
    /// How a tick is read, where that is not the plain number: amounts.
    #[prop(default = grouped)]
    tick: fn(i64) -> String,
    /// Words over the plot while every value is zero.
    #[prop(default = "Nothing in this period yet")]
    empty: &'static str,
) -> impl IntoView {
    let count = points.len();
    let left = Scale::over(series.iter().filter(|one| !one.right).flat_map(|one| &one.values));
    let right = Scale::over(series.iter().filter(|one| one.right).flat_map(|one| &one.values));
    let has_right = series.iter().any(|one| one.right);
    let scale = move |one: &Series| if one.right { right } else { left };
    let nothing = series.iter().all(|one| one.values.iter().all(|value| *value == 0));

    let at = RwSignal::new(None::<usize>);
    let plot = NodeRef::<html::Div>::new();
    let point = move |event: web_sys::PointerEvent| {
        let Some(plot) = plot.get() else { return };
        let (offset, width) = (i64::from(event.offset_x()), i64::from(plot.client_width()));
        if count == 0 || width <= 0 {
            return;
        }
        let last = i64::try_from(count - 1).unwrap_or(0);
        let nearest = (offset * last * 2 + width) / (width * 2);
        at.set(usize::try_from(nearest.clamp(0, last)).ok());
    };
    let keys = move |event: web_sys::KeyboardEvent| {
        let Some(last) = count.checked_sub(1) else { return };
        let next = match (event.key().as_str(), at.get_untracked()) {
            ("ArrowLeft", Some(i)) => i.saturating_sub(1),
            ("ArrowRight", Some(i)) => (i + 1).min(last),
            ("ArrowLeft" | "End", _) => last,
            ("ArrowRight" | "Home", _) => 0,
            _ => return,
        };
        event.prevent_default();
        at.set(Some(next));
    };

    // Values, heights and words live once, for the legend, the marks and the table.
    let shown = StoredValue::new((points, series));
    let legend = shown.with_value(|(_, series)| {
        series
            .iter()
            .enumerate()
            .map(|(k, one)| {
                let name = if one.right { format!("{} (right)", one.name) } else { one.name.clone() };
                let value = move || at.get().map(|i| shown.with_value(|(_, series)| series[k].text(i)));
                view! { <li class=class_of(k)><span class="swatch"></span>{name} <b>{value}</b></li> }
            })
            .collect_view()
    });
    let lines = shown.with_value(|(_, series)| {
        series
            .iter()
            .enumerate()
            .map(|(k, one)| {
                let path = line(one, scale(one));
                let area = (k == 0 && count > 1).then(|| {
                    let base = FULL - scale(one).height(0);
                    view! { <path class="area" d=format!("{path}L{FULL} {base}L0 {base}Z")></path> }
                });
                view! { <g class=class_of(k)>{area}<path class="line" d=path></path></g> }
            })
            .collect_view()
    });
    let dots = shown.with_value(|(_, series)| {
        series
            .iter()
            .enumerate()
            .map(|(k, one)| {
                let scale = scale(one);
                // A single point makes no line: its dot is always there.
                let i = move || at.get().or((count == 1).then_some(0));
                let x = move || percent(across(i().unwrap_or(0), count));
                let y = move || {
                    let height = shown
                        .with_value(|(_, series)| series[k].values.get(i().unwrap_or(0)).map(|v| scale.height(*v)));
                    percent(FULL - height.unwrap_or(0))
                };
                view! { <circle class=class_of(k) r=move || if i().is_some() { "4" } else { "0" } cx=x cy=y></circle> }
            })
            .collect_view()
    });
    let grid = (0..TICKS)
        .map(|i| {
            let y = percent(FULL - i * FULL / (TICKS - 1));
            view! { <line x1="0" x2="100%" y1=y.clone() y2=y></line> }
        })
        .collect_view();
    let ticks = move |scale: Scale, x: &'static str, class: &'static str| {
        let words = (0..TICKS)
            .map(|i| view! { <text x=x y=percent(FULL - i * FULL / (TICKS - 1)) dy="4">{tick(scale.tick(i))}</text> })
            .collect_view();
        view! { <svg class=class aria-hidden="true">{words}</svg> }.into_any()
    };
    let below = shown.with_value(|(points, _)| {
        let few = labelled(count, 3);
        let many = labelled(count, 5);
        many.iter()
            .chain(few.iter().filter(|i| !many.contains(i)))
            .map(|i| {
                let anchor = match *i {
                    _ if count == 1 => "middle",
                    0 => "start",
                    i if i + 1 == count => "end",
                    _ => "middle",
                };
                let class = match (few.contains(i), many.contains(i)) {
                    (true, true) => "",
                    (true, false) => "narrow",
                    _ => "wide",
                };
                view! { <text class=class x=percent(across(*i, count)) y="14" text-anchor=anchor>{points[*i].clone()}</text> }
            })
            .collect_view()
    });
    let when = move || at.get().and_then(|i| shown.with_value(|(points, _)| points.get(i).cloned()));
    let guide = move || percent(across(at.get().unwrap_or(0), count));

    view! {
        <figure class="chart" id=id>
            <figcaption class="legend">
                <span class="when">{when}</span>
                <ul>{legend}</ul>
            </figcaption>
            <div class=if has_right { "chart-body two-axes" } else { "chart-body" }>
                {ticks(left, "100%", "ticks")}
                <div
                    class="plot"
                    node_ref=plot
                    role="img"
                    aria-label=label.clone()
                    tabindex="0"
                    on:pointermove=point
                    on:pointerleave=move |_| at.set(None)
                    on:keydown=keys
                    on:blur=move |_| at.set(None)
                >
                    <svg class="grid" aria-hidden="true">{grid}</svg>
                    <svg class="lines" viewBox="0 0 10000 10000" preserveAspectRatio="none" aria-hidden="true">{lines}</svg>
                    <svg class="marks" aria-hidden="true">
                        <line class=move || if at.get().is_some() { "guide" } else { "guide off" } x1=guide x2=guide y1="0" y2="100%"></line>
                        {dots}
                    </svg>
                    {nothing.then(|| view! { <p class="chart-empty">{empty}</p> })}
                </div>
                {has_right.then(|| ticks(right, "0", "ticks right"))}
                <svg class="below" aria-hidden="true">{below}</svg>
            </div>
            <details class="as-table">
                <summary>"Show as table"</summary>
                {values(label, axis, shown)}
            </details>
        </figure>
    }
    .into_any()
}

fn values(label: String, axis: &'static str, shown: StoredValue<(Vec<String>, Vec<Series>)>) -> AnyView {
    let head = move || {
        let names = shown.with_value(|(_, series)| series.iter().map(|one| one.name.clone()).collect::<Vec<_>>());
        (view! { <Th label=axis/> }, names.into_iter().map(|name| view! { <Th label=name num=true/> }).collect_view())
    };
    let rows = shown.with_value(|(points, series)| {
        points
            .iter()
            .enumerate()
            .map(|(i, point)| {
                let cells = series.iter().map(|one| view! { <td class="num">{one.text(i)}</td> }).collect_view();
                view! { <tr><th scope="row">{point.clone()}</th>{cells}</tr> }
            })
            .collect_view()
    });
    view! { <Table caption=label head=head>{rows}</Table> }.into_any()
}

fn class_of(series: usize) -> &'static str {
    ["c1", "c2", "c3", "c4"][series % 4]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ticks_are_nice_and_hold_every_value() {
        let scale = |values: &[i64]| Scale::over(values.iter());
        assert_eq!(scale(&[]), Scale { base: 0, step: 1 });
        assert_eq!(scale(&[3, 4]), Scale { base: 0, step: 1 });
        assert_eq!(scale(&[143, 263]), Scale { base: 0, step: 75 });
        assert_eq!(scale(&[80]), Scale { base: 0, step: 20 });
        assert_eq!(scale(&[90]), Scale { base: 0, step: 25 });
        assert_eq!(scale(&[10]), Scale { base: 0, step: 3 });
        assert_eq!(scale(&[-30, 40]), Scale { base: -40, step: 20 });
        let huge = scale(&[i64::MAX]);
        assert!(huge.height(i64::MAX) <= FULL);
    }

    #[test]
    fn the_first_and_the_last_point_are_labelled() {
        assert_eq!(labelled(30, 5), [0, 7, 14, 21, 29]);
        assert_eq!(labelled(2, 5), [0, 1]);
        assert_eq!(labelled(1, 5), [0]);
        assert!(labelled(0, 5).is_empty());
    }

    #[test]
    fn numbers_have_their_thousands_apart() {
        assert_eq!(grouped(4812), "4,812");
        assert_eq!(grouped(-1_234_567), "\u{2212}1,234,567");
        assert_eq!(grouped(999), "999");
    }
}
