//! What the team gives to share: banners, texts, pages and files, with the partner's own link in them.

use access::{LazyPage, Read, Result, read};
use domain::assets::{AssetChoices, AssetKind, PartnerAsset, language_name};
use domain::files::FileInfo;
use domain::page::Page;
use leptos::prelude::*;
use leptos::server_fn::codec::GetUrl;
use leptos_meta::Title;
use leptos_router::hooks::use_params_map;
use serde::{Deserialize, Serialize};
use ui::{
    Address, Button, ButtonLink, Card, Choice, CodeBlock, CopyButton, EmptyState, Glyph, PageHead, SearchInput, Select,
    SkeletonCard, grouped,
};

use crate::show;

/// What the page shows.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Shown {
    assets: Page<PartnerAsset>,
    /// What there is to filter by.
    choices: AssetChoices,
    /// The partner's links, by code and name: with which one the assets lead.
    links: Vec<(String, String)>,
}

/// A page of the assets that the partner who asks sees.
#[server(prefix = "/fn", endpoint = "partner/assets", input = GetUrl)]
pub async fn read_assets(
    program: String,
    q: Option<String>,
    kind: Option<String>,
    language: Option<String>,
    link: Option<String>,
    cursor: Option<String>,
) -> Result<Shown> {
    access::answer(async {
        let mut asking = access::partner(&program, domain::portal::PortalPage::Assets).await?;
        // Without the page of its links a partner knows of its first one alone, with which assets lead by themselves.
        let has_links = asking.seat.shown.contains(&domain::portal::PortalPage::Links);
        let link = link.filter(|_| has_links);
        let filter = domain::assets::AssetFilter {
            search: q.unwrap_or_default(),
            kind: kind.and_then(|kind| kind.parse().ok()),
            language: language.unwrap_or_default(),
            archived: false,
        };
        let links = domain::portal::link_server(&asking.state.public_url, &asking.program.link_domain);
        let servers = engine::assets::Servers { links: &links, images: &asking.state.public_url };
        let paging = domain::page::Paging { cursor, limit: Some(24) };
        let assets =
            engine::assets::of_partner(&mut asking.conn, &asking.actor, servers, link.as_deref(), &filter, &paging)
                .await?;
        let choices = engine::assets::choices(&mut asking.conn, &asking.actor).await?;
        let mut links = Vec::new();
        if has_links {
            let paging = domain::page::Paging { cursor: None, limit: Some(100) };
            let found = engine::links::list(&mut asking.conn, &asking.actor, asking.partner.id, &paging).await?.data;
            links.extend(found.into_iter().filter(|link| !link.disabled).map(|link| (link.code, link.name)));
        }
        Ok(Shown { assets, choices, links })
    })
    .await
}

/// One of the assets that the partner who asks sees; of a page, its text as HTML that was made safe.
#[server(prefix = "/fn", endpoint = "partner/assets/one", input = GetUrl)]
pub async fn read_asset(program: String, id: String) -> Result<PartnerAsset> {
    access::answer(async {
        let mut asking = access::partner(&program, domain::portal::PortalPage::Assets).await?;
        let id = id.parse().map_err(|_| access::Error::NotFound)?;
        let links = domain::portal::link_server(&asking.state.public_url, &asking.program.link_domain);
        let servers = engine::assets::Servers { links: &links, images: &asking.state.public_url };
        let asset = engine::assets::one_of_partner(&mut asking.conn, &asking.actor, servers, id).await?;
        if asset.kind == AssetKind::Page { Ok(asset) } else { Err(access::Error::NotFound) }
    })
    .await
}

/// `/p/{program}/assets`.
pub struct AssetsPage(Read<Shown>);

impl LazyPage for AssetsPage {
    fn data() -> Self {
        let (program, address) = (show::program(), show::address());
        Self(read(move || {
            let of = |key| address.with(|address| show::value(address, key));
            ReadAssets {
                program: program.get(),
                q: of("q"),
                kind: of("kind"),
                language: of("language"),
                link: of("link"),
                cursor: of("cursor"),
            }
        }))
    }

    fn view(this: Self) -> AnyView {
        let address = show::address();
        view! {
            <Title text="Assets"/>
            <PageHead title="Assets"/>
            {show::tabs(&show::program().get_untracked(), domain::portal::PortalPage::Assets)}
            {this.0.show(skeleton, move |shown| page(shown, &address.get_untracked()))}
        }
        .into_any()
    }
}

fn skeleton() -> AnyView {
    view! { <div class="shelf"><SkeletonCard lines=6/><SkeletonCard lines=6/><SkeletonCard lines=6/></div> }.into_any()
}

fn page(shown: Shown, address: &Address) -> AnyView {
    let Shown { assets, choices, links } = shown;
    let filtered = ["q", "kind", "language", "cursor"].iter().any(|key| address.get(key).is_some());
    if assets.data.is_empty() && !filtered {
        return view! {
            <Card>
                <EmptyState
                    glyph=Glyph::Image
                    title="No assets yet"
                    words="What the program's team gives you to share shows here: banners, e-mail copy, texts for posts, pages and files."
                />
            </Card>
        }
        .into_any();
    }
    let filters = filters(address, choices, links);
    if assets.data.is_empty() {
        return view! { {filters} {show::nothing_found(address)} }.into_any();
    }
    let program = show::program().get_untracked();
    let pages = show::pages(&assets, None, address);
    let cards = assets.data.into_iter().map(|asset| card(asset, &program)).collect_view();
    view! {
        {filters}
        <div class="shelf">{cards}</div>
        {pages}
    }
    .into_any()
}

