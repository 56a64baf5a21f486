//! The leads that partners have added, and the team's judgement of them.

use access::{Form, LazyPage, PostForm, Read, Result, read_after};
use domain::ids::LeadId;
use domain::leads::{LeadRow, Outcome, Stage};
use domain::page::Page;
use leptos::prelude::*;
use leptos::server_fn::codec::GetUrl;
use leptos_meta::Title;
use serde::{Deserialize, Serialize};
use ui::{
    Address, Button, ButtonKind, Card, Choice, EmptyState, Glyph, PageHead, Pill, SearchInput, Select, SkeletonTable,
    Table, TextInput, Th, Tone,
};

use crate::show;

/// What the address asks for.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Asked {
    q: Option<String>,
    stage: Option<String>,
    outcome: Option<String>,
    partner_code: Option<String>,
    cursor: Option<String>,
}

/// What the page shows.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Shown {
    leads: Page<LeadRow>,
    may_judge: bool,
}

/// A page of a program's leads.
#[server(prefix = "/fn", endpoint = "admin/leads", input = GetUrl)]
pub async fn read_leads(program: String, #[server(default)] asked: Asked) -> Result<Shown> {
    access::answer(async {
        let mut asking = access::admin(&program).await?;
        let filter = domain::leads::LeadFilter {
            search: asked.q.unwrap_or_default(),
            kind: asked.stage.and_then(|word| word.parse().ok()),
            outcome: asked.outcome.and_then(|word| word.parse().ok()),
            partner_code: asked.partner_code.unwrap_or_default(),
            ..domain::leads::LeadFilter::default()
        };
        let paging = domain::page::Paging { cursor: asked.cursor, limit: None };
        let leads = engine::leads::list(&mut asking.conn, &asking.moment, &asking.actor, &filter, &paging).await?;
        Ok(Shown { leads, may_judge: asking.actor.may(domain::accounts::Power::JudgeLeads) })
    })
    .await
}

/// Sets a lead's stage.
#[server(prefix = "/fn", endpoint = "admin/leads/stage")]
pub async fn judge_lead(program: String, id: LeadId, stage: Stage) -> Result<()> {
    access::answer(async {
        let mut asking = access::admin(&program).await?;
        asking.may(domain::accounts::Power::JudgeLeads)?;
        let mut tx = access::begin(&mut asking.conn).await?;
        let stage = engine::leads::stage_of_kind(&mut tx, asking.program.id, stage).await?;
        let to = domain::leads::Move { stage, reason: "By hand".into(), deal_value: None, customer: String::new() };
        engine::leads::move_to(&mut tx, &asking.moment, &asking.actor, id, &to).await?;
        Ok(tx.commit().await?)
    })
    .await
}

/// `/admin/{program}/leads`.
pub struct LeadsPage {
    found: Read<Shown>,
    form: Form<JudgeLead>,
}

impl LazyPage for LeadsPage {
    fn data() -> Self {
        let (program, address) = (show::program(), show::address());
        let form = Form::new();
        let done = show::done(form);
        let found = read_after(
            move || done.get(),
            move || {
                let asked = address.with(|address| {
                    let of = |key| show::value(address, key);
                    Asked {
                        q: of("q"),
                        stage: of("stage"),
                        outcome: of("outcome"),
                        partner_code: of("partner_code"),
                        cursor: of("cursor"),
                    }
                });
                ReadLeads { program: program.get(), asked }
            },
        );
        Self { found, form }
    }

    fn view(this: Self) -> AnyView {
        let LeadsPage { found, form } = this;
        show::tell(form, "Lead changed");
        let address = show::address();
        view! {
            <Title text="Leads"/>
            <PageHead title="Leads">{show::download("leads")}</PageHead>
            {move || filters(&address.get())}
            {show::wrong(form.beside(&[]))}
            {found.show(|| view! { <Card><SkeletonTable columns=5/></Card> }.into_any(), move |shown| list(shown, form))}
        }
        .into_any()
    }
}

