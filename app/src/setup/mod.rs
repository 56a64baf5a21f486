//! The first run: owner, program, first offer, API key, and waiting for the first click, sign-up and sale.

#[cfg(feature = "ssr")]
mod rewards;
mod steps;
mod waiting;

use access::{Form, LazyPage, Read, Result, read};
use domain::integrations::MadeApiKey;
use leptos::prelude::*;
use leptos::server_fn::codec::GetUrl;
use leptos_meta::Title;
use leptos_router::hooks::use_query_map;
use serde::{Deserialize, Serialize};
use ui::{PlainShell, Steps};

use waiting::{FirstPartner, waiting};

/// How far the first run has come.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Step {
    /// There is no owner, and the address has no token that holds.
    Locked,
    /// There is no owner, and the token holds.
    Owner {
        /// The token.
        token: String,
    },
    /// The owner has no program.
    Program {
        /// The time zones, each with the words by which it is chosen.
        time_zones: Vec<(String, String)>,
    },
    /// The program has no offer.
    Offer {
        /// The program.
        program: ProgramRef,
    },
    /// The program has no API key.
    Key {
        /// The program.
        program: ProgramRef,
    },
    /// What is still to come comes from outside.
    Waiting {
        /// The program.
        program: ProgramRef,
    },
}

/// The program that is being set up.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProgramRef {
    /// Its name in addresses.
    pub slug: String,
    /// Its name.
    pub name: String,
    /// Its currency.
    pub currency: domain::money::Currency,
    /// The company's site.
    pub website: String,
    /// The address of this server.
    pub server: String,
}

impl Step {
    fn place(&self) -> usize {
        match self {
            Self::Locked | Self::Owner { .. } => 0,
            Self::Program { .. } => 1,
            Self::Offer { .. } => 2,
            Self::Key { .. } => 3,
            Self::Waiting { .. } => 4,
        }
    }
}

/// How far it has come, for whoever asks.
#[server(prefix = "/fn", endpoint = "setup", input = GetUrl)]
pub async fn setup_step(token: Option<String>) -> Result<Step> {
    access::answer(async {
        let access::Visitor { mut conn, moment, .. } = access::visitor().await?;
        if engine::accounts::setup::needed(&mut conn).await? {
            let token = token.unwrap_or_default();
            let holds = engine::accounts::setup::check_token(&mut conn, &moment, &token).await?;
            return Ok(if holds { Step::Owner { token } } else { Step::Locked });
        }
        drop(conn);
        let mut asking = access::account().await?;
        let places = engine::accounts::places(&mut asking.conn, &asking.session).await?;
        if !places.organizations.iter().any(|place| place.role.may(domain::accounts::Power::EditProgram)) {
            return Err(access::Error::NotFound);
        }
        let Some(place) = places.programs.first() else {
            let time_zones = engine::programs::time_zone_choices(asking.moment.at, None);
            return Ok(Step::Program { time_zones });
        };
        let (actor, program) = engine::accounts::admin_actor(&mut asking.conn, &asking.session, &place.slug).await?;
        let reference = ProgramRef {
            slug: program.slug,
            name: program.name,
            currency: program.currency,
            website: program.website,
            server: asking.state.public_url.to_string(),
        };
        if engine::offers::list(&mut asking.conn, &actor).await?.is_empty() {
            return Ok(Step::Offer { program: reference });
        }
        if actor.may(domain::accounts::Power::ManageKeys)
            && engine::integrations::api_keys::list(&mut asking.conn, &actor).await?.is_empty()
        {
            return Ok(Step::Key { program: reference });
        }
        Ok(Step::Waiting { program: reference })
    })
    .await
}

/// Creates the owner, and signs in.
#[server(prefix = "/fn", endpoint = "setup/owner")]
pub async fn create_owner(
    token: String,
    name: String,
    email: String,
    password: String,
    organization: String,
) -> Result<()> {
    access::answer(async {
        let state = access::State::here()?;
        let moment = engine::Moment::now();
        let input =
            engine::accounts::setup::NewOwner { name, email: email.clone(), password: password.clone(), organization };
        engine::accounts::setup::create_owner(&state.pool, &moment, &token, &input).await.map_err(access::over(
            access::Error::Conflict(
                "Somebody else was first, or the link is too old. Start the server again for a new one.".into(),
            ),
        ))?;
        let input = engine::accounts::SignIn {
            who: email,
            program: None,
            password,
            user_agent: access::user_agent(),
            keep: false,
        };
        let signed_in = engine::accounts::sign_in(&state.pool, &moment, &input).await?;
        access::keep_session(&signed_in.token, signed_in.expires_at, signed_in.keep)?;
        access::redirect("/setup");
        Ok(())
    })
    .await
}

