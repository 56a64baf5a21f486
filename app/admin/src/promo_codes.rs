//! Promo codes: each brings the customers who use it to one partner.

use access::{Form, LazyPage, PostForm, Read, Result, read_after};
use domain::ids::PromoCodeId;
use domain::page::Page;
use domain::partners::PromoCodeRow;
use leptos::prelude::*;
use leptos::server_fn::codec::GetUrl;
use leptos_meta::Title;
use serde::{Deserialize, Serialize};
use ui::{
    Address, Button, ButtonKind, Card, CloseButton, DialogButton, Drawer, EmptyState, Glyph, PageHead, Pill,
    SearchInput, SkeletonTable, Table, TextInput, Th, Tone, grouped, use_toasts,
};

use crate::partners::partner_field;
use crate::show;

/// What the page shows.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Shown {
    codes: Page<PromoCodeRow>,
    may_edit: bool,
}

/// A page of the program's promo codes.
#[server(prefix = "/fn", endpoint = "admin/promo-codes", input = GetUrl)]
pub async fn read_promo_codes(program: String, q: Option<String>, cursor: Option<String>) -> Result<Shown> {
    access::answer(async {
        let mut asking = access::admin(&program).await?;
        let search = q.filter(|text| !text.trim().is_empty());
        let paging = domain::page::Paging { cursor, limit: None };
        let codes =
            engine::partners::promo_codes::list(&mut asking.conn, &asking.actor, None, search.as_deref(), &paging)
                .await?;
        Ok(Shown { codes, may_edit: asking.actor.may(domain::accounts::Power::EditProgram) })
    })
    .await
}

/// Makes a promo code for the partner with a code or a name.
#[server(prefix = "/fn", endpoint = "admin/promo-codes/create")]
pub async fn make_promo_code(program: String, partner: String, code: String, description: String) -> Result<()> {
    access::answer(async {
        let mut asking = access::admin(&program).await?;
        asking.may(domain::accounts::Power::EditProgram)?;
        let partner = crate::partners::meant(&mut asking, "partner", &partner).await?.id;
        let mut tx = access::begin(&mut asking.conn).await?;
        let input = domain::partners::NewPromoCode { partner, code, description };
        engine::partners::promo_codes::create(&mut tx, &asking.moment, &asking.actor, &input).await?;
        Ok(tx.commit().await?)
    })
    .await
}

/// Switches a promo code off, or on again.
#[server(prefix = "/fn", endpoint = "admin/promo-codes/disable")]
pub async fn disable_promo_code(program: String, id: PromoCodeId, disabled: bool) -> Result<()> {
    access::answer(async {
        let mut asking = access::admin(&program).await?;
        asking.may(domain::accounts::Power::EditProgram)?;
        let mut tx = access::begin(&mut asking.conn).await?;
        engine::partners::promo_codes::set_disabled(&mut tx, &asking.moment, &asking.actor, id, disabled).await?;
        Ok(tx.commit().await?)
    })
    .await
}

/// Says anew what a promo code gives the customer.
#[server(prefix = "/fn", endpoint = "admin/promo-codes/edit")]
pub async fn edit_promo_code(program: String, id: PromoCodeId, description: String) -> Result<()> {
    access::answer(async {
        let mut asking = access::admin(&program).await?;
        asking.may(domain::accounts::Power::EditProgram)?;
        let mut tx = access::begin(&mut asking.conn).await?;
        engine::partners::promo_codes::describe(&mut tx, &asking.moment, &asking.actor, id, &description).await?;
        Ok(tx.commit().await?)
    })
    .await
}

#[derive(Clone, Copy)]
struct Forms {
    make: Form<MakePromoCode>,
    disable: Form<DisablePromoCode>,
    edit: Editing,
}

/// The act of saying anew what a code gives, and for which one.
#[derive(Clone, Copy)]
struct Editing {
    form: Form<EditPromoCode>,
    code: RwSignal<Option<(PromoCodeId, String)>>,
    description: RwSignal<String>,
    open: RwSignal<bool>,
}

impl Editing {
    fn new() -> Self {
        let (code, description) = (RwSignal::new(None), RwSignal::new(String::new()));
        Self { form: Form::new(), code, description, open: RwSignal::new(false) }
    }

