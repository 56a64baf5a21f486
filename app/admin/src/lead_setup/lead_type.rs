//! A type of a group's leads being made or changed, and the list of them on the group's page.

use access::{Form, LazyPage, PostForm, Read, Result, read};
use domain::buyers::{ReferralMethod, Selection};
use domain::leads::{LeadType, LeadTypeInput};
use domain::money::{Currency, Money};
use leptos::prelude::*;
use leptos::server_fn::codec::GetUrl;
use leptos_meta::Title;
use serde::{Deserialize, Serialize};
use ui::{
    Amount, Button, ButtonKind, ButtonLink, Card, Choice, EmptyState, Glyph, MoneyInput, Note, PageHead, Pill, Select,
    SkeletonCard, Switch, Table, TextInput, Th, counted,
};

use crate::show;

/// What the page shows.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Shown {
    /// The type's id; empty where it is a new one.
    id: String,
    /// The group's id, and its name.
    group: (String, String),
    input: LeadTypeInput,
    currency: Currency,
    may_edit: bool,
}

/// A type of leads to be changed; or, where its id is `new`, what a new one of a group needs.
#[server(prefix = "/fn", endpoint = "admin/lead-settings/types/one", input = GetUrl)]
pub async fn read_lead_type(program: String, group: String, id: String) -> Result<Shown> {
    access::answer(async {
        let mut asking = access::admin(&program).await?;
        let may_edit = asking.actor.may(domain::accounts::Power::EditProgram);
        let unknown = || access::Error::NotFound;
        let groups = engine::leads::groups(&mut asking.conn, &asking.actor).await?;
        let group = groups.into_iter().find(|one| one.id.to_string() == group).ok_or_else(unknown)?;
        let (id, input) = if id == "new" {
            (String::new(), LeadTypeInput::default())
        } else {
            let id = id.parse().map_err(|_| unknown())?;
            let found = engine::leads::lead_type(&mut asking.conn, &asking.actor, id).await?;
            if found.group != group.id {
                return Err(unknown());
            }
            (id.to_string(), found.input)
        };
        let group = (group.id.to_string(), group.name);
        Ok(Shown { id, group, input, currency: asking.program.currency, may_edit })
    })
    .await
}

/// What the form sends.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct LeadTypeFields {
    name: String,
    method: String,
    default_price: String,
    scope: String,
    duplicate_days: String,
    selection: String,
    wait_hours: String,
    self_service: Option<String>,
    needs_authorisation: Option<String>,
    closed: Option<String>,
}

#[cfg(feature = "ssr")]
impl LeadTypeFields {
    fn input(self, currency: Currency) -> Result<LeadTypeInput> {
        let mut figures = show::Figures::default();
        let input = LeadTypeInput {
            name: self.name,
            method: self.method.parse().map_err(|_| access::Error::field("method", "Choose one."))?,
            default_price: figures.amount("default_price", &self.default_price),
            scope: figures.whole("scope", &self.scope),
            duplicate_days: figures.whole("duplicate_days", &self.duplicate_days),
            selection: self.selection.parse().map_err(|_| access::Error::field("selection", "Choose one."))?,
            wait_hours: figures.whole("wait_hours", &self.wait_hours),
            self_service: self.self_service.is_some(),
            needs_authorisation: self.needs_authorisation.is_some(),
            closed: self.closed.is_some(),
        };
        figures.check(|| input.check(currency)).map(|()| input)
    }
}

/// Makes a type of a group's leads, where no id is sent, or changes one; and goes back to the group.
#[server(prefix = "/fn", endpoint = "admin/lead-settings/types/save")]
pub async fn save_lead_type(
    program: String,
    #[server(default)] id: String,
    group: domain::ids::LeadGroupId,
    #[server(flatten)] fields: LeadTypeFields,
) -> Result<()> {
    access::answer(async {
        let mut asking = access::admin(&program).await?;
        asking.may(domain::accounts::Power::EditProgram)?;
        let input = fields.input(asking.program.currency)?;
        let mut tx = access::begin(&mut asking.conn).await?;
        if id.is_empty() {
            engine::leads::make_type(&mut tx, &asking.moment, &asking.actor, group, &input).await?;
        } else {
            let id = id.parse().map_err(|_| access::Error::NotFound)?;
            engine::leads::save_type(&mut tx, &asking.moment, &asking.actor, id, &input).await?;
        }
        tx.commit().await?;
        access::redirect(&format!("/admin/{program}/lead-settings/groups/{group}"));
        Ok(())
    })
    .await
}

/// `/admin/{program}/lead-settings/groups/{group}/types/{id}`; `new` for one that is made.
pub struct LeadTypePage {
    found: Read<Shown>,
    form: Form<SaveLeadType>,
}

impl LazyPage for LeadTypePage {
    fn data() -> Self {
        let (program, group, id) = (show::program(), show::parameter("group"), show::parameter("id"));
        let found = read(move || ReadLeadType { program: program.get(), group: group.get(), id: id.get() });
        Self { found, form: Form::new() }
    }

    fn view(this: Self) -> AnyView {
        let LeadTypePage { found, form } = this;
        show::tell(form, "Lead type saved");
        view! { {found.show(skeleton, move |shown| page(shown, form))} }.into_any()
    }
}

fn skeleton() -> AnyView {
    view! { <PageHead title="Lead type"/><SkeletonCard lines=8/> }.into_any()
}

