//! A batch before it is processed: how it is calculated, whom it pays, whom it leaves out and why; and how far it is.

use access::{Form, LazyPage, PostForm, Read, Result, read_after};
use domain::ids::{DraftId, EnrollmentId};
use domain::money::Money;
use domain::partners::EnrollmentStatus;
use domain::payments::{
    DraftDetail, DraftGroup, DraftLine, DraftProgress, DraftRow, DraftSource, DraftStatus, LeftOut, PaymentBasis,
    PayoutKind,
};
use domain::reports::LedgersAsked;
use leptos::prelude::*;
use leptos::server_fn::codec::GetUrl;
use leptos_meta::Title;
use leptos_router::NavigateOptions;
use leptos_router::hooks::use_navigate;
use serde::{Deserialize, Serialize};
use std::time::Duration;
use ui::{
    Address, Amount, Button, ButtonKind, ButtonLink, Card, Choice, CloseButton, Dialog, DialogButton, Fact, Facts,
    Note, PageHead, Pill, Select, SkeletonCard, SkeletonTable, Tab, Table, Tabs, TextInput, Th, Tile, Tiles, Tone,
    counted, unless_zero,
};

use crate::show;

/// Prepares payments for the partners on the report, and goes to them.
#[server(prefix = "/fn", endpoint = "admin/pay/create")]
pub async fn create_draft(
    program: String,
    #[server(default)] asked: LedgersAsked,
    #[server(default)] basis: String,
) -> Result<()> {
    access::answer(async {
        let mut asking = access::admin(&program).await?;
        asking.may(domain::accounts::Power::Pay)?;
        let today = engine::reports::day(&asking.program, asking.moment.at)?;
        let query = asked.query(today).map_err(access::Error::Invalid)?;
        let basis: PaymentBasis = basis.parse().unwrap_or_default();
        let wanted = domain::payments::NewDraft { filter: query.filter, range: query.range, basis };
        let draft = engine::payments::drafts::make(&mut asking.conn, &asking.moment, &asking.actor, &wanted).await?;
        access::redirect(&format!("/admin/{program}/pay/{draft}"));
        Ok(())
    })
    .await
}

/// What the page shows.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Shown {
    detail: DraftDetail,
    /// Which partners are listed: those who are left out for this reason; `None`: those who are paid.
    left_out: Option<LeftOut>,
    progress: DraftProgress,
}

/// A draft, with a page of those whom it pays, or leaves out.
#[server(prefix = "/fn", endpoint = "admin/pay/draft", input = GetUrl)]
pub async fn read_draft(
    program: String,
    id: String,
    left_out: Option<String>,
    cursor: Option<String>,
) -> Result<Shown> {
    access::answer(async {
        let mut asking = access::admin(&program).await?;
        asking.may(domain::accounts::Power::Pay)?;
        let id: DraftId = id.parse().map_err(|_| access::Error::NotFound)?;
        let left_out = left_out.and_then(|word| word.parse().ok());
        let paging = domain::page::Paging { cursor, limit: None };
        let (conn, actor) = (&mut *asking.conn, &asking.actor);
        let mut detail = engine::payments::drafts::detail(conn, actor, id, left_out, &paging).await?;
        // The last of those who were left out for a reason is paid by now.
        let gone = left_out.is_some() && detail.groups.iter().all(|group| group.left_out != left_out);
        let left_out = left_out.filter(|_| !gone);
        if gone {
            detail = engine::payments::drafts::detail(conn, actor, id, None, &Default::default()).await?;
        }
        let progress = engine::payments::process::progress(conn, actor, id).await?;
        Ok(Shown { detail, left_out, progress })
    })
    .await
}

