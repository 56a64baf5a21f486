//! The sales that the partner has submitted, and what became of each.

use access::{Form, LazyPage, PostForm, Read, Result, read};
use domain::ids::{EnrollmentId, SubmittedSaleId};
use domain::page::Page;
use domain::sales::{SubmittedSale, SubmittedSaleStatus};
use domain::time::Zone;
use leptos::prelude::*;
use leptos::server_fn::codec::GetUrl;
use leptos_meta::Title;
use serde::{Deserialize, Serialize};
use ui::{
    Address, Amount, Button, ButtonKind, Card, CloseButton, Dialog, EmptyState, Glyph, PageHead, Pill, SkeletonTable,
    Table, Th, Why, submitted_sale_tone, use_toasts,
};

use super::submit_button;
use crate::show;

/// What the page shows.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Shown {
    partner: EnrollmentId,
    sales: Page<SubmittedSale>,
    /// Whether the program takes sales from partners.
    takes: bool,
    zone: Zone,
}

/// A page of the sales that the partner who asks has submitted. Where the program takes none, those from before are still
/// there to read.
#[server(prefix = "/fn", endpoint = "partner/submitted-sales", input = GetUrl)]
pub async fn read_submitted(program: String, cursor: Option<String>) -> Result<Shown> {
    access::answer(async {
        let mut asking = access::partner(&program, domain::portal::PortalPage::Leads).await?;
        let takes = engine::leads::settings(&mut asking.conn, asking.program.id).await?.sales;
        let paging = domain::page::Paging { cursor, limit: None };
        let sales = engine::sales::submitted(&mut asking.conn, &asking.actor, None, None, &paging).await?;
        if !takes && sales.data.is_empty() {
            return Err(access::Error::NotFound);
        }
        let zone = engine::programs::zone(&asking.program.time_zone, asking.moment.at)?;
        Ok(Shown { partner: asking.partner.id, sales, takes, zone })
    })
    .await
}

/// Takes a submitted sale back.
#[server(prefix = "/fn", endpoint = "partner/submitted-sales/withdraw")]
pub async fn withdraw_sale(program: String, partner: EnrollmentId, id: SubmittedSaleId) -> Result<()> {
    access::answer(async {
        let mut asking = access::this_partner(&program, partner, domain::portal::PortalPage::Leads).await?;
        let mut tx = access::begin(&mut asking.conn).await?;
        engine::sales::withdraw(&mut tx, &asking.moment, &asking.actor, id).await?;
        Ok(tx.commit().await?)
    })
    .await
}

/// What is taken back, and the question before it.
#[derive(Clone, Copy)]
struct TakingBack {
    form: Form<WithdrawSale>,
    sale: RwSignal<Option<SubmittedSaleId>>,
    open: RwSignal<bool>,
}

/// `/p/{program}/submitted-sales`.
pub struct SubmittedSalesPage(Read<Shown>, TakingBack);

impl LazyPage for SubmittedSalesPage {
    fn data() -> Self {
        let (program, address) = (show::program(), show::address());
        let found = read(move || ReadSubmitted {
            program: program.get(),
            cursor: address.with(|address| show::value(address, "cursor")),
        });
        Self(found, TakingBack { form: Form::new(), sale: RwSignal::new(None), open: RwSignal::new(false) })
    }

    fn view(this: Self) -> AnyView {
        let Self(found, back) = this;
        let (address, toasts) = (show::address(), use_toasts());
        back.form.settled(move |outcome| {
            back.open.set(false);
            if outcome.is_ok() {
                toasts.say("The sale is taken back");
                found.again();
            }
        });
        view! {
            <Title text="Submitted sales"/>
            {ui::wrong(back.form.beside(&[]))}
            {found.show(skeleton, move |shown| page(shown, back, &address.get_untracked()))}
        }
        .into_any()
    }
}

fn skeleton() -> AnyView {
    view! { <PageHead title="Submitted sales"/><Card><SkeletonTable columns=4/></Card> }.into_any()
}

fn page(shown: Shown, back: TakingBack, address: &Address) -> AnyView {
    let Shown { partner, sales, takes, zone } = shown;
    let program = show::program().get_untracked();
    let leads = (format!("/p/{program}/leads"), "Leads".to_owned());
    let submit = (takes && !sales.data.is_empty()).then(|| submit_button(&program, ButtonKind::Primary));
    let list = list(sales, &program, &zone, back, address);
    let question = question(back, &program, partner);
    view! {
        <PageHead title="Submitted sales" back=leads>{submit}</PageHead>
        {list}
        {question}
    }
    .into_any()
}

