//! One submitted sale: what the partner tells, its proof, and what the team makes of it.

use access::{Form, LazyPage, PostForm, Read, Result, read_after};
use domain::ids::SubmittedSaleId;
use domain::sales::{KnownCustomer, SubmittedSale, SubmittedSaleStatus};
use leptos::prelude::*;
use leptos::server_fn::codec::GetUrl;
use leptos_meta::Title;
use serde::{Deserialize, Serialize};
use ui::{
    Amount, Button, ButtonKind, Card, CloseButton, Dialog, DialogButton, Fact, Facts, MoneyInput, PageHead, Pill,
    SkeletonCard, TextInput, Textarea, Why, submitted_sale_tone,
};

use crate::show;

/// What the page shows.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Shown {
    sale: SubmittedSale,
    /// The customers who have its e-mail.
    known: Vec<KnownCustomer>,
    /// Whether the asker may judge it.
    judges: bool,
}

/// A sale that a partner has submitted.
#[server(prefix = "/fn", endpoint = "admin/submitted-sales/one", input = GetUrl)]
pub async fn read_submitted_sale(program: String, id: String) -> Result<Shown> {
    access::answer(async {
        let mut asking = access::admin(&program).await?;
        let id: SubmittedSaleId = id.parse().map_err(|_| access::Error::NotFound)?;
        let sale = engine::sales::submitted_one(&mut asking.conn, &asking.actor, id).await?;
        let known = engine::sales::known_by_email(&mut asking.conn, &asking.actor, &sale.email).await?;
        Ok(Shown { sale, known, judges: asking.actor.may(domain::accounts::Power::JudgeCommissions) })
    })
    .await
}

/// Approves a submitted sale: it becomes one like any other.
#[server(prefix = "/fn", endpoint = "admin/submitted-sales/approve")]
pub async fn approve_sale(
    program: String,
    id: SubmittedSaleId,
    customer_id: String,
    amount: String,
    sold_on: String,
    #[server(default)] product: String,
) -> Result<()> {
    access::answer(async {
        let mut asking = access::admin(&program).await?;
        asking.may(domain::accounts::Power::JudgeCommissions)?;
        let mut figures = show::Figures::default();
        let input = domain::sales::Approval {
            customer_id: customer_id.trim().to_owned(),
            amount: figures.amount("amount", &amount),
            sold_on: figures.day("sold_on", &sold_on),
            product: product.trim().to_owned(),
        };
        figures.check(Vec::new)?;
        let (secrets, mut tx) = (asking.state.secrets.clone(), access::begin(&mut asking.conn).await?);
        engine::sales::approve(&mut tx, &secrets, &asking.moment, &asking.actor, id, &input).await?;
        Ok(tx.commit().await?)
    })
    .await
}

/// Declines a submitted sale.
#[server(prefix = "/fn", endpoint = "admin/submitted-sales/decline")]
pub async fn decline_sale(program: String, id: SubmittedSaleId, reason: String) -> Result<()> {
    access::answer(async {
        let mut asking = access::admin(&program).await?;
        asking.may(domain::accounts::Power::JudgeCommissions)?;
        let mut tx = access::begin(&mut asking.conn).await?;
        engine::sales::decline(&mut tx, &asking.moment, &asking.actor, id, &reason).await?;
        Ok(tx.commit().await?)
    })
    .await
}

#[derive(Clone, Copy)]
struct Forms {
    approve: Form<ApproveSale>,
    decline: Form<DeclineSale>,
}

/// `/admin/{program}/submitted-sales/{id}`.
pub struct SubmittedSalePage {
    found: Read<Shown>,
    forms: Forms,
}

impl LazyPage for SubmittedSalePage {
    fn data() -> Self {
        let (program, id) = (show::program(), show::parameter("id"));
        let forms = Forms { approve: Form::new(), decline: Form::new() };
        let (approved, declined) = (show::done(forms.approve), show::done(forms.decline));
        let found = read_after(
            move || approved.get() + declined.get(),
            move || ReadSubmittedSale { program: program.get(), id: id.get() },
        );
        Self { found, forms }
    }

    fn view(this: Self) -> AnyView {
        let SubmittedSalePage { found, forms } = this;
        show::tell(forms.approve, "Sale approved");
        show::tell(forms.decline, "Sale declined");
        found.show(
            || view! { <PageHead title="Submitted sale"/><SkeletonCard lines=8/> }.into_any(),
            move |shown| page(shown, forms),
        )
    }
}

fn page(shown: Shown, forms: Forms) -> AnyView {
    let Shown { sale, known, judges } = shown;
    let program = show::program().get_untracked();
    let called = if sale.email.is_empty() { "Erased".to_owned() } else { sale.name.clone() };
    let title = format!("{called}, {}", sale.amount);
    let back = (format!("/admin/{program}/submitted-sales"), "Submitted sales".to_owned());
    let judging = (judges && sale.status == SubmittedSaleStatus::New).then(|| judge(&sale, &known, &program, forms));
    let outcome = (sale.status != SubmittedSaleStatus::New).then(|| outcome(&sale, &program));
    let told = told(sale, &program);
    view! {
        <Title text=title.clone()/>
        <PageHead title=title back=back/>
        <div class="cols">
            <div class="col">{told}</div>
            <div class="col">{outcome}{judging}</div>
        </div>
    }
    .into_any()
}

