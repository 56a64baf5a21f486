//! The program's logo, and its icon in the browser's tabs.

use access::{Error, Form, PostForm, Read, Result, UPLOAD_FAVICON, UPLOAD_LOGO, Upload, UploadForm};
use domain::files::{FilePurpose, IMAGES};
use leptos::prelude::*;
use ui::{Button, ButtonKind, Card, FileInput, use_toasts};

use super::Shown;
use crate::show;

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
            FilePurpose::Asset | FilePurpose::Photo => return Err(Error::NotFound),
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

    /// Reads the page again, and says what was done.
    pub(super) fn follow(self, found: Read<Shown>) {
        let toasts = use_toasts();
        let settled = move |outcome: Result<()>, words: &'static str| match outcome {
            Ok(()) => {
                toasts.say(words);
                found.again();
            }
            Err(Error::Invalid(_)) => {}
            Err(error) => toasts.fail(error.words()),
        };
        self.logo.settled(move |outcome| settled(outcome, "Logo saved"));
        self.favicon.settled(move |outcome| settled(outcome, "Icon saved"));
        self.remove.settled(move |outcome| settled(outcome, "Image removed"));
    }
}

pub(super) fn card((logo, favicon): (Option<String>, Option<String>), images: Images, may_edit: bool) -> AnyView {
    view! {
        <Card title="Logo and icon">
            <p class="sub">"PNG, JPEG or WebP, at most 5 MB. The logo stands beside the name, the icon in the browser's tabs."</p>
            <div class="halves">
                {one("Logo", FilePurpose::Logo, logo, images.logo, images.remove, may_edit)}
                {one("Icon", FilePurpose::Favicon, favicon, images.favicon, images.remove, may_edit)}
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
