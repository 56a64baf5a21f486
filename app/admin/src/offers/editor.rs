//! An offer being made or changed.

use access::{Form, LazyPage, Read, Result, read};
use domain::ids::OfferId;
use domain::money::Currency;
use domain::offers::{OfferInput, OfferPast, OfferRow, Trigger};
use domain::text::FieldError;
use leptos::prelude::*;
use leptos::server_fn::codec::{GetUrl, Json};
use leptos_meta::Title;
use serde::{Deserialize, Serialize};
use ui::{
    Button, ButtonKind, ButtonLink, Card, Choice, Glyph, MoneyInput, Note, PageHead, Select, SkeletonCard, Switch,
    TextInput, Textarea,
};

use super::draft::Draft;
use crate::show;
use crate::unsaved::Unsaved;

/// What the page shows.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Shown {
    /// The offer; none yet where it is a new one.
    offer: Option<OfferRow>,
    /// Its versions, and who has it.
    past: Option<OfferPast>,
    currency: Currency,
}

/// An offer to be changed, or what a new one needs.
#[server(prefix = "/fn", endpoint = "admin/offers/one", input = GetUrl)]
pub async fn read_offer(program: String, id: Option<String>) -> Result<Shown> {
    access::answer(async {
        let mut asking = access::admin(&program).await?;
        asking.may(domain::accounts::Power::EditProgram)?;
        let (offer, past) = match id {
            Some(id) => {
                let id = id.parse().map_err(|_| access::Error::NotFound)?;
                let offer = engine::offers::get(&mut asking.conn, &asking.actor, id).await?;
                (Some(offer), Some(engine::offers::past(&mut asking.conn, &asking.actor, id).await?))
            }
            None => (None, None),
        };
        Ok(Shown { offer, past, currency: asking.program.currency })
    })
    .await
}

/// Makes an offer, or changes one, and goes back to the list. `places`: which each reward had before.
#[server(prefix = "/fn", endpoint = "admin/offers/save", input = Json)]
pub async fn save_offer(
    program: String,
    id: Option<OfferId>,
    offer: OfferInput,
    places: Vec<Option<u32>>,
) -> Result<()> {
    access::answer(async {
        let mut asking = access::admin(&program).await?;
        asking.may(domain::accounts::Power::EditProgram)?;
        let mut tx = access::begin(&mut asking.conn).await?;
        match id {
            Some(id) => engine::offers::edit(&mut tx, &asking.moment, &asking.actor, id, &offer, &places).await?,
            None => {
                engine::offers::create(&mut tx, &asking.moment, &asking.actor, &offer).await?;
            }
        }
        tx.commit().await?;
        access::redirect(&format!("/admin/{program}/offers"));
        Ok(())
    })
    .await
}

/// `/admin/{program}/offers/new`.
pub struct NewOfferPage {
    found: Read<Shown>,
    form: Form<SaveOffer>,
}

impl LazyPage for NewOfferPage {
    fn data() -> Self {
        let program = show::program();
        let found = read(move || ReadOffer { program: program.get(), id: None });
        Self { found, form: Form::new() }
    }

    fn view(this: Self) -> AnyView {
        let NewOfferPage { found, form } = this;
        show::tell(form, "Offer made");
        let unsaved = Unsaved::new().watch(form);
        view! {
            {found.show(skeleton, move |shown| page(shown, form, unsaved))}
        }
        .into_any()
    }
}

/// `/admin/{program}/offers/{id}`.
pub struct OfferPage {
    found: Read<Shown>,
    form: Form<SaveOffer>,
}

impl LazyPage for OfferPage {
    fn data() -> Self {
        let (program, id) = (show::program(), show::parameter("id"));
        let found = read(move || ReadOffer { program: program.get(), id: Some(id.get()) });
        Self { found, form: Form::new() }
    }

    fn view(this: Self) -> AnyView {
        let OfferPage { found, form } = this;
        show::tell(form, "Offer saved");
        let unsaved = Unsaved::new().watch(form);
        view! {
            {found.show(skeleton, move |shown| page(shown, form, unsaved))}
        }
        .into_any()
    }
}

fn skeleton() -> AnyView {
    view! {
        <PageHead title="Offer"/>
        <SkeletonCard lines=5/>
        <SkeletonCard lines=8/>
    }
    .into_any()
}

/// The offer as it is being typed.
#[derive(Clone, Copy)]
pub(super) struct Editor {
    pub currency: Currency,
    name: RwSignal<String>,
    description: RwSignal<String>,
    is_default: RwSignal<bool>,
    rewards: RwSignal<Vec<Draft>>,
    /// How many rewards were there: their keys are their places.
    before: usize,
    /// The key of the next reward.
    next: RwSignal<usize>,
    /// What was found wrong before it was sent.
    issues: RwSignal<Vec<FieldError>>,
    form: Form<SaveOffer>,
}

