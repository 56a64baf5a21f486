//! A group of partners being made or changed.

use access::{Form, LazyPage, Read, Result, read};
use domain::ids::PartnerGroupId;
use domain::money::Currency;
use domain::offers::OfferRow;
use domain::partners::{GroupInput, PartnerGroup};
use leptos::prelude::*;
use leptos::server_fn::codec::{GetUrl, Json};
use leptos_meta::Title;
use serde::{Deserialize, Serialize};
use ui::{Button, ButtonKind, ButtonLink, Card, PageHead, SkeletonCard, TextInput};

use crate::offers::Choosing;
use crate::show;

/// What the page shows.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Shown {
    /// The group; none yet where it is a new one.
    group: Option<PartnerGroup>,
    /// All offers of the program.
    offers: Vec<OfferRow>,
    currency: Currency,
}

/// A group to be changed, or what a new one needs.
#[server(prefix = "/fn", endpoint = "admin/groups/one", input = GetUrl)]
pub async fn read_group(program: String, id: Option<String>) -> Result<Shown> {
    access::answer(async {
        let mut asking = access::admin(&program).await?;
        asking.may(domain::accounts::Power::EditProgram)?;
        let group = match id {
            Some(id) => {
                let id = id.parse().map_err(|_| access::Error::NotFound)?;
                Some(engine::partners::groups::get(&mut asking.conn, &asking.actor, id).await?)
            }
            None => None,
        };
        let offers = engine::offers::list(&mut asking.conn, &asking.actor).await?;
        Ok(Shown { group, offers, currency: asking.program.currency })
    })
    .await
}

/// Makes a group, or changes one, and goes back to the list.
#[server(prefix = "/fn", endpoint = "admin/groups/save", input = Json)]
pub async fn save_group(program: String, id: Option<PartnerGroupId>, group: GroupInput) -> Result<()> {
    access::answer(async {
        let mut asking = access::admin(&program).await?;
        asking.may(domain::accounts::Power::EditProgram)?;
        let mut tx = access::begin(&mut asking.conn).await?;
        match id {
            Some(id) => {
                engine::partners::groups::edit(&mut tx, &asking.moment, &asking.actor, id, &group).await?;
            }
            None => {
                engine::partners::groups::create(&mut tx, &asking.moment, &asking.actor, &group).await?;
            }
        }
        tx.commit().await?;
        access::redirect(&format!("/admin/{program}/groups"));
        Ok(())
    })
    .await
}

/// `/admin/{program}/groups/new`.
pub struct NewGroupPage {
    found: Read<Shown>,
    form: Form<SaveGroup>,
}

impl LazyPage for NewGroupPage {
    fn data() -> Self {
        let program = show::program();
        let found = read(move || ReadGroup { program: program.get(), id: None });
        Self { found, form: Form::new() }
    }

    fn view(this: Self) -> AnyView {
        let NewGroupPage { found, form } = this;
        show::tell(form, "Group made");
        view! {
            <Title text="New group"/>
            {found.show(skeleton, move |shown| page(shown, form))}
        }
        .into_any()
    }
}

/// `/admin/{program}/groups/{id}`.
pub struct GroupPage {
    found: Read<Shown>,
    form: Form<SaveGroup>,
}

impl LazyPage for GroupPage {
    fn data() -> Self {
        let (program, id) = (show::program(), show::parameter("id"));
        let found = read(move || ReadGroup { program: program.get(), id: Some(id.get()) });
        Self { found, form: Form::new() }
    }

    fn view(this: Self) -> AnyView {
        let GroupPage { found, form } = this;
        show::tell(form, "Group saved");
        view! {
            <Title text="Group"/>
            {found.show(skeleton, move |shown| page(shown, form))}
        }
        .into_any()
    }
}

fn skeleton() -> AnyView {
    view! {
        <PageHead title="Group"/>
        <SkeletonCard lines=6/>
    }
    .into_any()
}

fn page(shown: Shown, form: Form<SaveGroup>) -> AnyView {
    let Shown { group, offers, currency } = shown;
    let program = show::program();
    let list = format!("/admin/{}/groups", program.get_untracked());
    let title = if group.is_some() { "Group" } else { "New group" };
    let id = group.as_ref().map(|group| group.id);
    let name = RwSignal::new(group.as_ref().map(|group| group.name.clone()).unwrap_or_default());
    let has = group.iter().flat_map(|group| &group.offers).map(|has| (has.offer, has.overrides.as_slice()));
    let choosing = Choosing::new(&offers, has, currency);
    let save = move |()| {
        if let Some(offers) = choosing.choices() {
            let group = GroupInput { name: name.get_untracked(), offers };
            form.send(&SaveGroup { program: program.get_untracked(), id, group });
        }
    };
    let fields = choosing.fields(&offers, id.map(|id| id.to_string()).unwrap_or_default());
    view! {
        <PageHead title=title back=(list.clone(), "Groups".to_owned())/>
        {show::wrong(form.beside(&["name"]))}
        <Card>
            <div class="form">
                <TextInput id="name" label="Name" bind=name placeholder="Creators" required=true error=form.field("name")/>
            </div>
        </Card>
        <Card title="Offers of the group">
            <p class="sub">
                "Its partners have these offers, in this order, before their own. A partner's own rate goes before the group's, and the group's before the offer's. Customers already attributed keep their terms."
            </p>
            <div class="form">{fields}</div>
        </Card>
        <div class="form-actions">
            <ButtonLink href=list>"Cancel"</ButtonLink>
            <Button kind=ButtonKind::Primary busy=form.pending() on_click=save>"Save the group"</Button>
        </div>
    }
    .into_any()
}
