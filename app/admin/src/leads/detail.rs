//! One lead: what was filled in, what happened to it, and what the team does with it.

use access::{Form, LazyPage, PostForm, Read, Result, read_after};
use domain::accounts::MemberName;
use domain::conversations::Conversation;
use domain::leads::{Consent, LeadDetail, LeadEvent};
use leptos::prelude::*;
use leptos::server_fn::codec::GetUrl;
use leptos_meta::Title;
use serde::{Deserialize, Serialize};
use ui::{
    Amount, Button, ButtonKind, ButtonLink, Card, CloseButton, Dialog, DialogButton, EmptyState, Fact, Facts, Glyph,
    Menu, MenuButton, MoneyInput, Note, PageHead, Select, SkeletonCard, Tone, answers_list, icon, latest_messages,
    lead_earned, stage_pill,
};

use super::acts::{AssignLead, SetDealValue};
use super::mover::{Going, Mover};
use super::privacy::{self, EraseLead};
use super::work;
use super::{called, edit, files, members, value_of};
use crate::show;

/// What the page shows.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Shown {
    detail: LeadDetail,
    team: Vec<MemberName>,
    may_judge: bool,
    /// Whether the asker may take its personal data away.
    erases: bool,
    /// The conversation about it, where there is one.
    conversation: Option<Conversation>,
}

/// A lead of a program.
#[server(prefix = "/fn", endpoint = "admin/lead", input = GetUrl)]
pub async fn read_lead(program: String, id: String) -> Result<Shown> {
    access::answer(async {
        let mut asking = access::admin(&program).await?;
        let id: domain::ids::LeadId = id.parse().map_err(|_| access::Error::NotFound)?;
        let detail = engine::leads::detail(&mut asking.conn, &asking.moment, &asking.actor, id).await?;
        let team = engine::leads::team(&mut asking.conn, &asking.actor).await?;
        let conversation = match engine::conversations::of_lead(&mut asking.conn, &asking.actor, id).await? {
            Some(id) => Some(engine::conversations::thread(&mut asking.conn, &asking.actor, id, None).await?),
            None => None,
        };
        let may = |power| asking.actor.may(power);
        let (may_judge, erases) = (may(domain::accounts::Power::JudgeLeads), may(domain::accounts::Power::Erase));
        Ok(Shown { detail, team, may_judge, erases, conversation })
    })
    .await
}

/// What the page posts to.
#[derive(Clone, Copy)]
struct Forms {
    mover: Mover,
    assign: Form<AssignLead>,
    deal: Form<SetDealValue>,
    edit: edit::Editing,
    work: work::Forms,
    files: files::Forms,
    erase: Form<EraseLead>,
}

/// `/admin/{program}/leads/{id}`.
pub struct LeadPage {
    found: Read<Shown>,
    forms: Forms,
}

impl LazyPage for LeadPage {
    fn data() -> Self {
        let (program, id) = (show::program(), show::parameter("id"));
        let forms = Forms {
            mover: Mover::new(),
            assign: Form::new(),
            deal: Form::new(),
            edit: edit::Editing::new(),
            work: work::Forms::new(),
            files: files::Forms::new(),
            erase: Form::new(),
        };
        let each = [
            forms.mover.done,
            show::done(forms.assign),
            show::done(forms.deal),
            show::done(forms.edit.form),
            show::done(forms.files.detach),
            forms.files.attached,
            show::done(forms.erase),
        ];
        let worked = forms.work.done();
        // What went wrong with one lead is not told of the next.
        Effect::new(move |_| {
            id.track();
            forms.assign.clear();
            forms.deal.clear();
            forms.edit.form.clear();
            forms.work.clear();
            forms.files.clear();
            forms.erase.clear();
        });
        let found = read_after(
            move || each.iter().chain(&worked).map(|done| done.get()).sum(),
            move || ReadLead { program: program.get(), id: id.get() },
        );
        Self { found, forms }
    }

    fn view(this: Self) -> AnyView {
        let LeadPage { found, forms } = this;
        show::tell(forms.assign, "Assigned");
        show::tell(forms.deal, "Deal value saved");
        show::tell(forms.edit.form, "Lead saved");
        forms.work.tell();
        show::tell(forms.files.detach, "File taken away");
        show::tell(forms.erase, "Personal data erased");
        view! {
            {found.show(skeleton, move |shown| page(shown, forms))}
            {forms.mover.dialog()}
        }
        .into_any()
    }
}

fn skeleton() -> AnyView {
    view! {
        <PageHead title="Lead"/>
        <div class="cols">
            <div class="col"><SkeletonCard lines=6/><SkeletonCard lines=6/></div>
            <div class="col"><SkeletonCard lines=5/><SkeletonCard lines=3/></div>
        </div>
    }
    .into_any()
}

