//! An invitation, to a team or as a partner: choosing a name and a password.

use access::{Form, LazyPage, PostForm, Read, Result, read};
use domain::accounts::Invitation;
use leptos::prelude::*;
use leptos::server_fn::codec::GetUrl;
use leptos_meta::Title;
use leptos_router::hooks::use_params_map;
use ui::{Button, ButtonKind, ButtonLink, PasswordInput, PlainShell, TextInput, wrong};

/// Whom the link invites; `None` where it is over.
#[server(prefix = "/fn", endpoint = "invitation", input = GetUrl)]
pub async fn read_invitation(token: String) -> Result<Option<Invitation>> {
    access::answer(async {
        let access::Visitor { mut conn, moment, .. } = access::visitor().await?;
        Ok(engine::accounts::team::invitation(&mut conn, &moment, &token).await?)
    })
    .await
}

/// Accepts, and signs in.
#[server(prefix = "/fn", endpoint = "invitation/accept")]
pub async fn accept_invitation(token: String, name: String, password: String) -> Result<()> {
    access::answer(async {
        let state = access::State::here()?;
        let moment = engine::Moment::now();
        let who = engine::accounts::team::accept_invitation(&state.pool, &moment, &token, &name, &password)
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
    invited: Read<Option<Invitation>>,
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
            {invited.page(move |invitation| match invitation {
                Some(invitation) => card(form, token.clone(), invitation),
                None => over(),
            })}
        }
        .into_any()
    }
}

fn card(form: Form<AcceptInvitation>, token: String, invitation: Invitation) -> AnyView {
    let words = format!("You are invited as {}. Choose a password to come in.", invitation.email);
    view! {
        <PlainShell brand="Tributary" title="Welcome" words=words>
            {wrong(form.beside(&["name", "password"]))}
            <PostForm form=form class="form">
                <input type="hidden" name="token" value=token/>
                // So that password managers know for whom.
                <input type="hidden" autocomplete="username" value=invitation.email/>
                <TextInput id="name" label="Your name" value=invitation.name required=true autocomplete="name" error=form.field("name")/>
                <PasswordInput id="password" label="Password" autocomplete="new-password" help="At least 10 characters: a few uncommon words are good." error=form.field("password")/>
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