/// A choice among all and each of several; none where there is nothing to choose from.
fn choice(id: &str, label: &str, all: &str, each: Vec<Choice>, value: String) -> Option<AnyView> {
    if each.len() < 2 {
        return None;
    }
    let choices = std::iter::once(Choice::new("", all)).chain(each).collect();
    Some(view! { <Select id=id label=label choices=choices value=value/> }.into_any())
}

fn filters(address: &Address, choices: AssetChoices, links: Vec<(String, String)>) -> AnyView {
    let of = |key: &str| address.get(key).unwrap_or_default().to_owned();
    let kinds = choices.kinds.iter().map(|kind| Choice::new(kind.as_str(), kind.plural())).collect();
    let kinds = choice("kind", "Kind", "Every kind", kinds, of("kind"));
    let languages = choices.languages.iter().map(|code| Choice::new(code.as_str(), language_name(code))).collect();
    let languages = choice("language", "Language", "Every language", languages, of("language"));
    let several = links.len() > 1;
    let links = links.into_iter().map(|(code, name)| {
        let label = if name.is_empty() { format!("With link {code}") } else { format!("With link {name}") };
        Choice::new(code, label)
    });
    let links: Vec<Choice> = links.collect();
    view! {
        <form class="filters" method="get" action=address.path().to_owned()>
            <SearchInput id="q" label="Search the assets" value=of("q")/>
            {kinds}
            {languages}
            {several.then(|| view! { <Select id="link" label="Link" choices=links value=of("link")/> })}
            <Button submit=true>"Show"</Button>
        </form>
    }
    .into_any()
}

fn card(asset: PartnerAsset, program: &str) -> AnyView {
    let about = about(&asset);
    let content = match asset.kind {
        AssetKind::Banner => banner(&asset, program),
        AssetKind::Email => email(&asset),
        AssetKind::Social => social(&asset),
        AssetKind::Page => {
            let href = format!("/p/{program}/assets/{}", asset.id);
            let label = format!("Read {}", asset.name);
            view! { <div class="row"><ButtonLink href=href icon=Glyph::Book label=label>"Read"</ButtonLink></div> }
                .into_any()
        }
        AssetKind::File => file(&asset, program),
    };
    view! {
        <Card title=asset.name>
            <p class="sub">{about}</p>
            {content}
        </Card>
    }
    .into_any()
}

/// What it is, in a line: `Banner · 300 × 250 · Deutsch`.
fn about(asset: &PartnerAsset) -> String {
    let mut words = vec![asset.kind.label().to_owned()];
    match &asset.file {
        Some(file) if asset.kind == AssetKind::Banner => words.push(format!("{} × {}", file.width, file.height)),
        Some(file) => words.push(file.size()),
        None => {}
    }
    if !asset.language.is_empty() {
        words.push(language_name(&asset.language).to_owned());
    }
    if asset.views > 0 {
        words.push(format!("shown {} times on your pages", grouped(asset.views)));
    }
    words.join(" · ")
}

fn picture(file: &FileInfo, program: &str, name: &str) -> AnyView {
    view! {
        <img class="picture" src=file.path(program) alt=name.to_owned() width=file.width.to_string() height=file.height.to_string() loading="lazy"/>
    }
    .into_any()
}

fn banner(asset: &PartnerAsset, program: &str) -> AnyView {
    let picture = asset.file.as_ref().map(|file| {
        let href = file.path(program);
        let label = format!("Download {}", asset.name);
        view! {
            {picture(file, program, &asset.name)}
            <div class="row"><ButtonLink href=href download=true icon=Glyph::Download label=label>"Download"</ButtonLink></div>
        }
    });
    view! {
        {picture}
        <CodeBlock code=asset.embed.clone() what="Code for your page"/>
    }
    .into_any()
}

fn email(asset: &PartnerAsset) -> AnyView {
    view! {
        <div class="row between"><b>{asset.subject.clone()}</b><CopyButton text=asset.subject.clone() what="subject" label="Copy the subject"/></div>
        <div class="paste" tabindex="0" role="region" aria-label=format!("Text of {}", asset.name)>{asset.body.clone()}</div>
        <div class="row"><CopyButton text=asset.body.clone() what="e-mail" label="Copy the text"/></div>
    }
    .into_any()
}

fn social(asset: &PartnerAsset) -> AnyView {
    view! {
        <div class="paste" tabindex="0" role="region" aria-label=format!("Text of {}", asset.name)>{asset.body.clone()}</div>
        <div class="row"><CopyButton text=asset.body.clone() what="text"/></div>
    }
    .into_any()
}

fn file(asset: &PartnerAsset, program: &str) -> AnyView {
    let Some(file) = &asset.file else { return ().into_any() };
    let shown = file.is_image().then(|| picture(file, program, &asset.name));
    let label = format!("Download {}", asset.name);
    view! {
        {shown}
        <div class="row"><ButtonLink href=file.path(program) download=true icon=Glyph::Download label=label>"Download"</ButtonLink></div>
    }
    .into_any()
}

/// `/p/{program}/assets/{id}`.
pub struct AssetPage(Read<PartnerAsset>);

impl LazyPage for AssetPage {
    fn data() -> Self {
        let (program, params) = (show::program(), use_params_map());
        Self(read(move || ReadAsset {
            program: program.get(),
            id: params.with(|params| params.get("id").unwrap_or_default()),
        }))
    }

    fn view(this: Self) -> AnyView {
        view! {
            <Title text="Asset"/>
            {this.0.show(|| view! { <SkeletonCard lines=10/> }.into_any(), reading)}
        }
        .into_any()
    }
}

fn reading(asset: PartnerAsset) -> AnyView {
    let back = format!("/p/{}/assets", show::program().get_untracked());
    view! {
        <PageHead title=asset.name back=(back, "Assets".to_owned())/>
        <Card><div class="prose" inner_html=asset.body></div></Card>
    }
    .into_any()
}
