//! A further program of an organization.

use access::{Form, LazyPage, PostForm, Read, Result, read};
use domain::ids::OrganizationId;
use leptos::prelude::*;
use leptos::server_fn::codec::GetUrl;
use leptos_meta::Title;
use serde::{Deserialize, Serialize};
use ui::{Button, ButtonKind, Choice, PlainShell, Select, TextInput, Textarea, use_toasts, wrong};

/// What the page shows.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Shown {
    /// The organizations in which one may: their ids and names.
    organizations: Vec<(OrganizationId, String)>,
    /// Each with the words by which it is chosen.
    time_zones: Vec<(String, String)>,
}

/// What a new program needs.
#[server(prefix = "/fn", endpoint = "admin/new-program/page", input = GetUrl)]
pub async fn read_new_program() -> Result<Shown> {
    access::answer(async {
        let mut asking = access::account().await?;
        let places = engine::accounts::places(&mut asking.conn, &asking.session).await?;
        let may = |place: &domain::accounts::OrganizationPlace| place.role.may(domain::accounts::Power::EditProgram);
        let organizations: Vec<_> =
            places.organizations.into_iter().filter(may).map(|place| (place.id, place.name)).collect();
        if organizations.is_empty() {
            return Err(access::Error::NotFound);
        }
        let time_zones = engine::programs::time_zone_choices(asking.moment.at, None);
        Ok(Shown { organizations, time_zones })
    })
    .await
}

/// Creates a program, and goes to it.
#[server(prefix = "/fn", endpoint = "admin/new-program")]
pub async fn create_program(
    organization: OrganizationId,
    name: String,
    slug: String,
    currency: String,
    time_zone: String,
    #[server(default)] description: String,
    website: String,
) -> Result<()> {
    access::answer(async {
        let access::Account { state, conn, moment, session, .. } = access::account().await?;
        drop(conn);
        let currency = currency.trim().to_uppercase();
        let website = website.trim().to_owned();
        let input = domain::programs::NewProgram { name, slug, currency, time_zone, description, website };
        let made = engine::programs::create(&state.pool, &moment, &session, organization, &input).await?;
        access::redirect(&format!("/admin/{}", made.slug));
        Ok(())
    })
    .await
}

/// `/admin/new-program`.
pub struct NewProgramPage(Read<Shown>);

impl LazyPage for NewProgramPage {
    fn data() -> Self {
        Self(read(|| ReadNewProgram {}))
    }

    fn view(this: Self) -> AnyView {
        let form = Form::<CreateProgram>::new();
        let toasts = use_toasts();
        form.settled(move |outcome| {
            if outcome.is_ok() {
                toasts.say("Program created");
            }
        });
        view! {
            <Title text="New program"/>
            {this.0.page(move |shown| card(shown, form))}
        }
        .into_any()
    }
}

fn card(shown: Shown, form: Form<CreateProgram>) -> AnyView {
    let Shown { organizations, time_zones } = shown;
    let zones = time_zones.into_iter().map(|(zone, words)| Choice::new(zone, words)).collect::<Vec<_>>();
    let whose = if let [(only, _)] = organizations.as_slice() {
        view! { <input type="hidden" name="organization" value=only.to_string()/> }.into_any()
    } else {
        let choices = organizations.into_iter().map(|(id, name)| Choice::new(id.to_string(), name)).collect::<Vec<_>>();
        view! { <Select id="organization" label="Company" choices=choices/> }.into_any()
    };
    view! {
        <PlainShell brand="Tributary" title="New program" words="With its own partners, offers, currency and ledger." wide=true foot=|| view! { <a href="/">"Back to your programs"</a> }>
            {wrong(form.beside(&["name", "slug", "description", "currency", "time_zone", "website"]))}
            <PostForm form=form class="form">
                {whose}
                <div class="form-row">
                    <TextInput id="name" label="Name" required=true autofocus=true error=form.field("name")/>
                    <TextInput id="slug" label="Name in addresses" prefix="/p/" help="It can't be changed later." required=true error=form.field("slug")/>
                </div>
                <Textarea id="description" label="Description" rows=2 help="What the program is; its partners read it." optional=true error=form.field("description")/>
                <TextInput id="website" label="Website" kind="url" placeholder="https://www.example.com" help="Where partners' links lead." required=true error=form.field("website")/>
                <div class="form-row">
                    <TextInput id="currency" label="Currency" value="EUR" help="Three letters. Fixed once there is a sale or a commission." required=true error=form.field("currency")/>
                    <Select id="time_zone" label="Time zone" choices=zones value="UTC" help="Days and months follow it. Once there is a sale or a commission, a change counts from the 1st of the next month." error=form.field("time_zone")/>
                </div>
                <div class="form-actions">
                    <Button kind=ButtonKind::Primary submit=true busy=form.pending()>"Create the program"</Button>
                </div>
            </PostForm>
        </PlainShell>
    }
    .into_any()
}
