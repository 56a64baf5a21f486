//! Confirming another e-mail of an account, by the links that both addresses got.

use access::{Form, LazyPage, PostForm, Read, Result, read};
use domain::accounts::EmailChange;
use leptos::prelude::*;
use leptos::server_fn::codec::GetUrl;
use leptos_meta::Title;
use leptos_router::hooks::use_params_map;
use ui::{Button, ButtonKind, ButtonLink, PlainShell, wrong};

/// What the link confirms; `None` where it is over.
#[server(prefix = "/fn", endpoint = "account/email/by-link", input = GetUrl)]
pub async fn read_email_change(token: String) -> Result<Option<EmailChange>> {
    access::answer(async {
        let access::Visitor { mut conn, moment, .. } = access::visitor().await?;
        Ok(engine::accounts::email::by_link(&mut conn, &moment, &token).await?)
    })
    .await
}

/// Confirms for one of the addresses. Answers what is still waited for; `None` where it is done.
#[server(prefix = "/fn", endpoint = "account/email/confirm")]
pub async fn confirm_email(token: String) -> Result<Option<EmailChange>> {
    access::answer(async {
        let state = access::State::here()?;
        let words = "This link has expired: it works once, and for a day. Ask for the change again.";
        let left = engine::accounts::email::confirm(&state.pool, &engine::Moment::now(), &token)
            .await
            .map_err(access::over(access::Error::Conflict(words.into())))?;
        let next = if left.is_none() { "/sign-in?note=email" } else { "/sign-in?note=email-half" };
        access::redirect(next);
        Ok(left)
    })
    .await
}

/// `/confirm-email/{token}`: the link alone changes nothing, since mail programs look ahead.
pub struct ConfirmEmailPage {
    token: String,
    found: Read<Option<EmailChange>>,
}

impl LazyPage for ConfirmEmailPage {
    fn data() -> Self {
        let token = use_params_map().with_untracked(|params| params.get("token").unwrap_or_default());
        let of = token.clone();
        Self { token, found: read(move || ReadEmailChange { token: of.clone() }) }
    }

    fn view(this: Self) -> AnyView {
        let ConfirmEmailPage { token, found } = this;
        let form = Form::<ConfirmEmail>::new();
        view! {
            <Title text="Confirm your e-mail"/>
            {found.page(move |found| match found {
                Some(change) => card(change, form, token.clone()),
                None => over(),
            })}
        }
        .into_any()
    }
}

fn card(change: EmailChange, form: Form<ConfirmEmail>, token: String) -> AnyView {
    let words = format!(
        "{} becomes the e-mail of your account, once the old and the new address have confirmed it.",
        change.email
    );
    view! {
        <PlainShell brand="Tributary" title="Confirm your e-mail" words=words>
            {wrong(form.beside(&[]))}
            <PostForm form=form class="form">
                <input type="hidden" name="token" value=token/>
                <div class="form-actions">
                    <Button kind=ButtonKind::Primary submit=true busy=form.pending()>"Confirm"</Button>
                </div>
            </PostForm>
        </PlainShell>
    }
    .into_any()
}

fn over() -> AnyView {
    view! {
        <PlainShell brand="Tributary" title="This link has expired" words="It works once, and for a day. Ask for the change again.">
            <div class="form-actions">
                <ButtonLink href="/account" kind=ButtonKind::Primary>"Your account"</ButtonLink>
            </div>
        </PlainShell>
    }
    .into_any()
}
