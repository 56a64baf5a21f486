//! The forms of the first run.

use super::{CreateKey, CreateOffer, CreateOwner, CreateProgram, FirstPartner, ProgramRef};
use access::{Form, PostForm};
use domain::integrations::MadeApiKey;
use leptos::prelude::*;
use ui::{
    Button, ButtonKind, Choice, CodeBlock, CopyField, MoneyInput, PasswordInput, Select, TextInput, Textarea, wrong,
};

/// The forms of all steps: made once, at the top of the page.
#[derive(Clone, Copy)]
pub(super) struct Forms {
    pub owner: Form<CreateOwner>,
    pub program: Form<CreateProgram>,
    pub offer: Form<CreateOffer>,
    pub key: Form<CreateKey>,
    pub partner: Form<FirstPartner>,
}

pub(super) fn owner(form: Form<CreateOwner>, token: String) -> AnyView {
    view! {
        {wrong(form.beside(&["name", "email", "password", "organization"]))}
        <PostForm form=form class="form">
            <input type="hidden" name="token" value=token/>
            <div class="form-row">
                <TextInput id="name" label="Your name" required=true autocomplete="name" autofocus=true error=form.field("name")/>
                <TextInput id="organization" label="Your company" required=true autocomplete="organization" error=form.field("organization")/>
            </div>
            <TextInput id="email" label="E-mail" kind="email" required=true autocomplete="email" error=form.field("email")/>
            <PasswordInput id="password" label="Password" autocomplete="new-password" help="At least 10 characters: a few uncommon words are good." error=form.field("password")/>
            <div class="form-actions">
                <Button kind=ButtonKind::Primary submit=true busy=form.pending()>"Create the owner"</Button>
            </div>
        </PostForm>
    }
    .into_any()
}

const CURRENCIES: &[&str] = &[
    "USD", "EUR", "GBP", "AUD", "BRL", "CAD", "CHF", "CZK", "DKK", "INR", "JPY", "MXN", "NOK", "NZD", "PLN", "SEK",
    "ZAR",
];

pub(super) fn program(form: Form<CreateProgram>, time_zones: Vec<(String, String)>) -> AnyView {
    let currencies = CURRENCIES.iter().map(|code| Choice::new(*code, *code)).collect::<Vec<_>>();
    let zones = time_zones.into_iter().map(|(zone, words)| Choice::new(zone, words)).collect::<Vec<_>>();
    view! {
        {wrong(form.beside(&["name", "slug", "description", "currency", "time_zone", "website"]))}
        <PostForm form=form class="form">
            <div class="form-row">
                <TextInput id="name" label="Name" placeholder="Acme partners" required=true autofocus=true error=form.field("name")/>
                <TextInput id="slug" label="Name in addresses" prefix="/p/" placeholder="acme" help="It can't be changed later." required=true error=form.field("slug")/>
            </div>
            <Textarea id="description" label="Description" rows=2 help="What the program is; its partners read it." optional=true error=form.field("description")/>
            <TextInput id="website" label="Website" kind="url" placeholder="https://www.example.com" help="Where partners' links lead." required=true error=form.field("website")/>
            <div class="form-row">
                <Select id="currency" label="Currency" choices=currencies value="USD" help="Fixed once the first commission is earned." error=form.field("currency")/>
                <Select id="time_zone" label="Time zone" choices=zones value="UTC" help="Days and months follow it." error=form.field("time_zone")/>
            </div>
            <div class="form-actions">
                <Button kind=ButtonKind::Primary submit=true busy=form.pending()>"Create the program"</Button>
            </div>
        </PostForm>
    }
    .into_any()
}

pub(super) fn offer(form: Form<CreateOffer>, program: ProgramRef) -> AnyView {
    let lengths = vec![
        Choice::new("first", "of the first sale"),
        Choice::new("3", "of every sale, for 3 months"),
        Choice::new("12", "of every sale, for 12 months"),
        Choice::new("24", "of every sale, for 24 months"),
        Choice::new("lifetime", "of every sale, for as long as they pay"),
    ];
    view! {
        {wrong(form.beside(&["name", "percent", "months", "flat", "hold_days"]))}
        <PostForm form=form class="form">
            <input type="hidden" name="program" value=program.slug/>
            <TextInput id="name" label="Name" value="Standard" required=true error=form.field("name")/>
            <div class="form-row">
                <TextInput id="percent" label="Partners earn" value="30" suffix="%" inputmode="decimal" error=form.field("percent")/>
                <Select id="months" label="Of what" choices=lengths value="12" error=form.field("months")/>
            </div>
            <div class="form-row">
                <MoneyInput id="flat" label="And for each new customer" currency=program.currency optional=true error=form.field("flat")/>
                <TextInput id="hold_days" label="Held for refunds" value="30" suffix="days" inputmode="numeric" required=true error=form.field("hold_days")/>
            </div>
            <div class="form-actions">
                <Button kind=ButtonKind::Primary submit=true busy=form.pending()>"Create the offer"</Button>
            </div>
        </PostForm>
    }
    .into_any()
}

pub(super) fn key(form: Form<CreateKey>, program: ProgramRef, on: impl Fn() + Copy + Send + Sync + 'static) -> AnyView {
    let slug = program.slug.clone();
    view! {
        {wrong(form.beside(&[]))}
        {move || match form.answer() {
            Some(Ok(made)) => snippets(&made, &program, on),
            _ => {
                let slug = slug.clone();
                view! {
                    <PostForm form=form class="form">
                        <input type="hidden" name="program" value=slug/>
                        <p class="sub">
                            "The key lets your server report sign-ups and sales. It is shown once: keep it with your server's other secrets."
                        </p>
                        <div class="form-actions">
                            <Button kind=ButtonKind::Primary submit=true busy=form.pending()>"Make the API key"</Button>
                        </div>
                    </PostForm>
                }
                    .into_any()
            }
        }}
    }
    .into_any()
}

/// What a page of the company carries.
pub(super) fn page_snippet(program: &ProgramRef) -> String {
    format!("<script async src=\"{}/t.js\" data-program=\"{}\"></script>", program.server, program.slug)
}

fn snippets(made: &MadeApiKey, program: &ProgramRef, on: impl Fn() + Copy + Send + Sync + 'static) -> AnyView {
    let commands = admin::tracking_commands(&program.server, &made.key, &program.currency.to_string());
    view! {
        <p>"Your API key, shown this once:"</p>
        <CopyField text=made.key.clone() what="API key"/>
        <p>"On each page of your website, so that it remembers which link a visitor came by:"</p>
        <CodeBlock code=page_snippet(program) what="snippet"/>
        <p>"On your server:"</p>
        <CodeBlock code=commands what="commands"/>
        <div class="form-actions">
            <Button kind=ButtonKind::Primary on_click=move |()| on()>"I have kept the key: go on"</Button>
        </div>
    }
    .into_any()
}
