use access::{Form, LazyPage, PostForm, Read, Result, read};
use domain::money::Money;
use domain::page::Page;
use domain::payments::{DraftRow, DraftSource, DraftStatus, DuePartner, LeftOut};
use leptos::prelude::*;
use leptos::server_fn::codec::GetUrl;
use leptos_meta::Title;
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use ui::{
    Amount, Button, ButtonKind, ButtonLink, Card, EmptyState, Glyph, Note, PageHead, Pagination, Pill, SkeletonTable,
    Table, Th, Tone, counted,
};

use super::CreateDraft;
use crate::show;

/// What the page shows.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Shown {
    /// Whose balance is due: a page of them.
    due: Page<DuePartner>,
    /// How many are below zero, where nobody is due.
    below_zero: i64,
    /// The batches that are prepared, or being processed: a page of them.
    drafts: Page<DraftRow>,
    /// Exports that are not recorded yet: a page of them.
    exports: Page<DraftRow>,
}

/// Where the pages of these lists begin, in the address.
const PREPARED: &str = "prepared";
const EXPORTS: &str = "exports";

/// A page of the partners whose balance is due, and the batches that wait. It asks for the password or second factor
/// first, so that nothing chosen is lost to that question.
#[server(prefix = "/fn", endpoint = "admin/pay", input = GetUrl)]
pub async fn read_due_partners(
    program: String,
    after: Option<String>,
    prepared: Option<String>,
    exports: Option<String>,
) -> Result<Shown> {
    access::answer(async {
        let mut asking = access::admin(&program).await?;
        asking.may(domain::accounts::Power::Pay)?;
        let (conn, moment, actor) = (&mut *asking.conn, &asking.moment, &asking.actor);
        // So many drafts are shown at once.
        const WAITING: u32 = 10;
        let page = |cursor, limit| domain::page::Paging { cursor, limit: Some(limit) };
        // Most programs choose from all at once.
        let due = engine::payments::due_partners(conn, moment, actor, None, &page(after, 200)).await?;
        let below_zero = if due.data.is_empty() { engine::payments::below_zero(conn, actor).await? } else { 0 };
        let drafts = engine::payments::drafts::list(conn, actor, false, &page(prepared, WAITING)).await?;
        let exports = engine::payments::drafts::list(conn, actor, true, &page(exports, WAITING)).await?;
        Ok(Shown { due, below_zero, drafts, exports })
    })
    .await
}

/// Where the page of those who are due begins, in the address.
const AFTER: &str = "after";

/// `/admin/{program}/pay`.
pub struct PayPage {
    found: Read<Shown>,
    create: Form<CreateDraft>,
}

impl LazyPage for PayPage {
    fn data() -> Self {
        let (program, address) = (show::program(), show::address());
        let found = read(move || {
            let of = |key| address.with(|address| show::value(address, key));
            ReadDuePartners { program: program.get(), after: of(AFTER), prepared: of(PREPARED), exports: of(EXPORTS) }
        });
        Self { found, create: Form::new() }
    }

    fn view(this: Self) -> AnyView {
        let PayPage { found, create } = this;
        view! {
            <Title text="Pay"/>
            <PageHead title="Pay">{report_link()}</PageHead>
            {show::wrong(create.beside(&[]))}
            {found.show(|| view! { <Card><SkeletonTable columns=5/></Card> }.into_any(), move |shown| page(shown, create))}
        }
        .into_any()
    }
}

/// Whoever pays by days and filters goes by the report.
fn report_link() -> AnyView {
    let href = format!("/admin/{}/reports/ledgers", show::program().get_untracked());
    view! { <ButtonLink href=href icon=Glyph::Book>"Partner ledgers"</ButtonLink> }.into_any()
}

fn page(shown: Shown, create: Form<CreateDraft>) -> AnyView {
    let Shown { due, below_zero, drafts, exports } = shown;
    let program = show::program().get_untracked();
    let shown = |page: &Page<DraftRow>, title, caption, key| {
        (!page.data.is_empty()).then(|| waiting(page.clone(), title, caption, key, &program))
    };
    let drafts = shown(&drafts, "Prepared", "Prepared payments", PREPARED);
    let exports = shown(&exports, "Exports to record", "Exported payments", EXPORTS);
    view! { {drafts}{exports}{choose(due, below_zero, create, &program)} }.into_any()
}

