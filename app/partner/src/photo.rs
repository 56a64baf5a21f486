//! The partner's photo.

use access::{Form, PostForm, Read, Result, UPLOAD_PHOTO, Upload, UploadForm};
use domain::files::{IMAGES, file_path};
use domain::ids::{EnrollmentId, FileId};
use domain::partners::PartnerName;
use domain::portal::PortalPage;
use leptos::prelude::*;
use serde::de::DeserializeOwned;
use ui::{
    Avatar, Button, ButtonKind, Card, CloseButton, Dialog, DialogButton, FileInput, close_dialog, use_toasts, wrong,
};

use crate::show;

/// Takes the photo of a partner away for whom the account acts.
#[server(prefix = "/fn", endpoint = "partner/photo/remove")]
pub async fn remove_photo(program: String, partner: EnrollmentId) -> Result<()> {
    access::answer(async {
        let mut asking = access::this_partner(&program, partner, PortalPage::Dashboard).await?;
        let mut tx = access::begin(&mut asking.conn).await?;
        engine::files::set_photo(&mut tx, &asking.moment, &asking.actor, partner, None).await?;
        tx.commit().await?;
        Ok(())
    })
    .await
}

/// What changes the photo.
#[derive(Clone, Copy)]
pub(crate) struct Photo {
    set: Upload,
    remove: Form<RemovePhoto>,
}

const DIALOG: &str = "change-photo";

impl Photo {
    /// At the top of a page.
    pub(crate) fn new() -> Self {
        Self { set: Upload::new(UPLOAD_PHOTO), remove: Form::new() }
    }

    /// Reads the page again, and says what was done.
    pub(crate) fn follow<T: DeserializeOwned + 'static>(self, found: Read<T>) {
        let toasts = use_toasts();
        let settled = move |outcome: Result<()>, words: &'static str| {
            if outcome.is_ok() {
                close_dialog(DIALOG);
                toasts.say(words);
                found.again();
            }
        };
        self.set.settled(move |outcome| settled(outcome, "Your photo is changed"));
        self.remove.settled(move |outcome| settled(outcome, "Your photo is taken away"));
    }
}

/// The partner's card: photo, name and code; elsewhere than on its profile with the way there.
pub(crate) fn card(
    photo: Photo,
    program: &str,
    partner: PartnerName,
    file: Option<FileId>,
    page: PortalPage,
) -> AnyView {
    let PartnerName { id, name, code } = partner;
    let edit = (page != PortalPage::Profile && show::shows(PortalPage::Profile)).then(|| {
        let href = PortalPage::Profile.href(program);
        view! { <div><a class="link" href=href>"Edit profile"</a></div> }
    });
    let there = file.is_some();
    let address = file.map(|file| file_path(program, file, "photo"));
    let (whose, of_program) = (show::whose(program, id), program.to_owned());
    let of_removal = show::whose(program, id);
    let remove = there.then(|| {
        view! {
            <PostForm form=photo.remove>
                {of_removal}
                <Button submit=true kind=ButtonKind::Quiet busy=photo.remove.pending()>"Take the photo away"</Button>
            </PostForm>
        }
    });
    view! {
        <Card>
            <div class="profile">
                <Avatar name=name.clone() large=true photo=address/>
                <div>
                    <b>{name}</b>
                    <div class="sub">"Partner code "{code}</div>
                    {edit}
                </div>
                <DialogButton opens=DIALOG kind=ButtonKind::Quiet>{if there { "Change photo" } else { "Add a photo" }}</DialogButton>
            </div>
            <Dialog id=DIALOG title="Your photo">
                {wrong(photo.set.beside(&["file"]))}
                <UploadForm form=photo.set program=of_program class="form">
                    {whose}
                    <FileInput id="photo-file" name="file" label="Photo" accept=IMAGES help="A PNG, JPEG or WebP image of at most 5 MB." required=true error=photo.set.field("file") progress=photo.set.progress()/>
                    <div class="dialog-actions">
                        <CloseButton closes=DIALOG/>
                        <Button kind=ButtonKind::Primary submit=true busy=photo.set.pending()>"Save the photo"</Button>
                    </div>
                </UploadForm>
                {remove}
            </Dialog>
        </Card>
    }
    .into_any()
}
