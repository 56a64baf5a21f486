//! The program's assets: in their order, by kind.

use access::{Form, LazyPage, PostForm, Read, Result, read_after};
use domain::assets::{AssetKind, AssetRow, language_name};
use domain::ids::AssetId;
use domain::page::Page;
use leptos::prelude::*;
use leptos::server_fn::codec::GetUrl;
use leptos_meta::Title;
use serde::{Deserialize, Serialize};
use ui::{
    Address, Button, ButtonKind, Card, Choice, CloseButton, Dialog, EmptyState, Glyph, Menu, MenuLink, PageHead,
    SearchInput, Select, SkeletonTable, Tab, Table, Tabs, Th, grouped, icon, use_toasts,
};

use crate::show;

/// What the page shows.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Shown {
    assets: Page<AssetRow>,
    /// The languages that there are assets in.
    languages: Vec<String>,
    may_edit: bool,
}

/// A page of the program's assets.
#[server(prefix = "/fn", endpoint = "admin/assets", input = GetUrl)]
pub async fn read_assets(
    program: String,
    q: Option<String>,
    kind: Option<String>,
    language: Option<String>,
    state: Option<String>,
    cursor: Option<String>,
) -> Result<Shown> {
    access::answer(async {
        let mut asking = access::admin(&program).await?;
        let filter = domain::assets::AssetFilter {
            search: q.unwrap_or_default(),
            kind: kind.and_then(|kind| kind.parse().ok()),
            language: language.unwrap_or_default(),
            archived: state.as_deref() == Some("archived"),
        };
        let paging = domain::page::Paging { cursor, limit: None };
        let assets = engine::assets::list(&mut asking.conn, &asking.actor, &filter, &paging).await?;
        let languages = engine::assets::languages(&mut asking.conn, &asking.actor).await?;
        Ok(Shown { assets, languages, may_edit: asking.actor.may(domain::accounts::Power::EditProgram) })
    })
    .await
}

/// Archives an asset, or takes it back.
#[server(prefix = "/fn", endpoint = "admin/assets/archive")]
pub async fn archive_asset(program: String, id: AssetId, archived: bool) -> Result<()> {
    access::answer(async {
        let mut asking = access::admin(&program).await?;
        asking.may(domain::accounts::Power::EditProgram)?;
        let mut tx = access::begin(&mut asking.conn).await?;
        engine::assets::set_archived(&mut tx, &asking.moment, &asking.actor, id, archived).await?;
        Ok(tx.commit().await?)
    })
    .await
}

/// Moves an asset up or down among those of its kind.
#[server(prefix = "/fn", endpoint = "admin/assets/move")]
pub async fn move_asset(program: String, id: AssetId, up: bool) -> Result<()> {
    access::answer(async {
        let mut asking = access::admin(&program).await?;
        asking.may(domain::accounts::Power::EditProgram)?;
        let mut tx = access::begin(&mut asking.conn).await?;
        engine::assets::move_one(&mut tx, &asking.moment, &asking.actor, id, up).await?;
        Ok(tx.commit().await?)
    })
    .await
}

#[derive(Clone, Copy)]
struct Forms {
    archive: Form<ArchiveAsset>,
    order: Form<MoveAsset>,
    /// The banner about which is asked first, with its name: pages of others show it.
    banner: RwSignal<Option<(ArchiveAsset, String)>>,
    asking: RwSignal<bool>,
}

/// `/admin/{program}/assets`.
pub struct AssetsPage {
    found: Read<Shown>,
    forms: Forms,
}

impl LazyPage for AssetsPage {
    fn data() -> Self {
        let (program, address) = (show::program(), show::address());
        let forms = Forms {
            archive: Form::new(),
            order: Form::new(),
            banner: RwSignal::new(None),
            asking: RwSignal::new(false),
        };
        let done = [show::done(forms.archive), show::done(forms.order)];
        let found = read_after(
            move || done.map(|done| done.get()).iter().sum(),
            move || {
                let of = |key| address.with(|address| show::value(address, key));
                ReadAssets {
                    program: program.get(),
                    q: of("q"),
                    kind: of("kind"),
                    language: of("language"),
                    state: of("state"),
                    cursor: of("cursor"),
                }
            },
        );
        Self { found, forms }
    }

    fn view(this: Self) -> AnyView {
        let AssetsPage { found, forms } = this;
        show::tell(forms.order, "Order changed");
        let toasts = use_toasts();
        let turned = StoredValue::new(None::<ArchiveAsset>);
        provide_context(turned);
        forms.archive.settled(move |outcome| match outcome {
            Ok(()) => {
                // Undoing it offers no further undoing.
                let Some(turned) = turned.try_update_value(Option::take).flatten() else { return };
                let words = if turned.archived { "Asset archived" } else { "Asset restored" };
                let back = ArchiveAsset { archived: !turned.archived, ..turned };
                toasts.say_with_undo(words, Callback::new(move |()| forms.archive.send_fields(&back)));
            }
            Err(error) if error.leads_to("").is_none() => toasts.fail(error.words()),
            Err(_) => {}
        });
        view! {
            <Title text="Assets"/>
            {found.show(skeleton, move |shown| page(shown, forms))}
        }
        .into_any()
    }
}