/// How far a draft is.
#[server(prefix = "/fn", endpoint = "admin/pay/draft/progress", input = GetUrl)]
pub async fn read_draft_progress(program: String, id: DraftId) -> Result<DraftProgress> {
    access::answer(async {
        let mut asking = access::admin(&program).await?;
        if !asking.actor.may(domain::accounts::Power::Pay) {
            return Err(access::Error::Forbidden);
        }
        Ok(engine::payments::process::progress(&mut asking.conn, &asking.actor, id).await?)
    })
    .await
}

/// What is changed of a draft for all of its partners, as a form sends it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DraftFields {
    basis: PaymentBasis,
    code: String,
    payment_date: String,
    #[serde(default)]
    method: String,
    #[serde(default)]
    note: String,
}

/// Changes a draft.
#[server(prefix = "/fn", endpoint = "admin/pay/draft/change")]
pub async fn change_draft(program: String, id: DraftId, draft: DraftFields) -> Result<()> {
    access::answer(async {
        let mut asking = access::admin(&program).await?;
        asking.may(domain::accounts::Power::Pay)?;
        let payment_date = draft.payment_date.trim().parse();
        let payment_date =
            payment_date.map_err(|_| access::Error::field("payment_date", "Use a date such as 2026-12-01."))?;
        let DraftFields { basis, code, method, note, .. } = draft;
        let input = domain::payments::DraftInput { basis, code, payment_date, method, note };
        let (conn, moment, actor) = (&mut *asking.conn, &asking.moment, &asking.actor);
        Ok(engine::payments::drafts::change(conn, moment, actor, id, &input).await?)
    })
    .await
}

/// Leaves a partner out, or pays one all the same.
#[server(prefix = "/fn", endpoint = "admin/pay/draft/decide")]
pub async fn decide_line(
    program: String,
    id: DraftId,
    partner: EnrollmentId,
    pay: bool,
    #[server(default)] reason: String,
) -> Result<()> {
    access::answer(async {
        let mut asking = access::admin(&program).await?;
        asking.may(domain::accounts::Power::Pay)?;
        let input = domain::payments::LineInput { partner, pay, reason };
        let (conn, moment, actor) = (&mut *asking.conn, &asking.moment, &asking.actor);
        Ok(engine::payments::drafts::decide(conn, moment, actor, id, &input).await?)
    })
    .await
}

/// What a button of the page does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DraftAct {
    /// Processes it.
    Process,
    /// Stops its processing.
    Cancel,
    /// Agrees to it as the second person.
    Approve,
    /// Reviews it again.
    Review,
    /// Leaves out of an export what was paid meanwhile.
    WithoutPaid,
    /// Gives it up.
    GiveUp,
}

/// Does what a button says.
#[server(prefix = "/fn", endpoint = "admin/pay/draft/act")]
pub async fn act_on_draft(program: String, id: DraftId, act: DraftAct) -> Result<()> {
    use engine::payments::{drafts, process};
    access::answer(async {
        let mut asking = access::admin(&program).await?;
        asking.may(domain::accounts::Power::Pay)?;
        let (conn, moment, actor) = (&mut *asking.conn, &asking.moment, &asking.actor);
        match act {
            DraftAct::Process => process::process(conn, moment, actor, id).await?,
            DraftAct::Cancel => process::cancel(conn, moment, actor, id).await?,
            DraftAct::Approve => drafts::approve(conn, moment, actor, id).await?,
            DraftAct::Review => drafts::review_again(conn, moment, actor, id).await?,
            DraftAct::WithoutPaid => drafts::without_paid(conn, moment, actor, id).await?,
            DraftAct::GiveUp => {
                drafts::give_up(conn, moment, actor, id).await?;
                access::redirect(&format!("/admin/{program}/pay"));
            }
        }
        Ok(())
    })
    .await
}

