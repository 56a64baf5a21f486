//! Where links in mails lead that need no signing in: confirming how a partner is paid, and stopping mails. A link alone
//! changes nothing, since mail programs look ahead.

use access::{Form, LazyPage, PostForm, Read, Result, read};
use domain::partners::Notice;
use domain::payments::PendingPayout;
use leptos::prelude::*;
use leptos::server_fn::codec::GetUrl;
use leptos_meta::Title;
use leptos_router::hooks::{use_params_map, use_query_map};
use ui::{Button, ButtonKind, ButtonLink, PlainShell, wrong};

/// What the link confirms; `None` where it is over.
#[server(prefix = "/fn", endpoint = "payout-method/by-link", input = GetUrl)]
pub async fn read_payout_change(token: String) -> Result<Option<PendingPayout>> {
    access::answer(async {
        let access::Visitor { mut conn, moment, .. } = access::visitor().await?;
        Ok(engine::payments::details::by_link(&mut conn, &moment, &token).await?)
    })
    .await
}

/// Confirms how a partner is paid.
#[server(prefix = "/fn", endpoint = "payout-method/confirm")]
pub async fn confirm_payout(token: String) -> Result<()> {
    access::answer(async {
        let state = access::State::here()?;
        let words = "This link has expired: it works once, and for a day. Choose the method again.";
        let program = engine::payments::details::confirm(&state.pool, &engine::Moment::now(), &token)
            .await
            .map_err(access::over(access::Error::Conflict(words.into())))?;
        access::redirect(&format!("/p/{program}/profile"));
        Ok(())
    })
    .await
}

/// `/confirm-payout-method/{token}`.
pub struct ConfirmPayoutPage(String, Read<Option<PendingPayout>>);

impl LazyPage for ConfirmPayoutPage {
    fn data() -> Self {
        let token = parameter("token");
        let of = token.clone();
        Self(token, read(move || ReadPayoutChange { token: of.clone() }))
    }

    fn view(this: Self) -> AnyView {
        let Self(token, found) = this;
        let form = Form::<ConfirmPayout>::new();
        view! {
            <Title text="Confirm the payout method"/>
            {found.page(move |found| match found {
                Some(pending) => confirming(pending, form, token.clone()),
                None => over("It works once, and for a day. Choose the method again."),
            })}
        }
        .into_any()
    }
}

fn confirming(pending: PendingPayout, form: Form<ConfirmPayout>, token: String) -> AnyView {
    let masked = if pending.masked.is_empty() { String::new() } else { format!(" ({})", pending.masked) };
    let words = format!("From now on you are paid by this method: {}{masked}.", pending.method);
    view! {
        <PlainShell brand="Tributary" title="Confirm the payout method" words=words>
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

fn over(words: &'static str) -> AnyView {
    view! {
        <PlainShell brand="Tributary" title="This link has expired" words=words>
            <div class="form-actions">
                <ButtonLink href="/" kind=ButtonKind::Primary>"Go on"</ButtonLink>
            </div>
        </PlainShell>
    }
    .into_any()
}

fn parameter(name: &'static str) -> String {
    use_params_map().with_untracked(|params| params.get(name).unwrap_or_default())
}

/// Whose mails a link stops; `None` where there is nobody.
#[server(prefix = "/fn", endpoint = "stop-mails/page", input = GetUrl)]
pub async fn read_stop(program: String, key: String) -> Result<Option<String>> {
    access::answer(async {
        let access::Visitor { mut conn, .. } = access::visitor().await?;
        match engine::partners::profile::stops(&mut conn, &program, &key).await {
            Err(engine::Error::NotFound(_)) => Ok(None),
            brand => Ok(Some(brand?)),
        }
    })
    .await
}

/// Stops a kind of mail.
#[server(prefix = "/fn", endpoint = "stop-mails")]
pub async fn stop_mails(program: String, key: String, notice: Notice) -> Result<()> {
    access::answer(async {
        let access::Visitor { mut conn, .. } = access::visitor().await?;
        engine::partners::profile::stop(&mut conn, &program, &key, notice)
            .await
            .map_err(access::over(access::Error::Conflict("This link has expired.".into())))?;
        access::redirect(&format!("/stop-mails/{program}/{notice}/{key}?done=1"));
        Ok(())
    })
    .await
}

/// `/stop-mails/{program}/{notice}/{key}`.
pub struct StopMailsPage {
    program: String,
    key: String,
    notice: Option<Notice>,
    found: Read<Option<String>>,
}

impl LazyPage for StopMailsPage {
    fn data() -> Self {
        let (program, key) = (parameter("program"), parameter("key"));
        let asked = (program.clone(), key.clone());
        let found = read(move || ReadStop { program: asked.0.clone(), key: asked.1.clone() });
        Self { program, key, notice: parameter("notice").parse().ok(), found }
    }

    fn view(this: Self) -> AnyView {
        let StopMailsPage { program, key, notice, found } = this;
        let form = Form::<StopMails>::new();
        let query = use_query_map();
        let done = Memo::new(move |_| query.with(|query| query.get("done").is_some()));
        view! {
            <Title text="Stop mails"/>
            {found.page(move |brand| match (brand, notice) {
                (Some(brand), Some(notice)) => {
                    let (program, key) = (program.clone(), key.clone());
                    (move || stopping(brand.clone(), program.clone(), key.clone(), notice, form, done.get())).into_any()
                }
                _ => over("Sign in, and choose on your profile which mails you get."),
            })}
        }
        .into_any()
    }
}

fn stopping(brand: String, program: String, key: String, notice: Notice, form: Form<StopMails>, done: bool) -> AnyView {
    if done {
        let words = format!("You get no more {}. You can turn them on again on your profile.", notice.label());
        return view! {
            <PlainShell brand=brand title="Mails stopped" words=words>
                <div class="form-actions">
                    <ButtonLink href="/" kind=ButtonKind::Primary>"Go on"</ButtonLink>
                </div>
            </PlainShell>
        }
        .into_any();
    }
    let words = format!("You get no more {}.", notice.label());
    view! {
        <PlainShell brand=brand title="Stop these mails?" words=words>
            {wrong(form.beside(&[]))}
            <PostForm form=form class="form">
                <input type="hidden" name="program" value=program/>
                <input type="hidden" name="key" value=key/>
                <input type="hidden" name="notice" value=notice.as_str()/>
                <div class="form-actions">
                    <Button kind=ButtonKind::Primary submit=true busy=form.pending()>"Stop them"</Button>
                </div>
            </PostForm>
        </PlainShell>
    }
    .into_any()
}
