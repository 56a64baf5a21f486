//! What the partner and the program's team write to one another.

mod list;
mod new;
mod thread;

pub use list::MessagesPage;
pub use new::NewMessagePage;
pub use thread::ConversationPage;

use access::Upload;
use domain::files::DOWNLOADS;
use leptos::prelude::*;
use ui::{Button, ButtonKind, FileInput, Textarea};

/// What is written, and what is attached, with the button that sends it.
fn composer(form: Upload, body: RwSignal<String>) -> AnyView {
    view! {
        <Textarea id="body" label="Your message" bind=body rows=4 error=form.field("body")/>
        <FileInput id="file" label="Attach a file" accept=DOWNLOADS help="PDF, office, CSV, text, ZIP, MP4 or image, at most 20 MB." error=form.field("file") progress=form.progress()/>
        <div class="form-actions"><Button kind=ButtonKind::Primary submit=true busy=form.pending()>"Send"</Button></div>
    }
    .into_any()
}
