//! The drawer in which the team changes what was filled in, by the version of the form that it was filled in on.

use access::{Form, PostForm};
use domain::leads::LeadDetail;
use leptos::prelude::*;
use ui::{Button, ButtonKind, CloseButton, Drawer, lead_field_name, lead_form_fields};

use super::acts::EditLead;
use crate::show;

/// The change of a lead.
#[derive(Clone, Copy)]
pub(super) struct Editing {
    pub form: Form<EditLead>,
}

impl Editing {
    pub(super) fn new() -> Self {
        Self { form: Form::new() }
    }
}

/// The drawer: `edit-lead`.
pub(super) fn drawer(editing: Editing, detail: &LeadDetail) -> AnyView {
    let form = editing.form;
    let currency = detail.row.commission.currency;
    let errors = |key: &str| form.field(lead_field_name(key));
    let fields = lead_form_fields(&detail.form, &detail.answers, currency, errors, "lead-");
    let (id, seen) = (detail.row.id.to_string(), detail.row.updated_at.timestamp_micros().to_string());
    view! {
        <Drawer id="edit-lead" title="Edit the lead">
            <PostForm novalidate=true form=form class="form">
                <p class="sub">"What you change stays in the lead's history, which the partner sees."</p>
                {show::wrong(form.beside_those(&["fields["]))}
                {show::program_field()}
                <input type="hidden" name="id" value=id/>
                <input type="hidden" name="seen" value=seen/>
                {fields}
                <div class="form-actions">
                    <CloseButton closes="edit-lead"/>
                    <Button kind=ButtonKind::Primary submit=true busy=form.pending()>"Save"</Button>
                </div>
            </PostForm>
        </Drawer>
    }
    .into_any()
}
