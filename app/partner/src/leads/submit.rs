//! Submitting a lead.

use access::{Form, LazyPage, PostForm, Read, Result, read};
use domain::ids::{EnrollmentId, LeadGroupId, LeadTypeId};
use domain::leads::{Answers, GroupChoice};
use domain::money::Currency;
use leptos::prelude::*;
use leptos::server_fn::codec::GetUrl;
use leptos_meta::Title;
use leptos_router::NavigateOptions;
use leptos_router::hooks::use_navigate;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use ui::{
    Button, ButtonKind, ButtonLink, Card, Choice, PageHead, Select, SkeletonCard, lead_field_name, lead_form_fields,
    use_toasts,
};

use super::rule;
use crate::show;

mod draft;

/// The name of the input of a lead's type.
const TYPE: &str = "lead_type";

/// What the page shows.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Shown {
    partner: EnrollmentId,
    /// The groups that take leads, the default one first.
    groups: Vec<(LeadGroupId, String)>,
    /// The group that is filled in.
    chosen: GroupChoice,
    /// Its types that take leads.
    types: Vec<(LeadTypeId, String)>,
    /// What makes a good lead; may be empty.
    good_lead: String,
    currency: Currency,
    window_days: i32,
}

/// The form of a group, the default one where none is named; not found where the program takes no leads from partners.
#[server(prefix = "/fn", endpoint = "partner/leads/form", input = GetUrl)]
pub async fn read_form(program: String, group: Option<String>) -> Result<Shown> {
    access::answer(async {
        let mut asking = access::partner(&program, domain::portal::PortalPage::Leads).await?;
        let settings = engine::leads::settings(&mut asking.conn, asking.program.id).await?;
        if !settings.submission {
            return Err(access::Error::NotFound);
        }
        let groups = engine::leads::choices(&mut asking.conn, asking.program.id).await?;
        let asked: Option<LeadGroupId> = group.and_then(|id| id.parse().ok());
        let chosen = groups.iter().find(|group| Some(group.id) == asked).or(groups.first());
        let chosen = chosen.cloned().ok_or(access::Error::NotFound)?;
        let types = engine::leads::open_types(&mut asking.conn, asking.program.id).await?.into_iter();
        let types = types.filter(|(group, ..)| *group == chosen.id).map(|(_, id, name)| (id, name)).collect();
        Ok(Shown {
            partner: asking.partner.id,
            types,
            groups: groups.into_iter().map(|group| (group.id, group.name)).collect(),
            chosen,
            good_lead: settings.good_lead,
            currency: asking.program.currency,
            window_days: asking.program.lead_window_days,
        })
    })
    .await
}

/// Submits a lead of a partner for whom the account acts.
#[server(prefix = "/fn", endpoint = "partner/leads/submit")]
pub async fn submit_lead(
    program: String,
    partner: EnrollmentId,
    group: LeadGroupId,
    version: i32,
    #[server(default)] lead_type: String,
    #[server(default)] fields: BTreeMap<String, String>,
) -> Result<()> {
    access::answer(async {
        let mut asking = access::this_partner(&program, partner, domain::portal::PortalPage::Leads).await?;
        let lead_type = match lead_type.as_str() {
            "" => None,
            id => Some(id.parse().map_err(|_| access::Error::field(TYPE, "Choose one of them."))?),
        };
        let input = domain::leads::NewLead {
            group: Some(group),
            lead_type,
            version: Some(version),
            sent: domain::leads::posted(fields),
            ip: access::client_address(),
            ..domain::leads::NewLead::default()
        };
        let mut tx = access::begin(&mut asking.conn).await?;
        let submitted = engine::leads::submit(&mut tx, &asking.moment, &asking.actor, partner, &input).await;
        submitted.map_err(|error| named(error.into()))?;
        tx.commit().await?;
        access::redirect(&format!("/p/{program}/leads"));
        Ok(())
    })
    .await
}

/// An error by the names that the inputs of a lead form have.
#[cfg(feature = "ssr")]
pub(super) fn named(error: access::Error) -> access::Error {
    match error {
        access::Error::Invalid(issues) => access::Error::Invalid(
            issues
                .into_iter()
                .map(|issue| {
                    let is_type = issue.field == TYPE;
                    let field = if is_type { issue.field } else { lead_field_name(&issue.field) };
                    domain::text::FieldError::new(field, issue.message)
                })
                .collect(),
        ),
        other => other,
    }
}

/// `/p/{program}/leads/submit`.
pub struct SubmitLeadPage(Read<Shown>, Form<SubmitLead>);