/// The batches that are prepared, or the exports.
fn waiting(
    drafts: Page<DraftRow>,
    title: &'static str,
    caption: &'static str,
    key: &'static str,
    program: &str,
) -> AnyView {
    let address = show::address().get_untracked();
    let first = address.get(key).map(|_| address.without(key).href());
    let next = drafts.next_cursor.as_ref().map(|cursor| address.with(key, cursor).href());
    let head = || {
        view! {
            <Th label="Batch"/>
            <Th label="Made by" wide=true/>
            <Th label="Status"/>
            <Th label="Payments" num=true wide=true/>
            <Th label="Total" num=true/>
        }
    };
    let rows = drafts.data.into_iter().map(|draft| {
        let href = format!("/admin/{program}/pay/{}", draft.id);
        let (words, by) = match draft.source {
            DraftSource::Export => {
                (format!("Record these payments, exported {}", show::instant(draft.reviewed_at)), draft.created_by)
            }
            DraftSource::Schedule => (draft.code, "The monthly run".to_owned()),
            DraftSource::Report => (draft.code, draft.created_by),
        };
        let tone = match draft.status {
            DraftStatus::Failed => Tone::Bad,
            DraftStatus::Processing => Tone::Accent,
            _ => Tone::Neutral,
        };
        let second = (draft.asks_for_two && draft.status.is_open()).then(|| match draft.approved_at {
            Some(_) => view! { <Pill tone=Tone::Good text="Agreed"/> }.into_any(),
            None => view! { <Pill tone=Tone::Warn text="Waits for a second person"/> }.into_any(),
        });
        // Of one that waits for that, or no more, nothing else need be said.
        let plain = second.is_some() && draft.status == DraftStatus::Open;
        let status = (!plain).then(|| view! { <Pill tone=tone text=draft.status.label()/>" " });
        let days = format!("{} – {}", show::day(draft.range.from), show::day(draft.range.to));
        view! {
            <tr>
                <td><a class="link" href=href>{words}</a><small>{days}</small></td>
                <td class="wide">{by}</td>
                <td>{status}{second}</td>
                <td class="num wide">{ui::grouped(draft.partners)}</td>
                <td class="num"><Amount value=draft.total strong=true/></td>
            </tr>
        }
    });
    let rows = rows.collect_view();
    view! {
        <Card title=title>
            <Table caption=caption head=head>{rows}</Table>
            <Pagination first=first next=next/>
        </Card>
    }
    .into_any()
}

