//! Every commission of the program: filters, and the team's judgement.

use access::{Form, LazyPage, PostForm, Read, Result, read_after};
use domain::commissions::CommissionStatus;
use domain::ids::CommissionId;
use domain::reports::{CommissionRow, CommissionTotals, LineState, Listed, Order};
use leptos::prelude::*;
use leptos::server_fn::codec::GetUrl;
use leptos_meta::Title;
use serde::{Deserialize, Serialize};
use ui::{
    Address, Amount, Button, ButtonKind, Card, Choice, CloseButton, Dialog, EmptyState, Glyph, PageHead, Pill,
    SearchInput, Select, SkeletonTable, Table, TextInput, Th, Why, commission_tone, orders, unless_zero,
};

use crate::show;

/// What the page shows.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Shown {
    listed: Listed<CommissionRow, CommissionTotals>,
    /// Whether the asker may approve and reverse.
    judges: bool,
}

/// What the address asks for.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Asked {
    status: Option<String>,
    partner_code: Option<String>,
    from: Option<String>,
    to: Option<String>,
    q: Option<String>,
    order: Option<String>,
    cursor: Option<String>,
}

/// A page of a program's commissions.
#[server(prefix = "/fn", endpoint = "admin/commissions", input = GetUrl)]
pub async fn read_commissions(program: String, #[server(default)] asked: Asked) -> Result<Shown> {
    access::answer(async {
        let mut asking = access::admin(&program).await?;
        let filter = domain::reports::CommissionFilter {
            status: asked.status.and_then(|word| word.parse().ok()),
            partner_code: asked.partner_code.filter(|code| !code.trim().is_empty()),
            from: asked.from.and_then(|day| day.parse().ok()),
            to: asked.to.and_then(|day| day.parse().ok()),
            search: asked.q.filter(|text| !text.trim().is_empty()),
            reason: None,
            order: asked.order.and_then(|word| word.parse().ok()).unwrap_or_default(),
        };
        let paging = domain::page::Paging { cursor: asked.cursor, limit: None };
        let listed = engine::reports::commissions(&mut asking.conn, &asking.actor, &filter, &paging).await?;
        Ok(Shown { listed, judges: asking.actor.may(domain::accounts::Power::JudgeCommissions) })
    })
    .await
}

/// Approves a commission in review: it is due when its hold, counted from the sale, has ended.
#[server(prefix = "/fn", endpoint = "admin/commissions/approve")]
pub async fn approve_commission(program: String, id: CommissionId) -> Result<()> {
    access::answer(async {
        let mut asking = access::admin(&program).await?;
        asking.may(domain::accounts::Power::JudgeCommissions)?;
        let mut tx = access::begin(&mut asking.conn).await?;
        engine::commissions::approve(&mut tx, &asking.moment, &asking.actor, id).await?;
        Ok(tx.commit().await?)
    })
    .await
}

/// Takes back what is left of a commission, for a reason.
#[server(prefix = "/fn", endpoint = "admin/commissions/reverse")]
pub async fn reverse_commission(program: String, id: CommissionId, reason: String) -> Result<()> {
    access::answer(async {
        let mut asking = access::admin(&program).await?;
        asking.may(domain::accounts::Power::JudgeCommissions)?;
        let mut tx = access::begin(&mut asking.conn).await?;
        engine::commissions::reverse(&mut tx, &asking.moment, &asking.actor, id, &reason).await?;
        Ok(tx.commit().await?)
    })
    .await
}

/// `/admin/{program}/commissions`.
pub struct CommissionsPage {
    found: Read<Shown>,
    judging: Judging,
}

/// The two acts on a commission, and the ones that are being confirmed.
#[derive(Clone, Copy)]
pub(crate) struct Judging {
    approve: Form<ApproveCommission>,
    reverse: Form<ReverseCommission>,
    approving: RwSignal<Option<CommissionRow>>,
    reversing: RwSignal<Option<CommissionRow>>,
    /// Whether the dialog of the one and of the other is open.
    open: (RwSignal<bool>, RwSignal<bool>),
}

impl Judging {
    /// At the top of a page.
    pub(crate) fn new() -> Self {
        let (approve, reverse) = (Form::new(), Form::new());
        let open = (RwSignal::new(false), RwSignal::new(false));
        show::tell(approve, "Commission approved");
        show::tell(reverse, "Commission reversed");
        approve.settled(move |_| {
            show::Acts::another();
            open.0.set(false);
        });
        reverse.settled(move |outcome| {
            show::Acts::another();
            if outcome.is_ok() {
                open.1.set(false);
            }
        });
        Self { approve, reverse, approving: RwSignal::new(None), reversing: RwSignal::new(None), open }
    }