impl Editor {
    fn new(shown: &Shown, form: Form<SaveOffer>) -> Self {
        let offer = shown.offer.as_ref();
        let rewards = match offer {
            Some(offer) => offer.rewards.iter().enumerate().map(|(key, reward)| Draft::of(key, reward)).collect(),
            None => vec![Draft::new(0)],
        };
        Self {
            currency: shown.currency,
            name: RwSignal::new(offer.map(|offer| offer.name.clone()).unwrap_or_default()),
            description: RwSignal::new(offer.map(|offer| offer.description.clone()).unwrap_or_default()),
            is_default: RwSignal::new(offer.is_none_or(|offer| offer.default_position.is_some())),
            before: offer.map_or(0, |offer| offer.rewards.len()),
            next: RwSignal::new(rewards.len()),
            rewards: RwSignal::new(rewards),
            issues: RwSignal::new(Vec::new()),
            form,
        }
    }

    /// What is sent, or all that is wrong with it. Tracks what is typed.
    fn read(self) -> std::result::Result<OfferInput, Vec<FieldError>> {
        let mut rewards = Vec::new();
        let mut errors = Vec::new();
        for (place, draft) in self.rewards.get().into_iter().enumerate() {
            let (reward, unread) = draft.read();
            rewards.push(reward);
            let unread = unread.into_iter();
            errors.extend(unread.map(|it| FieldError::new(format!("rewards[{place}].{}", it.field), it.message)));
        }
        let input = OfferInput {
            name: self.name.get(),
            description: self.description.get(),
            rewards,
            is_default: self.is_default.get(),
        };
        for wrong in input.check(self.currency) {
            // Of a field that can't be read, that alone is told.
            if find(&errors, &wrong.field).is_none() {
                errors.push(wrong);
            }
        }
        if errors.is_empty() { Ok(input) } else { Err(errors) }
    }

    /// Once an offer was refused, what is wrong with it follows what is typed: a field that was corrected says so at once.
    fn follow(self, unsaved: Unsaved) {
        Effect::new(move |before: Option<()>| {
            let wrong = self.read().err().unwrap_or_default();
            if before.is_none() {
                return;
            }
            unsaved.note(self.form);
            self.form.clear();
            if self.issues.with_untracked(|issues| !issues.is_empty()) {
                self.issues.set(wrong);
            }
        });
    }

    /// Which place each reward had before; none for new ones.
    fn places(self) -> Vec<Option<u32>> {
        let before = |draft: &Draft| u32::try_from(draft.key).ok().filter(|_| draft.key < self.before);
        self.rewards.with_untracked(|rewards| rewards.iter().map(before).collect())
    }

    /// What is wrong with a field of the whole.
    fn issue(self, field: &'static str) -> Signal<Option<String>> {
        let sent = self.form.error();
        Signal::derive(move || {
            let found = self.issues.with(|issues| find(issues, field));
            found.or_else(|| sent.with(|error| error.as_ref()?.of_field(field)))
        })
    }

    /// What is wrong with a field of a reward, wherever that stands now.
    fn reward_issue(self, key: usize, field: &'static str) -> Signal<Option<String>> {
        self.issue_within(key, move || Some(field.to_owned()))
    }

    /// What is wrong with a field within a reward, whose name may change.
    pub(super) fn issue_within(
        self,
        key: usize,
        field: impl Fn() -> Option<String> + Send + Sync + 'static,
    ) -> Signal<Option<String>> {
        let sent = self.form.error();
        Signal::derive(move || {
            let field = field()?;
            let place = self.rewards.with(|rewards| rewards.iter().position(|reward| reward.key == key))?;
            let field = format!("rewards[{place}].{field}");
            let found = self.issues.with(|issues| find(issues, &field));
            found.or_else(|| sent.with(|error| error.as_ref()?.of_field(&field)))
        })
    }
}

fn find(issues: &[FieldError], field: &str) -> Option<String> {
    issues.iter().find(|issue| issue.field == field).map(|issue| issue.message.clone())
}