#[derive(Clone, Copy)]
struct Forms {
    change: Form<ChangeDraft>,
    decide: Form<DecideLine>,
    act: Form<ActOnDraft>,
    /// The partner about whom is decided: its id, its name, and why it is left out; it is then paid, and one who is paid is
    /// left out.
    line: RwSignal<Option<(EnrollmentId, String, Option<LeftOut>)>>,
    open: RwSignal<bool>,
    /// How often processing has ended: the page is read again.
    ended: RwSignal<usize>,
    /// Whether the page has shown it unprocessed: it then leads on to the batch.
    before: StoredValue<bool>,
    /// Whether the settings were changed since the preview was made.
    stale: RwSignal<bool>,
}

/// `/admin/{program}/pay/{id}`.
pub struct DraftPage {
    found: Read<Shown>,
    forms: Forms,
}

impl LazyPage for DraftPage {
    fn data() -> Self {
        let (program, id, address) = (show::program(), show::parameter("id"), show::address());
        let forms = Forms {
            change: Form::new(),
            decide: Form::new(),
            act: Form::new(),
            line: RwSignal::new(None),
            open: RwSignal::new(false),
            ended: RwSignal::new(0),
            before: StoredValue::new(false),
            stale: RwSignal::new(false),
        };
        forms.act.settled(|outcome| {
            if outcome.is_err() {
                to_top();
            }
        });
        forms.decide.settled(move |outcome| {
            if outcome.is_ok() {
                forms.open.set(false);
            }
        });
        let done = [show::done(forms.change), show::done(forms.decide)];
        let found = read_after(
            move || done.iter().map(|done| done.get()).sum::<usize>() + forms.act.answered() + forms.ended.get(),
            move || {
                let of = |key| address.with(|address| show::value(address, key));
                ReadDraft { program: program.get(), id: id.get(), left_out: of("left_out"), cursor: of("cursor") }
            },
        );
        Self { found, forms }
    }

    fn view(this: Self) -> AnyView {
        let DraftPage { found, forms } = this;
        show::tell(forms.change, "The preview is up to date");
        show::tell(forms.decide, "Changed");
        view! {
            <Title text="Create payments"/>
            {found.show(skeleton, move |shown| page(shown, forms))}
            {question(forms)}
        }
        .into_any()
    }
}

/// What went wrong stands at the top; who pressed stands at the foot.
fn to_top() {
    window().scroll_to_with_x_and_y(0.0, 0.0);
}

fn skeleton() -> AnyView {
    view! {
        <PageHead title="Create payments"/>
        <SkeletonCard lines=6/>
        <Card><SkeletonTable columns=6/></Card>
    }
    .into_any()
}

/// The dialog that asks why a partner is left out, or paid all the same.
fn question(forms: Forms) -> AnyView {
    let id = show::parameter("id");
    let of = move || forms.line.get();
    let partner = move || of().map(|(id, ..)| id.to_string()).unwrap_or_default();
    let pay = move || of().is_some_and(|(_, _, why)| why.is_some()).to_string();
    let words = move || {
        of().map(|(_, name, why)| match why {
            None => format!("{name} is left out of this batch. The reason may be left empty."),
            Some(LeftOut::Excluded) => format!("{name} is paid again, unless something else stands in the way."),
            Some(_) => format!("{name} is paid all the same."),
        })
    };
    view! {
        <Dialog id="decide" title="Pay this partner or not?" open=forms.open>
            <PostForm form=forms.decide class="form">
                <p>{words}</p>
                {show::program_field()}
                <input type="hidden" name="id" value=move || id.get()/>
                <input type="hidden" name="partner" prop:value=partner/>
                <input type="hidden" name="pay" prop:value=pay/>
                {show::wrong(forms.decide.beside(&["reason"]))}
                <TextInput id="reason" label="Reason" error=forms.decide.field("reason") help="Kept in the audit log; the partner doesn't read it."/>
                <div class="dialog-actions">
                    <CloseButton closes="decide"/>
                    <Button submit=true kind=ButtonKind::Primary busy=forms.decide.pending()>"Confirm"</Button>
                </div>
            </PostForm>
        </Dialog>
    }
    .into_any()
}

