//! Asking once more for the second factor, or the password where there is none, before an act that needs it.

use access::{Form, LazyPage, PostForm, Read, Result, read};
use leptos::prelude::*;
use leptos::server_fn::codec::GetUrl;
use leptos_meta::Title;
use leptos_router::hooks::use_query_map;
use ui::{Button, ButtonKind, PasswordInput, PlainShell, TextInput, wrong};

/// Whether a code is asked for (else the password).
#[server(prefix = "/fn", endpoint = "confirm/how", input = GetUrl)]
pub async fn confirm_by_code() -> Result<bool> {
    access::answer(async { Ok(access::account().await?.session.second_factor) }).await
}

/// Takes the answer, and goes back.
#[server(prefix = "/fn", endpoint = "confirm")]
pub async fn confirm(answer: String, to: Option<String>) -> Result<()> {
    access::answer(async {
        let access::Account { state, conn, moment, token, .. } = access::account().await?;
        drop(conn);
        engine::accounts::confirm_again(&state.pool, &moment, &state.secrets, &token, &answer)
            .await
            .map_err(access::over(access::Error::SignIn))?;
        access::redirect(to.as_deref().and_then(access::local_path).unwrap_or("/"));
        Ok(())
    })
    .await
}

/// `/confirm`.
pub struct ConfirmPage(Read<bool>);

impl LazyPage for ConfirmPage {
    fn data() -> Self {
        Self(read(|| ConfirmByCode {}))
    }

    fn view(this: Self) -> AnyView {
        let by_code = this.0;
        let form = Form::<Confirm>::new();
        view! {
            <Title text="Please confirm"/>
            {by_code.page(move |by_code| card(form, by_code))}
        }
        .into_any()
    }
}

fn card(form: Form<Confirm>, by_code: bool) -> AnyView {
    let to = use_query_map().with_untracked(|query| query.get("to")).filter(|to| access::local_path(to).is_some());
    // The engine names the field after what it asked for.
    let problem = wrong(form.beside(&[]));
    let words = if by_code {
        "What you are about to do asks for your second factor once more. It counts for 15 minutes."
    } else {
        "What you are about to do asks for your password once more. It counts for 15 minutes."
    };
    let back = to.clone().unwrap_or_else(|| "/".to_owned());
    let field = if by_code {
        view! { <TextInput id="answer" label="Code" required=true autocomplete="one-time-code" autofocus=true/> }
            .into_any()
    } else {
        view! { <PasswordInput id="answer" label="Password"/> }.into_any()
    };
    view! {
        <PlainShell brand="Tributary" title="Please confirm that it is you" words=words foot=move || view! { <a href=back>"Back"</a> }>
            {problem}
            <PostForm form=form class="form">
                {to.map(|to| view! { <input type="hidden" name="to" value=to/> })}
                {field}
                <div class="form-actions">
                    <Button kind=ButtonKind::Primary submit=true busy=form.pending()>"Confirm"</Button>
                </div>
            </PostForm>
        </PlainShell>
    }
    .into_any()
}
