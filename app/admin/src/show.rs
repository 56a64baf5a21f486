//! What several pages show alike.

#[cfg(feature = "ssr")]
use access::{Error, Result};
use access::{Form, PostForm};
use chrono::{DateTime, NaiveDate, SecondsFormat, Utc};
use domain::messages::{Examples, MergeField, meaning};
use domain::partners::{EnrollmentStatus, PartnerName};
use domain::reports::CommissionRow;
use domain::time::Zone;
use leptos::prelude::*;
use leptos::wasm_bindgen::JsCast;
use leptos_router::hooks::{use_location, use_params_map};
use std::time::Duration;
use ui::{
    Address, Button, ButtonKind, Card, CloseButton, CopyButton, Dialog, DialogButton, Download, Fact, Facts, Glyph,
    Tone, use_toasts,
};
pub(crate) use ui::{nothing_found, pages, wrong};

/// A part of the address's path: `program`, `code`, `id`.
pub(crate) fn parameter(name: &'static str) -> Memo<String> {
    let params = use_params_map();
    Memo::new(move |_| params.with(|params| params.get(name).unwrap_or_default()))
}

/// The program whose admin area is shown, by its name in addresses.
pub(crate) fn program() -> Memo<String> {
    parameter("program")
}

/// The address of the view, with its filters.
pub(crate) fn address() -> Memo<Address> {
    let location = use_location();
    Memo::new(move |_| Address::new(location.pathname.get(), &location.search.get()))
}

/// A value of the address, as a server function takes it.
pub(crate) fn value(address: &Address, key: &str) -> Option<String> {
    address.get(key).map(str::to_owned)
}

/// The address of a file with what the view shows, by the same filters.
pub(crate) fn file(program: &str, name: &str, address: &Address) -> String {
    address.without("cursor").at(format!("/admin/{program}/export/{name}.csv")).href()
}

/// The link that downloads a list as the view filters it.
pub(crate) fn download(list: &'static str) -> AnyView {
    let (program, address) = (program(), address());
    (move || view! { <Download href=file(&program.get(), list, &address.get()) what=list/> }).into_any()
}

/// The program's name in addresses, as a form passes it on.
pub(crate) fn program_field() -> AnyView {
    view! { <input type="hidden" name="program" value=program()/> }.into_any()
}

/// A day in full: `19 Nov 2026`.
pub(crate) fn day(day: NaiveDate) -> String {
    day.format("%-d %b %Y").to_string()
}

/// The program's time zone.
#[derive(Clone, Copy)]
struct ProgramZone(StoredValue<Zone>);

/// For the pages in a frame: times are shown in this zone.
pub(crate) fn provide_zone(zone: Zone) {
    provide_context(ProgramZone(StoredValue::new(zone)));
}

/// A time as something that is asked of the program's zone; `None` outside of a program.
fn in_zone<T>(ask: impl FnOnce(&Zone) -> T) -> Option<T> {
    use_context::<ProgramZone>().and_then(|zone| zone.0.try_with_value(ask))
}

/// An instant in full, in the program's time zone: `19 Nov 2026, 14:05`.
pub(crate) fn instant(at: DateTime<Utc>) -> String {
    let local = in_zone(|zone| zone.local(at).format("%-d %b %Y, %H:%M").to_string());
    local.unwrap_or_else(|| at.format("%-d %b %Y, %H:%M UTC").to_string())
}

/// The same in words that stand by themselves, with the zone: `19 Nov 2026, 14:05 (Europe/Berlin, UTC+01:00)`.
pub(crate) fn instant_in_full(at: DateTime<Utc>) -> String {
    match in_zone(|zone| zone.words(at)) {
        Some(zone) => format!("{} ({zone})", instant(at)),
        None => instant(at),
    }
}

/// The same as an element that tells which zone it is.
pub(crate) fn time(at: DateTime<Utc>) -> AnyView {
    let title = in_zone(|zone| zone.words(at));
    view! { <time datetime=at.to_rfc3339_opts(SecondsFormat::Secs, true) title=title>{instant(at)}</time> }.into_any()
}

/// The program's day of an instant, in full: `19 Nov 2026`.
pub(crate) fn day_of(at: DateTime<Utc>) -> String {
    day(in_zone(|zone| zone.local(at).date()).unwrap_or_else(|| at.date_naive()))
}

/// Says that an act has worked, and what went wrong where no field says it.
pub(crate) fn tell<S: 'static>(form: Form<S>, done: &'static str) {
    let toasts = use_toasts();
    form.settled(move |outcome| match outcome {
        Ok(()) => toasts.say(done),
        Err(access::Error::Invalid(_)) => {}
        Err(error) if error.leads_to("").is_none() => toasts.fail(error.words()),
        Err(_) => {}
    });
}

