//! Waiting for what comes from outside: the first click, the first sign-up, the first sale.

use super::ProgramRef;
use access::{Form, PostForm, Result};
use leptos::prelude::*;
use leptos::server_fn::codec::GetUrl;
use serde::{Deserialize, Serialize};
use std::time::Duration;
use ui::{Button, ButtonKind, ButtonLink, CopyField, Glyph, TextInput, icon, wrong};

/// What has come so far.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Progress {
    /// The first partner's link; `None` while there is no partner.
    link: Option<String>,
    /// Whether there was a click.
    clicked: bool,
    /// Whether a referred customer signed up.
    signed_up: bool,
    /// Whether a referred customer bought.
    sold: bool,
}

/// What has come so far.
#[server(prefix = "/fn", endpoint = "setup/progress", input = GetUrl)]
pub async fn setup_progress(program: String) -> Result<Progress> {
    use domain::partners::PartnerFilter;
    use domain::reports::Period;
    access::answer(async {
        let mut asking = access::admin(&program).await?;
        let overview =
            engine::reports::overview(&mut asking.conn, &asking.moment, &asking.actor, Period::Days30).await?;
        let paging = domain::page::Paging::default();
        let partners =
            engine::partners::list(&mut asking.conn, &asking.actor, &PartnerFilter::default(), &paging).await?;
        let server = &asking.state.public_url;
        let link = partners.data.last().map(|partner| format!("{server}/r/{program}/{}", partner.code));
        Ok(Progress {
            link,
            clicked: overview.clicks.now > 0,
            signed_up: overview.sign_ups.now > 0,
            sold: overview.customers.now > 0,
        })
    })
    .await
}

/// Lets the first partner in, so that there is a link to try.
#[server(prefix = "/fn", endpoint = "setup/partner")]
pub async fn first_partner(program: String, name: String, email: Option<String>) -> Result<()> {
    use domain::partners::{EnrollmentStatus, Kinds, NewPartner};
    access::answer(async {
        let mut asking = access::admin(&program).await?;
        let input = NewPartner {
            name,
            company: String::new(),
            email: email.unwrap_or_default(),
            website: String::new(),
            code: None,
            kinds: Kinds { affiliate: true, ..Kinds::default() },
            status: EnrollmentStatus::Active,
        };
        let mut tx = access::begin(&mut asking.conn).await?;
        engine::partners::create(&mut tx, &asking.moment, &asking.actor, &input).await?;
        tx.commit().await?;
        Ok(())
    })
    .await
}

pub(super) fn waiting(program: ProgramRef, form: Form<FirstPartner>) -> AnyView {
    let progress = RwSignal::new(None::<Progress>);
    let slug = program.slug.clone();
    let look = move || {
        let slug = slug.clone();
        leptos::task::spawn_local(async move {
            // What can't be asked now is asked again in three seconds.
            if let Ok(found) = access::ask(SetupProgress { program: slug }).await {
                let _ = progress.try_set(Some(found));
            }
        });
    };
    Effect::new(move |_| {
        let _ = form.answered();
        look();
        let again = set_interval_with_handle(look.clone(), Duration::from_secs(3)).ok();
        on_cleanup(move || {
            if let Some(again) = again {
                again.clear();
            }
        });
    });
    let admin = format!("/admin/{}", program.slug);
    let of = program.slug.clone();
    let link = Memo::new(move |_| progress.with(|progress| progress.as_ref().map(|progress| progress.link.clone())));
    let first = move || match link.get() {
        None => ().into_any(),
        Some(Some(link)) => view! {
            <p>"Open this link, as a visitor would, then sign up and buy on your website:"</p>
            <CopyField text=link what="link"/>
        }
        .into_any(),
        Some(None) => partner_form(of.clone(), form),
    };
    let come = move |of: fn(&Progress) -> bool| Signal::derive(move || progress.with(|p| p.as_ref().is_some_and(of)));
    view! {
        {first}
        <ul class="list" aria-live="polite">
            {event("Waiting for your first click…", "Your first click has come.", come(|progress| progress.clicked))}
            {event("Waiting for your first sign-up…", "Your first sign-up has come.", come(|progress| progress.signed_up))}
            {event("Waiting for your first sale…", "Your first sale has come. That is all: it works.", come(|progress| progress.sold))}
        </ul>
        <div class="form-actions">
            <ButtonLink href=admin>"Go to your program"</ButtonLink>
        </div>
    }
    .into_any()
}

fn partner_form(program: String, form: Form<FirstPartner>) -> AnyView {
    view! {
        <p>"Let a partner in, so that there is a link to try. Begin with yourself."</p>
        {wrong(form.beside(&["name", "email"]))}
        <PostForm form=form class="form">
            <input type="hidden" name="program" value=program/>
            <div class="form-row">
                <TextInput id="name" label="Partner's name" required=true error=form.field("name")/>
                <TextInput id="email" label="E-mail" kind="email" optional=true help="Gets an invitation to the partner portal." error=form.field("email")/>
            </div>
            <div class="form-actions">
                <Button kind=ButtonKind::Primary submit=true busy=form.pending()>"Add the partner"</Button>
            </div>
        </PostForm>
    }
    .into_any()
}

fn event(before: &'static str, after: &'static str, come: Signal<bool>) -> AnyView {
    view! {
        <li class="row">
            {move || icon(if come.get() { Glyph::CheckCircle } else { Glyph::Clock })}
            <span>{move || if come.get() { after } else { before }}</span>
        </li>
    }
    .into_any()
}
