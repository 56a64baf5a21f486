//! An asset being made or changed.

use access::{LazyPage, Read, Result, UPLOAD_ASSET, Upload, UploadForm, read};
use domain::assets::{AssetKind, AssetRow, LANGUAGES, MERGE_FIELDS};
use domain::files::{BANNERS, DOWNLOADS};
use domain::partners::GroupName;
use leptos::prelude::*;
use leptos::server_fn::codec::GetUrl;
use leptos_meta::Title;
use serde::{Deserialize, Serialize};
use ui::{
    Button, ButtonKind, ButtonLink, Card, Checkbox, Choice, FileInput, PageHead, Select, SkeletonCard, TextInput,
    Textarea, use_toasts,
};

use crate::show;

/// What the page shows.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Shown {
    kind: AssetKind,
    /// The asset; none yet where it is a new one.
    asset: Option<AssetRow>,
    /// All groups of partners.
    groups: Vec<GroupName>,
}

/// An asset to be changed, or what a new one of a kind needs.
#[server(prefix = "/fn", endpoint = "admin/assets/one", input = GetUrl)]
pub async fn read_asset(program: String, id: Option<String>, kind: Option<String>) -> Result<Shown> {
    access::answer(async {
        let mut asking = access::admin(&program).await?;
        asking.may(domain::accounts::Power::EditProgram)?;
        let asset = match id {
            Some(id) => {
                let id = id.parse().map_err(|_| access::Error::NotFound)?;
                Some(engine::assets::get(&mut asking.conn, &asking.actor, id).await?)
            }
            None => None,
        };
        let named = kind.and_then(|kind| kind.parse().ok());
        let kind = asset.as_ref().map(|asset| asset.kind).or(named).unwrap_or(AssetKind::Banner);
        let groups = engine::partners::groups::names(&mut asking.conn, &asking.actor).await?;
        Ok(Shown { kind, asset, groups })
    })
    .await
}

/// `/admin/{program}/assets/new`.
pub struct NewAssetPage(Read<Shown>);

impl LazyPage for NewAssetPage {
    fn data() -> Self {
        let (program, address) = (show::program(), show::address());
        Self(read(move || ReadAsset {
            program: program.get(),
            id: None,
            kind: address.with(|address| show::value(address, "kind")),
        }))
    }

    fn view(this: Self) -> AnyView {
        whole(this.0, "New asset")
    }
}

/// `/admin/{program}/assets/{id}`.
pub struct AssetPage(Read<Shown>);

impl LazyPage for AssetPage {
    fn data() -> Self {
        let (program, id) = (show::program(), show::parameter("id"));
        Self(read(move || ReadAsset { program: program.get(), id: Some(id.get()), kind: None }))
    }

    fn view(this: Self) -> AnyView {
        whole(this.0, "Asset")
    }
}

fn whole(found: Read<Shown>, title: &'static str) -> AnyView {
    let form = Upload::new(UPLOAD_ASSET);
    let toasts = use_toasts();
    let navigate = leptos_router::hooks::use_navigate();
    let program = show::program();
    form.settled(move |outcome| match outcome {
        Ok(()) => {
            toasts.say("Asset saved");
            let list = format!("/admin/{}/assets", program.get_untracked());
            navigate(&list, leptos_router::NavigateOptions::default());
        }
        Err(access::Error::Invalid(_)) => {}
        Err(error) if error.leads_to("").is_none() => toasts.fail(error.words()),
        Err(_) => {}
    });
    view! {
        <Title text=title/>
        {found.show(skeleton, move |shown| page(shown, form))}
    }
    .into_any()
}

fn skeleton() -> AnyView {
    view! {
        <PageHead title="Asset"/>
        <SkeletonCard lines=8/>
    }
    .into_any()
}

