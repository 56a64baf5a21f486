//! The portal's set-up: its addresses, signing up, the message to partners, which pages show, the brand, the terms.

mod brand;
mod images;
mod pages;
mod sign_up;
mod terms;
mod welcome;

pub use terms::TermsPage;

use access::{Form, LazyPage, Read, Result, read_after};
use domain::portal::{Portal, TermsVersion};
use leptos::prelude::*;
use leptos::server_fn::codec::GetUrl;
use leptos_meta::Title;
use serde::{Deserialize, Serialize};
use ui::{Card, CopyField, Glyph, Note, PageHead, SkeletonCard};

use crate::show;

/// What the page shows.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Shown {
    portal: Portal,
    /// The team's message as HTML that was made safe.
    welcome_html: String,
    /// The terms in force.
    terms: Option<TermsVersion>,
    name: String,
    accent: String,
    link_domain: String,
    /// The addresses of the logo and of the icon.
    images: (Option<String>, Option<String>),
    /// Where the portal is, in full.
    address: String,
    /// Where people reach the server.
    server: String,
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
            portal,
            terms,
            address: format!("{}/p/{}", state.public_url, program.slug),
            server: state.public_url.to_string(),
            images: (
                program.logo.map(|id| domain::files::file_path(&program.slug, id, "logo")),
                program.favicon.map(|id| domain::files::file_path(&program.slug, id, "icon")),
            ),
            name: program.name,
            accent: program.accent,
            link_domain: program.link_domain,
            may_edit: actor.may(domain::accounts::Power::EditProgram),
        })
    })
    .await
}

#[derive(Clone, Copy)]
struct Forms {
    sign_up: Form<sign_up::SetSignUp>,
    order: Form<sign_up::MoveQuestion>,
    welcome: Form<welcome::SetWelcome>,
    preview: Form<welcome::PreviewMarkdown>,
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
            order: Form::new(),
            welcome: Form::new(),
            preview: Form::new(),
            pages: Form::new(),
            brand: Form::new(),
            terms: Form::new(),
            images: images::Images::new(),
        };
        let done = [
            show::done(forms.sign_up),
            show::done(forms.order),
            show::done(forms.welcome),
            show::done(forms.pages),
            show::done(forms.brand),
            show::done(forms.terms),
        ];
        let found =
            read_after(move || done.map(|done| done.get()).iter().sum(), move || ReadPortal { program: program.get() });
        Self { found, forms }
    }

    fn view(this: Self) -> AnyView {
        let PortalPage { found, forms } = this;
        show::tell(forms.sign_up, "Sign-up saved");
        show::tell(forms.order, "Question moved");
        show::tell(forms.welcome, "Message saved");
        show::tell(forms.pages, "Menu saved");
        show::tell(forms.brand, "Brand saved");
        show::tell(forms.terms, "Terms published");
        forms.images.follow(found);
        view! {
            <Title text="Portal"/>
            <PageHead title="Portal"/>
            {found.show(skeleton, move |shown| page(shown, forms))}
        }
        .into_any()
    }
}

fn skeleton() -> AnyView {
    view! { <SkeletonCard lines=4/> <SkeletonCard lines=8/> <SkeletonCard lines=8/> }.into_any()
}

fn page(shown: Shown, forms: Forms) -> AnyView {
    let Shown { portal, welcome_html, terms, name, accent, link_domain, images, address, server, may_edit } = shown;
    let brand = brand::Brand { portal: portal.clone(), name, accent, link_domain, server };
    view! {
        {(!may_edit)
            .then(|| view! { <Note glyph=Glyph::Lock>"Your role reads this. An owner or manager changes it."</Note> })}
        {addresses(&address)}
        {sign_up::card(&portal, forms.sign_up, forms.order, may_edit)}
        {terms::card(terms, forms.terms, may_edit)}
        {welcome::card(&portal, welcome_html, forms.welcome, forms.preview, may_edit)}
        {pages::card(&portal, forms.pages, may_edit)}
        {brand::card(brand, forms.brand, may_edit)}
        {images::card(images, forms.images, may_edit)}
    }
    .into_any()
}

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
