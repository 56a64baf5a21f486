//! A forgotten password: asking for a link by mail, and choosing a new one by it; under a program's address in its brand.

use access::{Form, LazyPage, PostForm, Read, Result, read};
use leptos::prelude::*;
use leptos::server_fn::codec::GetUrl;
use leptos_meta::Title;
use leptos_router::hooks::{use_params_map, use_query_map};
use serde::{Deserialize, Serialize};
use ui::{Button, ButtonKind, ButtonLink, Note, PasswordInput, PlainShell, TextInput, Tone};

use crate::sign_in::{Door, ReadDoor};

/// Asks for the mail: by e-mail, or on a program's page by partner code too. The answer never tells whether there is such
/// an account.
#[server(prefix = "/fn", endpoint = "forgot-password")]
pub async fn ask_for_reset(who: String, program: Option<String>) -> Result<()> {
    access::answer(async {
        let program = program.filter(|program| domain::programs::check_slug(program).is_ok());
        let mut visitor = access::visitor().await?;
        engine::accounts::request_password_reset(&mut visitor.conn, &who, program.as_deref()).await?;
        access::redirect(&format!("{}/forgot-password?sent=1", place(program.as_deref())));
        Ok(())
    })
    .await
}

/// What the page shows on which a new password is chosen.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct ToReset {
    door: Door,
    /// Whether the link from the mail still holds.
    holds: bool,
}

/// What the page shows on which a new password is chosen, of a program or of none.
#[server(prefix = "/fn", endpoint = "reset-password/page", input = GetUrl)]
pub async fn read_reset(token: String, program: Option<String>) -> Result<ToReset> {
    access::answer(async {
        let mut visitor = access::visitor().await?;
        let holds = engine::accounts::reset_token_holds(&mut visitor.conn, &visitor.moment, &token).await?;
        Ok(ToReset { door: crate::sign_in::door(&mut visitor, program.as_deref()).await?, holds })
    })
    .await
}

/// Sets the new password, and goes on to sign in with it.
#[server(prefix = "/fn", endpoint = "reset-password")]
pub async fn reset_password(token: String, password: String, program: Option<String>) -> Result<()> {
    access::answer(async {
        let program = program.filter(|program| domain::programs::check_slug(program).is_ok());
        let state = access::State::here()?;
        engine::accounts::reset_password(&state.pool, &engine::Moment::now(), &token, &password)
            .await
            .map_err(access::over(access::Error::Conflict("This link has expired. Ask for a new one.".into())))?;
        access::redirect(&format!("{}/sign-in?note=password", place(program.as_deref())));
        Ok(())
    })
    .await
}

/// What stands before the addresses of these pages: of a program, or of none.
pub(crate) fn place(program: Option<&str>) -> String {
    program.map(|program| format!("/p/{program}")).unwrap_or_default()
}

/// The program whose page this is, if it is one's.
fn program() -> Option<String> {
    use_params_map().with_untracked(|params| params.get("program"))
}

/// Tells a form's post whose page it was.
fn of_program(program: Option<String>) -> impl IntoView {
    program.map(|program| view! { <input type="hidden" name="program" value=program/> })
}

/// `/forgot-password`, `/p/{program}/forgot-password`.
pub struct Forgot {
    program: Option<String>,
    door: Read<Door>,
}

impl LazyPage for Forgot {
    fn data() -> Self {
        let program = program();
        let of = program.clone();
        Self { program, door: read(move || ReadDoor { program: of.clone() }) }
    }

    fn view(this: Self) -> AnyView {
        let Forgot { program, door } = this;
        let form = Form::<AskForReset>::new();
        let query = use_query_map();
        let sent = Memo::new(move |_| query.with(|query| query.get("sent").is_some()));
        view! {
            <Title text="Forgot your password?"/>
            {door.page(move |door| asking(door, program.clone(), form, sent))}
        }
        .into_any()
    }
}

fn asking(door: Door, program: Option<String>, form: Form<AskForReset>, sent: Memo<bool>) -> AnyView {
    let (label, kind, who) = match program {
        Some(_) => ("E-mail or partner code", "text", "e-mail or partner code"),
        None => ("E-mail", "email", "e-mail"),
    };
    let words = format!("Type your {who}, and we send you a link to choose a new one.");
    let told = format!(
        "If there is an account with that {who}, a link to choose a new password is on its way by mail. It holds for an hour."
    );
    let wrong = form.beside(&["who"]);
    let sign_in = format!("{}/sign-in", place(program.as_deref()));
    let back = move || view! { <a href=sign_in>"Back to sign in"</a> };
    view! {
        <PlainShell
            brand=door.brand
            accent=door.accent
            logo=door.logo
            title="Forgot your password?"
            words=words
            foot=back
        >
            {move || { let told = told.clone(); sent.get().then(move || view! { <Note tone=Tone::Good>{told}</Note> }) }}
            {ui::wrong(wrong)}
            <PostForm form=form class="form">
                {of_program(program)}
                <TextInput id="who" label=label kind=kind required=true autocomplete="username" autofocus=true error=form.field("who")/>
                <div class="form-actions">
                    <Button kind=ButtonKind::Primary submit=true busy=form.pending()>"Send the link"</Button>
                </div>
            </PostForm>
        </PlainShell>
    }
    .into_any()
}

/// `/reset-password/{token}`, `/p/{program}/reset-password/{token}`.
pub struct Reset {
    token: String,
    program: Option<String>,
    found: Read<ToReset>,
}

impl LazyPage for Reset {
    fn data() -> Self {
        let token = use_params_map().with_untracked(|params| params.get("token").unwrap_or_default());
        let program = program();
        let of = (token.clone(), program.clone());
        let found = read(move || ReadReset { token: of.0.clone(), program: of.1.clone() });
        Self { token, program, found }
    }

    fn view(this: Self) -> AnyView {
        let Reset { token, program, found } = this;
        let form = Form::<ResetPassword>::new();
        view! {
            <Title text="Choose a new password"/>
            {found.page(move |ToReset { door, holds }| {
                if holds { choose(door, form, token.clone(), program.clone()) } else { over(door, program.as_deref()) }
            })}
        }
        .into_any()
    }
}

fn choose(door: Door, form: Form<ResetPassword>, token: String, program: Option<String>) -> AnyView {
    let wrong = form.beside(&["password"]);
    view! {
        <PlainShell
            brand=door.brand
            accent=door.accent
            logo=door.logo
            title="Choose a new password"
            words="It signs you out everywhere else."
        >
            {ui::wrong(wrong)}
            <PostForm form=form class="form">
                {of_program(program)}
                <input type="hidden" name="token" value=token/>
                <PasswordInput id="password" label="New password" autocomplete="new-password" help="At least 10 characters: a few uncommon words are good." error=form.field("password")/>
                <div class="form-actions">
                    <Button kind=ButtonKind::Primary submit=true busy=form.pending()>"Set the password"</Button>
                </div>
            </PostForm>
        </PlainShell>
    }
    .into_any()
}

fn over(door: Door, program: Option<&str>) -> AnyView {
    let again = format!("{}/forgot-password", place(program));
    view! {
        <PlainShell
            brand=door.brand
            accent=door.accent
            logo=door.logo
            title="This link has expired"
            words="Links to choose a password work once, and for an hour. Ask for a new one."
        >
            <div class="form-actions">
                <ButtonLink href=again kind=ButtonKind::Primary>"Ask for a new link"</ButtonLink>
            </div>
        </PlainShell>
    }
    .into_any()
}
