//! An invitation, to a team or as a partner: choosing a name and a password, and accepting the program's terms.

use access::{Form, LazyPage, PostForm, Read, Result, read};
use leptos::prelude::*;
use leptos::server_fn::codec::GetUrl;
use leptos_meta::Title;
use leptos_router::hooks::use_params_map;
use serde::{Deserialize, Serialize};
use ui::{Button, ButtonKind, ButtonLink, PasswordInput, PlainShell, TextInput, wrong};

/// What the page shows.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Shown {
    email: String,
    /// The name given by who invited.
    name: String,
    /// The program whose partner is invited; none: it is an invitation to a team.
    program: Option<House>,
    /// The terms, where they are to be accepted: their version, and their text as HTML that was made safe.
    terms: Option<(i32, String)>,
}

/// How a program looks.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct House {
    brand: String,
    accent: String,
    /// The address of the logo.
    logo: Option<String>,
}

/// Whom the link invites; `None` where it is over.
#[server(prefix = "/fn", endpoint = "invitation", input = GetUrl)]
pub async fn read_invitation(token: String) -> Result<Option<Shown>> {
    access::answer(async {
        let access::Visitor { mut conn, moment, .. } = access::visitor().await?;
        let Some(invited) = engine::accounts::team::invitation(&mut conn, &moment, &token).await? else {
            return Ok(None);
        };
        let domain::accounts::Invitation { email, name, partner } = invited;
        let Some((program, partner)) = partner else {
            return Ok(Some(Shown { email, name, program: None, terms: None }));
        };
        let program = engine::programs::get(&mut conn, program).await?;
        let portal = engine::portal::get(&mut conn, program.id).await?;
        let due = engine::portal::seat(&mut conn, program.id, partner).await?.terms_due;
        let terms = engine::portal::terms(&mut conn, program.id).await?;
        let terms = terms.filter(|(version, _)| due == Some(*version));
        let house = House {
            brand: portal.shown_as(&program.name, program.sandbox),
            logo: program.logo.map(|id| domain::files::file_path(&program.slug, id, "logo")),
            accent: program.accent,
        };
        let terms = terms.map(|(version, body)| (version, engine::portal::html(&body)));
        Ok(Some(Shown { email, name, program: Some(house), terms }))
    })
    .await
}

/// Accepts, and signs in.
#[server(prefix = "/fn", endpoint = "invitation/accept")]
pub async fn accept_invitation(token: String, name: String, password: String, terms: Option<i32>) -> Result<()> {
    access::answer(async {
        let state = access::State::here()?;
        let moment = engine::Moment::now();
        let who = engine::accounts::team::accept_invitation(&state.pool, &moment, &token, &name, &password, terms)
            .await
            .map_err(access::over(access::Error::Conflict("This invitation is over. Ask for another.".into())))?;
        let input =
            engine::accounts::SignIn { who, program: None, password, user_agent: access::user_agent(), keep: false };
        let signed_in = engine::accounts::sign_in(&state.pool, &moment, &input).await?;
        access::keep_session(&signed_in.token, signed_in.expires_at, signed_in.keep)?;
        access::redirect("/");
        Ok(())
    })
    .await
}

/// `/accept-invitation/{token}`.
pub struct InvitationPage {
    token: String,
    invited: Read<Option<Shown>>,
}

impl LazyPage for InvitationPage {
    fn data() -> Self {
        let token = use_params_map().with_untracked(|params| params.get("token").unwrap_or_default());
        let of = token.clone();
        Self { token, invited: read(move || ReadInvitation { token: of.clone() }) }
    }

    fn view(this: Self) -> AnyView {
        let InvitationPage { token, invited } = this;
        let form = Form::<AcceptInvitation>::new();
        view! {
            <Title text="Welcome"/>
            {invited.page(move |invited| match invited {
                Some(shown) => card(form, token.clone(), shown),
                None => over(),
            })}
        }
        .into_any()
    }
}

fn card(form: Form<AcceptInvitation>, token: String, shown: Shown) -> AnyView {
    let Shown { email, name, program, terms } = shown;
    let (title, words) = match &program {
        Some(House { brand, .. }) => (
            format!("Become a partner of {brand}"),
            format!("{brand} has invited you to its partner program. Choose a password for {email} to come in."),
        ),
        None => ("Welcome".to_owned(), format!("You are invited as {email}. Choose a password to come in.")),
    };
    let plain = House { brand: "Tributary".into(), accent: String::new(), logo: None };
    let House { brand, accent, logo } = program.unwrap_or(plain);
    let terms = terms.map(|terms| crate::sign_up::terms_field(terms, form.field("terms")));
    view! {
        <PlainShell brand=brand accent=accent logo=logo title=title words=words>
            {wrong(form.beside(&["name", "password", "terms"]))}
            <PostForm form=form class="form">
                <input type="hidden" name="token" value=token/>
                // So that password managers know for whom.
                <input type="hidden" autocomplete="username" value=email/>
                <TextInput id="name" label="Your name" value=name required=true autocomplete="name" error=form.field("name")/>
                <PasswordInput id="password" label="Password" autocomplete="new-password" help="At least 10 characters: a few uncommon words are good." error=form.field("password")/>
                {terms}
                <div class="form-actions">
                    <Button kind=ButtonKind::Primary submit=true busy=form.pending()>"Come in"</Button>
                </div>
            </PostForm>
        </PlainShell>
    }
    .into_any()
}

fn over() -> AnyView {
    view! {
        <PlainShell
            brand="Tributary"
            title="This invitation is over"
            words="It was accepted already, or it is too old. Sign in, or ask who invited you to send it again."
        >
            <div class="form-actions">
                <ButtonLink href="/sign-in" kind=ButtonKind::Primary>"Sign in"</ButtonLink>
            </div>
        </PlainShell>
    }
    .into_any()
}
