//! The files at a lead.

use access::{Form, PostForm, Result, UPLOAD_TEAM_LEAD_FILE, Upload, UploadForm};
use domain::files::DOWNLOADS;
use domain::ids::{FileId, LeadId};
use domain::leads::LeadFile;
use leptos::prelude::*;
use ui::{Button, ButtonKind, Card, CloseButton, Dialog, DialogButton, FileInput, Glyph};

use crate::show;

/// Takes a file away from a lead.
#[server(prefix = "/fn", endpoint = "admin/leads/detach")]
pub async fn detach_file(program: String, id: LeadId, file: FileId) -> Result<()> {
    access::answer(async {
        let mut asking = access::admin(&program).await?;
        asking.may(domain::accounts::Power::JudgeLeads)?;
        let mut tx = access::begin(&mut asking.conn).await?;
        engine::leads::detach(&mut tx, &asking.moment, &asking.actor, id, file).await?;
        Ok(tx.commit().await?)
    })
    .await
}

/// What attaches files and takes them away.
#[derive(Clone, Copy)]
pub(super) struct Forms {
    attach: Upload,
    pub detach: Form<DetachFile>,
    /// How often one was attached.
    pub attached: RwSignal<usize>,
}

impl Forms {
    /// At the top of the page.
    pub(super) fn new() -> Self {
        let (attach, attached) = (Upload::new(UPLOAD_TEAM_LEAD_FILE), RwSignal::new(0));
        let toasts = ui::use_toasts();
        attach.settled(move |outcome| {
            if outcome.is_ok() {
                toasts.say("File attached");
                attached.update(|count| *count += 1);
            }
        });
        Self { attach, detach: Form::new(), attached }
    }

    /// Forgets what became of them.
    pub(super) fn clear(self) {
        self.attach.clear();
        self.detach.clear();
    }
}

/// The card: for whoever works the lead with what changes it.
pub(super) fn card(forms: Forms, program: &str, lead: LeadId, files: Vec<LeadFile>, works: bool) -> AnyView {
    let none = files.is_empty();
    let each = files.into_iter().map(|file| {
        let href = format!("/admin/{program}/leads/{lead}/files/{}", file.id);
        let by = if file.by.is_empty() { String::new() } else { format!("{}, ", file.by) };
        let remove = works.then(|| {
            let (label, dialog) = (format!("Take {} away", file.name), format!("detach-{}", file.id));
            let title = format!("{label}?");
            view! {
                <DialogButton opens=dialog.clone() kind=ButtonKind::Quiet icon=Glyph::Trash label=label/>
                <Dialog id=dialog.clone() title=title>
                    <PostForm form=forms.detach>
                        {show::program_field()}
                        <input type="hidden" name="id" value=lead.to_string()/>
                        <input type="hidden" name="file" value=file.id.to_string()/>
                        <p>"The file is deleted, for the partner too."</p>
                        <div class="dialog-actions">
                            <CloseButton closes=dialog label="Keep it"/>
                            <Button kind=ButtonKind::Danger submit=true busy=forms.detach.pending()>"Take it away"</Button>
                        </div>
                    </PostForm>
                </Dialog>
            }
        });
        let line = view! {
            <li class="between">
                <span>
                    // The browser fetches it: it is no page of the router's.
                    <a class="link" href=href rel="external" download="">{file.name}</a>
                    <span class="sub">" "{file.size}" · "{by}{show::time(file.at)}</span>
                </span>
                {remove}
            </li>
        };
        // Its dialog goes with it.
        ui::anew(file.id, line)
    });
    let each = each.collect_view();
    let attach = works.then(|| {
        view! {
            {ui::wrong(forms.attach.beside(&["file"]))}
            <UploadForm fresh=true form=forms.attach program=program.to_owned() class="form">
                <input type="hidden" name="lead" value=lead.to_string()/>
                <FileInput id="lead-file" name="file" label="Attach a file" accept=DOWNLOADS help="PDF, office, CSV, text, ZIP, MP4 or image, at most 20 MB. The partner sees it." required=true error=forms.attach.field("file") progress=forms.attach.progress()/>
                <div class="form-actions"><Button submit=true busy=forms.attach.pending()>"Attach"</Button></div>
            </UploadForm>
        }
    });
    view! {
        <Card title="Files">
            {none.then(|| view! { <p class="sub">"No files yet."</p> })}
            <ul class="list">{each}</ul>
            {attach}
        </Card>
    }
    .into_any()
}