fn page(shown: Shown, forms: Forms) -> AnyView {
    let Shown { detail, left_out, progress } = shown;
    let DraftDetail { draft, groups, page, needs_approval, paid_meanwhile, may_approve, others } = detail;
    let (program, address) = (show::program().get_untracked(), show::address().get_untracked());
    let back = (format!("/admin/{program}/pay"), "Pay".to_owned());
    let editable = draft.status.is_open();
    let processing = (draft.status == DraftStatus::Processing).then(|| follow(&program, draft.id, progress, forms));
    // A small batch is over before the page is read again, and is then never seen processing.
    if let (DraftStatus::Processed, Some(batch), true) = (draft.status, draft.batch, forms.before.get_value()) {
        let (navigate, href) = (use_navigate(), format!("/admin/{program}/payments/{batch}"));
        Effect::new(move |_| navigate(&href, NavigateOptions::default()));
    }
    forms.before.set_value(draft.status != DraftStatus::Processed);
    let agreed = needs_approval.map(|above| {
        let words = format!(
            "Above {above} a second person must agree before it is processed: neither who made it nor who changed it last."
        );
        let who = if others.is_empty() {
            "Nobody else in the team may pay: an owner can invite somebody under Team.".to_owned()
        } else {
            format!("These may agree: {}.", others.join(", "))
        };
        let agree = may_approve.then(|| act(forms, draft.id, DraftAct::Approve, "Agree", ButtonKind::Plain));
        view! { <Note tone=Tone::Warn>{words}" "{who}" "{agree}</Note> }
    });
    let settings = editable.then(|| settings(draft.clone(), forms));
    let buttons = editable.then(|| buttons(&draft, needs_approval.is_some(), forms));
    let listed = lines(page, groups, left_out, editable, forms, &draft, &program, &address);
    view! {
        <PageHead title="Create payments" back=back/>
        {state(&draft, paid_meanwhile, &program, forms)}
        {show::wrong(forms.act.beside(&[]))}
        {processing}
        {agreed}
        {settings}
        {listed}
        {buttons}
        {facts(&draft, needs_approval.is_some())}
    }
    .into_any()
}

/// Whether it pays what is due at the moment of processing, whatever its days.
fn of_now(draft: &DraftRow) -> bool {
    draft.basis == PaymentBasis::Ending && draft.source != DraftSource::Export
}

/// A button that does something to the draft.
fn act(forms: Forms, id: DraftId, act: DraftAct, words: &'static str, kind: ButtonKind) -> AnyView {
    let word = match act {
        DraftAct::Process => "process",
        DraftAct::Cancel => "cancel",
        DraftAct::Approve => "approve",
        DraftAct::Review => "review",
        DraftAct::WithoutPaid => "without_paid",
        DraftAct::GiveUp => "give_up",
    };
    view! {
        <PostForm form=forms.act>
            {show::program_field()}
            <input type="hidden" name="id" value=id.to_string()/>
            <input type="hidden" name="act" value=word/>
            <Button submit=true kind=kind busy=forms.act.pending()>{words}</Button>
        </PostForm>
    }
    .into_any()
}

/// What became of it, where something did.
fn state(draft: &DraftRow, paid_meanwhile: bool, program: &str, forms: Forms) -> AnyView {
    let problem = draft.problem.clone();
    match draft.status {
        DraftStatus::Processed => {
            let href = draft.batch.map(|batch| format!("/admin/{program}/payments/{batch}"));
            let link = href.map(|href| view! { <ButtonLink href=href>"Open the batch"</ButtonLink> });
            view! { <div role="status"><Note tone=Tone::Good>"The payments are recorded. "{link}</Note></div> }
                .into_any()
        }
        DraftStatus::Cancelled => view! { <Note>"This batch was discarded."</Note> }.into_any(),
        DraftStatus::Failed => {
            let again = match (draft.source, paid_meanwhile) {
                (DraftSource::Export, false) => None,
                (DraftSource::Export, true) => Some((DraftAct::WithoutPaid, "Leave out what was paid meanwhile")),
                _ => Some((DraftAct::Review, "Review again")),
            };
            let again = again.map(|(does, words)| act(forms, draft.id, does, words, ButtonKind::Plain));
            view! { <div role="alert"><Note tone=Tone::Bad>{problem}" "{again}</Note></div> }.into_any()
        }
        DraftStatus::Open if !problem.is_empty() => view! { <Note>{problem}</Note> }.into_any(),
        DraftStatus::Open | DraftStatus::Processing => ().into_any(),
    }
}

