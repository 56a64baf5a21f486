use crate::Result;
use crate::form::Post;
use domain::partners::ImportPreview;
use leptos::ev::SubmitEvent;
use leptos::prelude::*;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

/// The address of an upload for a program: by it the server knows who may before it reads what is sent.
#[must_use]
pub fn upload_path(path: &str, program: &str) -> String {
    path.replacen("/upload/", &format!("/upload/{program}/"), 1)
}

/// Where an asset is posted, with its file. Each of these is the path but for the program: see [`upload_path`].
pub const UPLOAD_ASSET: &str = "/upload/asset";
/// Where a program's logo is posted.
pub const UPLOAD_LOGO: &str = "/upload/logo";
/// Where a program's icon is posted.
pub const UPLOAD_FAVICON: &str = "/upload/favicon";
/// Where a partner's photo is posted.
pub const UPLOAD_PHOTO: &str = "/upload/photo";
/// Where a payment provider's result file is posted.
pub const UPLOAD_RESULTS: &str = "/upload/results";

/// Where a partner attaches a file to a lead of its own.
pub const UPLOAD_LEAD_FILE: &str = "/upload/lead-file";
/// Where the team attaches a file to a lead.
pub const UPLOAD_TEAM_LEAD_FILE: &str = "/upload/team-lead-file";
/// Where a partner posts a message, with a file or none.
pub const UPLOAD_MESSAGE: &str = "/upload/message";
/// Where the team posts one.
pub const UPLOAD_TEAM_MESSAGE: &str = "/upload/team-message";
/// Where a partner posts a sale with its proof.
pub const UPLOAD_SALE: &str = "/upload/sale";

/// A list of partners that was posted to the page that imports them, and what became of it: the page, which answers
/// the post, finds it in its context.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ImportSent {
    /// The list, as it was typed or as it stood in the file.
    pub text: String,
    /// What was found in it; none where nothing was posted.
    pub found: Option<Result<ImportPreview>>,
}

/// A form that posts fields and a file to a route of its own, how far it has come, and what became of it: as
/// [`Form`](crate::Form) is to a server function.
#[derive(Clone, Copy)]
pub struct Upload {
    post: Post,
    /// In percent, while the file is on its way.
    progress: RwSignal<Option<u32>>,
}

impl Upload {
    /// At the top of a page.
    #[must_use]
    pub fn new(path: &'static str) -> Self {
        Self { post: Post::new(path), progress: RwSignal::new(None) }
    }

    /// Does something each time it was answered: told whether it worked, or what went wrong.
    pub fn settled(self, act: impl Fn(Result<()>) + 'static) {
        self.post.settled(Box::new(act));
    }

    /// What was answered the last time.
    #[must_use]
    pub fn answer<T: DeserializeOwned>(self) -> Option<Result<T>> {
        self.post.outcome.with(|outcome| match outcome {
            Some(Ok(json)) => Some(crate::fetch::decoded(json)),
            Some(Err(error)) => Some(Err(error.clone())),
            None => None,
        })
    }

    /// Forgets what became of it.
    pub fn clear(self) {
        self.post.outcome.set(None);
    }

    /// What is wrong with a field.
    #[must_use]
    pub fn field(self, field: &'static str) -> Signal<Option<String>> {
        self.post.field(field.to_owned())
    }

    /// What went wrong beside the fields named, in a sentence.
    #[must_use]
    pub fn beside(self, fields: &'static [&'static str]) -> Signal<Option<String>> {
        self.post.beside(move |field| fields.contains(&field))
    }

    /// Whether it is under way.
    #[must_use]
    pub fn pending(self) -> Signal<bool> {
        let under_way = self.post.under_way;
        Signal::derive(move || under_way.get() > 0)
    }

    /// How far it has come, in percent, while it is under way.
    #[must_use]
    pub fn progress(self) -> Signal<Option<u32>> {
        self.progress.into()
    }
}

/// The element of a form that uploads.
#[component]
pub fn UploadForm(
    /// Where it posts.
    form: Upload,
    /// The program's name in addresses.
    program: String,
    /// Its class.
    #[prop(optional)]
    class: &'static str,
    /// Whether its file is let go once it has been sent, or was meant for something else: it isn't sent again with what
    /// comes next.
    #[prop(optional)]
    fresh: bool,
    /// Its fields and buttons.
    children: Children,
) -> impl IntoView {
    let action = upload_path(form.post.path, &program);
    let path = action.clone();
    let submit = move |event: SubmitEvent| {
        if !event.default_prevented()
            && let Ok(data) = leptos::form::form_data_from_event(&event)
        {
            event.prevent_default();
            send(form, &path, &data);
        }
    };
    let element = NodeRef::<leptos::html::Form>::new();
    form.post.lead_to_wrong(element);
    Effect::new(move |_| {
        if form.post.outcome.with(|outcome| !matches!(outcome, Some(Err(_))))
            && fresh
            && let Some(element) = element.get_untracked()
        {
            let_go(&element);
        }
    });
    view! {
        <form
            action=action
            method="post"
            enctype="multipart/form-data"
            class=(!class.is_empty()).then_some(class)
            node_ref=element
            on:submit=submit
            on:input=move |event| form.post.note_edit(&event)
        >
            {children()}
        </form>
    }
    .into_any()
}