fn page(shown: Shown, form: Form<SaveOffer>, unsaved: Unsaved) -> AnyView {
    let program = show::program();
    let list = format!("/admin/{}/offers", program.get_untracked());
    let past = shown.past.clone().map(|past| super::past::cards(past, &program.get_untracked()));
    let editor = Editor::new(&shown, form);
    let id = shown.offer.as_ref().map(|offer| offer.id);
    let title = shown.offer.as_ref().map_or_else(|| "New offer".to_owned(), |offer| offer.name.clone());
    editor.follow(unsaved);
    let save = move |()| match untrack(|| editor.read()) {
        Ok(offer) => {
            editor.issues.set(Vec::new());
            form.send(&SaveOffer { program: program.get_untracked(), id, offer, places: editor.places() });
        }
        Err(issues) => editor.issues.set(issues),
    };
    let owner = Owner::current();
    let add = move |()| {
        let key = editor.next.get_untracked();
        editor.next.set(key + 1);
        // The page owns the signals of a reward, not the press that adds it.
        let draft = owner.as_ref().map_or_else(|| Draft::new(key), |owner| owner.with(|| Draft::new(key)));
        editor.rewards.update(|rewards| rewards.push(draft));
    };
    let versions = id.is_some().then(|| {
        view! {
            <Note glyph=Glyph::History>
                "Saving other rewards makes a new version. Customers already attributed keep the terms that they came under."
            </Note>
        }
    });
    let none = editor.issue("rewards");
    view! {
        <Title text=title.clone()/>
        <PageHead title=title back=(list.clone(), "Offers".to_owned())/>
        {versions}
        {show::wrong(beside(editor))}
        <Card>
            <div class="form">
                <TextInput id="name" label="Name" bind=editor.name placeholder="Standard" required=true error=editor.issue("name")/>
                <Textarea id="description" label="Description" bind=editor.description rows=2 optional=true help="For partners, in your words." error=editor.issue("description")/>
                <Switch id="is_default" label="New partners get it" bind=editor.is_default help="Partners who are there already keep the offers they have."/>
            </div>
        </Card>
        <For each=move || editor.rewards.get() key=move |reward| (id, reward.key) children=move |reward| reward_card(reward, editor)/>
        {move || none.get().map(|words| view! { <p class="error" role="alert">{words}</p> })}
        <div class="row">
            <Button icon=Glyph::Plus on_click=add>"Add a reward"</Button>
        </div>
        <div class="form-actions">
            <ButtonLink href=list>"Cancel"</ButtonLink>
            <Button kind=ButtonKind::Primary busy=form.pending() on_click=save>"Save the offer"</Button>
        </div>
        {past}
    }
    .into_any()
}

/// What went wrong beside the fields.
fn beside(editor: Editor) -> Signal<Option<String>> {
    let sent = editor.form.error();
    Signal::derive(move || {
        if editor.issues.with(|issues| !issues.is_empty()) {
            return Some("Some fields need another look.".to_owned());
        }
        sent.with(|error| error.as_ref().map(access::Error::words))
    })
}

fn reward_card(reward: Draft, editor: Editor) -> AnyView {
    let key = reward.key;
    let place = move || editor.rewards.with(|rewards| rewards.iter().position(|other| other.key == key).unwrap_or(0));
    let title = move || format!("Reward {}", place() + 1);
    let first = Signal::derive(move || place() == 0);
    let last = Signal::derive(move || editor.rewards.with(|rewards| place() + 1 == rewards.len()));
    let swap = move |up: bool| {
        editor.rewards.update(|rewards| {
            let Some(place) = rewards.iter().position(|other| other.key == key) else { return };
            let upper = if up { place.checked_sub(1) } else { Some(place) };
            if let Some(upper) = upper.filter(|upper| upper + 1 < rewards.len()) {
                rewards.swap(upper, upper + 1);
            }
        });
    };
    let remove = move |()| editor.rewards.update(|rewards| rewards.retain(|other| other.key != key));
    let preview = move || match reward.words(editor.currency) {
        Some((sentence, conditions, examples)) => {
            let examples = examples.into_iter().map(|words| view! { <li class="sub">{words}</li> }).collect_view();
            view! {
                <div class="reward"><b>{sentence}</b><span class="sub">{conditions}</span></div>
                <ul>{examples}</ul>
            }
            .into_any()
        }
        None => view! { <p class="sub">"Fill in the reward to read it in words."</p> }.into_any(),
    };
    view! {
        <section class="card">
            <div class="card-head">
                <h2>{title}</h2>
                <div class="row">
                    <Button kind=ButtonKind::Quiet icon=Glyph::SortUp disabled=first on_click=move |()| swap(true)>"Move up"</Button>
                    <Button kind=ButtonKind::Quiet icon=Glyph::SortDown disabled=last on_click=move |()| swap(false)>"Move down"</Button>
                    <Button kind=ButtonKind::Quiet icon=Glyph::Trash on_click=remove>"Remove"</Button>
                </div>
            </div>
            <div aria-live="polite">{preview}</div>
            <div class="form">{reward_fields(reward, editor)}</div>
        </section>
    }
    .into_any()
}

