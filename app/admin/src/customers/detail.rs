use super::list::source_words;
use crate::commissions::{self, Judging};
use crate::partners::partner_field;
use crate::{sales, show};
use access::{Form, LazyPage, PostForm, Read, Result, read_after};
use domain::ids::{CustomerId, LeadId};
use domain::reports::{CustomerDetail, ReferralRow};
use leptos::prelude::*;
use leptos::server_fn::codec::GetUrl;
use leptos_meta::Title;
use serde::{Deserialize, Serialize};
use ui::{
    Button, ButtonKind, Card, CloseButton, Dialog, DialogButton, EmptyState, Fact, Facts, Glyph, PageHead, Pill,
    SkeletonCard, TextInput, Tone, Why,
};

/// What the page shows.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Shown {
    detail: CustomerDetail,
    /// The leads that became this customer.
    leads: Vec<(LeadId, String)>,
    /// Whether the asker may approve and reverse commissions.
    judges: bool,
    /// Whether the asker may reassign the customer.
    reassigns: bool,
    /// Whether the asker may take its personal data away.
    erases: bool,
}

/// A customer of a program.
#[server(prefix = "/fn", endpoint = "admin/customer", input = GetUrl)]
pub async fn read_customer(program: String, id: String) -> Result<Shown> {
    access::answer(async {
        let mut asking = access::admin(&program).await?;
        let id: domain::ids::CustomerId = id.parse().map_err(|_| access::Error::NotFound)?;
        let detail = engine::reports::customer(&mut asking.conn, &asking.actor, id).await?;
        let leads = engine::leads::of_customer(&mut asking.conn, &asking.actor, id).await?;
        let may = |power| asking.actor.may(power);
        Ok(Shown {
            detail,
            leads,
            judges: may(domain::accounts::Power::JudgeCommissions),
            reassigns: may(domain::accounts::Power::Reassign),
            erases: may(domain::accounts::Power::Erase),
        })
    })
    .await
}

/// Attributes a customer to another partner, by hand: what happens from now on pays that one.
#[server(prefix = "/fn", endpoint = "admin/customers/reassign")]
pub async fn reassign_customer(
    program: String,
    external_id: String,
    partner_code: String,
    reason: String,
) -> Result<()> {
    access::answer(async {
        let mut asking = access::admin(&program).await?;
        asking.may(domain::accounts::Power::Reassign)?;
        let partner_code = crate::partners::meant(&mut asking, "partner_code", &partner_code).await?.code;
        let mut tx = access::begin(&mut asking.conn).await?;
        let input = domain::customers::Reassignment { external_id, partner_code, reason };
        engine::customers::reassign(&mut tx, &asking.moment, &asking.actor, &input).await?;
        Ok(tx.commit().await?)
    })
    .await
}

/// Takes away the personal data of a customer.
#[server(prefix = "/fn", endpoint = "admin/customers/erase")]
pub async fn erase_customer(program: String, customer: CustomerId) -> Result<()> {
    access::answer(async {
        let mut asking = access::admin(&program).await?;
        asking.may(domain::accounts::Power::Erase)?;
        let mut tx = access::begin(&mut asking.conn).await?;
        engine::customers::erase(&mut tx, &asking.moment, &asking.actor, customer).await?;
        Ok(tx.commit().await?)
    })
    .await
}

/// `/admin/{program}/customers/{id}`.
pub struct CustomerPage {
    found: Read<Shown>,
    judging: Judging,
    reassigning: Reassigning,
    erase: Form<EraseCustomer>,
}

/// The act of reassigning, and whether its dialog is open.
#[derive(Clone, Copy)]
struct Reassigning {
    form: Form<ReassignCustomer>,
    open: RwSignal<bool>,
}

impl LazyPage for CustomerPage {
    fn data() -> Self {
        let (program, id) = (show::program(), show::parameter("id"));
        let judging = Judging::new();
        let reassign = Form::<ReassignCustomer>::new();
        show::tell(reassign, "Customer reassigned");
        let open = RwSignal::new(false);
        reassign.settled(move |outcome| {
            if outcome.is_ok() {
                open.set(false);
            }
        });
        let erase = Form::<EraseCustomer>::new();
        show::tell(erase, "Personal data erased");
        let erased = show::done(erase);
        let found = read_after(
            move || judging.version() + reassign.answered() + erased.get(),
            move || ReadCustomer { program: program.get(), id: id.get() },
        );
        Self { found, judging, reassigning: Reassigning { form: reassign, open }, erase }
    }

    fn view(this: Self) -> AnyView {
        let CustomerPage { found, judging, reassigning, erase } = this;
        provide_context(judging);
        provide_context(reassigning);
        view! {
            {found.show(|| view! { <SkeletonCard lines=6/> }.into_any(), move |shown| page(shown, erase))}
            {judging.dialog()}
        }
        .into_any()
    }
}

