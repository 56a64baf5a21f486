//! Changing what was filled in.

use access::{Form, LazyPage, PostForm, Read, Result, read};
use chrono::{DateTime, Utc};
use domain::ids::{EnrollmentId, LeadId};
use domain::leads::LeadDetail;
use domain::money::Currency;
use leptos::prelude::*;
use leptos::server_fn::codec::GetUrl;
use leptos_meta::Title;
use leptos_router::hooks::use_params_map;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use ui::{
    Button, ButtonKind, ButtonLink, Card, EmptyState, Glyph, PageHead, SkeletonCard, lead_field_name, lead_form_fields,
    use_toasts,
};

use super::called;
use crate::show;

/// What the page shows.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Shown {
    partner: EnrollmentId,
    lead: LeadDetail,
    currency: Currency,
}

/// A lead of the partner who asks, to be changed.
#[server(prefix = "/fn", endpoint = "partner/leads/filled", input = GetUrl)]
pub async fn read_filled(program: String, id: String) -> Result<Shown> {
    access::answer(async {
        let mut asking = access::partner(&program, domain::portal::PortalPage::Leads).await?;
        let id: LeadId = id.parse().map_err(|_| access::Error::NotFound)?;
        let lead = engine::leads::detail(&mut asking.conn, &asking.moment, &asking.actor, id).await?;
        Ok(Shown { partner: asking.partner.id, lead, currency: asking.program.currency })
    })
    .await
}

/// Changes a lead of a partner for whom the account acts.
#[server(prefix = "/fn", endpoint = "partner/leads/edit")]
pub async fn edit_lead(
    program: String,
    partner: EnrollmentId,
    id: LeadId,
    seen: DateTime<Utc>,
    #[server(default)] fields: BTreeMap<String, String>,
) -> Result<()> {
    access::answer(async {
        let mut asking = access::this_partner(&program, partner, domain::portal::PortalPage::Leads).await?;
        let sent = domain::leads::posted(fields);
        let ip = access::client_address();
        let mut tx = access::begin(&mut asking.conn).await?;
        let edited = engine::leads::edit(&mut tx, &asking.moment, &asking.actor, id, seen, &sent, &ip).await;
        edited.map_err(|error| super::submit::named(error.into()))?;
        tx.commit().await?;
        access::redirect(&format!("/p/{program}/leads/{id}"));
        Ok(())
    })
    .await
}

/// `/p/{program}/leads/{id}/edit`.
pub struct EditLeadPage(Read<Shown>, Form<EditLead>);

impl LazyPage for EditLeadPage {
    fn data() -> Self {
        let (program, params) = (show::program(), use_params_map());
        let found = read(move || ReadFilled {
            program: program.get(),
            id: params.with(|params| params.get("id").unwrap_or_default()),
        });
        Self(found, Form::new())
    }

    fn view(this: Self) -> AnyView {
        let Self(found, form) = this;
        let toasts = use_toasts();
        form.settled(move |outcome| {
            if outcome.is_ok() {
                toasts.say("The lead is changed");
            }
        });
        view! {
            <Title text="Edit the lead"/>
            {found.show(|| view! { <PageHead title="Edit the lead"/><SkeletonCard lines=8/> }.into_any(), move |shown| page(shown, form))}
        }
        .into_any()
    }
}

fn page(shown: Shown, form: Form<EditLead>) -> AnyView {
    let Shown { partner, lead, currency } = shown;
    let program = show::program().get_untracked();
    let here = format!("/p/{program}/leads/{}", lead.row.id);
    let back = (here.clone(), called(&lead.row));
    if !lead.may_edit {
        return view! {
            <PageHead title="Edit the lead" back=back/>
            <Card>
                <EmptyState glyph=Glyph::Lock title="This lead can't be changed any more" words="The team has closed it, or it was taken back."/>
            </Card>
        }
        .into_any();
    }
    let fields = lead_form_fields(&lead.form, &lead.answers, currency, |key| form.field(lead_field_name(key)), "lead-");
    let whose = show::whose(&program, partner);
    view! {
        <PageHead title="Edit the lead" back=back/>
        <Card>
            {ui::wrong(form.beside_those(&["fields["]))}
            <PostForm novalidate=true form=form class="form">
                {whose}
                <input type="hidden" name="id" value=lead.row.id.to_string()/>
                <input type="hidden" name="seen" value=lead.row.updated_at.to_rfc3339()/>
                {fields}
                <div class="form-actions">
                    <ButtonLink href=here>"Cancel"</ButtonLink>
                    <Button kind=ButtonKind::Primary submit=true busy=form.pending()>"Save the lead"</Button>
                </div>
            </PostForm>
        </Card>
    }
    .into_any()
}
