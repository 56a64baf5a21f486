//! A new partner.

use access::{Form, LazyPage, PostForm, Result};
use domain::partners::EnrollmentStatus;
use leptos::prelude::*;
use leptos_meta::Title;
use ui::{Button, ButtonKind, ButtonLink, Card, Choice, PageHead, Select, TextInput};

use super::edit::kinds_fields;
use crate::show;

/// Lets a partner in, and goes on to its page.
#[server(prefix = "/fn", endpoint = "admin/partners/create")]
pub async fn create_partner(
    program: String,
    name: String,
    company: String,
    email: String,
    website: String,
    code: Option<String>,
    affiliate: Option<String>,
    introducer: Option<String>,
    buyer: Option<String>,
    status: EnrollmentStatus,
) -> Result<()> {
    access::answer(async {
        let mut asking = access::admin(&program).await?;
        asking.may(domain::accounts::Power::ManagePartners)?;
        let kinds = super::edit::kinds(&affiliate, &introducer, &buyer);
        let input = domain::partners::NewPartner { name, company, email, website, code, kinds, status };
        let mut tx = access::begin(&mut asking.conn).await?;
        let made = engine::partners::create(&mut tx, &asking.moment, &asking.actor, &input).await?;
        tx.commit().await?;
        access::redirect(&format!("/admin/{program}/partners/{}", made.code));
        Ok(())
    })
    .await
}

/// `/admin/{program}/partners/new`.
pub struct NewPartnerPage(Form<CreatePartner>);

impl LazyPage for NewPartnerPage {
    fn data() -> Self {
        Self(Form::new())
    }

    fn view(this: Self) -> AnyView {
        let form = this.0;
        show::tell(form, "Partner let in");
        let program = show::program();
        let list = move || format!("/admin/{}/partners", program.get());
        let standings = vec![
            Choice::new(EnrollmentStatus::Active.as_str(), "Active: earns from now on"),
            Choice::new(EnrollmentStatus::Pending.as_str(), "Pending: waits until you approve it"),
        ];
        view! {
            <Title text="New partner"/>
            <PageHead title="New partner" back=(list(), "Partners".to_owned())/>
            <Card>
                {show::wrong(form.beside(&["name", "company", "email", "website", "code", "status"]))}
                <PostForm form=form class="form">
                    {show::program_field()}
                    <div class="form-row">
                        <TextInput id="name" label="Name" autocomplete="off" help="Give a name, a company or both." autofocus=true error=form.field("name")/>
                        <TextInput id="company" label="Company" optional=true autocomplete="off" error=form.field("company")/>
                    </div>
                    <div class="form-row">
                        <TextInput id="email" label="E-mail" kind="email" optional=true autocomplete="off" help="An invitation goes there. Without one, nobody signs in yet." error=form.field("email")/>
                        <TextInput id="website" label="Website" inputmode="url" optional=true placeholder="example.com" error=form.field("website")/>
                    </div>
                    <div class="form-row">
                        <TextInput id="code" label="Code" optional=true autocomplete="off" help="Stands in the partner's link. Made from the name where you leave it empty." error=form.field("code")/>
                        <Select id="status" label="Standing" choices=standings value=EnrollmentStatus::Active.as_str() error=form.field("status")/>
                    </div>
                    {kinds_fields(domain::partners::Kinds { affiliate: true, ..Default::default() })}
                    <div class="form-actions">
                        <ButtonLink href=list()>"Cancel"</ButtonLink>
                        <Button kind=ButtonKind::Primary submit=true busy=form.pending()>"Let the partner in"</Button>
                    </div>
                </PostForm>
            </Card>
        }
        .into_any()
    }
}