fn choose(due: Page<DuePartner>, below_zero: i64, create: Form<CreateDraft>, program: &str) -> AnyView {
    let Page { data: partners, next_cursor } = due;
    let address = show::address().get_untracked();
    let first = address.get(AFTER).map(|_| address.without(AFTER).href());
    let next = next_cursor.map(|cursor| address.with(AFTER, &cursor).href());
    let more = (first.is_some() || next.is_some()).then(|| more(program));
    let Some(currency) = partners.first().map(|partner| partner.due.currency) else {
        let payments = format!("/admin/{program}/payments");
        let below = (below_zero > 0).then(|| {
            let report = format!("/admin/{program}/reports/ledgers?balance=negative");
            let are = if below_zero == 1 { "is" } else { "are" };
            let words = format!("{} {are} below zero", counted(below_zero, "partner"));
            view! { <Note><a class="link" href=report>{words}</a>": it is carried forward."</Note> }
        });
        return view! {
            {below}
            <Card>
                <EmptyState
                    glyph=Glyph::Bank
                    title="Nobody to pay now"
                    words="Partners show here once a commission of theirs is due: when its hold has ended."
                >
                    <ButtonLink href=payments>"Earlier payments"</ButtonLink>
                </EmptyState>
            </Card>
        }
        .into_any();
    };
    let payable: Vec<(String, Decimal)> = partners
        .iter()
        .filter(|row| row.left_out != Some(LeftOut::Frozen))
        .map(|row| (row.partner.code.clone(), row.due.amount))
        .collect();
    // Nobody is paid whom nobody chose.
    let chosen = RwSignal::new(BTreeSet::<String>::new());
    let usual: BTreeSet<String> =
        partners.iter().filter(|row| row.left_out.is_none()).map(|row| row.partner.code.clone()).collect();
    let everybody: BTreeSet<String> = payable.iter().map(|(code, _)| code.clone()).collect();
    let nobody = Signal::derive(move || chosen.with(BTreeSet::is_empty));
    // All who can be paid; where nobody can, all who may be paid all the same.
    let all = if usual.is_empty() { everybody } else { usual };
    let chosen_all = Signal::derive({
        let all = all.clone();
        move || chosen.with(|chosen| chosen.is_superset(&all))
    });
    let chosen_some = move || !nobody.get() && !chosen_all.get();
    let choose_all = move |_| {
        let all = all.clone();
        chosen.update(|chosen| if chosen.is_superset(&all) { chosen.clear() } else { chosen.extend(all) });
    };
    let sum = move || {
        let total = chosen.with(|chosen| {
            payable.iter().filter(|(code, _)| chosen.contains(code)).map(|(_, due)| *due).sum::<Decimal>()
        });
        Money::new(total, currency).to_string()
    };
    let count = move || chosen.with(|chosen| counted(i64::try_from(chosen.len()).unwrap_or(0), "partner"));
    let codes = move || chosen.with(|chosen| chosen.iter().cloned().collect::<Vec<_>>().join(","));
    let head = move || {
        view! {
            <th class="check" scope="col">
                <input type="checkbox" aria-label="Choose all" prop:checked=chosen_all prop:indeterminate=chosen_some on:change=choose_all/>
            </th>
            <Th label="Partner"/>
            <Th label="Payout method" wide=true/>
            <Th label="Held" num=true wide=true/>
            <Th label="Due" num=true/>
        }
    };
    let rows = partners.into_iter().map(|row| due_row(row, chosen, program)).collect_view();
    view! {
        <Card title="Whose balance is due">
            <Table caption="Partners with a balance that is due" head=head>{rows}</Table>
            <Pagination first=first next=next/>
            {more}
            <PostForm form=create class="form-actions between">
                {show::program_field()}
                <input type="hidden" name="asked[codes]" prop:value=codes/>
                <input type="hidden" name="basis" value="ending"/>
                <span class="sub">{count}" chosen, "<b>{sum}</b></span>
                <Button submit=true kind=ButtonKind::Primary disabled=nobody busy=create.pending()>"Review"</Button>
            </PostForm>
        </Card>
    }
    .into_any()
}

/// Where all are paid at once, when they are more than a page.
fn more(program: &str) -> AnyView {
    let report = format!("/admin/{program}/reports/ledgers?balance=positive");
    view! {
        <p class="sub">
            "Those whom you choose here are paid in a batch of their own. To pay all at once, go by the "
            <a class="link" href=report>"report of all balances above zero"</a>"."
        </p>
    }
    .into_any()
}

fn due_row(row: DuePartner, chosen: RwSignal<BTreeSet<String>>, program: &str) -> AnyView {
    let code = row.partner.code.clone();
    let label = format!("Choose {}", row.partner.name);
    let frozen = row.left_out == Some(LeftOut::Frozen);
    let tick = (!frozen).then(|| {
        let (ticked, toggled) = (code.clone(), code.clone());
        let toggle = move |_| {
            chosen.update(|chosen| {
                if !chosen.remove(&toggled) {
                    chosen.insert(toggled.clone());
                }
            });
        };
        view! {
            <input type="checkbox" aria-label=label prop:checked=move || chosen.with(|chosen| chosen.contains(&ticked)) on:change=toggle/>
        }
    });
    let why = row.left_out.map(|why| view! { <div class="row"><Pill tone=Tone::Warn text=why.label()/></div> });
    let method = if row.method.is_empty() { "Not chosen yet".to_owned() } else { row.method };
    view! {
        <tr>
            <td class="check">{tick}</td>
            <td>
                {show::partner_link(program, &row.partner)}
                <small>{code}</small>
                {why}
            </td>
            <td class="wide">{method}</td>
            <td class="num wide"><Amount value=row.held/></td>
            <td class="num"><Amount value=row.due strong=true/></td>
        </tr>
    }
    .into_any()
}