fn skeleton() -> AnyView {
    view! {
        <PageHead title="Assets"/>
        <Card><SkeletonTable columns=4/></Card>
    }
    .into_any()
}

fn page(shown: Shown, forms: Forms) -> AnyView {
    let Shown { assets, languages, may_edit } = shown;
    let program = show::program().get_untracked();
    let address = show::address().get_untracked();
    let filtered = show::filtered(&address, &["q", "kind", "language", "state", "cursor"]);
    let list = if assets.data.is_empty() && filtered {
        show::nothing_found(&address)
    } else if assets.data.is_empty() {
        view! {
            <Card>
                <EmptyState
                    glyph=Glyph::Image
                    title="No assets yet"
                    words="Give your partners banners, e-mail copy, texts for posts, pages to read and files. Each partner finds its own link in them."
                />
            </Card>
        }
        .into_any()
    } else {
        table(assets, &program, &address, may_edit, forms)
    };
    view! {
        <PageHead title="Assets">{may_edit.then(|| adding(&program))}</PageHead>
        {states(&address)}
        {filters(&address, &languages)}
        {list}
        {may_edit.then(|| ask_to_archive(forms))}
    }
    .into_any()
}

fn ask_to_archive(forms: Forms) -> AnyView {
    let Forms { archive, banner, asking, .. } = forms;
    let id = move || banner.get().map(|(asked, _)| asked.id.to_string());
    let words = move || {
        banner.get().map(|(_, name)| {
            format!("“{name}” leaves your partners' assets. Pages that show it go on showing it, and its links go on working.")
        })
    };
    let turned = use_context::<StoredValue<Option<ArchiveAsset>>>();
    let remember = move |()| {
        if let Some(turned) = turned {
            turned.set_value(banner.get_untracked().map(|(asked, _)| asked));
        }
    };
    view! {
        <Dialog id="archive-banner" title="Archive this banner?" open=asking>
            <PostForm form=archive class="form">
                <p>{words}</p>
                {show::program_field()}
                <input type="hidden" name="id" prop:value=id/>
                <input type="hidden" name="archived" value="true"/>
                <div class="dialog-actions">
                    <CloseButton closes="archive-banner"/>
                    <Button submit=true kind=ButtonKind::Primary busy=archive.pending() on_click=remember>"Archive"</Button>
                </div>
            </PostForm>
        </Dialog>
    }
    .into_any()
}

fn adding(program: &str) -> AnyView {
    let items = AssetKind::ALL.iter().map(|kind| {
        let href = format!("/admin/{program}/assets/new?kind={kind}");
        view! { <MenuLink href=href icon=glyph(*kind)>{kind.label()}</MenuLink> }
    });
    let items = items.collect_view();
    view! {
        <Menu id="new-asset" label="New asset" kind=ButtonKind::Primary button=|| view! { {icon(Glyph::Plus)} "New asset" {icon(Glyph::ChevronDown)} }>
            {items}
        </Menu>
    }
    .into_any()
}

fn glyph(kind: AssetKind) -> Glyph {
    match kind {
        AssetKind::Banner => Glyph::Image,
        AssetKind::Email => Glyph::Mail,
        AssetKind::Social => Glyph::Share,
        AssetKind::Page => Glyph::Book,
        AssetKind::File => Glyph::Download,
    }
}

fn states(address: &Address) -> AnyView {
    let archived = address.get("state") == Some("archived");
    let plain = address.without("cursor");
    view! {
        <Tabs label="Assets">
            <Tab href=plain.without("state").href() label="In use" current=!archived/>
            <Tab href=plain.with("state", "archived").href() label="Archived" current=archived/>
        </Tabs>
    }
    .into_any()
}

fn filters(address: &Address, languages: &[String]) -> AnyView {
    let of = |key: &str| address.get(key).unwrap_or_default().to_owned();
    let kinds = AssetKind::ALL.iter().map(|kind| Choice::new(kind.as_str(), kind.plural()));
    let kinds = std::iter::once(Choice::new("", "Every kind")).chain(kinds).collect();
    // Only what there is to choose from.
    let languages = (!languages.is_empty()).then(|| {
        let each = languages.iter().map(|code| Choice::new(code, language_name(code)));
        let choices = std::iter::once(Choice::new("", "Every language")).chain(each).collect();
        view! { <Select id="language" label="Language" choices=choices value=of("language")/> }
    });
    let state = address.get("state").map(str::to_owned);
    view! {
        <form class="filters" method="get" action=address.path().to_owned()>
            {state.map(|state| view! { <input type="hidden" name="state" value=state/> })}
            <SearchInput id="q" label="Search the assets" value=of("q")/>
            <Select id="kind" label="Kind" choices=kinds value=of("kind")/>
            {languages}
            <Button submit=true>"Show"</Button>
        </form>
    }
    .into_any()
}