fn reward_fields(reward: Draft, editor: Editor) -> AnyView {
    let key = reward.key;
    let id = move |field: &str| format!("{field}-{key}");
    let issue = move |field| editor.reward_issue(key, field);
    let currency = editor.currency;
    let trigger = Memo::new(move |_| reward.trigger.with(|word| word.parse().unwrap_or(Trigger::Sale)));
    let for_sales = Memo::new(move |_| trigger.get() == Trigger::Sale);
    let shared = Memo::new(move |_| trigger.get().has_amount());
    let percent = Memo::new(move |_| shared.get() && reward.unit.with(|unit| unit == "percent"));
    let months = Memo::new(move |_| for_sales.get() && reward.duration.with(|duration| duration == "months"));
    let triggers = vec![
        Choice::new(Trigger::Sale.as_str(), "A sale"),
        Choice::new(Trigger::SignUp.as_str(), "A sign-up"),
        Choice::new(Trigger::LeadQualified.as_str(), "A qualified lead"),
        Choice::new(Trigger::LeadWon.as_str(), "A won lead"),
    ];
    let emptied = RwSignal::new(false);
    let paid_for = move |word: String| {
        if let Ok(trigger) = word.parse::<Trigger>()
            && reward.pay_for(trigger)
        {
            emptied.set(true);
        }
    };
    let in_unit = move |unit: String| {
        if reward.unit.with_untracked(|before| *before != unit) && reward.forget_rates() {
            emptied.set(true);
        }
    };
    let gone = Memo::new(move |_| emptied.get() && reward.rate.with(|rate| rate.trim().is_empty()));
    let retype = move || {
        let amount = "The amount was emptied: type a percentage.";
        let share = "The percentage was emptied: type an amount.";
        gone.get().then(|| if percent.get() { amount } else { share })
    };
    let rate = move || {
        if percent.get() {
            view! { <TextInput id=id("rate") label="Percentage" bind=reward.rate suffix="%" inputmode="decimal" required=true error=issue("rate")/> }
                .into_any()
        } else {
            view! { <MoneyInput id=id("rate") label="Amount" bind=reward.rate currency=currency required=true error=issue("rate")/> }
                .into_any()
        }
    };
    let unit = move || {
        shared.get().then(|| {
            let of = if for_sales.get() { "A share of the sale" } else { "A share of the deal" };
            let units = vec![Choice::new("percent", of), Choice::new("flat", "A fixed amount")];
            view! { <Select id=id("unit") label="Pays" choices=units bind=reward.unit on_change=in_unit/> }
        })
    };
    let duration = move || {
        for_sales.get().then(|| {
            let durations = vec![
                Choice::new("first_sale", "The first sale only"),
                Choice::new("months", "Every sale for some months"),
                Choice::new("lifetime", "Every sale, for as long as they pay"),
            ];
            view! { <Select id=id("duration") label="Of a customer" choices=durations bind=reward.duration/> }
        })
    };
    let month_count = move || {
        months.get().then(|| {
            view! { <TextInput id=id("months") label="Months" bind=reward.months inputmode="numeric" required=true error=issue("duration")/> }
        })
    };
    let hold = move || {
        let help = if for_sales.get() { "Until then a refund takes it back." } else { "It is due after that." };
        view! { <TextInput id=id("hold_days") label="Held for" bind=reward.hold_days suffix="days" inputmode="numeric" required=true help=help error=issue("hold_days")/> }
    };
    let product = move || {
        for_sales.get().then(|| {
            view! { <TextInput id=id("product") label="Only this product" bind=reward.product optional=true help="As your server names it." error=issue("product")/> }
        })
    };
    let bounds = move || {
        percent.get().then(|| {
            let each = if for_sales.get() { "sale" } else { "deal" };
            let smallest = format!("In {currency}. Each {each} earns at least this, even where the percentage comes to less.");
            let largest = format!("In {currency}. Each {each} earns at most this, even where the percentage comes to more.");
            view! {
                <MoneyInput id=id("minimum") label="Smallest commission" bind=reward.minimum currency=currency optional=true help=smallest error=issue("minimum")/>
                <MoneyInput id=id("cap") label="Largest commission" bind=reward.cap currency=currency optional=true help=largest error=issue("cap")/>
            }
        })
    };
    view! {
        <div class="form-row">
            <Select id=id("trigger") label="For" choices=triggers bind=reward.trigger on_change=paid_for error=issue("trigger")/>
            {unit}
            {rate}
        </div>
        <p class="sub" role="status">{retype}</p>
        <div class="form-row">
            {duration}
            {month_count}
            {hold}
        </div>
        <div class="form-row">{product}{bounds}</div>
        {super::tiers::fields(reward, editor, percent)}
    }
    .into_any()
}
