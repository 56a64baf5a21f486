//! The second step of signing in.

use access::{Form, LazyPage, PostForm, Read, Result, read};
use leptos::prelude::*;
use leptos::server_fn::codec::GetUrl;
use leptos_meta::Title;
use leptos_router::components::Redirect;
use leptos_router::hooks::use_query_map;
use ui::{Button, ButtonKind, PlainShell, TextInput, wrong};

/// Whether somebody has given the password and is asked for a code.
#[server(prefix = "/fn", endpoint = "second-factor/due", input = GetUrl)]
pub async fn second_factor_due() -> Result<bool> {
    access::answer(async {
        let Some(token) = access::session_token() else { return Ok(false) };
        let access::Visitor { mut conn, moment, .. } = access::visitor().await?;
        Ok(engine::accounts::second_factor_due(&mut conn, &moment, &token).await?)
    })
    .await
}

/// Completes signing in by a code, and goes on.
#[server(prefix = "/fn", endpoint = "second-factor")]
pub async fn second_factor(code: String, to: Option<String>) -> Result<()> {
    access::answer(async {
        let state = access::State::here()?;
        let token = access::session_token().ok_or(access::Error::SignIn)?;
        let moment = engine::Moment::now();
        let signed_in = engine::accounts::second_factor(&state.pool, &moment, &state.secrets, &token, &code)
            .await
            .map_err(access::over(access::Error::SignIn))?;
        access::keep_session(&signed_in.token, signed_in.expires_at, signed_in.keep)?;
        let to = to.as_deref().and_then(access::local_path).unwrap_or("/");
        access::redirect(&access::landing(&signed_in.token, to).await?);
        Ok(())
    })
    .await
}

/// `/second-factor`.
pub struct SecondFactorPage(Read<bool>);

impl LazyPage for SecondFactorPage {
    fn data() -> Self {
        Self(read(|| SecondFactorDue {}))
    }

    fn view(this: Self) -> AnyView {
        let due = this.0;
        let form = Form::<SecondFactor>::new();
        view! {
            <Title text="Second factor"/>
            {due.page(move |due| if due { card(form) } else { view! { <Redirect path=sign_in(to())/> }.into_any() })}
        }
        .into_any()
    }
}

/// Where one goes on to.
fn to() -> Option<String> {
    use_query_map().with_untracked(|query| query.get("to")).filter(|to| access::local_path(to).is_some())
}

/// Where one signs in to go on there: on the program's own page where it is one's.
fn sign_in(to: Option<String>) -> String {
    to.and_then(|to| access::Error::SignIn.leads_to(&to)).unwrap_or_else(|| "/sign-in".to_owned())
}

fn card(form: Form<SecondFactor>) -> AnyView {
    let to = to();
    let href = sign_in(to.clone());
    let other = move || view! { <a href=href>"Sign in as someone else"</a> };
    view! {
        <PlainShell
            brand="Tributary"
            title="Second factor"
            words="Type the six digits that your authenticator app shows, or one of your recovery codes."
            foot=other
        >
            {wrong(form.beside(&["code"]))}
            <PostForm form=form class="form">
                {to.map(|to| view! { <input type="hidden" name="to" value=to/> })}
                <TextInput id="code" label="Code" required=true autocomplete="one-time-code" autofocus=true error=form.field("code")/>
                <div class="form-actions">
                    <Button kind=ButtonKind::Primary submit=true busy=form.pending()>"Continue"</Button>
                </div>
            </PostForm>
        </PlainShell>
    }
    .into_any()
}
