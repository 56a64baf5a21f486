//! One link: what came of it, its QR code, and changing it.

use access::{Form, LazyPage, PostForm, Read, Result, read};
use domain::ids::{EnrollmentId, LinkId};
use domain::links::{LinkRow, Utm};
use leptos::prelude::*;
use leptos::server_fn::codec::GetUrl;
use leptos_meta::Title;
use leptos_router::hooks::use_params_map;
use serde::{Deserialize, Serialize};
use ui::{
    Button, ButtonKind, ButtonLink, Card, CopyField, Glyph, Note, PageHead, Pill, SkeletonCard, SkeletonTiles,
    TextInput, Tile, Tiles, grouped, use_toasts, wrong,
};

use crate::links::{DisableLink, FIELDS, campaign, switch_button, switching};
use crate::show;

/// What the page shows.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Shown {
    /// Whose link it is.
    partner: EnrollmentId,
    /// What stands before its code.
    before: String,
    /// The program's website, where links lead by default.
    website: String,
    link: LinkRow,
}

/// One of the links of the partner who asks.
#[server(prefix = "/fn", endpoint = "partner/links/one", input = GetUrl)]
pub async fn read_link(program: String, id: String) -> Result<Shown> {
    access::answer(async {
        let mut asking = access::partner(&program, domain::portal::PortalPage::Links).await?;
        let id: LinkId = id.parse().map_err(|_| access::Error::NotFound)?;
        let link = engine::links::get(&mut asking.conn, &asking.actor, id).await?;
        let server = domain::portal::link_server(&asking.state.public_url, &asking.program.link_domain);
        let before = format!("{server}/r/{}/", asking.program.slug);
        Ok(Shown { partner: asking.partner.id, before, website: asking.program.website, link })
    })
    .await
}

/// Changes a link of a partner for whom the account acts; another code where one is given.
#[server(prefix = "/fn", endpoint = "partner/links/edit")]
pub async fn edit_link(
    program: String,
    partner: EnrollmentId,
    id: LinkId,
    code: Option<String>,
    name: Option<String>,
    destination: Option<String>,
    sub_id: Option<String>,
    #[server(default)] utm: Utm,
) -> Result<()> {
    access::answer(async {
        let mut asking = access::this_partner(&program, partner, domain::portal::PortalPage::Links).await?;
        let (name, sub_id) = (name.unwrap_or_default(), sub_id.unwrap_or_default());
        let input = domain::links::LinkEdit { name, destination, sub_id, utm };
        let mut tx = access::begin(&mut asking.conn).await?;
        engine::links::edit(&mut tx, &asking.moment, &asking.actor, id, &input).await?;
        if let Some(code) = code {
            engine::links::rename(&mut tx, &asking.moment, &asking.actor, id, &code).await?;
        }
        tx.commit().await?;
        Ok(())
    })
    .await
}

/// `/p/{program}/links/{id}`.
pub struct LinkPage(Read<Shown>);

impl LazyPage for LinkPage {
    fn data() -> Self {
        let (program, params) = (show::program(), use_params_map());
        Self(read(move || ReadLink {
            program: program.get(),
            id: params.with(|params| params.get("id").unwrap_or_default()),
        }))
    }

    fn view(this: Self) -> AnyView {
        let found = this.0;
        let form = Form::<EditLink>::new();
        let switch = switching(move || found.again());
        let toasts = use_toasts();
        form.settled(move |outcome| {
            if outcome.is_ok() {
                toasts.say("The link is saved");
                found.again();
            }
        });
        view! {
            <Title text="Link"/>
            {found.show(skeleton, move |shown| page(shown, form, switch))}
        }
        .into_any()
    }
}

fn skeleton() -> AnyView {
    view! {
        <PageHead title="Link"/>
        <SkeletonTiles/>
        <SkeletonCard lines=6/>
    }
    .into_any()
}

fn page(shown: Shown, form: Form<EditLink>, switch: Form<DisableLink>) -> AnyView {
    let Shown { partner, before, website, link } = shown;
    let program = show::program().get_untracked();
    let full = format!("{before}{}", link.code);
    let title = if link.name.is_empty() { link.code.clone() } else { link.name.clone() };
    let turn = switch_button(&link, (&program, partner), switch);
    let unique = format!("{} unique", grouped(link.unique_clicks));
    let qr = qr(&link, &program, &full);
    let fields = fields(&link, (&program, partner), before, website, form);
    view! {
        <PageHead title=title back=(format!("/p/{program}/links"), "Links".to_owned())>
            {link.disabled.then(|| view! { <Pill text="Switched off"/> })}
            {turn}
        </PageHead>
        <Tiles>
            <Tile label="Clicks" value=grouped(link.clicks) note=unique/>
            <Tile label="Sign-ups" value=grouped(link.sign_ups)/>
            <Tile label="Customers" value=grouped(link.customers)/>
            <Tile label="Earned" value=link.earned.to_string()/>
        </Tiles>
        <div class="cols">
            <div class="col">{fields}</div>
            <div class="col">
                <Card title="Your link"><CopyField text=full what="link"/></Card>
                {qr}
            </div>
        </div>
    }
    .into_any()
}

fn qr(link: &LinkRow, program: &str, full: &str) -> AnyView {
    if link.disabled {
        return view! { <Note glyph=Glyph::Info>"While the link is switched off, visitors are led to the program's site, and nothing is counted."</Note> }
            .into_any();
    }
    let file = |ending: &str| format!("/qr/{program}/{}.{ending}", link.code);
    let label = format!("QR code of {full}");
    let (svg, png) = (file("svg"), file("png"));
    view! {
        <Card title="QR code">
            <img class="qr-picture" src=svg.clone() alt=label width="240" height="240"/>
            <div class="row">
                <ButtonLink href=svg download=true icon=Glyph::Download>"SVG"</ButtonLink>
                <ButtonLink href=png download=true icon=Glyph::Download>"PNG"</ButtonLink>
            </div>
        </Card>
    }
    .into_any()
}

fn fields(
    link: &LinkRow,
    (program, partner): (&str, EnrollmentId),
    before: String,
    website: String,
    form: Form<EditLink>,
) -> AnyView {
    let LinkRow { id, code, name, destination, sub_id, utm, is_default, .. } = link.clone();
    let prefix = before.split_once("://").map_or(before.as_str(), |(_, rest)| rest).to_owned();
    let whose = show::whose(program, partner);
    // The first link bears the partner's code, which the team changes.
    let ending = (!is_default).then(|| {
        let help = "Letters, digits, - and _. The old one goes on leading here.";
        view! { <TextInput id="code" label="Code in the address" value=code prefix=prefix help=help required=true error=form.field("code")/> }
    });
    view! {
        <Card title="Customize link">
            {wrong(form.beside(FIELDS))}
            <PostForm form=form class="form">
                {whose}
                <input type="hidden" name="id" value=id.to_string()/>
                <TextInput id="destination" label="Where it leads" value=destination placeholder=website help="A page on the program's own site, such as /pricing; its start page where you leave it empty." optional=true error=form.field("destination")/>
                {ending}
                <TextInput id="name" label="Name" value=name placeholder="Newsletter" optional=true error=form.field("name")/>
                {campaign(sub_id, utm, move |field| form.field(field))}
                <div class="form-actions">
                    <Button kind=ButtonKind::Primary submit=true busy=form.pending()>"Save the link"</Button>
                </div>
            </PostForm>
        </Card>
    }
    .into_any()
}