    fn button(self, row: &PromoCodeRow) -> AnyView {
        let (label, description) = (format!("Edit {}", row.code), row.description.clone());
        let code = (row.id, row.code.clone());
        let choose = move |()| {
            self.form.clear();
            self.code.set(Some(code.clone()));
            self.description.set(description.clone());
            self.open.set(true);
        };
        view! { <Button kind=ButtonKind::Quiet on_click=choose label=label>"Edit"</Button> }.into_any()
    }

    fn drawer(self) -> AnyView {
        let Self { form, code, description, open } = self;
        let id = move || code.get().map(|(id, _)| id.to_string());
        let called = move || code.get().map(|(_, code)| code);
        view! {
            <Drawer id="edit-promo-code" title="Edit promo code" open=open>
                {show::wrong(form.beside(&["description"]))}
                <PostForm form=form class="form">
                    {show::program_field()}
                    <input type="hidden" name="id" prop:value=id/>
                    <p><b>{called}</b></p>
                    <TextInput id="edited-description" name="description" label="What it gives the customer" optional=true
                        bind=description error=form.field("description")/>
                    <p class="sub">"The code itself stays: customers and your shop have it."</p>
                    <div class="form-actions">
                        <CloseButton closes="edit-promo-code"/>
                        <Button kind=ButtonKind::Primary submit=true busy=form.pending()>"Save"</Button>
                    </div>
                </PostForm>
            </Drawer>
        }
        .into_any()
    }
}

/// `/admin/{program}/promo-codes`.
pub struct PromoCodesPage {
    found: Read<Shown>,
    forms: Forms,
}

impl LazyPage for PromoCodesPage {
    fn data() -> Self {
        let (program, address) = (show::program(), show::address());
        let forms = Forms { make: Form::new(), disable: Form::new(), edit: Editing::new() };
        let done = [show::done(forms.make), show::done(forms.disable), show::done(forms.edit.form)];
        let found = read_after(
            move || done.map(|done| done.get()).iter().sum(),
            move || ReadPromoCodes {
                program: program.get(),
                q: address.with(|address| show::value(address, "q")),
                cursor: address.with(|address| show::value(address, "cursor")),
            },
        );
        Self { found, forms }
    }

    fn view(this: Self) -> AnyView {
        let PromoCodesPage { found, forms } = this;
        show::tell(forms.make, "Promo code made");
        show::tell(forms.edit.form, "Promo code changed");
        let toasts = use_toasts();
        let turned = StoredValue::new(None::<DisablePromoCode>);
        provide_context(turned);
        forms.disable.settled(move |outcome| match outcome {
            Ok(()) => {
                // Undoing it offers no further undoing.
                let Some(turned) = turned.try_update_value(Option::take).flatten() else { return };
                let words = if turned.disabled { "Promo code disabled" } else { "Promo code restored" };
                let back = DisablePromoCode { disabled: !turned.disabled, ..turned };
                toasts.say_with_undo(words, Callback::new(move |()| forms.disable.send_fields(&back)));
            }
            Err(error) if error.leads_to("").is_none() => toasts.fail(error.words()),
            Err(_) => {}
        });
        view! {
            <Title text="Promo codes"/>
            {found.show(skeleton, move |shown| page(shown, forms))}
        }
        .into_any()
    }
}

fn skeleton() -> AnyView {
    view! {
        <PageHead title="Promo codes"/>
        <Card><SkeletonTable columns=4/></Card>
    }
    .into_any()
}

