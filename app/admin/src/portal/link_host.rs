//! The program's own domain for links: how DNS has to point at this server, and whether it does.

use access::{Form, PostForm, Result};
use domain::portal::LinkHost;
use leptos::prelude::*;
use serde::{Deserialize, Serialize};
use ui::{Button, Card, CopyField, Fact, Facts, Note, Pill, TextInput, Tone};

use crate::show;

/// Changes the host of links, and looks at once whether it leads here: what is found is shown with it.
#[server(prefix = "/fn", endpoint = "admin/portal/link-host")]
pub async fn set_link_host(program: String, link_host: Option<String>) -> Result<Shown> {
    access::answer(async {
        let mut asking = access::admin(&program).await?;
        asking.may(domain::accounts::Power::EditProgram)?;
        let host = link_host.unwrap_or_default();
        let mut tx = access::begin(&mut asking.conn).await?;
        engine::portal::set_link_host(&mut tx, &asking.moment, &asking.actor, &host).await?;
        tx.commit().await?;
        look(asking, !host.trim().is_empty()).await
    })
    .await
}

/// Looks again whether the host of links leads here.
#[server(prefix = "/fn", endpoint = "admin/portal/link-host/check")]
pub async fn check_link_host(program: String) -> Result<Shown> {
    access::answer(async {
        let asking = access::admin(&program).await?;
        asking.may(domain::accounts::Power::EditProgram)?;
        look(asking, true).await
    })
    .await
}

/// Looks where the host leads, if there is one, and tells how it stands then. It takes seconds: no connection is held
/// meanwhile.
#[cfg(feature = "ssr")]
async fn look(asking: access::Admin, wanted: bool) -> Result<Shown> {
    let access::Admin { state, conn, moment, actor, program, .. } = asking;
    drop(conn);
    if wanted {
        engine::portal::check_link_host(&state.pool, &moment, &actor, &state.secrets, &state.public_url).await?;
    }
    let mut conn = state.pool.acquire().await?;
    let portal = engine::portal::get(&mut conn, program.id).await?;
    let program = engine::programs::get(&mut conn, program.id).await?;
    Ok(shown(portal.link_host, &program.link_domain, &state.public_url))
}

/// What the card shows.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Shown {
    wanted: LinkHost,
    /// Whether partners' links are shown with it.
    in_use: bool,
    /// The start of every link's address as it is now.
    links: String,
    /// What DNS has to say of the host: the record's kind and value.
    record: (String, String),
}

/// How the host that the team wants stands, and what DNS has to say of it.
#[cfg(feature = "ssr")]
pub(super) fn shown(wanted: LinkHost, link_domain: &str, public_url: &str) -> Shown {
    let (_, host, _) = domain::links::split_address(public_url).unwrap_or(("", public_url, ""));
    let own = host_alone(host);
    let kind = match own.parse::<std::net::IpAddr>() {
        Ok(ip) if ip.is_ipv4() => "A",
        Ok(_) => "AAAA",
        Err(_) => "CNAME",
    };
    Shown {
        in_use: !wanted.host.is_empty() && wanted.host == link_domain,
        wanted,
        links: domain::portal::link_server(public_url, link_domain),
        record: (kind.to_owned(), own.to_owned()),
    }
}

/// A host without its port.
#[cfg(feature = "ssr")]
fn host_alone(host: &str) -> &str {
    match host.strip_prefix('[') {
        Some(ip) => ip.split(']').next().unwrap_or(ip),
        None => host.split(':').next().unwrap_or(host),
    }
}

/// The host, how it stands, and what is to be done elsewhere.
pub(super) fn card(found: Shown, form: Form<SetLinkHost>, check: Form<CheckLinkHost>, may_edit: bool) -> AnyView {
    let host = found.wanted.host.clone();
    let shown = RwSignal::new(found);
    form.settled(move |_| {
        if let Some(Ok(found)) = form.answer() {
            shown.set(found);
        }
    });
    check.settled(move |_| {
        if let Some(Ok(found)) = check.answer() {
            shown.set(found);
        }
    });
    let state = move || shown.with(|shown| standing(&shown.wanted, shown.in_use));
    let elsewhere = move || shown.with(|shown| dns(shown.wanted.host.clone(), shown.record.clone()));
    let there = Memo::new(move |_| may_edit && shown.with(|shown| !shown.wanted.host.is_empty()));
    let look_again = move || {
        there.get().then(|| {
            view! {
                {show::wrong(check.beside(&[]))}
                <PostForm form=check>
                    {show::program_field()}
                    <Button submit=true busy=check.pending()>"Check now"</Button>
                </PostForm>
            }
        })
    };
    view! {
        <Card title="Link domain">
            <p class="sub">"Partners' links begin with "<code>{move || shown.with(|shown| shown.links.clone())}</code>"."</p>
            {show::wrong(form.beside(&["link_host"]))}
            <PostForm form=form class="form">
                {show::program_field()}
                <fieldset class="stack" disabled=!may_edit>
                    <TextInput id="link_host" label="Your own domain for links" value=host placeholder="go.example.com" help="Saving checks whether it leads to this server. Until it does, links begin with the server's own address." optional=true error=form.field("link_host")/>
                    {super::save(form.pending(), may_edit, "Save the domain")}
                </fieldset>
            </PostForm>
            {state}
            {elsewhere}
            {look_again}
        </Card>
    }
    .into_any()
}

/// Whether it is in use, and what stands in the way.
fn standing(wanted: &LinkHost, in_use: bool) -> Option<AnyView> {
    if wanted.host.is_empty() {
        return None;
    }
    let (tone, word) = match (in_use, wanted.checked_at) {
        (true, _) => (Tone::Good, "In use"),
        (false, None) => (Tone::Warn, "Not checked yet"),
        (false, Some(_)) => (Tone::Warn, "Not in use yet"),
    };
    let when = wanted.checked_at.map(|at| format!("Checked on {}.", show::instant_in_full(at)));
    let trouble = (!wanted.trouble.is_empty()).then(|| wanted.trouble.clone());
    let trouble = trouble.map(|words| view! { <Note tone=Tone::Warn>{words}</Note> });
    let host = wanted.host.clone();
    Some(
        view! { <p><b>{host}</b>" "<Pill tone=tone text=word/>" "<span class="sub">{when}</span></p> {trouble} }
            .into_any(),
    )
}

/// What is to be done elsewhere.
fn dns(host: String, (kind, value): (String, String)) -> Option<AnyView> {
    (!host.is_empty()).then(|| {
        view! {
            <h3>"At whoever looks after your DNS"</h3>
            <Facts>
                <Fact label="Kind of record">{kind}</Fact>
                <Fact label="Name"><CopyField text=host what="name of the record"/></Fact>
                <Fact label="Value"><CopyField text=value what="value of the record"/></Fact>
            </Facts>
            <p class="sub">"Changes of DNS may take some hours. A proxy before this server has to know the host too, with a certificate for it."</p>
        }
        .into_any()
    })
}
