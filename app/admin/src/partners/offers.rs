//! A partner's offers: which, in which order, and at which rates of its own.

use access::{Form, Result};
use domain::ids::EnrollmentId;
use domain::offers::{OfferRow, RateOf};
use domain::partners::{OfferChoice, PartnerDetail, PartnerOffer};
use leptos::prelude::*;
use leptos::server_fn::codec::Json;
use ui::{Button, ButtonKind, Card, CloseButton, DialogButton, Drawer, EmptyState, Glyph, Pill, Tone};

use crate::offers::Choosing;
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

/// The offers that the partner has, in words; of the program's offers `all`.
pub(super) fn card(offers: &[PartnerOffer], all: &[OfferRow], may_manage: bool) -> AnyView {
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
    let offers = offers.iter().map(|has| offer(has, all)).collect_view();
    view! { <Card title="Offers" actions=change><ol class="list">{offers}</ol></Card> }.into_any()
}

fn offer(offer: &PartnerOffer, all: &[OfferRow]) -> AnyView {
    let of = all.iter().find(|known| known.id == offer.offer);
    let rewards = of.map(|known| known.rewards.as_slice()).unwrap_or_default();
    let has_tiers = |place: usize| rewards.get(place).is_some_and(|reward| reward.tiers.is_some());
    let rewards = offer
        .rewards
        .iter()
        .enumerate()
        .map(|(place, words)| {
            let own = match (offer.rates.get(place), has_tiers(place)) {
                (Some(RateOf::Partner), false) => Some("Own rate"),
                (Some(RateOf::Partner), true) => Some("Own rate, replaces the tiers"),
                (Some(RateOf::Group), false) => Some("Group's rate"),
                (Some(RateOf::Group), true) => Some("Group's rate, replaces the tiers"),
                _ => None,
            };
            view! {
                <div class="reward">
                    <span>{words.sentence.clone()}{own.map(|own| view! { " " <Pill tone=Tone::Accent text=own/> })}</span>
                    <span class="sub">{words.conditions.clone()}</span>
                </div>
            }
        })
        .collect_view();
    view! {
        <li>
            <span>
                <b>{offer.name.clone()}</b>
                {(!offer.group.is_empty()).then(|| view! { " " <Pill text=format!("By group {}", offer.group)/> })}
                {offer.archived.then(|| view! { " " <Pill text="Archived"/> })}
            </span>
            {rewards}
        </li>
    }
    .into_any()
}

/// The drawer in which the offers are changed: `offers`. `generation` is another one each time that the page is read.
pub(super) fn editor(form: Form<SetOffers>, detail: &PartnerDetail, offers: &[OfferRow], generation: usize) -> AnyView {
    let partner = detail.partner.id;
    let has = detail.offers.iter().filter(|has| has.own).map(|has| (has.offer, has.overrides.as_slice()));
    let choosing = Choosing::new(offers, has, detail.partner.due.currency);
    let program = show::program();
    let save = move |()| {
        if let Some(offers) = choosing.choices() {
            form.send(&SetOffers { program: program.get_untracked(), partner, offers });
        }
    };
    let fields = choosing.fields(offers, format!("{partner} {generation}"));
    view! {
        <Drawer id="offers" title="Offers of the partner">
            <p class="sub">
                "For a sign-up or sale, the first offer that has a reward for it pays; those of the partner's group come before these. Customers already attributed keep their terms."
            </p>
            {show::wrong(form.beside(&[]))}
            <div class="form">
                {fields}
                <div class="form-actions">
                    <CloseButton closes="offers"/>
                    <Button kind=ButtonKind::Primary busy=form.pending() on_click=save>"Save the offers"</Button>
                </div>
            </div>
        </Drawer>
    }
    .into_any()
}