fn page(shown: Shown, form: Upload) -> AnyView {
    let Shown { kind, asset, groups } = shown;
    let program = show::program().get_untracked();
    let list = format!("/admin/{program}/assets");
    let title = match &asset {
        Some(asset) => asset.name.clone(),
        None => format!("New {}", kind.label().to_lowercase()),
    };
    let id = asset.as_ref().map(|asset| view! { <input type="hidden" name="id" value=asset.id.to_string()/> });
    let name = asset.as_ref().map(|asset| asset.name.clone()).unwrap_or_default();
    let language = asset.as_ref().map(|asset| asset.language.clone()).unwrap_or_default();
    let languages = LANGUAGES.iter().map(|(code, name)| Choice::new(*code, *name));
    let languages = std::iter::once(Choice::new("", "For every language")).chain(languages).collect();
    let content = content(kind, asset.as_ref(), &program, form);
    let chosen = asset.map(|asset| asset.groups).unwrap_or_default();
    view! {
        <PageHead title=title back=(list.clone(), "Assets".to_owned())/>
        {show::wrong(form.beside(&["name", "language", "subject", "body", "destination", "file"]))}
        <Card>
            <UploadForm form=form program=program class="form">
                {id}
                <input type="hidden" name="kind" value=kind.as_str()/>
                <div class="form-row">
                    <TextInput id="name" label="Name" value=name placeholder="Spring sale" required=true error=form.field("name")/>
                    <Select id="language" label="Language" choices=languages value=language error=form.field("language")/>
                </div>
                {content}
                {for_whom(groups, &chosen)}
                <div class="form-actions">
                    <ButtonLink href=list>"Cancel"</ButtonLink>
                    <Button kind=ButtonKind::Primary submit=true busy=form.pending()>"Save the asset"</Button>
                </div>
            </UploadForm>
        </Card>
    }
    .into_any()
}

/// What one kind alone has.
fn content(kind: AssetKind, asset: Option<&AssetRow>, program: &str, form: Upload) -> AnyView {
    let of = |text: fn(&AssetRow) -> &String| asset.map(|asset| text(asset).clone()).unwrap_or_default();
    let (subject, body, destination) = (of(|row| &row.subject), of(|row| &row.body), of(|row| &row.destination));
    let fields: Vec<String> = MERGE_FIELDS.iter().map(|(name, _)| format!("{{{{{name}}}}}")).collect();
    let fields = fields.join(", ");
    let new = asset.is_none();
    let again = if new { "" } else { " Without another file this one stays." };
    let shown = asset.and_then(|asset| asset.file.clone()).map(|file| {
        let (width, height) = (file.width.to_string(), file.height.to_string());
        if file.is_image() {
            view! { <img class="picture" src=file.path(program) alt=file.name.clone() width=width height=height/> }
                .into_any()
        } else {
            view! { <p class="sub">{file.name.clone()}" · "{file.size()}</p> }.into_any()
        }
    });
    match kind {
        AssetKind::Banner => view! {
            {shown}
            <FileInput id="file" label="Image" accept=BANNERS help=format!("PNG, JPEG, WebP or GIF, also a moving one, at most 5 MB.{again}") required=new error=form.field("file") progress=form.progress()/>
            <TextInput id="destination" label="Page that it leads to" value=destination placeholder="/pricing" help="A path on the site to which the partner's link leads; where the link leads by itself where you leave it empty." optional=true error=form.field("destination")/>
        }
        .into_any(),
        AssetKind::File => view! {
            {shown}
            <FileInput id="file" label="File" accept=DOWNLOADS help=format!("A PDF, ZIP, office, CSV, text or MP4 file of at most 20 MB, or an image of at most 5 MB.{again}") required=new error=form.field("file") progress=form.progress()/>
        }
        .into_any(),
        AssetKind::Email => view! {
            <TextInput id="subject" label="Subject" value=subject required=true error=form.field("subject")/>
            <Textarea id="body" label="Text" value=body rows=12 help=format!("Merge fields: {fields}.") required=true error=form.field("body")/>
        }
        .into_any(),
        AssetKind::Social => view! {
            <Textarea id="body" label="Text" value=body rows=5 help=format!("Merge fields: {fields}.") required=true error=form.field("body")/>
        }
        .into_any(),
        AssetKind::Page => view! {
            <Textarea id="body" label="Page" value=body rows=16 help=format!("Markdown: **bold**, lists, links, ## headings. Merge fields: {fields}.") required=true error=form.field("body")/>
        }
        .into_any(),
    }
}

fn for_whom(groups: Vec<GroupName>, chosen: &[GroupName]) -> AnyView {
    if groups.is_empty() {
        return ().into_any();
    }
    let boxes = groups
        .into_iter()
        .map(|group| {
            let checked = chosen.iter().any(|one| one.id == group.id);
            view! { <Checkbox id=format!("group-{}", group.id) name="groups" label=group.name value=group.id.to_string() checked=checked/> }
        })
        .collect_view();
    view! {
        <fieldset class="stack">
            <legend>"Groups that see it"</legend>
            <p class="sub">"Without one, all partners do."</p>
            <div class="choices">{boxes}</div>
        </fieldset>
    }
    .into_any()
}