fn list(sales: Page<SubmittedSale>, program: &str, zone: &Zone, back: TakingBack, address: &Address) -> AnyView {
    if sales.data.is_empty() {
        if address.get("cursor").is_some() {
            return show::nothing_found(address);
        }
        let submit = submit_button(program, ButtonKind::Primary);
        return view! {
            <Card>
                <EmptyState glyph=Glyph::Cart title="No sales submitted yet" words="You have sold something that we don't know of? Submit it with a proof. Once the team has approved it, it earns your commission.">
                    {submit}
                </EmptyState>
            </Card>
        }
        .into_any();
    }
    let pages = show::pages(&sales, None, address);
    let head = || {
        view! {
            <Th label="Customer"/>
            <Th label="Status" wide=true/>
            <Th label="Amount" num=true wide=true/>
            <Th label="My commission" num=true/>
            <Th label="Actions" quiet=true under=true/>
        }
    };
    let rows = sales.data.into_iter().map(|sale| row(sale, program, zone, back)).collect_view();
    view! {
        <Card>
            <Table caption="Submitted sales" head=head phone_columns=2>{rows}</Table>
            {pages}
        </Card>
    }
    .into_any()
}

/// What became of it, in words below its status.
fn outcome(sale: &SubmittedSale, zone: &Zone) -> String {
    let day = |at| zone.local(at).format("%-d %b %Y").to_string();
    match (sale.status, &sale.sale, sale.judged_at) {
        (SubmittedSaleStatus::Declined, ..) => sale.reason.clone(),
        (_, Some(counted), _) if !counted.counts => "This customer counts for somebody else.".to_owned(),
        (_, Some(counted), _) if counted.amount != sale.amount => format!("With {}", counted.amount),
        (SubmittedSaleStatus::New, ..) => format!("Since {}", day(sale.created_at)),
        (_, _, Some(at)) => day(at),
        _ => String::new(),
    }
}

fn row(sale: SubmittedSale, program: &str, zone: &Zone, back: TakingBack) -> AnyView {
    let id = sale.id;
    let called = if sale.email.is_empty() { "Erased".to_owned() } else { sale.name.clone() };
    let day = sale.sold_on.format("%-d %b %Y").to_string();
    let what = [day.as_str(), &sale.product, &sale.invoice_id];
    let what = what.into_iter().filter(|text| !text.is_empty()).collect::<Vec<_>>().join(" · ");
    let words = outcome(&sale, zone);
    let (tone, label) = (submitted_sale_tone(sale.status), sale.status.label());
    let status = move || view! { <Pill tone=tone text=label/> };
    let proof = sale.proof.as_ref().map(|file| {
        let href = format!("/p/{program}/submitted-sales/{id}/proof");
        view! { <a class="link" href=href rel="external" download="">{file.name.clone()}</a> }
    });
    let take_back = (sale.status == SubmittedSaleStatus::New).then(|| {
        let ask = Callback::new(move |()| {
            back.sale.set(Some(id));
            back.open.set(true);
        });
        let label = format!("Take back the sale to {called}");
        view! { <Button on_click=ask label=label>"Take back"</Button> }
    });
    let (why, earned) = sale.sale.map_or((Vec::new(), None), |counted| {
        (counted.why.0, Some(view! { <Amount value=counted.earned strong=true/> }))
    });
    let explained = (!why.is_empty()).then(|| view! { <Why checks=why/> });
    view! {
        <tr>
            <td>
                {called.clone()}
                <small>{what}</small>
                <small>{proof}</small>
                <div class="narrow">{status()}<small>{words.clone()}</small><small>{sale.amount.to_string()}</small></div>
                {explained}
            </td>
            <td class="wide">{status()}<small>{words}</small></td>
            <td class="num wide"><Amount value=sale.amount/></td>
            <td class="num">{earned}</td>
            <td class="under">{take_back}</td>
        </tr>
    }
    .into_any()
}

fn question(back: TakingBack, program: &str, partner: EnrollmentId) -> AnyView {
    let whose = show::whose(program, partner);
    let id = move || back.sale.get().map(|id| id.to_string());
    view! {
        <Dialog id="take-back" title="Take this sale back?" open=back.open>
            <PostForm form=back.form>
                {whose}
                <input type="hidden" name="id" prop:value=id/>
                <p>"The team won't look at it any more. You can submit it again later."</p>
                <div class="dialog-actions">
                    <CloseButton closes="take-back" label="Keep it"/>
                    <Button kind=ButtonKind::Danger submit=true busy=back.form.pending()>"Take it back"</Button>
                </div>
            </PostForm>
        </Dialog>
    }
    .into_any()
}
