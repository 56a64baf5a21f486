//! What an admin changes of a partner: its particulars, its code, and who signs in for it.

use access::{Form, PostForm, Result};
use domain::ids::EnrollmentId;
use domain::partners::{Kinds, PartnerDetail};
use domain::payments::PayoutKind;
use leptos::prelude::*;
use ui::{Button, ButtonKind, Checkbox, Choice, CloseButton, Dialog, Drawer, Select, TextInput};

use crate::show;

/// Changes a partner's particulars.
#[server(prefix = "/fn", endpoint = "admin/partners/update")]
pub async fn update_partner(
    program: String,
    partner: EnrollmentId,
    name: String,
    company: String,
    email: String,
    website: String,
    payout_method: String,
    affiliate: Option<String>,
    introducer: Option<String>,
    buyer: Option<String>,
) -> Result<()> {
    access::answer(async {
        let mut asking = access::admin(&program).await?;
        asking.may(domain::accounts::Power::ManagePartners)?;
        let kinds = kinds(&affiliate, &introducer, &buyer);
        let input = domain::partners::PartnerEdit { name, company, email, website, payout_method, kinds };
        let mut tx = access::begin(&mut asking.conn).await?;
        engine::partners::update(&mut tx, &asking.moment, &asking.actor, partner, &input).await?;
        Ok(tx.commit().await?)
    })
    .await
}

/// Changes a partner's code, and goes on to the page under the new one.
#[server(prefix = "/fn", endpoint = "admin/partners/change-code")]
pub async fn change_code(program: String, partner: EnrollmentId, code: String) -> Result<()> {
    access::answer(async {
        let mut asking = access::admin(&program).await?;
        asking.may(domain::accounts::Power::ManagePartners)?;
        let mut tx = access::begin(&mut asking.conn).await?;
        engine::partners::change_code(&mut tx, &asking.moment, &asking.actor, partner, &code).await?;
        tx.commit().await?;
        access::redirect(&format!("/admin/{program}/partners/{}", code.trim()));
        Ok(())
    })
    .await
}

/// Lets one more person sign in for a partner.
#[server(prefix = "/fn", endpoint = "admin/partners/add-account")]
pub async fn add_account(program: String, partner: EnrollmentId, email: String, name: String) -> Result<()> {
    access::answer(async {
        let mut asking = access::admin(&program).await?;
        asking.may(domain::accounts::Power::ManagePartners)?;
        let mut tx = access::begin(&mut asking.conn).await?;
        engine::partners::add_account(&mut tx, &asking.moment, &asking.actor, partner, &email, &name).await?;
        Ok(tx.commit().await?)
    })
    .await
}

/// The kinds whose boxes are ticked.
#[cfg(feature = "ssr")]
pub(super) fn kinds(affiliate: &Option<String>, introducer: &Option<String>, buyer: &Option<String>) -> Kinds {
    Kinds { affiliate: affiliate.is_some(), introducer: introducer.is_some(), buyer: buyer.is_some() }
}

/// The kinds as boxes to tick.
pub(super) fn kinds_fields(kinds: Kinds) -> AnyView {
    view! {
        <fieldset class="form">
            <legend class="visually-hidden">"What the partner does"</legend>
            <Checkbox id="affiliate" label="Affiliate: shares links" checked=kinds.affiliate/>
            <Checkbox id="introducer" label="Introducer: submits leads" checked=kinds.introducer/>
            <Checkbox id="buyer" label="Buyer: is referred leads" checked=kinds.buyer/>
        </fieldset>
    }
    .into_any()
}

fn partner_field(partner: EnrollmentId) -> AnyView {
    view! {
        {show::program_field()}
        <input type="hidden" name="partner" value=partner.to_string()/>
    }
    .into_any()
}

/// The drawer in which the particulars are changed: `edit`.
pub(super) fn particulars(form: Form<UpdatePartner>, detail: &PartnerDetail) -> AnyView {
    let PartnerDetail { partner, website, payout_method, .. } = detail.clone();
    let method = payout_method.unwrap_or_default();
    let mut methods = vec![Choice::new("", "Not chosen yet")];
    methods.extend(PayoutKind::ALL.iter().map(|kind| Choice::new(kind.as_str(), kind.label())));
    // What was typed before there was a choice.
    let method = match methods.iter().find(|choice| choice.value == method.to_lowercase()) {
        Some(choice) => choice.value.clone(),
        None => {
            methods.push(Choice::new(method.clone(), method.clone()));
            method
        }
    };
    view! {
        <Drawer id="edit" title="Edit the partner">
            {show::wrong(form.beside(&["name", "company", "email", "website", "payout_method"]))}
            <PostForm form=form class="form">
                {partner_field(partner.id)}
                <TextInput id="name" label="Name" value=partner.name autocomplete="off" error=form.field("name")/>
                <TextInput id="company" label="Company" value=partner.company optional=true autocomplete="off" error=form.field("company")/>
                <TextInput id="email" label="E-mail" kind="email" value=partner.email optional=true autocomplete="off" help="Where you reach the partner. Its accounts keep the e-mails they sign in with." error=form.field("email")/>
                <TextInput id="website" label="Website" inputmode="url" value=website optional=true error=form.field("website")/>
                <Select id="payout_method" label="Payout method" choices=methods value=method help="The partner chooses it on its profile, with the details. Those are dropped where you choose another." error=form.field("payout_method")/>
                {kinds_fields(partner.kinds)}
                <div class="form-actions">
                    <CloseButton closes="edit"/>
                    <Button kind=ButtonKind::Primary submit=true busy=form.pending()>"Save"</Button>
                </div>
            </PostForm>
        </Drawer>
    }
    .into_any()
}

/// The dialog in which the code is changed: `change-code`.
pub(super) fn code(form: Form<ChangeCode>, detail: &PartnerDetail) -> AnyView {
    let partner = detail.partner.clone();
    view! {
        <Dialog id="change-code" title="Change the code">
            <p>"The partner's link changes with it. The old code still leads to the partner."</p>
            {show::wrong(form.beside(&["code"]))}
            <PostForm form=form class="form">
                {partner_field(partner.id)}
                <TextInput id="new-code" name="code" label="Code" value=partner.code required=true autocomplete="off" error=form.field("code")/>
                <div class="dialog-actions">
                    <CloseButton closes="change-code"/>
                    <Button kind=ButtonKind::Primary submit=true busy=form.pending()>"Change the code"</Button>
                </div>
            </PostForm>
        </Dialog>
    }
    .into_any()
}

/// The dialog in which one more person is invited: `add-account`.
pub(super) fn account(form: Form<AddAccount>, detail: &PartnerDetail) -> AnyView {
    let partner = detail.partner.id;
    view! {
        <Dialog id="add-account" title="Invite a person">
            <p>"They sign in for this partner, and see all that it sees."</p>
            {show::wrong(form.beside(&["email", "name"]))}
            <PostForm form=form class="form">
                {partner_field(partner)}
                <TextInput id="account-email" name="email" label="E-mail" kind="email" required=true autocomplete="off" error=form.field("email")/>
                <TextInput id="account-name" name="name" label="Name" optional=true autocomplete="off" error=form.field("name")/>
                <div class="dialog-actions">
                    <CloseButton closes="add-account"/>
                    <Button kind=ButtonKind::Primary submit=true busy=form.pending()>"Send the invitation"</Button>
                </div>
            </PostForm>
        </Dialog>
    }
    .into_any()
}
