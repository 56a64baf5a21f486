//! The partner's links, and making further ones.

use access::{Form, LazyPage, PostForm, Read, Result, read};
use domain::ids::{EnrollmentId, LinkId};
use domain::links::{LinkRow, Utm};
use domain::page::Page;
use leptos::prelude::*;
use leptos::server_fn::codec::GetUrl;
use leptos_meta::Title;
use serde::{Deserialize, Serialize};
use ui::{
    Address, Amount, Button, ButtonKind, Card, CopyButton, PageHead, Pill, SkeletonTable, Table, TextInput, Th,
    counted, grouped, use_toasts, wrong,
};

use crate::show;

/// What the page shows.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Shown {
    /// Whose links these are.
    partner: EnrollmentId,
    /// What stands before a link's code: `https://partners.acme.example/r/acme/`.
    before: String,
    /// The program's website, where links lead by default.
    website: String,
    links: Page<LinkRow>,
}

/// The links of the partner who asks.
#[server(prefix = "/fn", endpoint = "partner/links", input = GetUrl)]
pub async fn read_links(program: String, cursor: Option<String>) -> Result<Shown> {
    access::answer(async {
        let mut asking = access::partner(&program, domain::portal::PortalPage::Links).await?;
        let paging = domain::page::Paging { cursor, limit: None };
        let links = engine::links::list(&mut asking.conn, &asking.actor, asking.partner.id, &paging).await?;
        let server = domain::portal::link_server(&asking.state.public_url, &asking.program.link_domain);
        let before = format!("{server}/r/{}/", asking.program.slug);
        Ok(Shown { partner: asking.partner.id, before, website: asking.program.website, links })
    })
    .await
}

/// Makes a link of a partner for whom the account acts.
#[server(prefix = "/fn", endpoint = "partner/links/create")]
pub async fn create_link(
    program: String,
    partner: EnrollmentId,
    code: Option<String>,
    name: Option<String>,
    destination: Option<String>,
    sub_id: Option<String>,
    #[server(default)] utm: Utm,
) -> Result<()> {
    access::answer(async {
        let mut asking = access::this_partner(&program, partner, domain::portal::PortalPage::Links).await?;
        let (name, sub_id) = (name.unwrap_or_default(), sub_id.unwrap_or_default());
        let input = domain::links::NewLink { code, name, destination, sub_id, utm };
        let mut tx = access::begin(&mut asking.conn).await?;
        engine::links::create(&mut tx, &asking.moment, &asking.actor, partner, &input).await?;
        tx.commit().await?;
        Ok(())
    })
    .await
}

/// Switches a link of a partner for whom the account acts off, or on again.
#[server(prefix = "/fn", endpoint = "partner/links/disable")]
pub async fn disable_link(program: String, partner: EnrollmentId, id: LinkId, disabled: bool) -> Result<()> {
    access::answer(async {
        let mut asking = access::this_partner(&program, partner, domain::portal::PortalPage::Links).await?;
        let mut tx = access::begin(&mut asking.conn).await?;
        engine::links::set_disabled(&mut tx, &asking.moment, &asking.actor, id, disabled).await?;
        tx.commit().await?;
        Ok(())
    })
    .await
}

/// `/p/{program}/links`.
pub struct LinksPage(Read<Shown>);

impl LazyPage for LinksPage {
    fn data() -> Self {
        let (program, address) = (show::program(), show::address());
        Self(read(move || {
            let cursor = address.with(|address| show::value(address, "cursor"));
            ReadLinks { program: program.get(), cursor }
        }))
    }

    fn view(this: Self) -> AnyView {
        let found = this.0;
        let form = Form::<CreateLink>::new();
        let switch = switching(move || found.again());
        let address = show::address();
        let toasts = use_toasts();
        form.settled(move |outcome| {
            if outcome.is_ok() {
                toasts.say("The link is made");
                found.again();
            }
        });
        view! {
            <Title text="Links"/>
            <PageHead title="Links"/>
            {found.show(|| view! { <Card><SkeletonTable columns=5/></Card> }.into_any(), move |shown| page(shown, form, switch, &address.get_untracked()))}
        }
        .into_any()
    }
}

/// The form that switches links off and on, which says so and offers to undo it.
pub(crate) fn switching(again: impl Fn() + 'static) -> Form<DisableLink> {
    let switch = Form::<DisableLink>::new();
    let toasts = use_toasts();
    let turned = StoredValue::new(None::<DisableLink>);
    provide_context(turned);
    switch.settled(move |outcome| match outcome {
        Ok(()) => {
            again();
            // Undoing it offers no further undoing.
            let Some(turned) = turned.try_update_value(Option::take).flatten() else { return };
            let words = if turned.disabled { "The link is switched off" } else { "The link is switched on" };
            let back = DisableLink { disabled: !turned.disabled, ..turned };
            toasts.say_with_undo(words, Callback::new(move |()| switch.send_fields(&back)));
        }
        Err(error) => toasts.fail(error.words()),
    });
    switch
}

/// The button that switches a link off, or on again; none for the first, which bears the partner's code, and stays.
pub(crate) fn switch_button(
    link: &LinkRow,
    (program, partner): (&str, EnrollmentId),
    switch: Form<DisableLink>,
) -> Option<AnyView> {
    if link.is_default {
        return None;
    }
    let turned = use_context::<StoredValue<Option<DisableLink>>>();
    let (id, disabled) = (link.id, !link.disabled);
    let asked = DisableLink { program: program.to_owned(), partner, id, disabled };
    let remember = move |()| {
        if let Some(turned) = turned {
            turned.set_value(Some(asked.clone()));
        }
    };
    let (whose, words) = (show::whose(program, partner), if link.disabled { "Switch on" } else { "Switch off" });
    let label = format!("{words}: {}", link.code);
    let button = view! {
        <PostForm form=switch>
            {whose}
            <input type="hidden" name="id" value=id.to_string()/>
            <input type="hidden" name="disabled" value=disabled.to_string()/>
            <Button submit=true kind=ButtonKind::Quiet on_click=remember label=label>{words}</Button>
        </PostForm>
    };
    Some(button.into_any())
}