fn facts(draft: &DraftRow, needs_approval: bool) -> AnyView {
    let from = match draft.source {
        DraftSource::Report => "The report",
        DraftSource::Export => "An export: what the file contained",
        DraftSource::Schedule => "The monthly run",
    };
    let maker = if draft.created_by.is_empty() { "The monthly run".to_owned() } else { draft.created_by.clone() };
    let changed = (!draft.changed_by.is_empty()).then(|| {
        let by = draft.changed_by.clone();
        view! { <Fact label="Last changed by">{by}</Fact> }
    });
    let agreed = match draft.approved_at {
        Some(at) => Some(view! { {draft.approved_by.clone()}", "{show::time(at)} }.into_any()),
        None => needs_approval.then(|| "Nobody yet".into_any()),
    };
    let agreed = agreed.map(|words| view! { <Fact label="Agreed to by">{words}</Fact> });
    let range = if of_now(draft) {
        "All until it is processed".to_owned()
    } else {
        format!("{} – {}", show::day(draft.range.from), show::day(draft.range.to))
    };
    let (basis, reviewed, code) = (draft.basis.label(), show::time(draft.reviewed_at), draft.code.clone());
    view! {
        <Card>
            <Facts>
                <Fact label="From">{from}</Fact>
                <Fact label="Days">{range}</Fact>
                <Fact label="Calculated as">{basis}</Fact>
                <Fact label="Reviewed">{reviewed}</Fact>
                <Fact label="Made by">{maker}</Fact>
                {changed}
                {agreed}
                <Fact label="Batch ID">{code}</Fact>
            </Facts>
        </Card>
    }
    .into_any()
}

/// How far it is, asked each second until it is over.
fn follow(program: &str, id: DraftId, progress: DraftProgress, forms: Forms) -> AnyView {
    let progress = RwSignal::new(progress);
    let over = Memo::new(move |_| progress.with(|progress| progress.status != DraftStatus::Processing));
    let program = program.to_owned();
    Effect::new(move |_| {
        if over.get() {
            forms.ended.update(|count| *count += 1);
            to_top();
        }
    });
    Effect::new(move |_| {
        if over.get() {
            return;
        }
        let program = program.clone();
        let look = move || {
            let request = ReadDraftProgress { program: program.clone(), id };
            leptos::task::spawn_local(async move {
                // What can't be asked now is asked again in a second.
                if let Ok(found) = access::ask(request).await {
                    let _ = progress.try_set(found);
                }
            });
        };
        let again = set_interval_with_handle(look, Duration::from_secs(1)).ok();
        on_cleanup(move || {
            if let Some(again) = again {
                again.clear();
            }
        });
    });
    let words = move || {
        progress.with(|progress| match (progress.status, progress.cancelling) {
            (DraftStatus::Processing, true) => "It is being stopped.".to_owned(),
            (DraftStatus::Processing, false) => {
                format!("{} of {} written.", counted(progress.done, "payment"), ui::grouped(progress.total))
            }
            _ if progress.problem.is_empty() => "It is recorded.".to_owned(),
            _ => progress.problem.clone(),
        })
    };
    let past = move || progress.with(|progress| progress.done.to_string());
    let total = move || progress.with(|progress| progress.total.to_string());
    view! {
        <Card title="Processing">
            <progress class="progress" max=total value=past aria-label="Progress"></progress>
            <p role="status">{words}</p>
            <p class="sub">"It goes on when you leave this page. Until it ends, it can be stopped: then nothing is recorded."</p>
            <div class="form-actions">{act(forms, id, DraftAct::Cancel, "Stop", ButtonKind::Danger)}</div>
        </Card>
    }
    .into_any()
}

