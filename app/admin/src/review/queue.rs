use access::{Form, LazyPage, PostForm, Read, Result, read_after};
use domain::commissions::{Suspicion, review_reasons};
use domain::reports::{CommissionRow, CommissionTotals, Listed};
use leptos::prelude::*;
use leptos::server_fn::codec::GetUrl;
use leptos_meta::Title;
use serde::{Deserialize, Serialize};
use ui::{
    Address, Amount, Button, ButtonKind, ButtonLink, Card, Choice, EmptyState, Glyph, PageHead, Select, SkeletonTable,
    Switch, Table, TextInput, Th, Why,
};

use super::many::Many;
use crate::commissions::Judging;
use crate::show;

/// What the page shows.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Shown {
    listed: Listed<CommissionRow, CommissionTotals>,
    checks: Vec<Suspicion>,
    /// Whether the asker may approve and reverse commissions.
    judges: bool,
    /// Whether the asker may change the checks.
    may_edit: bool,
}

/// The commissions in review, the oldest first.
#[server(prefix = "/fn", endpoint = "admin/review", input = GetUrl)]
pub async fn read_review(
    program: String,
    reason: Option<String>,
    partner_code: Option<String>,
    cursor: Option<String>,
) -> Result<Shown> {
    access::answer(async {
        let mut asking = access::admin(&program).await?;
        let filter = domain::reports::CommissionFilter {
            status: Some(domain::commissions::CommissionStatus::Review),
            reason,
            partner_code: partner_code.filter(|code| !code.trim().is_empty()),
            order: domain::reports::Order::Oldest,
            ..Default::default()
        };
        let paging = domain::page::Paging { cursor, limit: None };
        let listed = engine::reports::commissions(&mut asking.conn, &asking.actor, &filter, &paging).await?;
        let checks = engine::commissions::suspicion::checks(&mut asking.conn, &asking.actor).await?;
        let may = |power| asking.actor.may(power);
        Ok(Shown {
            listed,
            checks,
            judges: may(domain::accounts::Power::JudgeCommissions),
            may_edit: may(domain::accounts::Power::EditProgram),
        })
    })
    .await
}

/// Changes which checks hold commissions.
#[server(prefix = "/fn", endpoint = "admin/review/checks")]
pub async fn set_checks(program: String, #[server(default)] checks: Vec<Suspicion>) -> Result<()> {
    access::answer(async {
        let mut asking = access::admin(&program).await?;
        asking.may(domain::accounts::Power::EditProgram)?;
        let mut tx = access::begin(&mut asking.conn).await?;
        engine::commissions::suspicion::set_checks(&mut tx, &asking.moment, &asking.actor, &checks).await?;
        Ok(tx.commit().await?)
    })
    .await
}

/// `/admin/{program}/review`.
pub struct ReviewPage {
    found: Read<Shown>,
    judging: Judging,
    many: Many,
    checks: Form<SetChecks>,
}

impl LazyPage for ReviewPage {
    fn data() -> Self {
        let (program, address) = (show::program(), show::address());
        let (judging, many) = (Judging::new(), Many::new());
        let checks = Form::new();
        let found = read_after(
            move || judging.version() + many.version() + checks.answered(),
            move || {
                let of = |key| address.with(|address| show::value(address, key));
                ReadReview {
                    program: program.get(),
                    reason: of("reason"),
                    partner_code: of("partner_code"),
                    cursor: of("cursor"),
                }
            },
        );
        Self { found, judging, many, checks }
    }

    fn view(this: Self) -> AnyView {
        let ReviewPage { found, judging, many, checks } = this;
        show::tell(checks, "Checks saved");
        provide_context(judging);
        let address = show::address();
        view! {
            <Title text="Review"/>
            <PageHead title="Review">
                <ButtonLink href="#the-checks" icon=Glyph::Settings>"Checks"</ButtonLink>
            </PageHead>
            {move || filters(&address.get())}
            {found.show(|| view! { <Card><SkeletonTable columns=4/></Card> }.into_any(), move |shown| page(shown, many, checks))}
            {judging.dialog()}
            {many.dialogs()}
        }
        .into_any()
    }
}

fn filters(address: &Address) -> AnyView {
    let reasons = std::iter::once(Choice::new("", "Any reason"))
        .chain(review_reasons().map(|(word, label)| Choice::new(word, label)))
        .collect();
    let of = |key: &str| address.get(key).unwrap_or_default().to_owned();
    view! {
        <form class="filters" method="get" action=address.path().to_owned()>
            <TextInput id="partner_code" label="Partner code" placeholder="Partner code" value=of("partner_code")/>
            <Select id="reason-filter" name="reason" label="Reason" choices=reasons value=of("reason")/>
            <Button submit=true>"Show"</Button>
        </form>
    }
    .into_any()
}

