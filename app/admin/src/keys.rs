//! API keys: made, shown once, revoked.

use access::{Form, LazyPage, PostForm, Read, Result, read_after};
use domain::accounts::Scope;
use domain::ids::ApiKeyId;
use domain::integrations::{ApiKey, MadeApiKey};
use leptos::prelude::*;
use leptos::server_fn::codec::GetUrl;
use leptos_meta::Title;
use serde::{Deserialize, Serialize};
use ui::{
    Button, ButtonKind, ButtonLink, Card, Checkbox, CloseButton, CodeBlock, CopyField, Dialog, DialogButton, Drawer,
    EmptyState, Glyph, Note, PageHead, Pill, SkeletonTable, Table, TextInput, Th, Tone,
};

use crate::show;

/// What the page shows.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Shown {
    keys: Vec<ApiKey>,
    /// Where the API is, without a slash at the end.
    server: String,
    currency: String,
    /// Whether the asker has just confirmed, so that keys can be made and revoked at once.
    confirmed: bool,
}

/// The program's API keys.
#[server(prefix = "/fn", endpoint = "admin/api-keys", input = GetUrl)]
pub async fn read_keys(program: String) -> Result<Shown> {
    access::answer(async {
        let mut asking = access::admin(&program).await?;
        let keys = engine::integrations::api_keys::list(&mut asking.conn, &asking.actor).await?;
        Ok(Shown {
            keys,
            server: asking.state.public_url.to_string(),
            currency: asking.program.currency.to_string(),
            confirmed: asking.session.confirmed(asking.moment.at),
        })
    })
    .await
}

/// Makes a key.
#[server(prefix = "/fn", endpoint = "admin/api-keys/create")]
pub async fn make_key(
    program: String,
    name: String,
    track: Option<String>,
    read: Option<String>,
    manage: Option<String>,
    submit: Option<String>,
    partner_code: Option<String>,
) -> Result<MadeApiKey> {
    access::answer(async {
        let asking = access::admin(&program).await?;
        asking.may(domain::accounts::Power::ManageKeys)?;
        let access::Admin { state, conn, moment, actor, .. } = asking;
        drop(conn);
        let chosen = [(Scope::Track, track), (Scope::Read, read), (Scope::Manage, manage), (Scope::Submit, submit)];
        let scopes = chosen.into_iter().filter_map(|(scope, ticked)| ticked.map(|_| scope)).collect();
        let partner_code = partner_code.unwrap_or_default();
        let input = domain::integrations::NewApiKey { name, scopes, partner_code };
        Ok(engine::integrations::api_keys::create(&state.pool, &moment, &actor, &input).await?)
    })
    .await
}

/// Revokes a key.
#[server(prefix = "/fn", endpoint = "admin/api-keys/revoke")]
pub async fn revoke_key(program: String, key: ApiKeyId) -> Result<()> {
    access::answer(async {
        let asking = access::admin(&program).await?;
        asking.may(domain::accounts::Power::ManageKeys)?;
        let access::Admin { state, conn, moment, actor, .. } = asking;
        drop(conn);
        Ok(engine::integrations::api_keys::revoke(&state.pool, &moment, &actor, key).await?)
    })
    .await
}

#[derive(Clone, Copy)]
struct Forms {
    make: Form<MakeKey>,
    revoke: Form<RevokeKey>,
}

/// `/admin/{program}/api-keys`.
pub struct KeysPage {
    found: Read<Shown>,
    forms: Forms,
}

impl LazyPage for KeysPage {
    fn data() -> Self {
        let program = show::program();
        let forms = Forms { make: Form::new(), revoke: Form::new() };
        let done = [show::done(forms.make), show::done(forms.revoke)];
        let found =
            read_after(move || done.map(|done| done.get()).iter().sum(), move || ReadKeys { program: program.get() });
        Self { found, forms }
    }