/// What is asked once for all partners.
fn settings(draft: DraftRow, forms: Forms) -> AnyView {
    let form = forms.change;
    forms.stale.set(false);
    let changed = move |_| forms.stale.set(true);
    let chosen = RwSignal::new(draft.basis.as_str().to_owned());
    let bases = PaymentBasis::ALL.iter().map(|basis| Choice::new(basis.as_str(), basis.label())).collect();
    let exported = draft.source == DraftSource::Export;
    let help = Signal::derive(move || {
        let basis = chosen.with(|word| word.parse::<PaymentBasis>()).unwrap_or_default();
        if exported { "Of what the file contained: choose as you have paid." } else { basis.words() }.to_owned()
    });
    let mut methods = vec![Choice::new("", "Each partner's payout method")];
    methods.extend(PayoutKind::ALL.iter().map(|kind| Choice::new(kind.as_str(), kind.label())));
    if !draft.method.is_empty() && draft.method.parse::<PayoutKind>().is_err() {
        methods.push(Choice::new(&draft.method, &draft.method));
    }
    view! {
        <Card title="How are the payments calculated?">
            {show::wrong(form.beside(&["code", "payment_date", "method", "note"]))}
            <div on:input=changed><PostForm form=form class="form">
                {show::program_field()}
                <input type="hidden" name="id" value=draft.id.to_string()/>
                <Select id="basis" name="draft[basis]" label="Payment amount" choices=bases bind=chosen help=help/>
                <div class="form-row">
                    <Select id="method" name="draft[method]" label="Payment type" choices=methods value=draft.method.clone() error=form.field("method")/>
                    <TextInput id="code" name="draft[code]" label="Batch ID" value=draft.code.clone() required=true error=form.field("code")/>
                    <TextInput id="payment_date" name="draft[payment_date]" label="Payment date" kind="date" value=draft.payment_date.to_string() required=true error=form.field("payment_date")/>
                </div>
                <TextInput id="note" name="draft[note]" label="Note" value=draft.note.clone() optional=true error=form.field("note")/>
                <div class="form-actions">
                    <Button submit=true busy=form.pending()>"Update the preview"</Button>
                </div>
            </PostForm></div>
        </Card>
    }
    .into_any()
}

fn buttons(draft: &DraftRow, waits: bool, forms: Forms) -> AnyView {
    let id = draft.id;
    let (people, total) = (counted(draft.partners, "partner"), draft.total.to_string());
    let ready = draft.partners > 0 && !waits && draft.status == DraftStatus::Open;
    let process = ready.then(|| {
        let (title, words) = (format!("Pay {people}?"), format!("{total} is recorded as paid to {people}."));
        let button = view! { <DialogButton opens="process" kind=ButtonKind::Primary>"Process"</DialogButton> };
        let dialog = view! {
            <Dialog id="process" title=title>
                <p>{words}" The money itself goes by your bank or payment provider."</p>
                <div class="dialog-actions">
                    <CloseButton closes="process"/>
                    {act(forms, id, DraftAct::Process, "Process", ButtonKind::Primary)}
                </div>
            </Dialog>
        };
        (button, dialog)
    });
    let (button, dialog) = process.unzip();
    let button = button.map(|button| view! { <span hidden=move || forms.stale.get()>{button}</span> });
    let summary = if draft.partners == 0 {
        view! { <p>"Nobody can be paid as it is: the list above says why of each."</p> }.into_any()
    } else {
        view! { <p>{people}", "<b>{total}</b></p> }.into_any()
    };
    view! {
        <Card>
            {summary}
            <div hidden=move || !forms.stale.get() role="status">
                <Note tone=Tone::Warn>"The fields above were changed: update the preview before you process it."</Note>
            </div>
            <div class="form-actions">
                <DialogButton opens="give-up">"Discard"</DialogButton>
                {button}
            </div>
        </Card>
        {dialog}
        <Dialog id="give-up" title="Discard this batch?">
            <p>"Nobody is paid by it. What is due stays due."</p>
            <div class="dialog-actions">
                <CloseButton closes="give-up"/>
                {act(forms, id, DraftAct::GiveUp, "Discard", ButtonKind::Danger)}
            </div>
        </Dialog>
    }
    .into_any()
}