    /// Changes with every act: what is shown must be read again.
    pub(crate) fn version(self) -> usize {
        self.approve.answered() + self.reverse.answered()
    }

    /// The buttons beside a commission.
    pub(crate) fn buttons(self, row: &CommissionRow) -> AnyView {
        let amount = row.amount;
        let approve = (row.status == CommissionStatus::Review).then(|| {
            let chosen = row.clone();
            let choose = move |()| {
                self.approving.set(Some(chosen.clone()));
                self.open.0.set(true);
            };
            view! {
                <Button on_click=choose label=format!("Approve the commission of {amount}")>
                    "Approve"
                </Button>
            }
        });
        let reverse = (row.status != CommissionStatus::Reversed).then(|| {
            let chosen = row.clone();
            let choose = move |()| {
                self.reversing.set(Some(chosen.clone()));
                self.open.1.set(true);
            };
            view! {
                <Button kind=ButtonKind::Quiet on_click=choose label=format!("Reverse the commission of {amount}")>
                    "Reverse"
                </Button>
            }
        });
        view! { <div class="row">{approve}{reverse}</div> }.into_any()
    }

    /// The dialogs that say what an approval does, and ask for the reason of a reversal; once on a page.
    pub(crate) fn dialog(self) -> AnyView {
        view! {
            {self.ask_to_approve()}
            {self.ask_to_reverse()}
        }
        .into_any()
    }

    fn ask_to_approve(self) -> AnyView {
        let (approving, open) = (self.approving, self.open.0);
        let words = move || {
            approving.get().map(|row| {
                format!(
                    "{} is owed to {}, and due once its hold has ended. They are told by mail, where they want that.",
                    row.amount, row.partner.name
                )
            })
        };
        let id = move || approving.get().map(|row| row.id.to_string());
        view! {
            <Dialog id="approve" title="Approve this commission?" open=open>
                <PostForm form=self.approve class="form">
                    <p>{words}</p>
                    <p>"What was found suspicious about it holds nothing of this customer again. You can still reverse it."</p>
                    {show::program_field()}
                    <input type="hidden" name="id" prop:value=id/>
                    <div class="dialog-actions">
                        <CloseButton closes="approve"/>
                        <Button submit=true kind=ButtonKind::Primary busy=self.approve.pending()>"Approve"</Button>
                    </div>
                </PostForm>
            </Dialog>
        }
        .into_any()
    }

    fn ask_to_reverse(self) -> AnyView {
        let (reversing, open) = (self.reversing, self.open.1);
        let words = move || {
            reversing.get().map(|row| {
                let left = domain::money::Money::new(row.amount.amount - row.clawed_back.amount, row.amount.currency);
                format!("This takes {left} back from {}. If it was paid already, their balance carries it forward. It can't be undone.", row.partner.name)
            })
        };
        let id = move || reversing.get().map(|row| row.id.to_string());
        view! {
            <Dialog id="reverse" title="Reverse this commission?" open=open>
                <PostForm form=self.reverse class="form">
                    <p>{words}</p>
                    {show::program_field()}
                    <input type="hidden" name="id" prop:value=id/>
                    <TextInput id="reason" label="Reason" required=true error=self.reverse.field("reason")
                        help="For the team alone; the partner sees that it was reversed."/>
                    <div class="dialog-actions">
                        <CloseButton closes="reverse"/>
                        <Button submit=true kind=ButtonKind::Danger busy=self.reverse.pending()>"Reverse"</Button>
                    </div>
                </PostForm>
            </Dialog>
        }
        .into_any()
    }
}

impl LazyPage for CommissionsPage {
    fn data() -> Self {
        let (program, address) = (show::program(), show::address());
        let judging = Judging::new();
        let found = read_after(
            move || judging.version(),
            move || {
                let asked = address.with(|address| {
                    let of = |key| show::value(address, key);
                    Asked {
                        status: of("status"),
                        partner_code: of("partner_code"),
                        from: of("from"),
                        to: of("to"),
                        q: of("q"),
                        order: of("order"),
                        cursor: of("cursor"),
                    }
                });
                ReadCommissions { program: program.get(), asked }
            },
        );
        Self { found, judging }
    }

    fn view(this: Self) -> AnyView {
        let CommissionsPage { found, judging } = this;
        let address = show::address();
        provide_context(judging);
        view! {
            <Title text="Commissions"/>
            <PageHead title="Commissions">{show::download("commissions")}</PageHead>
            {move || filters(&address.get())}
            {found.show(|| view! { <Card><SkeletonTable columns=6/></Card> }.into_any(), list)}
            {judging.dialog()}
        }
        .into_any()
    }
}