impl LazyPage for SubmitLeadPage {
    fn data() -> Self {
        let (program, address) = (show::program(), show::address());
        let found = read(move || ReadForm {
            program: program.get(),
            group: address.with(|address| show::value(address, "group")),
        });
        Self(found, Form::new())
    }

    fn view(this: Self) -> AnyView {
        let Self(found, form) = this;
        let toasts = use_toasts();
        form.settled(move |outcome| {
            if outcome.is_ok() {
                toasts.say("The lead is submitted");
            }
        });
        forget_of_another_group(move || form.clear());
        let program = show::program();
        view! {
            <Title text="Submit a lead"/>
            {move || {
                let back = (format!("/p/{}/leads", program.get()), "Leads".to_owned());
                view! { <PageHead title="Submit a lead" back=back/> }
            }}
            {found.show(|| view! { <SkeletonCard lines=8/> }.into_any(), move |shown| page(shown, form))}
        }
        .into_any()
    }
}

fn page(shown: Shown, form: Form<SubmitLead>) -> AnyView {
    let Shown { partner, groups, chosen, types, good_lead, currency, window_days } = shown;
    let program = show::program().get_untracked();
    let choose = choose(&format!("/p/{program}/leads/submit"), &groups, chosen.id);
    let about = (!chosen.description.is_empty()).then(|| view! { <p class="lines">{chosen.description.clone()}</p> });
    let good = (!good_lead.is_empty()).then(|| {
        view! { <Card title="What makes a good lead"><p class="lines">{good_lead}</p></Card> }
    });
    let fields =
        lead_form_fields(&chosen.form, &Answers::default(), currency, |key| form.field(lead_field_name(key)), "lead-");
    let types = (!types.is_empty()).then(|| {
        let choices = types.into_iter().map(|(id, name)| Choice::new(id.to_string(), name));
        let choices = std::iter::once(Choice::new("", "Choose one")).chain(choices).collect();
        view! { <Select id="lead-type" name=TYPE label="Type of lead" choices=choices optional=true error=form.field(TYPE)/> }
    });
    let whose = show::whose(&program, partner);
    let leads = format!("/p/{program}/leads");
    let draft = draft::kept(format!("lead:{program}:{partner}:{}", chosen.id), form);
    let typed = view! {
        <Card title="The lead">
            {about}
            <p class="sub">{rule(window_days)}</p>
            {ui::wrong(form.beside_those(&["fields[", TYPE]))}
            {draft.note}
            <PostForm novalidate=true form=form class="form" id=draft::FORM>
                {whose}
                <input type="hidden" name="group" value=chosen.id.to_string()/>
                <input type="hidden" name="version" value=chosen.version.to_string()/>
                {types}
                {fields}
                <div class="form-actions">
                    <ButtonLink href=leads>"Cancel"</ButtonLink>
                    <Button kind=ButtonKind::Primary submit=true busy=form.pending()>"Submit lead"</Button>
                </div>
            </PostForm>
        </Card>
    };
    view! {
        {choose}
        {good}
        {ui::anew(chosen.id, typed)}
    }
    .into_any()
}

/// What went wrong with one group's form is not told of the next.
pub(super) fn forget_of_another_group(forget: impl Fn() + 'static) {
    let address = show::address();
    let group = Memo::new(move |_| address.with(|address| show::value(address, "group")));
    Effect::new(move |before: Option<Option<String>>| {
        let now = group.get();
        if before.is_some_and(|before| before != now) {
            forget();
        }
        now
    });
}

/// Which group the lead is of, where there are several: by the page's address, so that it works without WASM too.
pub(super) fn choose(action: &str, groups: &[(LeadGroupId, String)], chosen: LeadGroupId) -> Option<AnyView> {
    if groups.len() < 2 {
        return None;
    }
    let choices = groups.iter().map(|(id, name)| Choice::new(id.to_string(), name)).collect();
    let (navigate, action, address) = (use_navigate(), action.to_owned(), action.to_owned());
    let go = Callback::new(move |group: String| {
        navigate(&format!("{address}?group={group}"), NavigateOptions { replace: true, ..Default::default() });
    });
    let view = view! {
        <Card title="Group">
            <form class="form-row" method="get" action=action>
                <Select id="group" label="Which group is the lead of?" choices=choices value=chosen.to_string() on_change=go/>
                <noscript><Button submit=true>"Choose"</Button></noscript>
            </form>
        </Card>
    };
    Some(view.into_any())
}