fn table(assets: Page<AssetRow>, program: &str, address: &Address, may_edit: bool, forms: Forms) -> AnyView {
    let pages = show::pages(&assets, None, address);
    let head = move || {
        view! {
            <Th label="Asset"/>
            <Th label="For" wide=true/>
            <Th label="Views" num=true/>
            {may_edit.then(|| view! { <Th label="Actions" quiet=true under=true/> })}
        }
    };
    let rows = assets.data.into_iter().map(|asset| row(asset, program, may_edit, forms)).collect_view();
    view! {
        <Card>
            <Table caption="Assets" head=head phone_columns=2>{rows}</Table>
            {pages}
        </Card>
    }
    .into_any()
}

/// What it is, in a line.
fn about(asset: &AssetRow) -> String {
    let mut words = vec![asset.kind.label().to_owned()];
    match &asset.file {
        Some(file) if asset.kind == AssetKind::Banner => words.push(format!("{} × {}", file.width, file.height)),
        Some(file) => words.push(file.size()),
        None => {}
    }
    if !asset.language.is_empty() {
        words.push(language_name(&asset.language).to_owned());
    }
    words.join(" · ")
}

fn row(asset: AssetRow, program: &str, may_edit: bool, forms: Forms) -> AnyView {
    let about = about(&asset);
    let picture = asset.file.as_ref().filter(|file| file.is_image()).map(|file| {
        let (width, height) = (file.width.to_string(), file.height.to_string());
        view! { <img class="picture small" src=file.path(program) alt="" width=width height=height loading="lazy"/> }
    });
    let groups: Vec<String> = asset.groups.iter().map(|group| group.name.clone()).collect();
    let groups = if groups.is_empty() { "All partners".to_owned() } else { groups.join(", ") };
    let views = if asset.kind == AssetKind::Banner { grouped(asset.views) } else { String::new() };
    let name = if may_edit {
        let href = format!("/admin/{program}/assets/{}", asset.id);
        view! { <a class="link" href=href>{asset.name.clone()}</a> }.into_any()
    } else {
        view! { <b>{asset.name.clone()}</b> }.into_any()
    };
    let actions = may_edit.then(|| {
        let order = (!asset.archived).then(|| {
            view! {
                {step(&asset, true, forms.order)}
                {step(&asset, false, forms.order)}
            }
        });
        view! { <td class="row-actions under"><div class="row">{order}{archive(&asset, program, forms)}</div></td> }
    });
    view! {
        <tr>
            <td>
                {picture}
                {name}
                <small>{about}</small>
                <small class="narrow">{groups.clone()}</small>
            </td>
            <td class="wide">{groups}</td>
            <td class="num">{views}</td>
            {actions}
        </tr>
    }
    .into_any()
}

fn step(asset: &AssetRow, up: bool, form: Form<MoveAsset>) -> AnyView {
    let (glyph, word) = if up { (Glyph::SortUp, "up") } else { (Glyph::SortDown, "down") };
    let (label, id) = (format!("Move {} {word}", asset.name), asset.id.to_string());
    view! {
        <PostForm form=form>
            {show::program_field()}
            <input type="hidden" name="id" value=id/>
            <input type="hidden" name="up" value=up.to_string()/>
            <Button submit=true kind=ButtonKind::Quiet icon=glyph label=label/>
        </PostForm>
    }
    .into_any()
}

fn archive(asset: &AssetRow, program: &str, forms: Forms) -> AnyView {
    let words = if asset.archived { "Restore" } else { "Archive" };
    let label = format!("{words} {}", asset.name);
    let asked = ArchiveAsset { program: program.to_owned(), id: asset.id, archived: !asset.archived };
    if asset.kind == AssetKind::Banner && asked.archived {
        let name = asset.name.clone();
        let ask = move |()| {
            forms.banner.set(Some((asked.clone(), name.clone())));
            forms.asking.set(true);
        };
        return view! { <Button label=label on_click=ask>{words}</Button> }.into_any();
    }
    let (archived, id) = (asked.archived.to_string(), asset.id.to_string());
    let turned = use_context::<StoredValue<Option<ArchiveAsset>>>();
    let remember = move |()| {
        if let Some(turned) = turned {
            turned.set_value(Some(asked.clone()));
        }
    };
    view! {
        <PostForm form=forms.archive>
            {show::program_field()}
            <input type="hidden" name="id" value=id/>
            <input type="hidden" name="archived" value=archived/>
            <Button submit=true label=label on_click=remember>{words}</Button>
        </PostForm>
    }
    .into_any()
}