fn page(shown: Shown, forms: Forms) -> AnyView {
    let Shown { detail, team, may_judge, erases, conversation } = shown;
    let program = show::program().get_untracked();
    let title = called(&detail.row);
    let back = (format!("/admin/{program}/leads"), "Leads".to_owned());
    let works = may_judge && detail.may_edit;
    let acts = works.then(|| actions(&detail, &program, forms));
    let repeats = detail.duplicate_of.map(|other| {
        let href = format!("/admin/{program}/leads/{other}");
        view! {
            <Note tone=Tone::Warn glyph=Glyph::Copy>
                "This lead repeats another one: " <a class="link" href=href>"see the lead that came first"</a> "."
            </Note>
        }
    });
    let gone = detail
        .row
        .withdrawn
        .then(|| view! { <Note>"The partner has taken this lead back. Nobody works it any more."</Note> });
    let dialogs = works.then(|| dialogs(&detail, &team, forms));
    let currency = detail.row.commission.currency;
    let answers = answers_list(&detail.form, &detail.answers, currency);
    let consents = consents(detail.consents.clone());
    let stage = stage_pill(&detail.row.stage);
    let main = view! {
        {work::tasks(&detail, &team, works, forms.work)}
        {work::notes(&detail, works, forms.work)}
        {history(detail.events.clone())}
    };
    let erased = detail.answers.email.is_empty();
    let thread = conversation.as_ref().map(|conversation| format!("/admin/{program}/messages/{}", conversation.row.id));
    let write = match thread.clone() {
        Some(href) => Some((href, "Messages")),
        None if works && !erased => {
            Some((format!("/admin/{program}/messages/new?lead={}", detail.row.id), "Write to the partner"))
        }
        None => None,
    };
    let write = write.map(|(href, label)| view! { <ButtonLink href=href icon=Glyph::Mail>{label}</ButtonLink> });
    let messages = conversation
        .zip(thread)
        .map(|(conversation, href)| latest_messages(conversation, href, |message| show::instant(message.at)));
    let personal = erases.then(|| privacy::card(forms.erase, &program, detail.row.id, erased));
    let side = view! {
        {facts(&detail, &program)}
        {customer(&detail, &program)}
        {commissions(&detail, &program)}
        {files::card(forms.files, &program, detail.row.id, detail.files.clone(), works)}
        {personal}
    };
    view! {
        <Title text=title.clone()/>
        <PageHead title=title back=back>
            {stage}
            {write}
            {acts}
        </PageHead>
        {repeats}
        {gone}
        <div class="cols">
            <div class="col">
                <Card title="What was filled in">
                    {answers}
                    {consents}
                </Card>
                {messages}
                {main}
            </div>
            <div class="col">
                {side}
            </div>
        </div>
        {dialogs}
    }
    .into_any()
}

fn actions(detail: &LeadDetail, program: &str, forms: Forms) -> AnyView {
    let moves = detail.moves.iter().map(|to| {
        let (row, going) = (detail.row.clone(), to.clone());
        let program = program.to_owned();
        let press = move |()| {
            forms.mover.go(program.clone(), Going::new(&row, &going));
        };
        let words = to.stage.name.clone();
        view! { <MenuButton on_click=press>{words}</MenuButton> }
    });
    let moves = moves.collect_view();
    let stays = detail.moves.is_empty();
    view! {
        <Menu id="move" label="Move to stage" kind=ButtonKind::Primary disabled=stays button=|| view! { "Move" {icon(Glyph::ChevronDown)} }>
            {moves}
        </Menu>
        <DialogButton opens="assign" icon=Glyph::User>"Assign"</DialogButton>
        <DialogButton opens="deal" icon=Glyph::Tag>"Deal value"</DialogButton>
        <DialogButton opens="edit-lead" icon=Glyph::Edit>"Edit"</DialogButton>
    }
    .into_any()
}

/// What the head's buttons open. Each is made anew where the lead is another one, or has changed.
fn dialogs(detail: &LeadDetail, team: &[MemberName], forms: Forms) -> AnyView {
    let key = (detail.row.id, detail.row.updated_at);
    let (detail, team) = (StoredValue::new(detail.clone()), StoredValue::new(team.to_vec()));
    let each = move || vec![key];
    let content = move |_| {
        let detail = detail.get_value();
        let editing = edit::drawer(forms.edit, &detail);
        let row = detail.row;
        let (id, same, currency) = (row.id.to_string(), row.id.to_string(), row.commission.currency);
        let value = row.deal_value.map(|value| value.amount.to_string()).unwrap_or_default();
        let (choices, chosen) = (team.with_value(|team| members(team)), value_of(row.assignee.as_ref()));
        view! {
            <Dialog id="assign" title="Assign the lead">
                <PostForm form=forms.assign class="form">
                    {show::wrong(forms.assign.beside(&["assignee"]))}
                    {show::program_field()}
                    <input type="hidden" name="id" value=same/>
                    <Select id="assignee" label="Assign to" choices=choices value=chosen error=forms.assign.field("assignee")/>
                    <div class="dialog-actions">
                        <CloseButton closes="assign"/>
                        <Button kind=ButtonKind::Primary submit=true busy=forms.assign.pending()>"Assign"</Button>
                    </div>
                </PostForm>
            </Dialog>
            <Dialog id="deal" title="Deal value">
                <PostForm form=forms.deal class="form">
                    {show::wrong(forms.deal.beside(&["deal_value"]))}
                    {show::program_field()}
                    <input type="hidden" name="id" value=id/>
                    <MoneyInput
                        id="deal_value"
                        label="Deal value"
                        currency=currency
                        value=value
                        optional=true
                        help="What the customer pays by this deal. A share of it is earned once, when the lead is won and the value is known; what was earned before stays."
                        error=forms.deal.field("deal_value")
                    />
                    <div class="dialog-actions">
                        <CloseButton closes="deal"/>
                        <Button kind=ButtonKind::Primary submit=true busy=forms.deal.pending()>"Save"</Button>
                    </div>
                </PostForm>
            </Dialog>
            {editing}
        }
        .into_any()
    };
    view! { <For each=each key=|key| *key children=content/> }.into_any()
}

