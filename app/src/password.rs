//! A forgotten password: asking for a link by mail, and choosing a new one by it.

use access::{Form, LazyPage, PostForm, Read, Result, read};
use leptos::prelude::*;
use leptos::server_fn::codec::GetUrl;
use leptos_meta::Title;
use leptos_router::hooks::{use_params_map, use_query_map};
use ui::{Button, ButtonKind, ButtonLink, Note, PasswordInput, PlainShell, TextInput, Tone};

/// Asks for the mail. The answer never tells whether there is such an account.
#[server(prefix = "/fn", endpoint = "forgot-password")]
pub async fn ask_for_reset(email: String) -> Result<()> {
    access::answer(async {
        let mut visitor = access::visitor().await?;
        engine::accounts::request_password_reset(&mut visitor.conn, &email).await?;
        access::redirect("/forgot-password?sent=1");
        Ok(())
    })
    .await
}

/// Whether the link from the mail still holds.
#[server(prefix = "/fn", endpoint = "reset-password/holds", input = GetUrl)]
pub async fn reset_holds(token: String) -> Result<bool> {
    access::answer(async {
        let access::Visitor { mut conn, moment, .. } = access::visitor().await?;
        Ok(engine::accounts::reset_token_holds(&mut conn, &moment, &token).await?)
    })
    .await
}

/// Sets the new password, and goes on to sign in with it.
#[server(prefix = "/fn", endpoint = "reset-password")]
pub async fn reset_password(token: String, password: String) -> Result<()> {
    access::answer(async {
        let state = access::State::here()?;
        engine::accounts::reset_password(&state.pool, &engine::Moment::now(), &token, &password)
            .await
            .map_err(access::over(access::Error::Conflict("This link is over. Ask for a new one.".into())))?;
        access::redirect("/sign-in?note=password");
        Ok(())
    })
    .await
}

/// `/forgot-password`.
pub struct Forgot;

impl LazyPage for Forgot {
    fn data() -> Self {
        Self
    }

    fn view(_this: Self) -> AnyView {
        let form = Form::<AskForReset>::new();
        let wrong = form.beside(&["email"]);
        let query = use_query_map();
        let back = || view! { <a href="/sign-in">"Back to sign in"</a> };
        let sent = move || {
            query.with(|query| query.get("sent").is_some()).then(|| {
                view! {
                    <Note tone=Tone::Good>
                        "If there is an account with that e-mail, a link to choose a new password is on its way. It holds for an hour."
                    </Note>
                }
            })
        };
        view! {
            <Title text="Forgot your password?"/>
            <PlainShell
                brand="Tributary"
                title="Forgot your password?"
                words="Type your e-mail, and we send you a link to choose a new one."
                foot=back
            >
                {sent}
                {move || wrong.get().map(|words| view! { <Note tone=Tone::Bad>{words}</Note> })}
                <PostForm form=form class="form">
                    <TextInput id="email" label="E-mail" kind="email" required=true autocomplete="email" autofocus=true error=form.field("email")/>
                    <div class="form-actions">
                        <Button kind=ButtonKind::Primary submit=true busy=form.pending()>"Send the link"</Button>
                    </div>
                </PostForm>
            </PlainShell>
        }
        .into_any()
    }
}

/// `/reset-password/{token}`.
pub struct Reset {
    token: String,
    holds: Read<bool>,
}

impl LazyPage for Reset {
    fn data() -> Self {
        let token = use_params_map().with_untracked(|params| params.get("token").unwrap_or_default());
        let of = token.clone();
        Self { token, holds: read(move || ResetHolds { token: of.clone() }) }
    }

    fn view(this: Self) -> AnyView {
        let Reset { token, holds } = this;
        let form = Form::<ResetPassword>::new();
        view! {
            <Title text="Choose a new password"/>
            {holds.page(move |holds| if holds { choose(form, token.clone()) } else { over() })}
        }
        .into_any()
    }
}

fn choose(form: Form<ResetPassword>, token: String) -> AnyView {
    let wrong = form.beside(&["password"]);
    view! {
        <PlainShell brand="Tributary" title="Choose a new password" words="It signs you out everywhere else.">
            {move || wrong.get().map(|words| view! { <Note tone=Tone::Bad>{words}</Note> })}
            <PostForm form=form class="form">
                <input type="hidden" name="token" value=token/>
                <PasswordInput id="password" label="New password" autocomplete="new-password" help="At least 10 characters." error=form.field("password")/>
                <div class="form-actions">
                    <Button kind=ButtonKind::Primary submit=true busy=form.pending()>"Set the password"</Button>
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
            title="This link is over"
            words="Links to choose a password work once, and for an hour. Ask for a new one."
        >
            <div class="form-actions">
                <ButtonLink href="/forgot-password" kind=ButtonKind::Primary>"Ask for a new link"</ButtonLink>
            </div>
        </PlainShell>
    }
    .into_any()
}