/// A partner's name, which leads to its page.
pub(crate) fn partner_link(program: &str, partner: &PartnerName) -> AnyView {
    let href = format!("/admin/{program}/partners/{}", partner.code);
    view! { <a class="link" href=href>{partner.name.clone()}</a> }.into_any()
}

/// A link to the customer or the lead that a commission is for.
pub(crate) fn who_link(program: &str, row: &CommissionRow) -> AnyView {
    let label = row.who().to_owned();
    let customer = row.customer.as_ref().map(|customer| format!("customers/{}", customer.id));
    match customer.or(row.lead.as_ref().map(|lead| format!("leads/{}", lead.id))) {
        Some(path) => view! { <a class="link" href=format!("/admin/{program}/{path}")>{label}</a> }.into_any(),
        None => label.into_any(),
    }
}

/// Whether one of these filters is set.
pub(crate) fn filtered(address: &Address, keys: &[&str]) -> bool {
    keys.iter().any(|key| address.get(key).is_some_and(|value| !value.is_empty()))
}

/// A partner's standing in words.
pub(crate) fn standing_words(status: EnrollmentStatus) -> &'static str {
    match status {
        EnrollmentStatus::Pending => "Pending",
        EnrollmentStatus::Active => "Active",
        EnrollmentStatus::Paused => "Paused",
        EnrollmentStatus::Banned => "Banned",
        EnrollmentStatus::Declined => "Declined",
    }
}

/// The tint of a partner's standing.
pub(crate) fn standing_tone(status: EnrollmentStatus) -> Tone {
    match status {
        EnrollmentStatus::Pending | EnrollmentStatus::Paused => Tone::Warn,
        EnrollmentStatus::Active => Tone::Good,
        EnrollmentStatus::Banned => Tone::Bad,
        EnrollmentStatus::Declined => Tone::Neutral,
    }
}

/// The acts of the page that have worked so far: the menu counts anew after each.
#[derive(Clone, Copy)]
pub(crate) struct Acts(RwSignal<usize>);

impl Acts {
    /// For the pages in a frame.
    pub(crate) fn provide() -> Self {
        let acts = Self(RwSignal::new(0));
        provide_context(acts);
        acts
    }

    /// Follows them.
    pub(crate) fn track(self) {
        self.0.track();
    }

    /// One more.
    pub(crate) fn count(self) {
        self.0.try_update(|count| *count += 1);
    }

    /// One more, where the page stands in a frame.
    pub(crate) fn another() {
        if let Some(acts) = use_context::<Self>() {
            acts.count();
        }
    }
}

/// Counts how often an act has worked: a resource that looks at the count is read again. The dialog in which the act's
/// form stands closes, emptied.
pub(crate) fn done<S: 'static>(form: Form<S>) -> RwSignal<usize> {
    let count = RwSignal::new(0);
    form.settled(move |outcome| {
        if outcome.is_ok() {
            count.update(|count| *count += 1);
            Acts::another();
            close_open_dialog();
        }
    });
    count
}

fn close_open_dialog() -> Option<()> {
    let dialog = document().query_selector("dialog[open]").ok()??;
    if let Ok(Some(form)) = dialog.query_selector("form") {
        form.unchecked_into::<web_sys::HtmlFormElement>().reset();
    }
    ui::close_dialog(&dialog.id());
    Some(())
}

/// Waits until typing has paused.
#[derive(Clone, Copy)]
pub(crate) struct Pause(StoredValue<Option<TimeoutHandle>>);

impl Pause {
    /// For one field.
    pub(crate) fn new() -> Self {
        Self(StoredValue::new(None))
    }

    /// What waits is not done any more.
    pub(crate) fn forget(self) {
        if let Some(waiting) = self.0.get_value() {
            waiting.clear();
        }
    }

    /// Does something so many milliseconds later, instead of what waits.
    pub(crate) fn then(self, milliseconds: u64, act: impl FnOnce() + 'static) {
        self.forget();
        self.0.set_value(set_timeout_with_handle(act, Duration::from_millis(milliseconds)).ok());
    }
}

/// A word with a capital letter.
pub(crate) fn capitalised(word: &str) -> String {
    let mut letters = word.chars();
    letters.next().map(|first| first.to_uppercase().chain(letters).collect()).unwrap_or_default()
}