fn reassign_dialog(external_id: String) -> Option<AnyView> {
    let Reassigning { form, open } = use_context()?;
    Some(
        view! {
            <Dialog id="reassign" title="Reassign this customer" open=open>
                <PostForm form=form class="form">
                    <p>"Sales from now on pay the new partner by its current offers. What was earned before stays."</p>
                    {show::program_field()}
                    <input type="hidden" name="external_id" value=external_id/>
                    {partner_field(("partner_code", "partner_code"), "Partner", form.field("partner_code"))}
                    <TextInput id="reassign_reason" name="reason" label="Reason" required=true error=form.field("reason") help="Kept in the audit log."/>
                    <div class="dialog-actions">
                        <CloseButton closes="reassign"/>
                        <Button submit=true kind=ButtonKind::Primary busy=form.pending()>"Reassign"</Button>
                    </div>
                </PostForm>
            </Dialog>
        }
        .into_any(),
    )
}

fn page(shown: Shown, erase: Form<EraseCustomer>) -> AnyView {
    let Shown { detail, leads, judges, reassigns, erases } = shown;
    let program = show::program().get_untracked();
    let CustomerDetail {
        customer,
        email,
        name,
        erased,
        created_at,
        signed_up_at,
        first_sale_at,
        referrals,
        sales,
        commissions,
    } = detail;
    let title = if erased {
        "Erased customer".to_owned()
    } else if name.is_empty() {
        customer.label.clone()
    } else {
        name
    };
    let email = if erased {
        "Erased".to_owned()
    } else if email.is_empty() {
        "Not reported".to_owned()
    } else {
        email
    };
    let day = |at: Option<chrono::DateTime<chrono::Utc>>| at.map_or_else(|| "Not yet".into_any(), show::time);
    let (signed_up, first_sale) = (day(signed_up_at), day(first_sale_at));
    let came_of = leads.into_iter().map(|(lead, called)| {
        let href = format!("/admin/{program}/leads/{lead}");
        view! { <Fact label="Lead"><a class="link" href=href>{called}</a></Fact> }
    });
    let came_of = came_of.collect_view();
    let nothing_earned = commissions.is_empty();
    let attribution = attribution(referrals, &program);
    let sales = sales::table(sales, &program);
    let back = (format!("/admin/{program}/customers"), "Customers".to_owned());
    let words = "Name, e-mail and your own id of the customer are taken away for good, also where others wrote them. Sales, \
                 commissions and every sum stay.";
    let personal = erases.then(|| {
        show::personal_card(erase, &program, "customer", ("customer", customer.id.to_string()), words, erased)
    });
    let dialog = reassigns.then(|| reassign_dialog(customer.external_id.clone()));
    view! {
        <Title text=title.clone()/>
        <PageHead title=title back=back>
            {reassigns.then(|| view! { <DialogButton opens="reassign">"Reassign"</DialogButton> })}
        </PageHead>
        <Card>
            <Facts>
                <Fact label="Your id">{customer.external_id}</Fact>
                <Fact label="E-mail">{email}</Fact>
                <Fact label="First seen">{show::time(created_at)}</Fact>
                <Fact label="Signed up">{signed_up}</Fact>
                <Fact label="First sale">{first_sale}</Fact>
                {came_of}
            </Facts>
        </Card>
        <Card title="Attribution">{attribution}</Card>
        <Card title="Sales">{sales}</Card>
        <Card title="Commissions">
            {if nothing_earned {
                view! { <p class="sub">"Nothing was earned. Why? beside each sale says the reason."</p> }.into_any()
            } else {
                commissions::table(commissions, judges, None::<fn()>)
            }}
        </Card>
        {personal}
        {dialog}
    }
    .into_any()
}

fn attribution(referrals: Vec<ReferralRow>, program: &str) -> AnyView {
    if referrals.is_empty() {
        return view! {
            <EmptyState glyph=Glyph::Users title="No partner" words="No promo code, partner code or click led to a partner."/>
        }
        .into_any();
    }
    let rows = referrals
        .into_iter()
        .map(|referral| {
            let ended = referral.ended_at.map(|at| format!("Until {}", show::instant_in_full(at)));
            view! {
                <li>
                    <div class="row">
                        {show::partner_link(program, &referral.partner)}
                        <Pill tone=Tone::Accent text=source_words(referral.source)/>
                        {ended.map(|words| view! { <Pill tone=Tone::Neutral text=words/> })}
                    </div>
                    <div class="sub">{show::time(referral.attributed_at)}</div>
                    <Why checks=referral.why.0/>
                </li>
            }
        })
        .collect_view();
    view! { <ul class="list">{rows}</ul> }.into_any()
}