fn lines(
    page: domain::page::Page<DraftLine>,
    groups: Vec<DraftGroup>,
    left_out: Option<LeftOut>,
    editable: bool,
    forms: Forms,
    draft: &DraftRow,
    program: &str,
    address: &Address,
) -> AnyView {
    let paid = groups.iter().find(|group| group.left_out.is_none());
    let of = |why: Option<LeftOut>| groups.iter().find(|group| group.left_out == why);
    let out: i64 = groups.iter().filter(|group| group.left_out.is_some()).map(|group| group.partners).sum();
    let told = |money: Option<Money>, what: &str| {
        let money = money.filter(|money| !money.amount.is_zero());
        money.map(|money| format!("{money} {what}")).unwrap_or_default()
    };
    let added = told(paid.map(|group| group.added), "came after the review");
    let before = told(paid.map(|group| group.already_paid), "already paid");
    let (amount, people) = (draft.total.to_string(), counted(draft.partners, "partner"));
    let out = counted(out, "partner");
    let tiles = view! {
        <Tiles>
            <Tile label="To be paid" value=amount note=added/>
            <Tile label="Partners" value=people note=before/>
            <Tile label="Left out" value=out/>
        </Tiles>
    };
    let below = paid.filter(|group| group.below_zero > 0).map(|group| {
        let words = format!(
            "{} would be left with a balance below zero: clawbacks and corrections that this calculation leaves aside. It is carried forward.",
            counted(group.below_zero, "partner")
        );
        view! { <Note tone=Tone::Warn>{words}</Note> }
    });
    let aside = of(left_out).and_then(|group| stays(group.clawbacks, group.adjustments));
    let aside =
        aside.map(|words| view! { <p class="sub">"In all, "{words}": this calculation leaves them aside."</p> });
    let plain = address.without("left_out").without("cursor");
    let tab = |why: LeftOut| {
        of(Some(why)).map(|group| {
            let (href, count) = (plain.with("left_out", why.as_str()).href(), group.partners);
            view! { <Tab href=href label=why.label() count=count current={left_out == Some(why)}/> }
        })
    };
    let tabs = LeftOut::ALL.iter().copied().filter_map(tab).collect_view();
    let count = paid.map_or(0, |group| group.partners);
    let total = of(left_out).map(|group| group.partners);
    let pages = show::pages(&page, total, address);
    let figure = if of_now(draft) { "Balance" } else { "By the report" };
    let head = move || {
        view! {
            <Th label="Partner"/>
            <Th label="Payout method" wide=true/>
            <Th label=figure num=true wide=true/>
            <Th label="Already paid" num=true wide=true/>
            <Th label="Payment" num=true/>
            <Th label="Balance after" num=true wide=true/>
            {editable.then(|| view! { <Th label="Actions" quiet=true/> })}
        }
    };
    let words = left_out.map(|why| view! { <p class="sub">{why.words()}</p> });
    let nobody = page.data.is_empty().then(|| view! { <p class="sub">"Nobody."</p> });
    let rows = page.data.into_iter().map(|line| row(line, editable, forms, program)).collect_view();
    let (all, unfiltered) = (plain.href(), left_out.is_none());
    let caption = if unfiltered { "Payments to be recorded" } else { "Partners who are left out" };
    view! {
        {tiles}
        {below}
        <Tabs label="Who is paid, and who is left out">
            <Tab href=all label="To be paid" count=count current=unfiltered/>
            {tabs}
        </Tabs>
        <Card title="Preview">
            {words}
            {aside}
            <Table caption=caption head=head>{rows}</Table>
            {nobody}
            {pages}
        </Card>
    }
    .into_any()
}

