//! A link that signs a partner in, made by the company's own product.

use access::{Form, LazyPage, PostForm, Result};
use leptos::prelude::*;
use leptos_meta::Title;
use leptos_router::hooks::use_params_map;
use ui::{Button, ButtonKind, PlainShell, wrong};

/// Signs in by the link, once, and goes to its program.
#[server(prefix = "/fn", endpoint = "sign-in-link")]
pub async fn sign_in_by_link(token: String) -> Result<()> {
    access::answer(async {
        let state = access::State::here()?;
        let moment = engine::Moment::now();
        let (signed_in, portal) =
            engine::accounts::sign_in_links::redeem(&state.pool, &moment, &token, &access::user_agent())
                .await
                .map_err(access::over(access::Error::Conflict(
                    "This link has expired: it works once, and for ten minutes. Go back and ask for another.".into(),
                )))?;
        access::keep_session(&signed_in.token, signed_in.expires_at, signed_in.keep)?;
        access::act_as(&portal.program, &portal.partner)?;
        let to = format!("/p/{}", portal.program);
        if signed_in.needs_second_factor {
            access::redirect(&format!("/second-factor?to={}", access::escape(&to)));
        } else {
            access::redirect(&access::landing(&signed_in.token, &to).await?);
        }
        Ok(())
    })
    .await
}

/// `/sign-in-link/{token}`: the link alone changes nothing, since mail programs and browsers look ahead.
pub struct SignInLink;

impl LazyPage for SignInLink {
    fn data() -> Self {
        Self
    }

    fn view(_this: Self) -> AnyView {
        let token = use_params_map().with_untracked(|params| params.get("token").unwrap_or_default());
        let form = Form::<SignInByLink>::new();
        view! {
            <Title text="Sign in"/>
            <PlainShell brand="Tributary" title="Sign in" words="You come with a link that signs you in.">
                {wrong(form.beside(&[]))}
                <PostForm form=form class="form">
                    <input type="hidden" name="token" value=token/>
                    <div class="form-actions">
                        <Button kind=ButtonKind::Primary submit=true busy=form.pending()>"Continue"</Button>
                    </div>
                </PostForm>
            </PlainShell>
        }
        .into_any()
    }
}
