//! What a group of leads is called, and whether it takes leads.

use access::{Form, PostForm, Result};
use domain::ids::LeadGroupId;
use domain::leads::LeadGroup;
use leptos::prelude::*;
use ui::{Button, Card, Switch, TextInput, Textarea};

use crate::show;

/// Changes a group of leads, but for its form.
#[server(prefix = "/fn", endpoint = "admin/lead-settings/groups/save")]
pub async fn save_lead_group(
    program: String,
    id: LeadGroupId,
    name: String,
    description: String,
    is_default: Option<String>,
    closed: Option<String>,
) -> Result<()> {
    access::answer(async {
        let mut asking = access::admin(&program).await?;
        asking.may(domain::accounts::Power::EditProgram)?;
        let input = domain::leads::LeadGroupInput {
            name,
            description,
            is_default: is_default.is_some(),
            closed: closed.is_some(),
        };
        let mut tx = access::begin(&mut asking.conn).await?;
        engine::leads::save_group(&mut tx, &asking.moment, &asking.actor, id, &input).await?;
        Ok(tx.commit().await?)
    })
    .await
}

/// The card; `name` follows what is typed.
pub(super) fn card(group: &LeadGroup, name: RwSignal<String>, form: Form<SaveLeadGroup>, may_edit: bool) -> AnyView {
    let save = may_edit.then(|| {
        view! {
            <div class="form-actions">
                <Button submit=true busy=form.pending()>"Save the group"</Button>
            </div>
        }
    });
    let LeadGroup { id, description, is_default: stays, closed, .. } = group.clone();
    let id = id.to_string();
    // The default group stays that until another is.
    let default = if stays {
        view! {
            <input type="hidden" name="is_default" value="true"/>
            <p class="sub">"This is the default group: leads that name no group are here. It stays open."</p>
        }
        .into_any()
    } else {
        view! {
            <Switch
                id="is_default"
                label="The default group"
                help="Leads that name no group are here, instead of in the present default group."
            />
            <Switch
                id="closed"
                label="Closed"
                checked=closed
                help="It takes no further leads. Those that are here stay."
            />
        }
        .into_any()
    };
    view! {
        <Card title="Group">
            {show::wrong(form.beside(&["name", "description"]))}
            <PostForm form=form class="form">
                {show::program_field()}
                <input type="hidden" name="id" value=id/>
                <fieldset class="stack" disabled=!may_edit>
                    <TextInput id="name" label="Name" bind=name required=true error=form.field("name")/>
                    <Textarea
                        id="description"
                        label="Description"
                        value=description
                        rows=2
                        optional=true
                        help="For partners: which leads belong here."
                        error=form.field("description")
                    />
                    {default}
                    {save}
                </fieldset>
            </PostForm>
        </Card>
    }
    .into_any()
}
