//! A new partner.

use access::{Form, LazyPage, PostForm, Read, Result, read};
use domain::ids::OfferId;
use domain::partners::{EnrollmentStatus, GroupName};
use leptos::prelude::*;
use leptos::server_fn::codec::GetUrl;
use leptos_meta::Title;
use serde::{Deserialize, Serialize};
use ui::{Button, ButtonKind, ButtonLink, Card, Choice, PageHead, Select, SkeletonCard, TextInput, use_toasts};

use super::edit::kinds_fields;
use crate::show;

/// What a new partner can be given.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Given {
    groups: Vec<GroupName>,
    offers: Vec<(OfferId, String)>,
}

/// The groups and the offers that a new partner can be given.
#[server(prefix = "/fn", endpoint = "admin/partners/new", input = GetUrl)]
pub async fn read_given(program: String) -> Result<Given> {
    access::answer(async {
        let mut asking = access::admin(&program).await?;
        asking.may(domain::accounts::Power::ManagePartners)?;
        let groups = engine::partners::groups::names(&mut asking.conn, &asking.actor).await?;
        let offers = engine::offers::list(&mut asking.conn, &asking.actor).await?;
        let offers = offers.into_iter().filter(|offer| !offer.archived).map(|offer| (offer.id, offer.name)).collect();
        Ok(Given { groups, offers })
    })
    .await
}

/// Adds a partner, and goes on to its page; answers whether an invitation goes out.
#[server(prefix = "/fn", endpoint = "admin/partners/create")]
pub async fn create_partner(
    program: String,
    name: String,
    company: String,
    email: String,
    website: String,
    code: Option<String>,
    affiliate: Option<String>,
    introducer: Option<String>,
    buyer: Option<String>,
    status: EnrollmentStatus,
    group: Option<String>,
    offer: Option<String>,
) -> Result<bool> {
    access::answer(async {
        let mut asking = access::admin(&program).await?;
        asking.may(domain::accounts::Power::ManagePartners)?;
        let kinds = super::edit::kinds(&affiliate, &introducer, &buyer);
        let invited = status == EnrollmentStatus::Active && !email.trim().is_empty();
        let input = domain::partners::NewPartner { name, company, email, website, code, kinds, status };
        let group = super::group::chosen(group)?;
        let offer = offer.filter(|id| !id.is_empty()).map(|id| id.parse::<OfferId>()).transpose();
        let offer = offer.map_err(|_| access::Error::field("offer", "Choose an offer."))?;
        let (moment, actor) = (&asking.moment, &asking.actor);
        let mut tx = access::begin(&mut asking.conn).await?;
        let made = engine::partners::create(&mut tx, moment, actor, &input).await?;
        if group.is_some() {
            engine::partners::groups::put(&mut tx, moment, actor, made.id, group).await?;
        }
        if let Some(offer) = offer {
            let choice = domain::partners::OfferChoice { offer, overrides: Vec::new() };
            engine::partners::set_offers(&mut tx, moment, actor, made.id, &[choice]).await?;
        }
        tx.commit().await?;
        access::redirect(&format!("/admin/{program}/partners/{}", made.code));
        Ok(invited)
    })
    .await
}

/// `/admin/{program}/partners/new`.
pub struct NewPartnerPage {
    given: Read<Given>,
    form: Form<CreatePartner>,
}

impl LazyPage for NewPartnerPage {
    fn data() -> Self {
        let program = show::program();
        Self { given: read(move || ReadGiven { program: program.get() }), form: Form::new() }
    }

    fn view(this: Self) -> AnyView {
        let NewPartnerPage { given, form } = this;
        tell(form);
        let list = format!("/admin/{}/partners", show::program().get_untracked());
        view! {
            <Title text="New partner"/>
            <PageHead title="New partner" back=(list, "Partners".to_owned())/>
            {given.show(|| view! { <SkeletonCard lines=8/> }.into_any(), move |given| fields(given, form))}
        }
        .into_any()
    }
}

/// Says what became of it.
fn tell(form: Form<CreatePartner>) {
    let toasts = use_toasts();
    Effect::new(move |_| match form.answer() {
        Some(Ok(true)) => toasts.say("Partner added, and invited by mail"),
        Some(Ok(false)) => toasts.say("Partner added"),
        Some(Err(access::Error::Invalid(_))) | None => {}
        Some(Err(error)) if error.leads_to("").is_none() => toasts.fail(error.words()),
        Some(Err(_)) => {}
    });
}

fn fields(given: Given, form: Form<CreatePartner>) -> AnyView {
    let Given { groups, offers } = given;
    let list = format!("/admin/{}/partners", show::program().get_untracked());
    let standings = vec![
        Choice::new(EnrollmentStatus::Active.as_str(), "Active: earns from now on"),
        Choice::new(EnrollmentStatus::Pending.as_str(), "Pending: waits until you approve it"),
    ];
    let groups = super::group::choices(&groups);
    let offers = std::iter::once(Choice::new("", "The program's default offers"))
        .chain(offers.into_iter().map(|(id, name)| Choice::new(id.to_string(), name)))
        .collect();
    view! {
        <Card>
            {show::wrong(form.beside(&["name", "company", "email", "website", "code", "status", "group", "offer"]))}
            <PostForm form=form class="form">
                {show::program_field()}
                <div class="form-row">
                    <TextInput id="name" label="Name" autocomplete="off" help="Give a name, a company or both." autofocus=true error=form.field("name")/>
                    <TextInput id="company" label="Company" optional=true autocomplete="off" error=form.field("company")/>
                </div>
                <div class="form-row">
                    <TextInput id="email" label="E-mail" kind="email" optional=true autocomplete="off" help="An invitation goes there. Without one, nobody signs in yet." error=form.field("email")/>
                    <TextInput id="website" label="Website" inputmode="url" optional=true placeholder="example.com" error=form.field("website")/>
                </div>
                <div class="form-row">
                    <TextInput id="code" label="Code" optional=true autocomplete="off" help="Stands in the partner's link. Made from the name where you leave it empty." error=form.field("code")/>
                    <Select id="status" label="Status" choices=standings value=EnrollmentStatus::Active.as_str() error=form.field("status")/>
                </div>
                <div class="form-row">
                    <Select id="group" label="Group" choices=groups help="The group's offers come before the partner's own." error=form.field("group")/>
                    <Select id="offer" label="Offer" choices=offers help="More offers, and rates of its own, are set on the partner's page." error=form.field("offer")/>
                </div>
                {kinds_fields(domain::partners::Kinds { affiliate: true, ..Default::default() })}
                <div class="form-actions">
                    <ButtonLink href=list>"Cancel"</ButtonLink>
                    <Button kind=ButtonKind::Primary submit=true busy=form.pending()>"Add partner"</Button>
                </div>
            </PostForm>
        </Card>
    }
    .into_any()
}
