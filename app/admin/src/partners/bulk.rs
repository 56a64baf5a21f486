//! Many partners at once: those whose boxes are ticked, or all that match the list's filter.

use access::{Form, PostForm, Result};
use domain::messages::LETTER_FIELDS;
use domain::partners::{Bulk, BulkAct, BulkDone, PartnerFilter};
use leptos::prelude::*;
use leptos::wasm_bindgen::JsCast;
use ui::{Button, ButtonKind, Checkbox, CloseButton, Dialog, DialogButton, TextInput, Textarea, grouped, use_toasts};

use crate::show;

/// The form's id: the boxes beside the partners belong to it.
pub(super) const FORM: &str = "bulk";

/// Lets in, pauses or writes to the partners that were chosen.
#[server(prefix = "/fn", endpoint = "admin/partners/bulk")]
pub async fn bulk_partners(program: String, bulk: Bulk) -> Result<BulkDone> {
    access::answer(async {
        let asking = access::admin(&program).await?;
        asking.may(domain::accounts::Power::ManagePartners)?;
        let access::Admin { state, conn, moment, actor, .. } = asking;
        // The use case takes connections of its own.
        drop(conn);
        Ok(engine::partners::work::bulk(&state.pool, &moment, &actor, &bulk).await?)
    })
    .await
}

/// Says what became of it.
pub(super) fn tell(form: Form<BulkPartners>) {
    let toasts = use_toasts();
    Effect::new(move |_| match form.answer() {
        Some(Ok(done)) => toasts.say(done.words()),
        // What is wrong with the mail stands beside its fields.
        Some(Err(error)) if ["subject", "body"].iter().any(|field| error.of_field(field).is_some()) => {}
        Some(Err(error)) if error.leads_to("").is_none() => toasts.fail(error.words()),
        _ => {}
    });
}

/// The box beside a partner.
pub(super) fn tick(id: String, name: &str) -> AnyView {
    let label = format!("Choose {name}");
    view! { <input type="checkbox" name="bulk[partners][]" value=id form=FORM aria-label=label/> }.into_any()
}

/// The head of the boxes: ticks all of the page, and none.
pub(super) fn tick_all() -> AnyView {
    let tick = move |event: web_sys::Event| {
        let checked = event_target_checked(&event);
        let Ok(boxes) = document().query_selector_all("input[name='bulk[partners][]']") else { return };
        for found in (0..boxes.length()).filter_map(|at| boxes.item(at)) {
            found.unchecked_into::<web_sys::HtmlInputElement>().set_checked(checked);
        }
    };
    view! {
        <th class="check" scope="col">
            <input type="checkbox" aria-label="Choose all on this page" on:change=tick/>
        </th>
    }
    .into_any()
}

/// What can be done to those who are chosen. What is pressed is sent with them. Where the filter finds more than the page
/// shows, so many in all, they can be chosen together.
pub(super) fn bar(form: Form<BulkPartners>, filter: PartnerFilter, more: Option<i64>) -> AnyView {
    let all = more.map(|total| {
        view! {
            {fields(filter)}
            <Checkbox id="bulk-all" name="bulk[all]" label=format!("All {} that match", grouped(total))/>
        }
    });
    view! {
        <PostForm form=form class="filters" id=FORM>
            {show::program_field()}
            <span class="sub">"With the chosen partners:"</span>
            {all}
            <Button submit=true name="bulk[act]" value=BulkAct::Approve.as_str() busy=form.pending()>"Approve"</Button>
            <Button submit=true name="bulk[act]" value=BulkAct::Pause.as_str() busy=form.pending()>"Pause"</Button>
            <DialogButton opens="write">"Write a mail"</DialogButton>
            <Dialog id="write" title="Write to the chosen partners">
                {show::wrong(form.beside(&["subject", "body"]))}
                <div class="form">
                    <TextInput id="bulk-subject" name="bulk[subject]" label="Subject" error=form.field("subject")/>
                    <Textarea id="bulk-body" name="bulk[body]" label="Text" rows=8 help="An empty line begins a new paragraph. A greeting, your program's name and a link to the dashboard are added." error=form.field("body")/>
                    <h3>"Merge fields"</h3>
                    {show::merge_fields(LETTER_FIELDS, None)}
                    <div class="dialog-actions">
                        <CloseButton closes="write"/>
                        <Button kind=ButtonKind::Primary submit=true name="bulk[act]" value=BulkAct::Message.as_str() busy=form.pending()>"Send the mail"</Button>
                    </div>
                </div>
            </Dialog>
        </PostForm>
    }
    .into_any()
}

/// The list's filter, as the form passes it on.
fn fields(filter: PartnerFilter) -> AnyView {
    let PartnerFilter { search, status, tag, group, sort: _ } = filter;
    let each = [
        ("bulk[filter][search]", Some(search)),
        ("bulk[filter][status]", status.map(|status| status.to_string())),
        ("bulk[filter][tag]", tag),
        ("bulk[filter][group]", group.map(|group| group.to_string())),
    ];
    let set = each.into_iter().filter_map(|(name, value)| Some((name, value.filter(|value| !value.is_empty())?)));
    set.map(|(name, value)| view! { <input type="hidden" name=name value=value/> }).collect_view().into_any()
}
