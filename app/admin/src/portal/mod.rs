//! The portal's set-up: its addresses, signing up, the terms, the message to partners, which pages show, the brand, the
//! domain of links, and what partners say when they share.

mod brand;
mod images;
mod link_host;
mod pages;
mod sharing;
mod sign_up;
mod terms;
mod welcome;

pub use terms::TermsPage;

use access::{Form, LazyPage, Read, Result, read};
use domain::portal::{Portal, TermsVersion};
use leptos::prelude::*;
use leptos::server_fn::codec::GetUrl;
use leptos_meta::Title;
use serde::{Deserialize, Serialize};
use ui::{Card, CopyField, Glyph, Indexed, Note, PageHead, Section, SkeletonCard};

use crate::show;
use crate::unsaved::Unsaved;

/// What the page shows.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Shown {
    portal: Portal,
    /// The team's message as HTML that was made safe.
    welcome_html: String,
    /// The terms in force.
    terms: Option<TermsVersion>,
    /// The same as HTML.
    terms_html: String,
    name: String,
    accent: String,
    link_host: link_host::Shown,
    images: images::Addresses,
    /// Where the portal is, in full.
    address: String,
    may_edit: bool,
}

/// How the program's portal is set up.
#[server(prefix = "/fn", endpoint = "admin/portal", input = GetUrl)]
pub async fn read_portal(program: String) -> Result<Shown> {
    access::answer(async {
        let access::Admin { state, mut conn, actor, program, .. } = access::admin(&program).await?;
        let portal = engine::portal::get(&mut conn, program.id).await?;
        let terms = engine::portal::versions(&mut conn, &actor, 1).await?.into_iter().next();
        Ok(Shown {
            welcome_html: engine::portal::html(&portal.welcome),
            link_host: link_host::shown(portal.link_host.clone(), &program.link_domain, &state.public_url),
            portal,
            terms_html: terms.as_ref().map(|terms| engine::portal::html(&terms.body)).unwrap_or_default(),
            terms,
            address: format!("{}/p/{}", state.public_url, program.slug),
            images: images::of(&program),
            name: program.name,
            accent: program.accent,
            may_edit: actor.may(domain::accounts::Power::EditProgram),
        })
    })
    .await
}

#[derive(Clone, Copy)]
struct Forms {
    sign_up: Form<sign_up::SetSignUp>,
    welcome: Form<welcome::SetWelcome>,
    preview: Form<welcome::PreviewMarkdown>,
    terms_preview: Form<welcome::PreviewMarkdown>,
    link_host: Form<link_host::SetLinkHost>,
    check: Form<link_host::CheckLinkHost>,
    sharing: Form<sharing::SetSharing>,
    pages: Form<pages::SetPages>,
    brand: Form<brand::SetBrand>,
    terms: Form<terms::PublishTerms>,
    images: images::Images,
}

/// `/admin/{program}/portal`.
pub struct PortalPage {
    found: Read<Shown>,
    forms: Forms,
}

impl LazyPage for PortalPage {
    fn data() -> Self {
        let program = show::program();
        let forms = Forms {
            sign_up: Form::new(),
            welcome: Form::new(),
            preview: Form::new(),
            terms_preview: Form::new(),
            link_host: Form::new(),
            check: Form::new(),
            sharing: Form::new(),
            pages: Form::new(),
            brand: Form::new(),
            terms: Form::new(),
            images: images::Images::new(),
        };
        // It is not read again after an act: that would draw every section anew, and what is typed in the others would be
        // gone. Each section shows by itself what came of its own.
        let found = read(move || ReadPortal { program: program.get() });
        Self { found, forms }
    }