/// The figures of a form as they are read: what can't be is kept, so that all of it is told at once.
#[cfg(feature = "ssr")]
#[derive(Default)]
pub(crate) struct Figures(Vec<domain::text::FieldError>);

#[cfg(feature = "ssr")]
impl Figures {
    /// A whole number; zero where it can't be read.
    pub(crate) fn whole(&mut self, field: &str, text: &str) -> i32 {
        self.read(field, text, "Type a whole number.")
    }

    /// An amount; zero where it can't be read.
    pub(crate) fn amount(&mut self, field: &str, text: &str) -> rust_decimal::Decimal {
        let separated = text.trim().contains([',', '_', '\'', ' ', '\u{a0}', '\u{202f}']);
        let wrong = if separated {
            "Leave out separators between thousands, and write decimals with a point: 1000.50."
        } else {
            "Type an amount, such as 12.50."
        };
        self.read(field, text, wrong)
    }

    /// A day; the first of all where it can't be read.
    pub(crate) fn day(&mut self, field: &str, text: &str) -> NaiveDate {
        self.read(field, text, "Choose a day.")
    }

    /// What is wrong with a field besides.
    pub(crate) fn wrong(&mut self, field: &str, words: String) {
        self.0.push(domain::text::FieldError::new(field, words));
    }

    fn read<T: std::str::FromStr + Default>(&mut self, field: &str, text: &str, wrong: &str) -> T {
        text.trim().parse().unwrap_or_else(|_| {
            self.0.push(domain::text::FieldError::new(field, wrong));
            T::default()
        })
    }

    /// Whether all could be read; where not, what `others` is wrong is told with it.
    pub(crate) fn check(self, others: impl FnOnce() -> Vec<domain::text::FieldError>) -> Result<()> {
        let Self(mut wrong) = self;
        if wrong.is_empty() {
            return Ok(());
        }
        let others = others().into_iter().filter(|other| !wrong.iter().any(|unread| unread.field == other.field));
        let others: Vec<_> = others.collect();
        wrong.extend(others);
        Err(Error::Invalid(wrong))
    }
}

/// What can be merged into a mail: what it means, with an example of the program, beside how it is written.
pub(crate) fn merge_fields(fields: &'static [MergeField], examples: &Examples) -> AnyView {
    let fields = fields.iter().map(|merged| {
        let (field, _) = *merged;
        let example = examples.of(*merged);
        let written = format!("{{{{{field}}}}}");
        view! {
            <Fact label=format!("{}, such as “{example}”", meaning(field))>
                <code>{written.clone()}</code>" "
                <CopyButton text=written what="merge field" kind=ButtonKind::Quiet/>
            </Fact>
        }
    });
    let fields = fields.collect_view();
    view! { <Facts>{fields}</Facts> }.into_any()
}

/// The button that asks for the file with a person's data. The server answers with the file: it is no page of the
/// router's.
pub(crate) fn personal_data(program: &str, of: &'static str, id: String) -> AnyView {
    let action = format!("/admin/{program}/personal-data");
    view! {
        <form method="post" action=action>
            <input type="hidden" name="of" value=of/>
            <input type="hidden" name="id" value=id/>
            <Button submit=true icon=Glyph::Download>"Download as JSON"</Button>
        </form>
    }
    .into_any()
}

/// The card of a person's data, of a `customer` or a `lead`: in a file, or taken away by the form, whose field of that name
/// holds the id.
pub(crate) fn personal_card<S: 'static>(
    form: Form<S>,
    program: &str,
    of: &'static str,
    (field, id): (&'static str, String),
    words: &'static str,
    erased: bool,
) -> AnyView {
    let file = personal_data(program, of, id.clone());
    let erase = (!erased).then(|| {
        view! {
            <DialogButton opens="erase" kind=ButtonKind::Quiet>"Erase"</DialogButton>
            <Dialog id="erase" title="Erase the personal data?">
                <p>{words}" This can't be undone."</p>
                {wrong(form.beside(&[]))}
                <PostForm form=form class="form">
                    {program_field()}
                    <input type="hidden" name=field value=id/>
                    <div class="dialog-actions">
                        <CloseButton closes="erase"/>
                        <Button kind=ButtonKind::Danger submit=true busy=form.pending()>"Erase for good"</Button>
                    </div>
                </PostForm>
            </Dialog>
        }
    });
    let known = format!("Everything that is known of this {of}.");
    view! {
        <Card title="Personal data">
            <p class="sub">{if erased { "It has been erased.".to_owned() } else { known }}</p>
            <div class="row">
                {file}
                {erase}
            </div>
        </Card>
    }
    .into_any()
}