fn page(shown: Shown, forms: Forms) -> AnyView {
    let Shown { codes, may_edit } = shown;
    let program = show::program().get_untracked();
    let address = show::address().get_untracked();
    let add = move || {
        may_edit.then(|| {
            view! { <DialogButton opens="new-promo-code" kind=ButtonKind::Primary icon=Glyph::Plus>"New promo code"</DialogButton> }
        })
    };
    let filtered = show::filtered(&address, &["q", "cursor"]);
    let filters = (filtered || !codes.data.is_empty()).then(|| filters(&address));
    let list = if codes.data.is_empty() && filtered {
        show::nothing_found(&address)
    } else if codes.data.is_empty() {
        view! {
            <Card>
                <EmptyState
                    glyph=Glyph::Tag
                    title="No promo codes yet"
                    words="A promo code belongs to one partner. Customers who sign up or pay with it become the partner's, without a link."
                />
            </Card>
        }
        .into_any()
    } else {
        let pages = show::pages(&codes, None, &address);
        let head = move || {
            view! {
                <Th label="Code"/>
                <Th label="Partner"/>
                <Th label="Made" wide=true/>
                <Th label="Customers" num=true/>
                {may_edit.then(|| view! { <Th label="Actions" quiet=true under=true/> })}
            }
        };
        let rows = codes.data.into_iter().map(|code| row(code, &program, may_edit, forms)).collect_view();
        view! {
            <Card>
                <Table caption="Promo codes" head=head phone_columns=3>{rows}</Table>
                {pages}
            </Card>
        }
        .into_any()
    };
    view! {
        <PageHead title="Promo codes">{add()}</PageHead>
        {filters}
        {list}
        {may_edit.then(|| new_promo_code(forms.make))}
        {may_edit.then(|| forms.edit.drawer())}
    }
    .into_any()
}

fn filters(address: &Address) -> AnyView {
    view! {
        <form class="filters" method="get" action=address.path().to_owned()>
            <SearchInput id="q" label="Search by promo code or partner code" name="q" value=address.get("q").unwrap_or_default().to_owned()/>
            <Button submit=true>"Show"</Button>
        </form>
    }
    .into_any()
}

fn new_promo_code(form: Form<MakePromoCode>) -> AnyView {
    view! {
        <Drawer id="new-promo-code" title="New promo code">
            {show::wrong(form.beside(&["partner", "code", "description"]))}
            <PostForm form=form class="form">
                {show::program_field()}
                {partner_field(("promo-partner", "partner"), "Partner", form.field("partner"))}
                <TextInput id="promo-code" name="code" label="Promo code" placeholder="ADA20" required=true error=form.field("code")/>
                <TextInput id="promo-description" name="description" label="What it gives the customer" placeholder="20% off the first month" optional=true error=form.field("description")/>
                <p class="sub">"Set up the discount itself in your shop, under the same code."</p>
                <div class="form-actions">
                    <CloseButton closes="new-promo-code"/>
                    <Button kind=ButtonKind::Primary submit=true busy=form.pending()>"Make the promo code"</Button>
                </div>
            </PostForm>
        </Drawer>
    }
    .into_any()
}

fn row(row: PromoCodeRow, program: &str, may_edit: bool, forms: Forms) -> AnyView {
    let words = if row.disabled { "Restore" } else { "Disable" };
    let label = format!("{words} {}", row.code);
    let asked = DisablePromoCode { program: program.to_owned(), id: row.id, disabled: !row.disabled };
    let turn = asked.disabled.to_string();
    let turned = use_context::<StoredValue<Option<DisablePromoCode>>>();
    let remember = move |()| {
        if let Some(turned) = turned {
            turned.set_value(Some(asked.clone()));
        }
    };
    let turn = (!row.erased).then(|| {
        view! {
            <div class="row">
                {forms.edit.button(&row)}
                <PostForm form=forms.disable>
                    {show::program_field()}
                    <input type="hidden" name="id" value=row.id.to_string()/>
                    <input type="hidden" name="disabled" value=turn/>
                    <Button submit=true label=label on_click=remember>{words}</Button>
                </PostForm>
            </div>
        }
    });
    let actions = may_edit.then(|| view! { <td class="row-actions under">{turn}</td> });
    view! {
        <tr>
            <td>
                <b>{row.code}</b>
                {row.disabled.then(|| view! { " " <Pill tone=Tone::Neutral text="Disabled"/> })}
                <small>{row.description}</small>
            </td>
            <td>{show::partner_link(program, &row.partner)}</td>
            <td class="wide">{show::day(row.created_at.date_naive())}</td>
            <td class="num">{grouped(row.customers)}</td>
            {actions}
        </tr>
    }
    .into_any()
}