    fn view(this: Self) -> AnyView {
        let PortalPage { found, forms } = this;
        show::tell(forms.sign_up, "Sign-up saved");
        show::tell(forms.welcome, "Message saved");
        show::tell(forms.pages, "Menu saved");
        show::tell(forms.brand, "Brand saved");
        show::tell(forms.terms, "Terms published");
        show::tell(forms.link_host, "Domain saved");
        show::tell(forms.check, "Domain checked");
        show::tell(forms.sharing, "Texts saved");
        forms.images.tell();
        let unsaved = Unsaved::new()
            .watch(forms.sign_up)
            .watch(forms.terms)
            .watch(forms.welcome)
            .watch(forms.pages)
            .watch(forms.brand)
            .watch(forms.link_host)
            .watch(forms.sharing);
        view! {
            <Title text="Portal"/>
            <PageHead title="Portal"/>
            {found.show(skeleton, move |shown| page(shown, forms, unsaved))}
        }
        .into_any()
    }
}

fn skeleton() -> AnyView {
    view! { <SkeletonCard lines=4/> <SkeletonCard lines=8/> <SkeletonCard lines=8/> }.into_any()
}

fn page(shown: Shown, forms: Forms, unsaved: Unsaved) -> AnyView {
    let Shown { portal, welcome_html, terms, terms_html, name, accent, link_host, images, address, may_edit } = shown;
    let addresses = addresses(&address);
    let sign_up = sign_up::card(&portal, forms.sign_up, unsaved, may_edit);
    let terms = terms::card(terms, terms_html, forms.terms, forms.terms_preview, may_edit);
    let welcome = welcome::card(&portal, welcome_html, forms.welcome, forms.preview, may_edit);
    let menu = pages::card(&portal, forms.pages, may_edit);
    let sharing = sharing::card(&portal.sharing, forms.sharing, may_edit);
    let brand = brand::card(brand::Brand { portal, name, accent }, forms.brand, may_edit);
    let images = images::card(images, forms.images, may_edit);
    let link_host = link_host::card(link_host, forms.link_host, forms.check, may_edit);
    view! {
        {(!may_edit)
            .then(|| view! { <Note glyph=Glyph::Lock>"Your role reads this. An owner or manager changes it."</Note> })}
        <Indexed entries=SECTIONS.to_vec()>
            <Section id="the-addresses">{addresses}</Section>
            <Section id="the-sign-up">{sign_up}</Section>
            <Section id="the-terms">{terms}</Section>
            <Section id="the-message">{welcome}</Section>
            <Section id="the-menu">{menu}</Section>
            <Section id="the-brand">{brand} {images}</Section>
            <Section id="the-host">{link_host}</Section>
            <Section id="the-texts">{sharing}</Section>
        </Indexed>
    }
    .into_any()
}

/// The page's sections, by the ids to which addresses may lead.
const SECTIONS: [(&str, &str); 8] = [
    ("the-addresses", "Addresses"),
    ("the-sign-up", "Sign-up"),
    ("the-terms", "Terms"),
    ("the-message", "Welcome message"),
    ("the-menu", "Menu"),
    ("the-brand", "Brand"),
    ("the-host", "Link domain"),
    ("the-texts", "Sharing"),
];

fn addresses(address: &str) -> AnyView {
    let (sign_in, sign_up) = (format!("{address}/sign-in"), format!("{address}/sign-up"));
    view! {
        <Card title="Addresses">
            <div class="stack">
                <h3>"Partners sign in at"</h3>
                <CopyField text=sign_in what="address of the sign-in page"/>
                <h3>"Partners sign up at"</h3>
                <CopyField text=sign_up what="address of the sign-up page"/>
            </div>
        </Card>
    }
    .into_any()
}

/// The button of a card's form, for who may change it.
fn save(pending: Signal<bool>, may_edit: bool, words: &'static str) -> AnyView {
    use ui::{Button, ButtonKind};
    may_edit
        .then(|| {
            view! {
                <div class="form-actions">
                    <Button kind=ButtonKind::Primary submit=true busy=pending>{words}</Button>
                </div>
            }
        })
        .into_any()
}