    fn view(this: Self) -> AnyView {
        let KeysPage { found, forms } = this;
        show::tell(forms.make, "API key made");
        show::tell(forms.revoke, "API key revoked");
        view! {
            <Title text="API keys"/>
            {found.show(skeleton, move |shown| page(shown, forms))}
        }
        .into_any()
    }
}

fn skeleton() -> AnyView {
    view! {
        <PageHead title="API keys"/>
        <Card><SkeletonTable rows=4 columns=5/></Card>
    }
    .into_any()
}

fn page(shown: Shown, forms: Forms) -> AnyView {
    let Shown { keys, server, currency, confirmed } = shown;
    let add = move || {
        if confirmed {
            view! { <DialogButton opens="new-key" kind=ButtonKind::Primary icon=Glyph::Plus>"New API key"</DialogButton> }
                .into_any()
        } else {
            let here = format!("/admin/{}/api-keys", show::program().get_untracked());
            let href = format!("/confirm?to={}", access::escape(&here));
            view! { <ButtonLink href=href kind=ButtonKind::Primary icon=Glyph::Lock>"Confirm to make a key"</ButtonLink> }
                .into_any()
        }
    };
    let made = move || match forms.make.answer() {
        Some(Ok(made)) => Some(made_card(made, &server, &currency)),
        _ => None,
    };
    let list = if keys.is_empty() {
        view! {
            <EmptyState
                glyph=Glyph::Key
                title="No API keys yet"
                words="With a key, your server reports sign-ups, sales and refunds."
            >
                {add()}
            </EmptyState>
        }
        .into_any()
    } else {
        let head = || {
            view! {
                <Th label="Key"/>
                <Th label="May" wide=true/>
                <Th label="Last used"/>
                <Th label="Made" wide=true/>
                <Th label="Actions" quiet=true/>
            }
        };
        let rows = keys.into_iter().map(|key| row(key, forms.revoke)).collect_view();
        view! { <Table caption="API keys" head=head>{rows}</Table> }.into_any()
    };
    view! {
        <PageHead title="API keys">{add()}</PageHead>
        {made}
        <Card>{list}</Card>
        {new_key(forms.make)}
    }
    .into_any()
}

/// What a scope lets a key do.
fn scope_words(scope: Scope) -> (&'static str, &'static str) {
    match scope {
        Scope::Track => ("Track", "Report clicks, sign-ups, sales and refunds."),
        Scope::Read => ("Read", "Read partners, customers, commissions, payments and leads."),
        Scope::Manage => ("Manage", "Create partners and links; add and work leads."),
        Scope::Submit => ("Submit", "Submit one partner's leads and follow them: for the partner's own systems."),
    }
}

/// How a partner's system submits a lead.
fn lead_command(server: &str, key: &str) -> String {
    format!(
        r#"curl {server}/api/v1/leads \
  -H "Authorization: Bearer {key}" -H "Content-Type: application/json" \
  -d '{{"fields": {{"email": "n@example.com", "name": "Nora"}}}}'"#
    )
}

/// How a company's server reports a sign-up and a sale.
#[must_use]
pub fn tracking_commands(server: &str, key: &str, currency: &str) -> String {
    format!(
        r#"# When somebody signs up. click_id is what tributary.clickId() gave your page.
curl {server}/api/v1/track/signup \
  -H "Authorization: Bearer {key}" -H "Content-Type: application/json" \
  -d '{{"event_id": "signup-1", "customer": {{"external_id": "u_1", "email": "n@example.com"}}, "click_id": "…"}}'

# When they pay.
curl {server}/api/v1/track/sale \
  -H "Authorization: Bearer {key}" -H "Content-Type: application/json" \
  -d '{{"event_id": "sale-1", "customer_id": "u_1", "amount": "49.00", "currency": "{currency}"}}'"#
    )
}

