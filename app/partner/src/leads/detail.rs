//! One lead: what was filled in, where it stands, and what happened to it.

use access::{Form, LazyPage, PostForm, Read, Result, UPLOAD_LEAD_FILE, Upload, UploadForm, read};
use domain::conversations::Conversation;
use domain::files::DOWNLOADS;
use domain::ids::{EnrollmentId, FileId, LeadId};
use domain::leads::{LeadDetail, LeadEvent, LeadFile, Stage};
use domain::money::Currency;
use domain::time::Zone;
use leptos::prelude::*;
use leptos::server_fn::codec::GetUrl;
use leptos_meta::Title;
use leptos_router::hooks::use_params_map;
use serde::{Deserialize, Serialize};
use ui::{
    Amount, Button, ButtonKind, ButtonLink, Card, Dialog, DialogButton, EmptyState, Fact, Facts, FileInput, Glyph,
    Note, PageHead, SkeletonCard, answers_list, latest_messages, lead_earned, stage_pill, use_toasts,
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
    /// The conversation about it, where there is one.
    conversation: Option<Conversation>,
}

/// A lead of the partner who asks.
#[server(prefix = "/fn", endpoint = "partner/leads/one", input = GetUrl)]
pub async fn read_lead(program: String, id: String) -> Result<Shown> {
    access::answer(async {
        let mut asking = access::partner(&program, domain::portal::PortalPage::Leads).await?;
        let id: LeadId = id.parse().map_err(|_| access::Error::NotFound)?;
        let lead = engine::leads::detail(&mut asking.conn, &asking.moment, &asking.actor, id).await?;
        let zone = engine::programs::zone(&asking.program.time_zone, asking.moment.at)?;
        let writes = asking.seat.shown.contains(&domain::portal::PortalPage::Messages);
        let of_lead =
            if writes { engine::conversations::of_lead(&mut asking.conn, &asking.actor, id).await? } else { None };
        let conversation = match of_lead {
            Some(id) => Some(engine::conversations::thread(&mut asking.conn, &asking.actor, id, None).await?),
            None => None,
        };
        Ok(Shown { partner: asking.partner.id, lead, currency: asking.program.currency, zone, conversation })
    })
    .await
}

/// Takes a lead back.
#[server(prefix = "/fn", endpoint = "partner/leads/withdraw")]
pub async fn withdraw_lead(program: String, partner: EnrollmentId, id: LeadId) -> Result<()> {
    access::answer(async {
        let mut asking = access::this_partner(&program, partner, domain::portal::PortalPage::Leads).await?;
        let mut tx = access::begin(&mut asking.conn).await?;
        engine::leads::withdraw(&mut tx, &asking.moment, &asking.actor, id).await?;
        Ok(tx.commit().await?)
    })
    .await
}

/// Takes a file away that the partner has attached.
#[server(prefix = "/fn", endpoint = "partner/leads/detach")]
pub async fn detach_file(program: String, partner: EnrollmentId, id: LeadId, file: FileId) -> Result<()> {
    access::answer(async {
        let mut asking = access::this_partner(&program, partner, domain::portal::PortalPage::Leads).await?;
        let mut tx = access::begin(&mut asking.conn).await?;
        engine::leads::detach(&mut tx, &asking.moment, &asking.actor, id, file).await?;
        Ok(tx.commit().await?)
    })
    .await
}

/// What is done on the page.
#[derive(Clone, Copy)]
struct Acts {
    withdraw: Form<WithdrawLead>,
    attach: Upload,
    detach: Form<DetachFile>,
}

/// `/p/{program}/leads/{id}`.
pub struct LeadPage(Read<Shown>, Acts);

impl LazyPage for LeadPage {
    fn data() -> Self {
        let (program, params) = (show::program(), use_params_map());
        let found = read(move || ReadLead {
            program: program.get(),
            id: params.with(|params| params.get("id").unwrap_or_default()),
        });
        let acts = Acts { withdraw: Form::new(), attach: Upload::new(UPLOAD_LEAD_FILE), detach: Form::new() };
        // What was chosen for one lead, and went wrong with it, is not the next one's.
        Effect::new(move |_| {
            params.with(|_| ());
            acts.withdraw.clear();
            acts.attach.clear();
            acts.detach.clear();
        });
        Self(found, acts)
    }