fn facts(detail: &LeadDetail, program: &str) -> AnyView {
    let LeadDetail { row, reason, created_at, lead_type, .. } = detail.clone();
    let lead_type = (!lead_type.is_empty()).then(|| view! { <Fact label="Type">{lead_type}</Fact> });
    let value = match row.deal_value {
        Some(value) => view! { <Amount value=value/> }.into_any(),
        None => "Not known".into_any(),
    };
    let assignee = row.assignee.map_or_else(|| "Nobody".to_owned(), |member| member.name);
    let outcome = if row.withdrawn { "Taken back" } else { row.outcome.team_label() };
    let partner = show::partner_link(program, &row.partner);
    let reason = (!reason.is_empty()).then(|| view! { <Fact label="Reason">{reason}</Fact> });
    view! {
        <Card title="Lead">
            <Facts>
                <Fact label="Partner">{partner}</Fact>
                <Fact label="Group">{row.group}</Fact>
                {lead_type}
                <Fact label="Stage since">{show::day(row.stage_day)}</Fact>
                {reason}
                <Fact label="Assigned to">{assignee}</Fact>
                <Fact label="Deal value">{value}</Fact>
                <Fact label="Outcome">{outcome}</Fact>
                <Fact label="Added">{show::time(created_at)}</Fact>
            </Facts>
        </Card>
    }
    .into_any()
}

fn customer(detail: &LeadDetail, program: &str) -> Option<AnyView> {
    let customer = detail.row.customer?;
    let href = format!("/admin/{program}/customers/{customer}");
    let name = detail.customer_name.clone();
    let external = detail.customer_external_id.clone();
    let external = (!external.is_empty()).then(|| view! { <Fact label="Your id">{external}</Fact> });
    Some(
        view! {
            <Card title="Customer">
                <Facts>
                    <Fact label="Customer"><a class="link" href=href>{name}</a></Fact>
                    {external}
                </Facts>
            </Card>
        }
        .into_any(),
    )
}

/// What the partner earned by the lead.
fn commissions(detail: &LeadDetail, program: &str) -> AnyView {
    let all = format!("/admin/{program}/commissions?partner_code={}", detail.row.partner.code);
    let earned = detail.row.commission;
    let each = lead_earned(detail.commissions.clone(), detail.unearned.clone());
    view! {
        <Card title="Commission">
            <Facts>
                <Fact label="Earned by this lead and its customer"><Amount value=earned strong=true/></Fact>
            </Facts>
            {each}
            <p><a class="link" href=all>"All commissions of this partner"</a></p>
        </Card>
    }
    .into_any()
}

/// What was agreed to, as evidence.
fn consents(consents: Vec<Consent>) -> Option<AnyView> {
    let none = consents.is_empty();
    let each = consents.into_iter().map(|consent| {
        let from = if consent.ip.is_empty() { String::new() } else { format!(" from {}", consent.ip) };
        view! {
            <li>
                <b>{consent.label}</b>
                <span class="mail-text">{consent.text}</span>
                <span class="sub">
                    "Agreed to on " {show::time(consent.at)} {from}
                    {format!(", by version {} of the form", consent.version)}
                </span>
            </li>
        }
    });
    let each = each.collect_view();
    (!none).then(|| view! { <h3>"Consents"</h3> <ul class="list">{each}</ul> }.into_any())
}

fn history(events: Vec<LeadEvent>) -> AnyView {
    if events.is_empty() {
        return view! {
            <Card title="History">
                <EmptyState glyph=Glyph::History title="Nothing yet" words="Each change of this lead shows here."/>
            </Card>
        }
        .into_any();
    }
    let each = events.into_iter().map(|event| {
        let way = event.from.zip(event.to).map(|(from, to)| {
            view! { <span class="row">{stage_pill(&from)} {icon(Glyph::ArrowRight)} {stage_pill(&to)}</span> }
        });
        let by = if event.by.is_empty() { String::new() } else { format!("{}, ", event.by) };
        let reason = (!event.reason.is_empty()).then(|| view! { <span class="mail-text">{event.reason}</span> });
        view! {
            <li>
                <span>{event.words}</span>
                {way}
                {reason}
                <span class="sub">{by}{show::time(event.at)}</span>
            </li>
        }
    });
    let each = each.collect_view();
    view! { <Card title="History"><ul class="list">{each}</ul></Card> }.into_any()
}