fn page(shown: Shown, form: Form<SaveLeadType>) -> AnyView {
    let Shown { id, group, input, currency, may_edit } = shown;
    let program = show::program().get_untracked();
    let title = if id.is_empty() { "New lead type".to_owned() } else { input.name.clone() };
    let back = format!("/admin/{program}/lead-settings/groups/{}", group.0);
    let cancel = back.clone();
    let methods = ReferralMethod::ALL.iter().map(|method| Choice::new(method.as_str(), method.label())).collect();
    let rules = Selection::ALL.iter().map(|rule| Choice::new(rule.as_str(), rule.label())).collect();
    let save = may_edit.then(|| {
        view! {
            <div class="form-actions">
                <ButtonLink href=cancel>"Cancel"</ButtonLink>
                <Button kind=ButtonKind::Primary submit=true busy=form.pending()>"Save the type"</Button>
            </div>
        }
    });
    let closes = (!id.is_empty()).then(|| {
        view! { <Switch id="closed" label="Closed" checked=input.closed help="It takes no further leads. Those that are of it stay."/> }
    });
    let key = (id.clone(), group.0.clone());
    let told = &["name", "method", "default_price", "scope", "duplicate_days", "selection", "wait_hours"];
    let fields = view! {
        <Card title="Partner referral settings">
            {show::wrong(form.beside(told))}
            <PostForm novalidate=true form=form class="form">
                {show::program_field()}
                <input type="hidden" name="id" value=id/>
                <input type="hidden" name="group" value=group.0/>
                <fieldset class="stack" disabled=!may_edit>
                    <TextInput id="name" label="Name" value=input.name required=true error=form.field("name")/>
                    <Select
                        id="method"
                        label="Referral method"
                        choices=methods
                        value=input.method.as_str()
                        help="At once when a lead comes in; by hand or by a rule; with an appointment that your team makes; or by handing over the call."
                        error=form.field("method")
                    />
                    <MoneyInput
                        id="default_price"
                        label="Default cost"
                        currency=currency
                        value=input.default_price.to_string()
                        help="What a buyer pays for a lead that it chooses by itself. What was agreed with a buyer stays when you change this."
                        error=form.field("default_price")
                    />
                    <TextInput
                        id="scope"
                        label="Referral scope"
                        inputmode="numeric"
                        suffix="buyers"
                        value=input.scope.to_string()
                        help="To how many buyers one lead is referred at the most."
                        error=form.field("scope")
                    />
                    <Select
                        id="selection"
                        label="Who goes first"
                        choices=rules
                        value=input.selection.as_str()
                        help="Where several buyers are eligible."
                        error=form.field("selection")
                    />
                    <TextInput
                        id="duplicate_days"
                        label="The same lead again"
                        inputmode="numeric"
                        suffix="days"
                        value=input.duplicate_days.to_string()
                        help="For so long no buyer is sent a lead that it has had."
                        error=form.field("duplicate_days")
                    />
                    <TextInput
                        id="wait_hours"
                        label="Longest wait"
                        inputmode="numeric"
                        suffix="hours"
                        value=input.wait_hours.to_string()
                        help="For so long a lead waits for a buyer; then it is unsold."
                        error=form.field("wait_hours")
                    />
                    <Switch
                        id="self_service"
                        label="Partner self-service"
                        checked=input.self_service
                        help="Buyers choose this type by themselves, where the program lets them."
                    />
                    <Switch
                        id="needs_authorisation"
                        label="Authorisation number required"
                        checked=input.needs_authorisation
                        help="Leads go only to buyers that have given one."
                    />
                    {closes}
                    {save}
                </fieldset>
            </PostForm>
        </Card>
    };
    let reads = (!may_edit)
        .then(|| view! { <Note glyph=Glyph::Lock>"Your role reads this type. An owner or manager changes it."</Note> });
    view! {
        <Title text=title.clone()/>
        <PageHead title=title back=(back, group.1)/>
        {reads}
        {ui::anew(key, fields)}
    }
    .into_any()
}

/// The types of a group, on its page.
pub(super) fn card(types: Vec<LeadType>, group: &str, currency: Currency, may_edit: bool) -> AnyView {
    let program = show::program().get_untracked();
    let types_of = format!("/admin/{program}/lead-settings/groups/{group}/types");
    let new = format!("{types_of}/new");
    let add = may_edit.then(|| view! { <ButtonLink href=new icon=Glyph::Plus>"New lead type"</ButtonLink> });
    if types.is_empty() {
        let words = "Mortgages, loans: give each kind of lead its own cost, and say how it is referred to buyers.";
        return view! {
            <Card title="Lead types">
                <EmptyState glyph=Glyph::Tag title="No lead types yet" words=words>{add}</EmptyState>
            </Card>
        }
        .into_any();
    }
    let head = || {
        view! {
            <Th label="Type"/>
            <Th label="Referral method" wide=true/>
            <Th label="Default cost" num=true/>
            <Th label="Leads" num=true wide=true/>
        }
    };
    let rows = types.into_iter().map(|one| {
        let href = format!("{types_of}/{}", one.id);
        let LeadTypeInput { name, method, default_price, scope, closed, .. } = one.input;
        let to = format!("To at most {}", counted(scope.into(), "buyer"));
        view! {
            <tr>
                <td>
                    <a class="link" href=href>{name}</a>" "
                    {closed.then(|| view! { <Pill text="Closed"/> })}
                    <small class="sub">{to}</small>
                </td>
                <td class="wide">{method.label()}</td>
                <td class="num"><Amount value=Money::new(default_price, currency)/></td>
                <td class="num wide">{ui::grouped(one.leads)}</td>
            </tr>
        }
    });
    let rows = rows.collect_view();
    view! {
        <Card title="Lead types" actions=move || add>
            <Table caption="Lead types" head=head phone_columns=2>{rows}</Table>
        </Card>
    }
    .into_any()
}
