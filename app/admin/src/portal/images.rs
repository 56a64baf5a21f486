//! The program's logo, and its icon in the browser's tabs.

use access::{Error, Form, PostForm, Result, UPLOAD_FAVICON, UPLOAD_LOGO, Upload, UploadForm};
use domain::files::{FilePurpose, IMAGES};
use leptos::prelude::*;
use leptos::server_fn::codec::GetUrl;
use serde::{Deserialize, Serialize};
use ui::{Button, ButtonKind, Card, FileInput, use_toasts};

use crate::show;

/// Where the images are.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Addresses {
    logo: Option<String>,
    icon: Option<String>,
}

/// Where a program's images are.
#[cfg(feature = "ssr")]
pub(super) fn of(program: &domain::programs::Program) -> Addresses {
    Addresses {
        logo: program.logo.map(|id| domain::files::file_path(&program.slug, id, "logo")),
        icon: program.favicon.map(|id| domain::files::file_path(&program.slug, id, "icon")),
    }
}

/// Where the program's images are.
#[server(prefix = "/fn", endpoint = "admin/portal/images", input = GetUrl)]
pub async fn read_images(program: String) -> Result<Addresses> {
    access::answer(async { Ok(of(&access::admin(&program).await?.program)) }).await
}

/// Takes the logo or the icon away.
#[server(prefix = "/fn", endpoint = "admin/portal/remove-image")]
pub async fn remove_image(program: String, which: FilePurpose) -> Result<()> {
    access::answer(async {
        let mut asking = access::admin(&program).await?;
        asking.may(domain::accounts::Power::EditProgram)?;
        let mut tx = access::begin(&mut asking.conn).await?;
        match which {
            FilePurpose::Logo => {
                engine::files::set_logo(&mut tx, &asking.moment, &asking.actor, None).await?;
            }
            FilePurpose::Favicon => {
                engine::files::set_favicon(&mut tx, &asking.moment, &asking.actor, None).await?;
            }
            FilePurpose::Asset | FilePurpose::Photo | FilePurpose::Lead | FilePurpose::Sale | FilePurpose::Message => {
                return Err(Error::NotFound);
            }
        }
        tx.commit().await?;
        Ok(())
    })
    .await
}

/// What changes them.
#[derive(Clone, Copy)]
pub(super) struct Images {
    logo: Upload,
    favicon: Upload,
    remove: Form<RemoveImage>,
}

impl Images {
    pub(super) fn new() -> Self {
        Self { logo: Upload::new(UPLOAD_LOGO), favicon: Upload::new(UPLOAD_FAVICON), remove: Form::new() }
    }

    /// Does something each time that one of them was answered, told what it was in words.
    fn settled(self, act: impl Fn(Result<()>, &'static str) + Copy + 'static) {
        self.logo.settled(move |outcome| act(outcome, "Logo saved"));
        self.favicon.settled(move |outcome| act(outcome, "Icon saved"));
        self.remove.settled(move |outcome| act(outcome, "Image removed"));
    }

    /// Says what was done.
    pub(super) fn tell(self) {
        let toasts = use_toasts();
        self.settled(move |outcome, words| match outcome {
            Ok(()) => toasts.say(words),
            Err(Error::Invalid(_)) => {}
            Err(error) => toasts.fail(error.words()),
        });
    }
}

pub(super) fn card(addresses: Addresses, images: Images, may_edit: bool) -> AnyView {
    let shown = RwSignal::new(addresses);
    let program = show::program();
    images.settled(move |outcome, _| {
        if outcome.is_ok() {
            let asked = ReadImages { program: program.get_untracked() };
            leptos::task::spawn_local(async move {
                if let Ok(addresses) = access::ask(asked).await {
                    // The page may have been left meanwhile.
                    shown.try_set(addresses);
                }
            });
        }
    });
    let logo = Memo::new(move |_| shown.with(|shown| shown.logo.clone()));
    let icon = Memo::new(move |_| shown.with(|shown| shown.icon.clone()));
    view! {
        <Card title="Logo and icon">
            <p class="sub">"PNG, JPEG or WebP, at most 5 MB. The logo stands beside the name, the icon in the browser's tabs."</p>
            <div class="halves">
                {move || one("Logo", FilePurpose::Logo, logo.get(), images.logo, images.remove, may_edit)}
                {move || one("Icon", FilePurpose::Favicon, icon.get(), images.favicon, images.remove, may_edit)}
            </div>
        </Card>
    }
    .into_any()
}

fn one(
    label: &'static str,
    which: FilePurpose,
    address: Option<String>,
    upload: Upload,
    remove: Form<RemoveImage>,
    may_edit: bool,
) -> AnyView {
    let word = label.to_lowercase();
    let (save, away_words) = (format!("Save the {word}"), format!("Remove the {word}"));
    let there = address.is_some();
    let shown = match address {
        Some(address) => view! { <img class="picture small" src=address alt=label/> }.into_any(),
        None => view! { <p class="sub">{format!("No {word} yet.")}</p> }.into_any(),
    };
    let change = may_edit.then(|| {
        view! {
            {show::wrong(upload.beside(&["file"]))}
            <UploadForm form=upload program=show::program().get_untracked() class="form">
                <FileInput id=format!("{which}-file") name="file" label=label accept=IMAGES required=true error=upload.field("file") progress=upload.progress()/>
                <div class="form-actions">
                    <Button submit=true busy=upload.pending()>{save}</Button>
                </div>
            </UploadForm>
        }
    });
    let away = (may_edit && there).then(|| {
        view! {
            <PostForm form=remove>
                {show::program_field()}
                <input type="hidden" name="which" value=which.as_str()/>
                <Button submit=true kind=ButtonKind::Quiet>{away_words}</Button>
            </PostForm>
        }
    });
    view! { <div class="stack"><h3>{label}</h3> {shown} {change} {away}</div> }.into_any()
}
