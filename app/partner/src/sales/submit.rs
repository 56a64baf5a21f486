//! Submitting a sale, with its proof.

use access::{LazyPage, Read, Result, UPLOAD_SALE, Upload, UploadForm, read};
use chrono::NaiveDate;
use domain::files::DOWNLOADS;
use domain::ids::EnrollmentId;
use domain::money::Currency;
use leptos::prelude::*;
use leptos::server_fn::codec::GetUrl;
use leptos_meta::Title;
use leptos_router::NavigateOptions;
use leptos_router::hooks::use_navigate;
use serde::{Deserialize, Serialize};
use ui::{
    Button, ButtonKind, ButtonLink, Card, FileInput, MoneyInput, PageHead, SkeletonCard, TextInput, Textarea,
    use_toasts,
};

use crate::show;

/// What the page shows.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Shown {
    partner: EnrollmentId,
    currency: Currency,
    /// The program's day.
    today: NaiveDate,
}

/// What the form needs; not found where the program takes no sales from partners.
#[server(prefix = "/fn", endpoint = "partner/submitted-sales/form", input = GetUrl)]
pub async fn read_sale_form(program: String) -> Result<Shown> {
    access::answer(async {
        let mut asking = access::partner(&program, domain::portal::PortalPage::Leads).await?;
        let settings = engine::leads::settings(&mut asking.conn, asking.program.id).await?;
        if !settings.sales {
            return Err(access::Error::NotFound);
        }
        let today = engine::reports::day(&asking.program, asking.moment.at)?;
        Ok(Shown { partner: asking.partner.id, currency: asking.program.currency, today })
    })
    .await
}

/// `/p/{program}/submitted-sales/submit`.
pub struct SubmitSalePage(Read<Shown>, Upload);

impl LazyPage for SubmitSalePage {
    fn data() -> Self {
        let program = show::program();
        Self(read(move || ReadSaleForm { program: program.get() }), Upload::new(UPLOAD_SALE))
    }

    fn view(this: Self) -> AnyView {
        let Self(found, form) = this;
        let (program, toasts, navigate) = (show::program(), use_toasts(), use_navigate());
        form.settled(move |outcome| {
            if outcome.is_ok() {
                toasts.say("The sale is submitted");
                navigate(&all(&program.get_untracked()), NavigateOptions::default());
            }
        });
        view! {
            <Title text="Submit a sale"/>
            {move || {
                let back = (all(&program.get()), "Submitted sales".to_owned());
                view! { <PageHead title="Submit a sale" back=back/> }
            }}
            {found.show(|| view! { <SkeletonCard lines=8/> }.into_any(), move |shown| page(&shown, form))}
        }
        .into_any()
    }
}

fn all(program: &str) -> String {
    format!("/p/{program}/submitted-sales")
}

/// The fields, in whose order what is wrong is told.
const FIELDS: [&str; 8] = ["email", "name", "amount", "sold_on", "product", "invoice_id", "note", "file"];

fn page(shown: &Shown, form: Upload) -> AnyView {
    let program = show::program().get_untracked();
    let whose = show::whose(&program, shown.partner);
    let cancel = all(&program);
    let issue = move |field: &'static str| form.field(field);
    let (currency, today) = (shown.currency, shown.today.to_string());
    view! {
        <Card title="The sale">
            <p class="sub">"The team looks at it. Once it is approved, it counts like any other sale, and earns your commission."</p>
            {ui::wrong(form.beside(&FIELDS))}
            <UploadForm form=form program=program class="form">
                {whose}
                <TextInput id="email" label="Customer's e-mail" kind="email" required=true error=issue("email")/>
                <TextInput id="name" label="Customer's name" required=true error=issue("name")/>
                <MoneyInput id="amount" label="Amount" currency=currency required=true error=issue("amount")/>
                <TextInput id="sold_on" label="Sold on" kind="date" value=today required=true error=issue("sold_on")/>
                <TextInput id="product" label="What was sold" optional=true error=issue("product")/>
                <TextInput id="invoice_id" label="Number of the invoice or order" optional=true error=issue("invoice_id")/>
                <Textarea id="note" label="Anything else the team should know" optional=true error=issue("note")/>
                <FileInput id="file" label="Proof" accept=DOWNLOADS help="An invoice, a contract or a receipt: PDF, office, CSV, text, ZIP, MP4 or image, at most 20 MB." required=true error=issue("file") progress=form.progress()/>
                <div class="form-actions">
                    <ButtonLink href=cancel>"Cancel"</ButtonLink>
                    <Button kind=ButtonKind::Primary submit=true busy=form.pending()>"Submit sale"</Button>
                </div>
            </UploadForm>
        </Card>
    }
    .into_any()
}