/// What the partner tells.
fn told(sale: SubmittedSale, program: &str) -> AnyView {
    let fact = |label: &'static str, text: String| {
        (!text.is_empty()).then(|| view! { <Fact label=label><span class="lines">{text}</span></Fact> })
    };
    let proof = sale.proof.map(|file| {
        let href = format!("/admin/{program}/submitted-sales/{}/proof", sale.id);
        let size = format!(" {}", file.size());
        // The browser fetches it: it is no page of the router's.
        view! { <Fact label="Proof"><a class="link" href=href rel="external" download="">{file.name}</a><span class="sub">{size}</span></Fact> }
    });
    let partner = show::partner_link(program, &sale.partner);
    view! {
        <Card title="What the partner tells">
            <Facts>
                <Fact label="Partner">{partner}</Fact>
                {fact("Customer", sale.name)}
                {fact("E-mail", sale.email)}
                <Fact label="Amount"><Amount value=sale.amount/></Fact>
                <Fact label="Sold on">{show::day(sale.sold_on)}</Fact>
                {fact("What was sold", sale.product)}
                {fact("Invoice or order", sale.invoice_id)}
                {fact("Note", sale.note)}
                {proof}
                <Fact label="Submitted">{show::time(sale.created_at)}</Fact>
            </Facts>
        </Card>
    }
    .into_any()
}

/// What became of it.
fn outcome(sale: &SubmittedSale, program: &str) -> AnyView {
    let (tone, label) = (submitted_sale_tone(sale.status), sale.status.label());
    let by = (!sale.judged_by.is_empty()).then(|| sale.judged_by.clone());
    let at = sale.judged_at.map(|at| view! { <Fact label="When">{show::time(at)}</Fact> });
    let reason = (!sale.reason.is_empty()).then(|| {
        let reason = sale.reason.clone();
        view! { <Fact label="Reason"><span class="lines">{reason}</span></Fact> }
    });
    let counted = sale.sale.clone().map(|counted| {
        let href = format!("/admin/{program}/sales/{}", counted.id);
        let customer = format!("/admin/{program}/customers/{}", counted.customer);
        let whose = if counted.counts { "This partner" } else { "Another partner, or nobody" };
        view! {
            <Facts>
                <Fact label="Sale"><a class="link" href=href>{counted.amount.to_string()}</a></Fact>
                <Fact label="Customer"><a class="link" href=customer>"See the customer"</a></Fact>
                <Fact label="Counts for">{whose}</Fact>
                <Fact label="The partner's commission"><Amount value=counted.earned/></Fact>
            </Facts>
            <Why checks=counted.why.0 open=true/>
        }
    });
    view! {
        <Card title="What became of it">
            <Facts>
                <Fact label="Status"><Pill tone=tone text=label/></Fact>
                {by.map(|by| view! { <Fact label="By">{by}</Fact> })}
                {at}
                {reason}
            </Facts>
            {counted}
        </Card>
    }
    .into_any()
}

/// Where it is approved, as it was told or put right, or declined.
fn judge(sale: &SubmittedSale, known: &[KnownCustomer], program: &str, forms: Forms) -> AnyView {
    let form = forms.approve;
    let id = sale.id.to_string();
    let customer = known.first().map_or_else(|| sale.email.clone(), |known| known.external_id.clone());
    let of_others = known.iter().map(|known| whose(known, sale, program)).collect_view();
    let (currency, amount) = (sale.amount.currency, sale.amount.amount.to_string());
    let (sold_on, product) = (sale.sold_on.to_string(), sale.product.clone());
    let declining = decline(forms.decline, id.clone());
    let help = "Your own id of the customer. One that isn't known yet is made; where you have no ids, use the e-mail.";
    view! {
        <Card title="Approve it">
            {of_others}
            {ui::wrong(form.beside(&["customer_id", "amount", "sold_on", "product"]))}
            <PostForm form=form class="form">
                {show::program_field()}
                <input type="hidden" name="id" value=id/>
                <TextInput id="customer_id" label="Customer's id" value=customer required=true help=help error=form.field("customer_id")/>
                <MoneyInput id="amount" label="Amount" currency=currency value=amount required=true error=form.field("amount")/>
                <TextInput id="sold_on" label="Sold on" kind="date" value=sold_on required=true error=form.field("sold_on")/>
                <TextInput id="product" label="What was sold" value=product optional=true error=form.field("product")/>
                <p class="sub">"It becomes a sale like any other, and earns by the partner's offers. A refund takes it back."</p>
                <div class="form-actions">
                    <DialogButton opens="decline">"Decline"</DialogButton>
                    <Button kind=ButtonKind::Primary submit=true busy=form.pending()>"Approve the sale"</Button>
                </div>
            </PostForm>
        </Card>
        {declining}
    }
    .into_any()
}

/// Whose customer one with this e-mail is.
fn whose(known: &KnownCustomer, sale: &SubmittedSale, program: &str) -> AnyView {
    let href = format!("/admin/{program}/customers/{}", known.id);
    let words = match &known.partner {
        None => " has this e-mail, and counts for nobody yet.".to_owned(),
        Some(partner) if partner.id == sale.partner.id => {
            " has this e-mail, and is this partner's customer.".to_owned()
        }
        Some(partner) => format!(
            " has this e-mail, and is the customer of {} ({}): the sale would count for them.",
            partner.name, partner.code
        ),
    };
    view! { <p>"Customer "<a class="link" href=href>{known.external_id.clone()}</a>{words}</p> }.into_any()
}

fn decline(form: Form<DeclineSale>, id: String) -> AnyView {
    view! {
        <Dialog id="decline" title="Decline this sale?">
            <PostForm form=form class="form">
                {show::program_field()}
                <input type="hidden" name="id" value=id/>
                <Textarea id="reason" label="Reason" required=true help="The partner reads it." error=form.field("reason")/>
                <div class="dialog-actions">
                    <CloseButton closes="decline"/>
                    <Button kind=ButtonKind::Danger submit=true busy=form.pending()>"Decline"</Button>
                </div>
            </PostForm>
        </Dialog>
    }
    .into_any()
}