fn filters(address: &Address) -> AnyView {
    let of = |key: &str| address.get(key).unwrap_or_default().to_owned();
    let stages = std::iter::once(Choice::new("", "Any stage"))
        .chain(Stage::ALL.iter().map(|stage| Choice::new(stage.as_str(), stage.label())))
        .collect();
    let outcomes = std::iter::once(Choice::new("", "Any outcome"))
        .chain(Outcome::ALL.iter().map(|outcome| Choice::new(outcome.as_str(), outcome.team_label())))
        .collect();
    view! {
        <form class="filters" method="get" action=address.path().to_owned()>
            <SearchInput id="q" label="Search by e-mail or name" name="q" value=of("q")/>
            <TextInput id="partner_code" label="Partner code" placeholder="Partner code" value=of("partner_code")/>
            <Select id="stage" label="Stage" choices=stages value=of("stage")/>
            <Select id="outcome" label="Outcome" choices=outcomes value=of("outcome")/>
            <Button submit=true>"Show"</Button>
        </form>
    }
    .into_any()
}

fn list(shown: Shown, form: Form<JudgeLead>) -> AnyView {
    let Shown { leads, may_judge } = shown;
    let address = show::address().get_untracked();
    let program = show::program().get_untracked();
    if leads.data.is_empty() {
        if show::filtered(&address, &["q", "stage", "outcome", "partner_code", "cursor"]) {
            return show::nothing_found(&address);
        }
        return view! {
            <Card>
                <EmptyState
                    glyph=Glyph::UserPlus
                    title="No leads yet"
                    words="Partners add leads by e-mail on their dashboard. Who signs up with a lead's e-mail is that partner's customer."
                />
            </Card>
        }
        .into_any();
    }
    let pages = show::pages(&leads, None, &address);
    let head = move || {
        view! {
            <Th label="Lead"/>
            <Th label="Partner" under=true/>
            <Th label="Added" wide=true/>
            <Th label="Outcome" wide=true/>
            <Th label="Stage"/>
            {may_judge.then(|| view! { <Th label="Actions" quiet=true under=true/> })}
        }
    };
    let rows = leads.data.into_iter().map(|lead| row(lead, &program, may_judge, form)).collect_view();
    view! {
        <Card>
            <Table caption="Leads" head=head phone_columns=2>{rows}</Table>
            {pages}
        </Card>
    }
    .into_any()
}

fn tone(stage: Stage) -> Tone {
    match stage {
        Stage::New => Tone::Warn,
        Stage::Qualified => Tone::Accent,
        Stage::ClosedWon => Tone::Good,
        Stage::Unqualified | Stage::ClosedLost => Tone::Neutral,
    }
}

/// The stages that come next, each with what moving there is called.
fn moves(stage: Stage) -> &'static [(Stage, &'static str)] {
    match stage {
        Stage::New => &[(Stage::Qualified, "Qualify"), (Stage::Unqualified, "Turn down")],
        Stage::Qualified => {
            &[(Stage::ClosedWon, "Won"), (Stage::ClosedLost, "Lost"), (Stage::Unqualified, "Turn down")]
        }
        Stage::Unqualified => &[(Stage::Qualified, "Qualify"), (Stage::New, "Reopen")],
        Stage::ClosedWon | Stage::ClosedLost => &[(Stage::Qualified, "Reopen")],
    }
}

fn row(lead: LeadRow, program: &str, may_judge: bool, form: Form<JudgeLead>) -> AnyView {
    let called = if lead.email.is_empty() { "Erased".to_owned() } else { lead.email.clone() };
    let buttons = may_judge.then(|| {
        let buttons = moves(lead.stage.kind).iter().map(|(stage, words)| {
            let (id, label) = (lead.id.to_string(), format!("{words} {called}"));
            view! {
                <PostForm form=form>
                    {show::program_field()}
                    <input type="hidden" name="id" value=id/>
                    <input type="hidden" name="stage" value=stage.as_str()/>
                    <Button submit=true kind=ButtonKind::Quiet label=label>{*words}</Button>
                </PostForm>
            }
        });
        view! { <td class="row-actions under">{buttons.collect_view()}</td> }
    });
    let outcome = match lead.customer {
        Some(customer) => {
            let href = format!("/admin/{program}/customers/{customer}");
            view! { <a class="link" href=href>{lead.outcome.team_label()}</a> }.into_any()
        }
        None => lead.outcome.team_label().into_any(),
    };
    view! {
        <tr>
            <td>{called}<small>{lead.name}</small></td>
            <td class="under">{show::partner_link(program, &lead.partner)}</td>
            <td class="wide">{show::day(lead.day)}</td>
            <td class="wide">{outcome}</td>
            <td><Pill tone=tone(lead.stage.kind) text=lead.stage.name/><small>{show::day(lead.stage_day)}</small></td>
            {buttons}
        </tr>
    }
    .into_any()
}
