//! What partners and the team write to one another: the team's inbox, and its saved replies.

mod list;
mod new;
mod replies;
mod thread;

pub use list::MessagesPage;
pub use new::NewMessagePage;
pub use replies::SavedRepliesPage;
pub use thread::ConversationPage;

use access::Upload;
use domain::conversations::SavedReply;
use domain::files::DOWNLOADS;
use leptos::prelude::*;
use ui::{Button, ButtonKind, Choice, FileInput, Select, Textarea};

/// What is written, with saved replies to begin from, and what is attached.
fn composer(form: Upload, body: RwSignal<String>, replies: Vec<SavedReply>) -> AnyView {
    let insert = (!replies.is_empty()).then(|| {
        let choices = std::iter::once(Choice::new("", "Choose a reply"))
            .chain(replies.iter().map(|reply| Choice::new(reply.id.to_string(), &reply.name)))
            .collect();
        let chosen = RwSignal::new(String::new());
        let choose = Callback::new(move |id: String| {
            let Some(reply) = replies.iter().find(|reply| reply.id.to_string() == id) else { return };
            body.update(|body| {
                if !body.trim().is_empty() {
                    body.push_str("\n\n");
                }
                body.push_str(&reply.body);
            });
            // It can be chosen once more.
            chosen.set(String::new());
        });
        view! { <Select id="saved" label="Saved replies" choices=choices bind=chosen on_change=choose/> }
    });
    view! {
        {insert}
        <Textarea id="body" label="Your message" bind=body rows=5 error=form.field("body")/>
        <FileInput id="file" label="Attach a file" accept=DOWNLOADS help="PDF, office, CSV, text, ZIP, MP4 or image, at most 20 MB." error=form.field("file") progress=form.progress()/>
        <div class="form-actions"><Button kind=ButtonKind::Primary submit=true busy=form.pending()>"Send"</Button></div>
    }
    .into_any()
}
