//! Offers being chosen for a partner or a group: which, in which order, and at which rates.

use domain::ids::OfferId;
use domain::money::Currency;
use domain::offers::{OfferRow, Override, Rate, Reward};
use domain::partners::OfferChoice;
use leptos::prelude::*;
use ui::{Button, ButtonKind, Choice, Glyph, Select, TextInput};

/// Offers as they are being chosen.
#[derive(Clone, Copy)]
pub(crate) struct Choosing {
    chosen: RwSignal<Vec<Chosen>>,
    currency: Currency,
}

/// An offer as it is being chosen.
#[derive(Clone)]
struct Chosen {
    offer: OfferRow,
    /// The rate of its own for each reward, empty where there is none.
    own: Vec<Own>,
}

#[derive(Clone, Copy)]
struct Own {
    text: RwSignal<String>,
    flat: bool,
}

impl Own {
    /// The rate, where one was typed.
    fn rate(self) -> std::result::Result<Option<Rate>, String> {
        self.text.with(|text| {
            let text = text.trim();
            if text.is_empty() {
                return Ok(None);
            }
            let figure = text.parse().map_err(|_| "Type a figure, such as 12.5.".to_owned())?;
            Ok(Some(if self.flat { Rate::Flat(figure) } else { Rate::Percent(figure) }))
        })
    }

    fn issue(self, reward: &Reward, currency: Currency) -> Option<String> {
        match self.rate() {
            Ok(rate) => rate.and_then(|rate| reward.check_rate(rate, currency).err()),
            Err(words) => Some(words),
        }
    }
}

impl Chosen {
    fn new(offer: OfferRow, overrides: &[Override]) -> Self {
        let own = offer
            .rewards
            .iter()
            .enumerate()
            .map(|(place, reward)| {
                let rate = overrides.iter().find(|own| own.reward as usize == place).map(|own| own.rate);
                let text = match rate {
                    Some(Rate::Flat(figure) | Rate::Percent(figure)) => figure.normalize().to_string(),
                    None => String::new(),
                };
                let flat = matches!(rate.unwrap_or(reward.rate), Rate::Flat(_));
                Own { text: RwSignal::new(text), flat }
            })
            .collect();
        Self { offer, own }
    }

    /// What is sent; `None` where a figure can't be read.
    fn choice(&self) -> Option<OfferChoice> {
        let mut overrides = Vec::new();
        for (reward, own) in (0..).zip(&self.own) {
            if let Some(rate) = own.rate().ok()? {
                overrides.push(Override { reward, rate });
            }
        }
        Some(OfferChoice { offer: self.offer.id, overrides })
    }
}

impl Choosing {
    /// Begins with what there is; of the program's `offers`.
    pub(crate) fn new<'a>(
        offers: &[OfferRow],
        has: impl Iterator<Item = (OfferId, &'a [Override])>,
        currency: Currency,
    ) -> Self {
        let has = has.filter_map(|(id, overrides)| {
            let offer = offers.iter().find(|offer| offer.id == id)?;
            Some(Chosen::new(offer.clone(), overrides))
        });
        Self { chosen: RwSignal::new(has.collect()), currency }
    }

    /// What is sent; `None` where a figure can't be read.
    pub(crate) fn choices(self) -> Option<Vec<OfferChoice>> {
        self.chosen.with_untracked(|chosen| chosen.iter().map(Chosen::choice).collect())
    }

    /// The fields. `whose` is another one for each partner or group, and each time that the page is read.
    pub(crate) fn fields(self, offers: &[OfferRow], whose: String) -> AnyView {
        let Self { chosen, currency } = self;
        let others = offers.iter().filter(|offer| !offer.archived).cloned().collect();
        view! {
            <For each=move || chosen.get() key=move |row| (whose.clone(), row.offer.id) children=move |row| chosen_row(row, chosen, currency)/>
            {adding(others, chosen)}
        }
        .into_any()
    }
}

fn chosen_row(row: Chosen, chosen: RwSignal<Vec<Chosen>>, currency: Currency) -> AnyView {
    let Chosen { offer, own } = row;
    let id = offer.id;
    let up = move |()| {
        chosen.update(|chosen| {
            if let Some(place) = chosen.iter().position(|row| row.offer.id == id)
                && place > 0
            {
                chosen.swap(place, place - 1);
            }
        });
    };
    let remove = move |()| chosen.update(|chosen| chosen.retain(|row| row.offer.id != id));
    let first = Signal::derive(move || chosen.with(|chosen| chosen.first().is_some_and(|row| row.offer.id == id)));
    let rates = offer
        .rewards
        .iter()
        .zip(own)
        .enumerate()
        .map(|(place, (reward, own))| own_rate(id, place, reward.clone(), own, currency))
        .collect_view();
    view! {
        <fieldset class="form">
            <legend><b>{offer.name.clone()}</b></legend>
            {rates}
            <div class="row">
                <Button kind=ButtonKind::Quiet icon=Glyph::SortUp disabled=first on_click=up label=format!("Move {} up", offer.name)>"Move up"</Button>
                <Button kind=ButtonKind::Quiet icon=Glyph::Trash on_click=remove label=format!("Remove {}", offer.name)>"Remove"</Button>
            </div>
        </fieldset>
    }
    .into_any()
}

fn own_rate(offer: OfferId, place: usize, reward: Reward, own: Own, currency: Currency) -> AnyView {
    let id = format!("own-{offer}-{place}");
    let tiers = if reward.tiers.is_some() { " It replaces this offer's tiers, too." } else { "" };
    let help = format!("Instead of {}.{tiers}", reward.sentence(currency));
    let error = Signal::derive(move || own.issue(&reward, currency));
    if own.flat {
        let sign = currency.sign().trim().to_owned();
        view! { <TextInput id=id label="Own rate" bind=own.text prefix=sign inputmode="decimal" optional=true help=help error=error/> }
            .into_any()
    } else {
        view! { <TextInput id=id label="Own rate" bind=own.text suffix="%" inputmode="decimal" optional=true help=help error=error/> }
            .into_any()
    }
}

fn adding(offers: Vec<OfferRow>, chosen: RwSignal<Vec<Chosen>>) -> AnyView {
    let mut choices = vec![Choice::new("", "Choose an offer")];
    choices.extend(offers.iter().map(|offer| Choice::new(offer.id.to_string(), offer.name.clone())));
    let picked = RwSignal::new(String::new());
    let owner = Owner::current();
    let add = move |()| {
        let wanted = picked.get_untracked();
        let Some(offer) = offers.iter().find(|offer| offer.id.to_string() == wanted).cloned() else { return };
        let make = || Chosen::new(offer.clone(), &[]);
        let row = owner.as_ref().map_or_else(make, |owner| owner.with(make));
        chosen.update(|chosen| {
            if !chosen.iter().any(|has| has.offer.id == row.offer.id) {
                chosen.push(row);
            }
        });
        picked.set(String::new());
    };
    view! {
        <div class="form-row">
            <Select id="add-offer" label="Another offer" choices=choices bind=picked/>
            <Button icon=Glyph::Plus on_click=add>"Add"</Button>
        </div>
    }
    .into_any()
}
