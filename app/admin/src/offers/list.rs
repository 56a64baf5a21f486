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

/// `/admin/{program}/offers`.
pub struct OffersPage {
    found: Read<Shown>,
    form: Form<ArchiveOffer>,
}

impl LazyPage for OffersPage {
    fn data() -> Self {
        let program = show::program();
        let form = Form::new();
        let done = show::done(form);
        let found = read_after(move || done.get(), move || ReadOffers { program: program.get() });
        Self { found, form }
    }

    fn view(this: Self) -> AnyView {
        let OffersPage { found, form } = this;
        show::tell(form, "Offer changed");
        view! {
            <Title text="Offers"/>
            {found.show(skeleton, move |shown| page(shown, form))}
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

fn page(shown: Shown, form: Form<ArchiveOffer>) -> AnyView {
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
        offers.into_iter().map(|offer| card(offer, &program, may_edit, form)).collect_view().into_any()
    };
    view! {
        <PageHead title="Offers">{add()}</PageHead>
        {list}
    }
    .into_any()
}

fn card(offer: OfferRow, program: &str, may_edit: bool, form: Form<ArchiveOffer>) -> AnyView {
    let href = format!("/admin/{program}/offers/{}", offer.id);
    let (turn, words) = if offer.archived { ("false", "Take back") } else { ("true", "Archive") };
    let (id, archived) = (offer.id.to_string(), offer.archived);
    let (turn_label, edit_label) = (format!("{words} {}", offer.name), format!("Edit {}", offer.name));
    let actions = move || {
        may_edit.then(|| {
            view! {
                <div class="row">
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
