//! A partner's offers: which, in which order, and at which rates of its own.

use access::{Form, Result};
use domain::ids::{EnrollmentId, OfferId};
use domain::money::Currency;
use domain::offers::{OfferRow, Override, Rate, Reward};
use domain::partners::{OfferChoice, PartnerDetail, PartnerOffer};
use leptos::prelude::*;
use leptos::server_fn::codec::Json;
use ui::{
    Button, ButtonKind, Card, Choice, CloseButton, DialogButton, Drawer, EmptyState, Glyph, Pill, Select, TextInput,
    Tone,
};

use crate::show;

/// Sets a partner's offers.
#[server(prefix = "/fn", endpoint = "admin/partners/set-offers", input = Json)]
pub async fn set_offers(program: String, partner: EnrollmentId, offers: Vec<OfferChoice>) -> Result<()> {
    access::answer(async {
        let mut asking = access::admin(&program).await?;
        asking.may(domain::accounts::Power::ManagePartners)?;
        let mut tx = access::begin(&mut asking.conn).await?;
        engine::partners::set_offers(&mut tx, &asking.moment, &asking.actor, partner, &offers).await?;
        Ok(tx.commit().await?)
    })
    .await
}

/// The offers that the partner has, in words.
pub(super) fn card(offers: &[PartnerOffer], may_manage: bool) -> AnyView {
    let change = move || {
        may_manage.then(|| view! { <DialogButton opens="offers" kind=ButtonKind::Quiet>"Change"</DialogButton> })
    };
    if offers.is_empty() {
        return view! {
            <Card title="Offers" actions=change>
                <EmptyState glyph=Glyph::Gift title="No offer" words="Without one, the partner earns nothing."/>
            </Card>
        }
        .into_any();
    }
    let offers = offers.iter().map(offer).collect_view();
    view! { <Card title="Offers" actions=change><ol class="list">{offers}</ol></Card> }.into_any()
}

fn offer(offer: &PartnerOffer) -> AnyView {
    let rewards = offer
        .rewards
        .iter()
        .enumerate()
        .map(|(place, words)| {
            let own = offer.overrides.iter().any(|own| own.reward as usize == place);
            view! {
                <div class="reward">
                    <span>{words.sentence.clone()}{own.then(|| view! { " " <Pill tone=Tone::Accent text="Own rate"/> })}</span>
                    <span class="sub">{words.conditions.clone()}</span>
                </div>
            }
        })
        .collect_view();
    view! {
        <li>
            <span>
                <b>{offer.name.clone()}</b>
                {offer.archived.then(|| view! { " " <Pill text="Archived"/> })}
            </span>
            {rewards}
        </li>
    }
    .into_any()
}

/// An offer as it is being chosen.
#[derive(Clone)]
struct Chosen {
    offer: OfferRow,
    /// The rate of the partner's own for each reward, empty where it has none.
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

/// The drawer in which the offers are changed: `offers`. `generation` is another one each time that the page is read.
pub(super) fn editor(form: Form<SetOffers>, detail: &PartnerDetail, offers: &[OfferRow], generation: usize) -> AnyView {
    let partner = detail.partner.id;
    let currency = detail.partner.due.currency;
    let has = detail.offers.iter().filter_map(|has| {
        let offer = offers.iter().find(|offer| offer.id == has.offer)?;
        Some(Chosen::new(offer.clone(), &has.overrides))
    });
    let chosen = RwSignal::new(has.collect::<Vec<_>>());
    let program = show::program();
    let save = move |()| {
        let choices = chosen.with_untracked(|chosen| chosen.iter().map(Chosen::choice).collect::<Option<Vec<_>>>());
        if let Some(offers) = choices {
            form.send(&SetOffers { program: program.get_untracked(), partner, offers });
        }
    };
    let rows = move || chosen.get();
    let others = offers.iter().filter(|offer| !offer.archived).cloned().collect::<Vec<_>>();
    view! {
        <Drawer id="offers" title="Offers of the partner">
            <p class="sub">
                "For a sign-up or sale, the first offer that has a reward for it pays. Customers already attributed keep their terms."
            </p>
            {show::wrong(form.beside(&[]))}
            <div class="form">
                <For each=rows key=move |row| (partner, generation, row.offer.id) children=move |row| chosen_row(row, chosen, currency)/>
                {adding(others, chosen)}
                <div class="form-actions">
                    <CloseButton closes="offers"/>
                    <Button kind=ButtonKind::Primary busy=form.pending() on_click=save>"Save the offers"</Button>
                </div>
            </div>
        </Drawer>
    }
    .into_any()
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
    let help = format!("Instead of {}.", reward.sentence(currency));
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