/// Takes the chosen files out of a form.
fn let_go(form: &web_sys::HtmlFormElement) {
    use leptos::wasm_bindgen::JsCast;
    let Ok(found) = form.query_selector_all("input[type=file]") else { return };
    for input in (0..found.length()).filter_map(|at| found.item(at)?.dyn_into::<web_sys::HtmlInputElement>().ok()) {
        input.set_value("");
    }
}

#[cfg(feature = "ssr")]
fn send(_: Upload, _: &str, _: &web_sys::FormData) {}

/// By the one interface of browsers that tells how much has been sent. A file that is too large is not sent at all: the
/// server would break off in the middle of it, and nobody would learn why.
#[cfg(not(feature = "ssr"))]
fn send(form: Upload, path: &str, data: &web_sys::FormData) {
    use domain::files::{MOST_FILE, MOST_IMAGE, too_large};
    let image = [UPLOAD_LOGO, UPLOAD_FAVICON, UPLOAD_PHOTO].contains(&form.post.path);
    let most = if image { MOST_IMAGE } else { MOST_FILE };
    if is_larger(data, most) {
        done(form, Err(crate::Error::field("file", too_large(most))));
    } else if start(form, path, data).is_err() {
        done(form, Err(crate::Error::Offline));
    }
}

#[cfg(not(feature = "ssr"))]
fn is_larger(data: &web_sys::FormData, most: usize) -> bool {
    use leptos::wasm_bindgen::JsCast;
    let file = data.get("file").dyn_into::<web_sys::Blob>();
    file.is_ok_and(|file| file.size() > most as f64)
}

#[cfg(not(feature = "ssr"))]
fn start(form: Upload, path: &str, data: &web_sys::FormData) -> std::result::Result<(), leptos::wasm_bindgen::JsValue> {
    use leptos::wasm_bindgen::JsCast;
    use leptos::wasm_bindgen::closure::Closure;
    let request = web_sys::XmlHttpRequest::new()?;
    request.open("POST", path)?;
    request.set_request_header("accept", "application/json")?;
    let told = Closure::<dyn FnMut(_)>::new(move |event: web_sys::ProgressEvent| {
        if event.length_computable() && event.total() > 0.0 {
            // The page may have been left meanwhile: then its signals are gone.
            form.progress.try_set(Some(percent(event.loaded(), event.total())));
        }
    });
    request.upload()?.set_onprogress(Some(told.into_js_value().unchecked_ref()));
    let answered = {
        let request = request.clone();
        Closure::<dyn FnMut()>::new(move || done(form, outcome(&request)))
    };
    // Whatever becomes of it, it ends.
    request.set_onloadend(Some(answered.into_js_value().unchecked_ref()));
    form.post.under_way.update(|count| *count += 1);
    form.progress.set(Some(0));
    if let Err(error) = request.send_with_opt_form_data(Some(data)) {
        form.post.under_way.update(|count| *count -= 1);
        return Err(error);
    }
    Ok(())
}

#[cfg(not(feature = "ssr"))]
#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, clippy::float_arithmetic, reason = "0 to 100")]
fn percent(loaded: f64, total: f64) -> u32 {
    (loaded / total * 100.0) as u32
}

#[cfg(not(feature = "ssr"))]
fn outcome(request: &web_sys::XmlHttpRequest) -> Result<String> {
    let body = request.response_text().ok().flatten().unwrap_or_default();
    match request.status().unwrap_or_default() {
        0 => Err(crate::Error::Offline),
        200..300 => Ok(body),
        413 => Err(crate::Error::field("file", "This file is too large.")),
        _ => Err(crate::fetch::decoded(&body).unwrap_or(crate::Error::Malformed)),
    }
}

#[cfg(not(feature = "ssr"))]
fn done(form: Upload, outcome: Result<String>) {
    form.post.under_way.try_update(|count| *count = count.saturating_sub(1));
    form.progress.try_set(None);
    form.post.edited.try_set(Vec::new());
    form.post.outcome.try_set(Some(outcome));
}