fn made_card(made: MadeApiKey, server: &str, currency: &str) -> AnyView {
    let commands = match made.scopes.as_slice() {
        scopes if scopes.contains(&Scope::Track) => Some(tracking_commands(server, &made.key, currency)),
        scopes if scopes.contains(&Scope::Read) => {
            Some(format!("curl {server}/api/v1/commissions \\\n  -H \"Authorization: Bearer {}\"", made.key))
        }
        scopes if scopes.contains(&Scope::Submit) => Some(lead_command(server, &made.key)),
        _ => None,
    };
    view! {
        <Card title="Your new API key">
            <Note tone=Tone::Warn>"This is the only time the key is shown. Keep it with your server's other secrets."</Note>
            <CopyField text=made.key what="API key"/>
            {commands.map(|commands| view! { <CodeBlock code=commands what="commands"/> })}
        </Card>
    }
    .into_any()
}

fn new_key(form: Form<MakeKey>) -> AnyView {
    let scopes = Scope::ALL
        .iter()
        .map(|scope| {
            let (name, words) = scope_words(*scope);
            let id = format!("scope-{scope}");
            view! { <Checkbox id=id name=scope.as_str() label=name help=words checked={*scope == Scope::Track}/> }
        })
        .collect_view();
    let none = form.field("scopes");
    view! {
        <Drawer id="new-key" title="New API key">
            {show::wrong(form.beside(&["name", "scopes", "partner_code"]))}
            <PostForm form=form class="form">
                {show::program_field()}
                <TextInput id="key-name" name="name" label="Name" placeholder="Shop server" help="So that you know it again." required=true error=form.field("name")/>
                <fieldset class="form">
                    <legend class="visually-hidden">"What it may do"</legend>
                    {scopes}
                    <p class="error" aria-live="polite">{move || none.get()}</p>
                </fieldset>
                <TextInput id="key-partner" name="partner_code" label="Partner's code" optional=true help="For Submit, which goes alone: whose leads the key submits." error=form.field("partner_code")/>
                <div class="form-actions">
                    <CloseButton closes="new-key"/>
                    <Button kind=ButtonKind::Primary submit=true busy=form.pending()>"Make the API key"</Button>
                </div>
            </PostForm>
        </Drawer>
    }
    .into_any()
}

fn row(key: ApiKey, revoke: Form<RevokeKey>) -> AnyView {
    let mut scopes = key.scopes.iter().map(|scope| scope_words(*scope).0).collect::<Vec<_>>().join(", ");
    if let Some(partner) = &key.partner {
        scopes = format!("{scopes} for {}", partner.code);
    }
    let used = key.last_used_at.map_or_else(|| "Never".into_any(), show::time);
    let made = if key.created_by.is_empty() {
        show::day(key.created_at.date_naive())
    } else {
        format!("{} by {}", show::day(key.created_at.date_naive()), key.created_by)
    };
    let end = match key.revoked_at {
        Some(at) => view! { <Pill tone=Tone::Bad text=format!("Revoked {}", show::day(at.date_naive()))/> }.into_any(),
        None => revoking(&key, revoke),
    };
    view! {
        <tr>
            <td>
                {key.name}
                <small><code>{key.prefix}"…"</code></small>
                <small class="narrow">{scopes.clone()}</small>
            </td>
            <td class="wide">{scopes}</td>
            <td>{used}</td>
            <td class="wide">{made}</td>
            <td class="row-actions">{end}</td>
        </tr>
    }
    .into_any()
}

fn revoking(key: &ApiKey, form: Form<RevokeKey>) -> AnyView {
    let id = key.id.to_string();
    let dialog = format!("revoke-{id}");
    let label = format!("Revoke {}", key.name);
    let title = format!("{label}?");
    view! {
        <DialogButton opens=dialog.clone() label=label>"Revoke"</DialogButton>
        <Dialog id=dialog.clone() title=title>
            <p>"From the next call on, whatever uses this key is refused. A revoked key can't be taken back."</p>
            <PostForm form=form>
                {show::program_field()}
                <input type="hidden" name="key" value=id/>
                <div class="dialog-actions">
                    <CloseButton closes=dialog/>
                    <Button kind=ButtonKind::Danger submit=true busy=form.pending()>"Revoke"</Button>
                </div>
            </PostForm>
        </Dialog>
    }
    .into_any()
}