fn page(shown: Shown, many: Many, form: Form<SetChecks>) -> AnyView {
    let Shown { listed, checks, judges, may_edit } = shown;
    many.list(&listed.page.data);
    view! {
        {queue(listed, judges.then_some(many))}
        <div id="the-checks">{checks_card(&checks, may_edit, form)}</div>
    }
    .into_any()
}

/// What waits; with the means to judge it, where the asker may.
fn queue(listed: Listed<CommissionRow, CommissionTotals>, many: Option<Many>) -> AnyView {
    let Listed { page, totals } = listed;
    let address = show::address().get_untracked();
    if page.data.is_empty() && show::filtered(&address, &["reason", "partner_code", "cursor"]) {
        return show::nothing_found(&address);
    }
    if page.data.is_empty() {
        return view! {
            <Card>
                <EmptyState
                    glyph=Glyph::CheckCircle
                    title="Nothing to review"
                    words="Commissions that a check finds suspicious wait here until somebody of the team has looked at them."
                />
            </Card>
        }
        .into_any();
    }
    let program = show::program().get_untracked();
    let pages = show::pages(&page, Some(totals.count), &address);
    let head = move || {
        view! {
            {many.map(Many::tick_all)}
            <Th label="Customer"/>
            <Th label="Partner" under=true/>
            <Th label="Reason" under=true/>
            <Th label="Commission" num=true/>
            {many.map(|_| view! { <Th label="Actions" quiet=true under=true/> })}
        }
    };
    let foot = move || {
        view! {
            {many.map(|_| view! { <td class="check"></td> })}
            <td>"Total"</td>
            <td class="under"></td>
            <td class="under"></td>
            <td class="num"><Amount value=totals.amount strong=true/></td>
            {many.map(|_| view! { <td class="under"></td> })}
        }
        .into_any()
    };
    let rows = page.data.into_iter().map(|commission| row(commission, &program, many)).collect_view();
    view! {
        <Card>
            {many.map(Many::bar)}
            <Table caption="Commissions in review" head=head phone_columns={if many.is_some() { 3 } else { 2 }} foot=foot>{rows}</Table>
            {pages}
        </Card>
    }
    .into_any()
}

/// Why it waits, by the names of the checks that hold it. Why? tells them in full.
fn reasons(row: &CommissionRow) -> Vec<&'static str> {
    let held = |word: &str| row.why.0.iter().any(|check| !check.passed && check.check == word);
    let reasons: Vec<_> = review_reasons().filter(|(word, _)| held(word)).map(|(_, label)| label).collect();
    if reasons.is_empty() { vec!["A person reviews it first"] } else { reasons }
}

fn row(row: CommissionRow, program: &str, many: Option<Many>) -> AnyView {
    let reasons = reasons(&row).into_iter().map(|reason| view! { <li>{reason}</li> }).collect_view();
    let tick = many.map(|many| many.tick(&row));
    let buttons = many.map(|_| {
        let buttons = use_context::<Judging>().map(|judging| judging.buttons(&row));
        view! { <td class="row-actions under">{buttons}</td> }
    });
    let who = show::who_link(program, &row);
    let what = row.trigger.label();
    view! {
        <tr>
            {tick}
            <td>
                {who}
                <small>{show::day(row.day)}" · "{what}</small>
            </td>
            <td class="under">{show::partner_link(program, &row.partner)}</td>
            <td class="under"><ul class="plain-list">{reasons}</ul><Why checks=row.why.0 over=format!("why-{}", row.id)/></td>
            <td class="num"><Amount value=row.amount strong=true/></td>
            {buttons}
        </tr>
    }
    .into_any()
}

fn checks_card(on: &[Suspicion], may_edit: bool, form: Form<SetChecks>) -> AnyView {
    let switches = Suspicion::ALL
        .iter()
        .map(|check| {
            view! {
                <Switch
                    id=format!("check-{check}")
                    name="checks[]"
                    value=check.as_str()
                    label=check.label()
                    checked=on.contains(check)
                    help=check.words()
                />
            }
        })
        .collect_view();
    let rules = format!("/admin/{}/settings#the-rules", show::program().get_untracked());
    view! {
        <Card title="Checks">
            {show::wrong(form.beside(&[]))}
            <PostForm form=form class="form">
                {show::program_field()}
                <p class="sub">"A commission waits for review where a check that is on finds something. What has been earned before stays as it is. What you approve holds nothing of the same customer again for the same reason."</p>
                <p class="sub">"Whether every commission waits, and what becomes of partners who refer themselves, is set under " <a class="link" href=rules>"Settings, Rules"</a>"."</p>
                <fieldset class="form" disabled=!may_edit>
                    <legend class="visually-hidden">"What holds a commission for review"</legend>
                    {switches}
                    {may_edit
                        .then(|| {
                            view! {
                                <div class="form-actions">
                                    <Button kind=ButtonKind::Primary submit=true busy=form.pending()>"Save the checks"</Button>
                                </div>
                            }
                        })}
                </fieldset>
            </PostForm>
        </Card>
    }
    .into_any()
}
