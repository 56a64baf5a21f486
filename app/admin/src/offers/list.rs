//! The program's offers.

use access::{Form, LazyPage, PostForm, Read, Result, read_after};
use domain::ids::OfferId;
use domain::offers::OfferRow;
use leptos::prelude::*;
use leptos::server_fn::codec::GetUrl;
use leptos_meta::Title;
use serde::{Deserialize, Serialize};
use ui::{Button, ButtonKind, ButtonLink, Card, EmptyState, Glyph, PageHead, Pill, SkeletonCard, Tone, grouped};

use crate::show;

/// What the page shows.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Shown {
    offers: Vec<OfferRow>,
    may_edit: bool,
}

/// The program's offers, the default ones first.
#[server(prefix = "/fn", endpoint = "admin/offers", input = GetUrl)]
pub async fn read_offers(program: String) -> Result<Shown> {
    access::answer(async {
        let mut asking = access::admin(&program).await?;
        let offers = engine::offers::list(&mut asking.conn, &asking.actor).await?;
        Ok(Shown { offers, may_edit: asking.actor.may(domain::accounts::Power::EditProgram) })
    })
    .await
}

/// Archives an offer, or takes it back.
#[server(prefix = "/fn", endpoint = "admin/offers/archive")]
pub async fn archive_offer(program: String, id: OfferId, archived: bool) -> Result<()> {
    access::answer(async {
        let mut asking = access::admin(&program).await?;
        asking.may(domain::accounts::Power::EditProgram)?;
        let mut tx = access::begin(&mut asking.conn).await?;
        engine::offers::set_archived(&mut tx, &asking.moment, &asking.actor, id, archived).await?;
        Ok(tx.commit().await?)
    })
    .await
}

/// Moves a default offer up or down among those that new partners get.
#[server(prefix = "/fn", endpoint = "admin/offers/move")]
pub async fn move_offer(program: String, id: OfferId, up: bool) -> Result<()> {
    access::answer(async {
        let mut asking = access::admin(&program).await?;
        asking.may(domain::accounts::Power::EditProgram)?;
        let mut tx = access::begin(&mut asking.conn).await?;
        engine::offers::move_default(&mut tx, &asking.moment, &asking.actor, id, up).await?;
        Ok(tx.commit().await?)
    })
    .await
}

#[derive(Clone, Copy)]
struct Forms {
    archive: Form<ArchiveOffer>,
    order: Form<MoveOffer>,
}

/// `/admin/{program}/offers`.
pub struct OffersPage {
    found: Read<Shown>,
    forms: Forms,
}

impl LazyPage for OffersPage {
    fn data() -> Self {
        let program = show::program();
        let forms = Forms { archive: Form::new(), order: Form::new() };
        let done = [show::done(forms.archive), show::done(forms.order)];
        let acts = move || done.iter().map(|done| done.get()).sum();
        let found = read_after(acts, move || ReadOffers { program: program.get() });
        Self { found, forms }
    }

    fn view(this: Self) -> AnyView {
        let OffersPage { found, forms } = this;
        show::tell(forms.archive, "Offer changed");
        show::tell(forms.order, "Order changed");
        view! {
            <Title text="Offers"/>
            {found.show(skeleton, move |shown| page(shown, forms))}
        }
        .into_any()
    }
}

fn skeleton() -> AnyView {
    view! {
        <PageHead title="Offers"/>
        <SkeletonCard/>
        <SkeletonCard/>
    }
    .into_any()
}

fn page(shown: Shown, forms: Forms) -> AnyView {
    let Shown { offers, may_edit } = shown;
    let program = show::program().get_untracked();
    let new = format!("/admin/{program}/offers/new");
    let add = move || {
        may_edit.then(|| {
            view! { <ButtonLink href=new kind=ButtonKind::Primary icon=Glyph::Plus>"New offer"</ButtonLink> }
        })
    };
    let list = if offers.is_empty() {
        view! {
            <Card>
                <EmptyState
                    glyph=Glyph::Gift
                    title="No offers yet"
                    words="An offer says what partners earn: for a sign-up, for a first sale, for every sale."
                />
            </Card>
        }
        .into_any()
    } else {
        let defaults = offers.iter().filter(|offer| offer.default_position.is_some()).count();
        let place = |(place, offer)| card(offer, (place, defaults), &program, may_edit, forms);
        offers.into_iter().enumerate().map(place).collect_view().into_any()
    };
    view! {
        <PageHead title="Offers">{add()}</PageHead>
        {list}
    }
    .into_any()
}

/// A button that moves a default offer.
fn mover(offer: &OfferRow, up: bool, form: Form<MoveOffer>) -> AnyView {
    let (words, glyph) = if up { ("Move up", Glyph::SortUp) } else { ("Move down", Glyph::SortDown) };
    let (id, label) = (offer.id.to_string(), format!("{words}: {}", offer.name));
    view! {
        <PostForm form=form>
            {show::program_field()}
            <input type="hidden" name="id" value=id/>
            <input type="hidden" name="up" value=up.to_string()/>
            <Button submit=true kind=ButtonKind::Quiet icon=glyph label=label/>
        </PostForm>
    }
    .into_any()
}

/// An offer; the default ones come first, in their order, `place` among `defaults`.
fn card(offer: OfferRow, (place, defaults): (usize, usize), program: &str, may_edit: bool, forms: Forms) -> AnyView {
    let form = forms.archive;
    let up = (place > 0 && place < defaults).then(|| mover(&offer, true, forms.order));
    let down = (place + 1 < defaults).then(|| mover(&offer, false, forms.order));
    let href = format!("/admin/{program}/offers/{}", offer.id);
    let (turn, words) = if offer.archived { ("false", "Take back") } else { ("true", "Archive") };
    let (id, archived) = (offer.id.to_string(), offer.archived);
    let (turn_label, edit_label) = (format!("{words} {}", offer.name), format!("Edit {}", offer.name));
    let actions = move || {
        may_edit.then(|| {
            view! {
                <div class="row">
                    {up}
                    {down}
                    <PostForm form=form>
                        {show::program_field()}
                        <input type="hidden" name="id" value=id/>
                        <input type="hidden" name="archived" value=turn/>
                        <Button submit=true kind=ButtonKind::Quiet label=turn_label>{words}</Button>
                    </PostForm>
                    {(!archived).then(|| view! { <ButtonLink href=href label=edit_label icon=Glyph::Edit>"Edit"</ButtonLink> })}
                </div>
            }
        })
    };
    let mark = if offer.archived {
        Some(view! { <Pill text="Archived"/> })
    } else {
        offer.default_position.map(|_| view! { <Pill tone=Tone::Accent text="New partners get it"/> })
    };
    let has = match offer.partners {
        0 => "No partner has it".to_owned(),
        1 => "1 partner has it".to_owned(),
        partners => format!("{} partners have it", grouped(partners)),
    };
    let version = format!("{has} · version {}, {}", offer.version, show::day(offer.changed_at.date_naive()));
    let rewards = offer
        .words
        .into_iter()
        .map(|words| {
            view! {
                <div class="reward">
                    <b>{words.sentence}</b>
                    <span class="sub">{words.conditions}</span>
                </div>
            }
        })
        .collect_view();
    view! {
        <Card title=offer.name actions=actions>
            {mark}
            {(!offer.description.is_empty()).then(|| view! { <p>{offer.description}</p> })}
            {rewards}
            <p class="sub">{version}</p>
        </Card>
    }
    .into_any()
}