/// What a calculation leaves aside, in words: `−€5.00 of clawbacks and €10.00 of adjustments stay`.
fn stays(clawbacks: Money, adjustments: Money) -> Option<String> {
    let of = |money: Money, what| (!money.amount.is_zero()).then(|| format!("{money} of {what}"));
    let parts: Vec<_> = [of(clawbacks, "clawbacks"), of(adjustments, "adjustments")].into_iter().flatten().collect();
    (!parts.is_empty()).then(|| format!("{} stay", parts.join(" and ")))
}

fn row(line: DraftLine, editable: bool, forms: Forms, program: &str) -> AnyView {
    let method = if line.method.is_empty() { "Not chosen yet".to_owned() } else { line.method };
    let reason = (!line.reason.is_empty()).then(|| view! { <small>{line.reason.clone()}</small> });
    let added = (!line.added.amount.is_zero()).then(|| {
        let words = format!("{} came after the review", line.added);
        view! { <small>{words}</small> }
    });
    let aside = stays(line.clawbacks, line.adjustments).map(|words| view! { <small>{words}</small> });
    let out = line.left_out.is_some();
    let taken_back = (!out && !line.taken_back.amount.is_zero()).then(|| {
        let words = format!("{} taken back of it", line.taken_back);
        view! { <small>{words}</small> }
    });
    // Who is left out gets nothing, and keeps the balance.
    let payment = if out {
        let open = (line.amount.amount > rust_decimal::Decimal::ZERO).then(|| {
            let words = format!("{} is open", line.amount);
            view! { <small>{words}</small> }
        });
        view! { "–"{open} }.into_any()
    } else {
        view! { <Amount value=line.amount strong=true/> }.into_any()
    };
    let banned =
        (!out && line.status == EnrollmentStatus::Banned).then(|| view! { <Pill tone=Tone::Bad text="Banned"/> });
    let below = line.after.amount.is_sign_negative() && !line.after.amount.is_zero();
    let below = (below && line.left_out.is_none()).then(|| view! { <Pill tone=Tone::Warn text="Below zero"/> });
    let (id, name) = (line.partner.id, line.partner.name.clone());
    let may = line.left_out.is_none_or(LeftOut::may_be_overridden);
    let why = line.left_out;
    let acts = editable.then(|| {
        let button = may.then(|| {
            let (words, label) = if why.is_some() {
                ("Pay all the same", format!("Pay all the same: {name}"))
            } else {
                ("Leave out", format!("Leave out {name}"))
            };
            let choose = move |()| {
                forms.decide.clear();
                forms.line.set(Some((id, name.clone(), why)));
                forms.open.set(true);
            };
            view! { <Button kind=ButtonKind::Quiet on_click=choose label=label>{words}</Button> }
        });
        view! { <td class="row-actions">{button}</td> }
    });
    view! {
        <tr>
            <td>
                {show::partner_link(program, &line.partner)}" "{banned}
                <small>{line.partner.code.clone()}</small>
                <small class="narrow">{method.clone()}" · balance after: "{line.after.to_string()}</small>
                {reason}
            </td>
            <td class="wide">{method}</td>
            <td class="num wide"><Amount value=line.figure/></td>
            <td class="num wide">{unless_zero(line.already_paid)}</td>
            <td class="num">{payment}" "{below}{taken_back}{added}</td>
            <td class="num wide"><Amount value=line.after/>{aside}</td>
            {acts}
        </tr>
    }
    .into_any()
}