    fn view(this: Self) -> AnyView {
        let Self(found, acts) = this;
        let toasts = use_toasts();
        let settled = move |outcome: Result<()>, words: &'static str| {
            if outcome.is_ok() {
                toasts.say(words);
                found.again();
            }
        };
        acts.withdraw.settled(move |outcome| {
            if outcome.is_ok() {
                ui::close_dialog("withdraw");
            }
            settled(outcome, "The lead is taken back");
        });
        acts.attach.settled(move |outcome| settled(outcome, "The file is attached"));
        acts.detach.settled(move |outcome| settled(outcome, "The file is taken away"));
        view! {
            <Title text="Lead"/>
            {found.show(skeleton, move |shown| page(shown, acts))}
        }
        .into_any()
    }
}

fn skeleton() -> AnyView {
    view! { <PageHead title="Lead"/><SkeletonCard lines=4/><SkeletonCard lines=6/> }.into_any()
}

fn page(shown: Shown, acts: Acts) -> AnyView {
    let Shown { partner, lead, currency, zone, conversation } = shown;
    let program = show::program().get_untracked();
    let LeadDetail {
        row,
        lead_type,
        form: filled,
        answers,
        created_at,
        reason,
        customer_name,
        events,
        consents,
        files,
        may_edit,
        commissions,
        unearned,
        ..
    } = lead;
    let base = format!("/p/{program}/leads/{}", row.id);
    let has_earned = !commissions.is_empty() || !unearned.is_empty();
    let back = (format!("/p/{program}/leads"), "Leads".to_owned());
    let writes = show::shows(domain::portal::PortalPage::Messages);
    let thread = conversation.as_ref().map(|conversation| format!("/p/{program}/messages/{}", conversation.row.id));
    let ask = writes.then(|| {
        let href = match thread.clone() {
            Some(href) => href,
            None => format!("/p/{program}/messages/new?lead={}", row.id),
        };
        view! { <ButtonLink href=href icon=Glyph::Mail>"Ask about this"</ButtonLink> }
    });
    // What has earned something stays.
    let may_withdraw = !commissions.iter().any(|earned| earned.lead.is_some());
    let actions = may_edit.then(|| {
        view! {
            <ButtonLink href=format!("{base}/edit") icon=Glyph::Edit label="Edit"/>
            {may_withdraw.then(|| view! { <DialogButton opens="withdraw">"Take back"</DialogButton> })}
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
    // A won lead stands among the customers, by its e-mail.
    let won = row.customer.is_some() || row.stage.kind == Stage::ClosedWon && !row.withdrawn;
    let customer = won.then(|| {
        let known = if customer_name.is_empty() { row.email.clone() } else { customer_name };
        let shown = if show::shows(domain::portal::PortalPage::Customers) && !row.email.is_empty() {
            let href = format!("/p/{program}/customers?q={}", access::escape(&row.email));
            view! { <a class="link" href=href>{known}</a> }.into_any()
        } else {
            known.into_any()
        };
        view! { <Fact label="Customer">{shown}</Fact> }
    });
    let messages = conversation.zip(thread).filter(|_| writes);
    let messages = messages
        .map(|(conversation, href)| latest_messages(conversation, href, |message| show::instant(&zone, message.at)));
    let earned = lead_earned(commissions, unearned);
    let consents = consents.into_iter().map(|consent| {
        let at = show::instant(&zone, consent.at);
        view! { <Fact label=consent.label><span class="lines">{consent.text}</span><small class="sub">{format!("Agreed to on {at}")}</small></Fact> }
    });
    let consents = consents.collect_view();
    let lead_type = (!lead_type.is_empty()).then(|| view! { <Fact label="Type">{lead_type}</Fact> });
    let title = called(&row);
    let filled = if answers.email.is_empty() {
        view! { <EmptyState glyph=Glyph::Lock title="Erased" words="The personal data of this lead was erased."/> }
            .into_any()
    } else {
        answers_list(&filled, &answers, currency)
    };
    let history = events.iter().map(|event| happened(event, &zone)).collect_view();
    let added = show::instant(&zone, created_at);
    let outcome = if row.withdrawn { "Taken back" } else { row.outcome.label() };
    let withdrawing = withdraw(acts.withdraw, &program, partner, row.id);
    let files = files_card(acts, &program, partner, row.id, files, !row.withdrawn && !answers.email.is_empty());
    view! {
        <PageHead title=title back=back>{ask}{actions}</PageHead>
        {ui::wrong(acts.withdraw.beside(&[]))}
        {withdrawn}
        <div class="cols">
            <div class="col">
                <Card title="What you filled in">
                    {filled}
                    <Facts>{consents}</Facts>
                </Card>
                {messages}
                {files}
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
                        {lead_type}
                        <Fact label="Added">{added}</Fact>
                    </Facts>
                </Card>
                {has_earned.then(|| view! { <Card title="Commission">{earned}</Card> })}
                <Card title="History"><ol class="history">{history}</ol></Card>
            </div>
        </div>
        {withdrawing}
    }
    .into_any()
}

/// The files at the lead, and where one is attached.
fn files_card(
    acts: Acts,
    program: &str,
    partner: EnrollmentId,
    lead: LeadId,
    files: Vec<LeadFile>,
    may_attach: bool,
) -> AnyView {
    if files.is_empty() && !may_attach {
        return ().into_any();
    }
    let list = files.into_iter().map(|file| {
        let href = format!("/p/{program}/leads/{lead}/files/{}", file.id);
        let whose = show::whose(program, partner);
        let remove = (file.own && may_attach).then(|| {
            let (label, dialog) = (format!("Take {} away", file.name), format!("detach-{}", file.id));
            let title = format!("{label}?");
            view! {
                <DialogButton opens=dialog.clone() kind=ButtonKind::Quiet icon=Glyph::Trash label=label/>
                <Dialog id=dialog.clone() title=title>
                    <PostForm form=acts.detach>
                        {whose}
                        <input type="hidden" name="id" value=lead.to_string()/>
                        <input type="hidden" name="file" value=file.id.to_string()/>
                        <p>"The file is deleted, for the team too."</p>
                        <div class="dialog-actions">
                            <ui::CloseButton closes=dialog label="Keep it"/>
                            <Button kind=ButtonKind::Danger submit=true busy=acts.detach.pending()>"Take it away"</Button>
                        </div>
                    </PostForm>
                </Dialog>
            }
        });
        let line = view! {
            <li class="between">
                <span><a class="link" href=href download="">{file.name}</a><span class="sub">{format!(" {}, {}", file.size, file.by)}</span></span>
                {remove}
            </li>
        };
        // Its dialog goes with it.
        ui::anew(file.id, line)
    });
    let list = list.collect_view();
    let attach = may_attach.then(|| {
        let whose = show::whose(program, partner);
        view! {
            {ui::wrong(acts.attach.beside(&["file"]))}
            <UploadForm fresh=true form=acts.attach program=program.to_owned() class="form">
                {whose}
                <input type="hidden" name="lead" value=lead.to_string()/>
                <FileInput id="lead-file" name="file" label="Attach a file" accept=DOWNLOADS help="PDF, office, CSV, text, ZIP, MP4 or image, at most 20 MB. The team sees it." required=true error=acts.attach.field("file") progress=acts.attach.progress()/>
                <div class="form-actions"><Button submit=true busy=acts.attach.pending()>"Attach"</Button></div>
            </UploadForm>
        }
    });
    view! { <Card title="Files"><ul class="list">{list}</ul>{attach}</Card> }.into_any()
}

fn happened(event: &LeadEvent, zone: &Zone) -> AnyView {
    let by = if event.by.is_empty() { String::new() } else { format!(", {}", event.by) };
    let when = format!("{}{by}", show::instant(zone, event.at));
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