fn filters(address: &Address) -> AnyView {
    let statuses = std::iter::once(Choice::new("", "Any status"))
        .chain(CommissionStatus::ALL.iter().map(|status| Choice::new(status.as_str(), status.label())))
        .collect();
    let of = |key: &str| address.get(key).unwrap_or_default().to_owned();
    view! {
        <form class="filters" method="get" action=address.path().to_owned()>
            <SearchInput id="q" label="Search customers and leads" name="q" value=of("q")/>
            <TextInput id="partner_code" label="Partner code" placeholder="Partner code" value=of("partner_code")/>
            <Select id="status" label="Status" choices=statuses value=of("status")/>
            <TextInput id="from" label="From" kind="date" value=of("from")/>
            <TextInput id="to" label="To" kind="date" value=of("to")/>
            <Select id="order" label="Order" choices=orders(Order::ALL) value=of("order")/>
            <Button submit=true>"Show"</Button>
        </form>
    }
    .into_any()
}

fn list(shown: Shown) -> AnyView {
    let address = show::address().get_untracked();
    let Shown { listed: Listed { page, totals }, judges } = shown;
    if page.data.is_empty() {
        if show::filtered(&address, &["status", "partner_code", "from", "to", "q", "cursor"]) {
            return show::nothing_found(&address);
        }
        return view! {
            <Card>
                <EmptyState
                    glyph=Glyph::Receipt
                    title="No commissions yet"
                    words="When a partner's customer signs up or buys, or a lead is qualified or won, what the partner earns shows here, with the reason."
                />
            </Card>
        }
        .into_any();
    }
    let foot = move || {
        view! {
            <td>"Total"</td>
            <td class="under"></td>
            <td class="under"></td>
            <td class="num wide"></td>
            <td class="num"><Amount value=totals.amount strong=true/></td>
            <td class="num wide">{unless_zero(totals.clawed_back)}</td>
            {judges.then(|| view! { <td class="under"></td> })}
        }
    };
    let pages = show::pages(&page, Some(totals.count), &address);
    view! {
        <Card>
            {table(page.data, judges, Some(foot))}
            {pages}
        </Card>
    }
    .into_any()
}

/// Commissions as a table, with the buttons to judge them where the asker may.
pub(crate) fn table<F, V>(rows: Vec<CommissionRow>, judges: bool, foot: Option<F>) -> AnyView
where
    F: Fn() -> V + Send + Sync + 'static,
    V: IntoView + 'static,
{
    let program = show::program().get_untracked();
    let head = move || {
        view! {
            <Th label="Customer or lead"/>
            <Th label="Partner" under=true/>
            <Th label="Status" under=true/>
            <Th label="Base" num=true wide=true/>
            <Th label="Commission" num=true/>
            <Th label="Taken back" num=true wide=true/>
            {judges.then(|| view! { <Th label="Actions" quiet=true under=true/> })}
        }
    };
    let rows = rows.into_iter().map(|commission| row(commission, &program, judges)).collect_view();
    match foot {
        Some(foot) => {
            view! { <Table caption="Commissions" head=head phone_columns=2 foot=move || foot().into_any()>{rows}</Table> }.into_any()
        }
        None => view! { <Table caption="Commissions" head=head phone_columns=2>{rows}</Table> }.into_any(),
    }
}

fn row(row: CommissionRow, program: &str, judges: bool) -> AnyView {
    let state = LineState::Commission { status: row.status, due: row.due_day, paid: row.paid_day };
    let what = row.happened();
    let buttons = judges.then(|| {
        let buttons = use_context::<Judging>().map(|judging| judging.buttons(&row));
        view! { <td class="row-actions under">{buttons}</td> }
    });
    let who = show::who_link(program, &row);
    view! {
        <tr>
            <td>
                {who}
                <small>{show::day(row.day)}" · "{what}</small>
                <Why checks=row.why.0/>
            </td>
            <td class="under">{show::partner_link(program, &row.partner)}</td>
            <td class="under"><Pill tone=commission_tone(row.status) text=state.words()/></td>
            <td class="num wide">{row.base.map(|base| view! { <Amount value=base/> })}</td>
            <td class="num"><Amount value=row.amount strong=true/></td>
            <td class="num wide">{unless_zero(row.clawed_back)}</td>
            {buttons}
        </tr>
    }
    .into_any()
}