/// Creates the program in the first organization where one may.
#[server(prefix = "/fn", endpoint = "setup/program")]
pub async fn create_program(
    name: String,
    slug: String,
    currency: String,
    time_zone: String,
    #[server(default)] description: String,
    website: String,
) -> Result<()> {
    access::answer(async {
        let access::Account { state, mut conn, moment, session, .. } = access::account().await?;
        let places = engine::accounts::places(&mut conn, &session).await?;
        let place = places.organizations.iter().find(|place| place.role.may(domain::accounts::Power::EditProgram));
        let organization = place.ok_or(access::Error::NotFound)?.id;
        drop(conn);
        let input = domain::programs::NewProgram { name, slug, currency, time_zone, description, website };
        engine::programs::create(&state.pool, &moment, &session, organization, &input).await?;
        access::redirect("/setup");
        Ok(())
    })
    .await
}

/// Creates the first offer: what is paid for each sale, and for the first one besides.
#[server(prefix = "/fn", endpoint = "setup/offer")]
pub async fn create_offer(
    program: String,
    name: String,
    percent: String,
    months: String,
    flat: Option<String>,
    hold_days: String,
) -> Result<()> {
    access::answer(async {
        let mut asking = access::admin(&program).await?;
        let rewards = rewards::read(&percent, &months, flat.as_deref().unwrap_or_default(), &hold_days)?;
        let input = domain::offers::OfferInput { name, description: String::new(), rewards, is_default: true };
        let mut tx = access::begin(&mut asking.conn).await?;
        engine::offers::create(&mut tx, &asking.moment, &asking.actor, &input).await.map_err(rewards::beside_fields)?;
        tx.commit().await?;
        access::redirect("/setup");
        Ok(())
    })
    .await
}

/// Makes the first API key.
#[server(prefix = "/fn", endpoint = "setup/key")]
pub async fn create_key(program: String) -> Result<MadeApiKey> {
    use domain::accounts::{Power, Scope};
    use domain::integrations::NewApiKey;
    access::answer(async {
        let asking = access::admin(&program).await?;
        asking.may(Power::ManageKeys)?;
        let input = NewApiKey { name: "Website".into(), scopes: vec![Scope::Track], ..NewApiKey::default() };
        Ok(engine::integrations::api_keys::create(&asking.state.pool, &asking.moment, &asking.actor, &input).await?)
    })
    .await
}

/// `/setup`.
pub struct Setup(Read<Step>);

impl LazyPage for Setup {
    fn data() -> Self {
        let query = use_query_map();
        // The step changes with what was done, and the address with it.
        Self(read(move || SetupStep { token: query.with(|query| query.get("token")) }))
    }

    fn view(this: Self) -> AnyView {
        let step = this.0;
        let forms = steps::Forms {
            owner: Form::new(),
            program: Form::new(),
            offer: Form::new(),
            key: Form::new(),
            partner: Form::new(),
        };
        Effect::new(move |before: Option<usize>| {
            let done = forms.owner.answered() + forms.program.answered() + forms.offer.answered();
            if before.is_some_and(|before| before != done) {
                step.again();
            }
            done
        });
        view! {
            <Title text="Set up"/>
            {step.page(move |shown| card(shown, forms, move || step.again()))}
        }
        .into_any()
    }
}

fn card(step: Step, forms: steps::Forms, on: impl Fn() + Copy + Send + Sync + 'static) -> AnyView {
    let place = step.place();
    let (title, words, content) = match step {
        Step::Locked => (
            "Set up Tributary",
            "Open the address that the server printed when it started: it has a token in it that shows you run this server.",
            ().into_any(),
        ),
        Step::Owner { token } => {
            ("Set up Tributary", "You are the first here, and become the owner.", steps::owner(forms.owner, token))
        }
        Step::Program { time_zones } => (
            "Your program",
            "A program is what partners join: one currency, one website, its own rules.",
            steps::program(forms.program, time_zones),
        ),
        Step::Offer { program } => (
            "Your first offer",
            "What partners earn. You can change it, and have several.",
            steps::offer(forms.offer, program),
        ),
        Step::Key { program } => (
            "Connect your website",
            "Your server tells Tributary of sign-ups and sales; your pages remember who came by which link.",
            steps::key(forms.key, program, on),
        ),
        Step::Waiting { program } => ("Almost there", "", waiting(program, forms.partner)),
    };
    view! {
        <PlainShell brand="Tributary" title=title words=words wide=true>
            <Steps names=&["Owner", "Program", "Offer", "API key", "First sale"] current=place/>
            {content}
        </PlainShell>
    }
    .into_any()
}