/// The fields by which campaigns are told apart, folded away where they are empty.
pub(crate) fn campaign(sub_id: String, utm: Utm, error: impl Fn(&'static str) -> Signal<Option<String>>) -> AnyView {
    let open = !sub_id.is_empty() || utm != Utm::default();
    let Utm { source, medium, campaign, term, content } = utm;
    view! {
        <details class="fold" open=open>
            <summary>"Sub-id and UTM fields"</summary>
            <div class="stack">
                <TextInput id="sub_id" label="Sub-id" value=sub_id placeholder="blog-footer" help="Your own mark, kept with each click: Details shows your clicks by it." optional=true error=error("sub_id")/>
                <div class="form-row">
                    <TextInput id="utm-source" name="utm[source]" label="UTM source" value=source placeholder="newsletter" optional=true error=error("utm_source")/>
                    <TextInput id="utm-medium" name="utm[medium]" label="UTM medium" value=medium placeholder="email" optional=true error=error("utm_medium")/>
                    <TextInput id="utm-campaign" name="utm[campaign]" label="UTM campaign" value=campaign placeholder="spring" optional=true error=error("utm_campaign")/>
                </div>
                <div class="form-row">
                    <TextInput id="utm-term" name="utm[term]" label="UTM term" value=term optional=true error=error("utm_term")/>
                    <TextInput id="utm-content" name="utm[content]" label="UTM content" value=content optional=true error=error("utm_content")/>
                </div>
            </div>
        </details>
    }
    .into_any()
}

/// The fields of a link's form that are always in sight: what is wrong with the others is told above them too.
pub(crate) const FIELDS: &[&str] = &["code", "name", "destination"];

fn page(shown: Shown, form: Form<CreateLink>, switch: Form<DisableLink>, address: &Address) -> AnyView {
    let Shown { partner, before, website, links } = shown;
    let head = || {
        view! {
            <Th label="Link"/>
            <Th label="Clicks" num=true/>
            <Th label="Sign-ups" num=true wide=true/>
            <Th label="Customers" num=true wide=true/>
            <Th label="Earned" num=true wide=true/>
            <Th label="Actions" quiet=true under=true/>
        }
    };
    let prefix = before.split_once("://").map_or(before.as_str(), |(_, rest)| rest).to_owned();
    let program = show::program().get_untracked();
    let pages = show::pages(&links, None, address);
    let rows = links.data.into_iter().map(|link| row(link, &before, (&program, partner), switch)).collect_view();
    view! {
        <Card>
            <Table caption="Links" head=head phone_columns=2>{rows}</Table>
            {pages}
        </Card>
        <Card title="Customize link">
            {wrong(form.beside(FIELDS))}
            <PostForm form=form class="form" fresh=true>
                {show::whose(&program, partner)}
                <TextInput id="destination" label="Where it leads" placeholder=website help="A page on the program's own site, such as /pricing; its start page where you leave it empty." optional=true error=form.field("destination")/>
                <div class="form-row">
                    <TextInput id="code" label="Code in the address" prefix=prefix help="Letters, digits, - and _. We choose one where you leave it empty." optional=true error=form.field("code")/>
                    <TextInput id="name" label="Name" placeholder="Newsletter" optional=true error=form.field("name")/>
                </div>
                {campaign(String::new(), Utm::default(), move |field| form.field(field))}
                <div class="form-actions">
                    <Button kind=ButtonKind::Primary submit=true busy=form.pending()>"Make the link"</Button>
                </div>
            </PostForm>
        </Card>
    }
    .into_any()
}

fn row(link: LinkRow, before: &str, (program, partner): (&str, EnrollmentId), switch: Form<DisableLink>) -> AnyView {
    let full = format!("{before}{}", link.code);
    let shown = full.split_once("://").map_or(full.as_str(), |(_, rest)| rest).to_owned();
    let title = match (link.name.is_empty(), link.is_default) {
        (false, _) => format!("{} · to {}", link.name, link.destination),
        (true, true) => format!("Your link · to {}", link.destination),
        (true, false) => format!("To {}", link.destination),
    };
    let turn = switch_button(&link, (program, partner), switch);
    let href = format!("/p/{program}/links/{}", link.id);
    let brought = [counted(link.sign_ups, "sign-up"), counted(link.customers, "customer")].join(" \u{b7} ");
    view! {
        <tr>
            <td>
                <a class="link" href=href>{shown}</a>
                {link.disabled.then(|| view! { " " <Pill text="Switched off"/> })}
                <small>{title}</small>
                <small class="narrow">{brought}" \u{b7} "<Amount value=link.earned/>" earned"</small>
            </td>
            <td class="num">{grouped(link.clicks)}</td>
            <td class="num wide">{grouped(link.sign_ups)}</td>
            <td class="num wide">{grouped(link.customers)}</td>
            <td class="num wide"><Amount value=link.earned strong=true/></td>
            <td class="row-actions under">
                <CopyButton text=full what="link"/>
                {turn}
            </td>
        </tr>
    }
    .into_any()
}
