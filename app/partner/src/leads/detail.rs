//! One lead: what was filled in, where it stands, and what happened to it.

use access::{Form, LazyPage, PostForm, Read, Result, read};
use domain::ids::{EnrollmentId, LeadId};
use domain::leads::{LeadDetail, LeadEvent};
use domain::money::Currency;
use domain::portal::PortalPage;
use domain::time::Zone;
use leptos::prelude::*;
use leptos::server_fn::codec::GetUrl;
use leptos_meta::Title;
use leptos_router::hooks::use_params_map;
use serde::{Deserialize, Serialize};
use ui::{
    Amount, Button, ButtonKind, ButtonLink, Card, Dialog, DialogButton, EmptyState, Fact, Facts, Glyph, Note, PageHead,
    SkeletonCard, answers_list, stage_pill, use_toasts,
};

use super::called;
use crate::show;

/// What the page shows.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Shown {
    partner: EnrollmentId,
    lead: LeadDetail,
    currency: Currency,
    zone: Zone,
}

/// A lead of the partner who asks.
#[server(prefix = "/fn", endpoint = "partner/leads/one", input = GetUrl)]
pub async fn read_lead(program: String, id: String) -> Result<Shown> {
    access::answer(async {
        let mut asking = access::partner(&program, PortalPage::Leads).await?;
        let id: LeadId = id.parse().map_err(|_| access::Error::NotFound)?;
        let lead = engine::leads::detail(&mut asking.conn, &asking.moment, &asking.actor, id).await?;
        let zone = engine::programs::zone(&asking.program.time_zone, asking.moment.at)?;
        Ok(Shown { partner: asking.partner.id, lead, currency: asking.program.currency, zone })
    })
    .await
}

/// Takes a lead back.
#[server(prefix = "/fn", endpoint = "partner/leads/withdraw")]
pub async fn withdraw_lead(program: String, partner: EnrollmentId, id: LeadId) -> Result<()> {
    access::answer(async {
        let mut asking = access::this_partner(&program, partner, PortalPage::Leads).await?;
        let mut tx = access::begin(&mut asking.conn).await?;
        engine::leads::withdraw(&mut tx, &asking.moment, &asking.actor, id).await?;
        Ok(tx.commit().await?)
    })
    .await
}

/// `/p/{program}/leads/{id}`.
pub struct LeadPage(Read<Shown>, Form<WithdrawLead>);

impl LazyPage for LeadPage {
    fn data() -> Self {
        let (program, params) = (show::program(), use_params_map());
        let found = read(move || ReadLead {
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
                toasts.say("The lead is taken back");
                found.again();
            }
        });
        view! {
            <Title text="Lead"/>
            {found.show(skeleton, move |shown| page(shown, form))}
        }
        .into_any()
    }
}

fn skeleton() -> AnyView {
    view! { <PageHead title="Lead"/><SkeletonCard lines=4/><SkeletonCard lines=6/> }.into_any()
}

fn page(shown: Shown, form: Form<WithdrawLead>) -> AnyView {
    let Shown { partner, lead, currency, zone } = shown;
    let program = show::program().get_untracked();
    let LeadDetail { row, form: filled, answers, created_at, reason, customer_name, events, consents, may_edit, .. } = lead;
    let base = format!("/p/{program}/leads/{}", row.id);
    let back = (format!("/p/{program}/leads"), "Leads".to_owned());
    let actions = may_edit.then(|| {
        view! {
            <ButtonLink href=format!("{base}/edit") icon=Glyph::Edit label="Edit"/>
            <DialogButton opens="withdraw">"Take back"</DialogButton>
        }
    });
    let withdrawn = row.withdrawn.then(|| {
        view! { <Note>"You have taken this lead back: nobody works it any more. You can submit it again."</Note> }
    });
    let status = if row.withdrawn {
        view! { <span class="pill">"Taken back"</span> }.into_any()
    } else {
        stage_pill(&row.stage)
    };
    let value = row.deal_value.map(|value| view! { <Fact label="Deal value"><Amount value=value/></Fact> });
    let next = (!row.next_step.is_empty() && !row.withdrawn)
        .then(|| row.next_step.clone())
        .map(|next| view! { <Fact label="Next step">{next}</Fact> });
    let why = (!reason.is_empty()).then(|| view! { <Fact label="The team says">{reason}</Fact> });
    let customer = row.customer.is_some().then(|| view! { <Fact label="Customer">{customer_name}</Fact> });
    let consents = consents.into_iter().map(|consent| {
        let at = zone.words(consent.at);
        view! { <Fact label=consent.label><span class="lines">{consent.text}</span><small class="sub">{format!("Agreed to on {at}")}</small></Fact> }
    });
    let consents = consents.collect_view();
    let title = called(&row);
    let filled = if answers.email.is_empty() {
        view! { <EmptyState glyph=Glyph::Lock title="Erased" words="The personal data of this lead was erased."/> }.into_any()
    } else {
        answers_list(&filled, &answers, currency)
    };
    let history = events.iter().map(|event| happened(event, &zone)).collect_view();
    let added = zone.words(created_at);
    let outcome = row.outcome.label();
    let withdraw = withdraw(form, &program, partner, row.id);
    view! {
        <PageHead title=title back=back>{actions}</PageHead>
        {ui::wrong(form.beside(&[]))}
        {withdrawn}
        <div class="cols">
            <div class="col">
                <Card title="What you filled in">
                    {filled}
                    <Facts>{consents}</Facts>
                </Card>
            </div>
            <div class="col">
                <Card title="Where it stands">
                    <Facts>
                        <Fact label="Status">{status}</Fact>
                        {next}
                        {why}
                        <Fact label="Outcome">{outcome}</Fact>
                        {customer}
                        {value}
                        <Fact label="Commission"><Amount value=row.commission/></Fact>
                        <Fact label="Group">{row.group}</Fact>
                        <Fact label="Added">{added}</Fact>
                    </Facts>
                </Card>
                <Card title="History"><ol class="history">{history}</ol></Card>
            </div>
        </div>
        {withdraw}
    }
    .into_any()
}

fn happened(event: &LeadEvent, zone: &Zone) -> AnyView {
    let by = if event.by.is_empty() { String::new() } else { format!(", {}", event.by) };
    let when = format!("{}{by}", zone.words(event.at));
    let reason = (!event.reason.is_empty()).then(|| view! { <p class="quote lines">{event.reason.clone()}</p> });
    view! {
        <li>
            <span>{event.words.clone()}</span>
            <small class="sub">{when}</small>
            {reason}
        </li>
    }
    .into_any()
}

fn withdraw(form: Form<WithdrawLead>, program: &str, partner: EnrollmentId, id: LeadId) -> AnyView {
    let whose = show::whose(program, partner);
    view! {
        <Dialog id="withdraw" title="Take this lead back?">
            <PostForm form=form>
                {whose}
                <input type="hidden" name="id" value=id.to_string()/>
                <p>"The team stops working it, and it brings you no commission. You can submit it again later."</p>
                <div class="dialog-actions">
                    <ui::CloseButton closes="withdraw" label="Keep it"/>
                    <Button kind=ButtonKind::Danger submit=true busy=form.pending()>"Take it back"</Button>
                </div>
            </PostForm>
        </Dialog>
    }
    .into_any()
}

