//! Sharing a form: its address, a frame and plain HTML for the partner's own pages; and keys for the partner's own systems.

use access::{Form, LazyPage, PostForm, Read, Result, read};
use domain::ids::{ApiKeyId, EnrollmentId, LeadGroupId};
use domain::integrations::{ApiKey, MadeApiKey};
use domain::leads::capture::CaptureForm;
use leptos::prelude::*;
use leptos::server_fn::codec::GetUrl;
use leptos_meta::Title;
use serde::{Deserialize, Serialize};
use ui::{
    Button, ButtonKind, ButtonLink, Card, Checkbox, CloseButton, CodeBlock, CopyField, Dialog, DialogButton, Glyph,
    Note, PageHead, Pill, SkeletonCard, Table, TextInput, Textarea, Th, Tone, use_toasts,
};

use super::submit::{choose, forget_of_another_group};
use crate::show;

/// What the page shows.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Shown {
    partner: EnrollmentId,
    /// The groups that take leads.
    groups: Vec<(LeadGroupId, String)>,
    /// The chosen one's form.
    form: CaptureForm,
    /// Its address; empty where it isn't made.
    link: String,
    /// HTML that frames it.
    frame: String,
    /// The form itself as HTML.
    html: String,
    keys: Vec<ApiKey>,
    /// Where the API is, without a slash at the end.
    server: String,
    /// Whether the asker has just confirmed, so that keys can be made and revoked at once.
    confirmed: bool,
}

/// The form of a group that the partner shares, the default one's where none is named, and the partner's keys; not found
/// where the program takes no leads from partners.
#[server(prefix = "/fn", endpoint = "partner/capture-forms", input = GetUrl)]
pub async fn read_share(program: String, group: Option<String>) -> Result<Shown> {
    access::answer(async {
        let mut asking = access::partner(&program, domain::portal::PortalPage::Leads).await?;
        if !engine::leads::settings(&mut asking.conn, asking.program.id).await?.submission {
            return Err(access::Error::NotFound);
        }
        let forms = engine::leads::capture_forms(&mut asking.conn, &asking.actor).await?;
        let groups = forms.iter().map(|form| (form.group, form.name.clone())).collect();
        let asked: Option<LeadGroupId> = group.and_then(|id| id.parse().ok());
        let form = forms.iter().find(|form| Some(form.group) == asked).or(forms.first());
        let form = form.cloned().ok_or(access::Error::NotFound)?;
        let server = asking.state.public_url.to_string();
        let (mut link, mut frame, mut html) = (String::new(), String::new(), String::new());
        if !form.code.is_empty() {
            let asks = engine::leads::form(&mut asking.conn, asking.program.id, form.group, None).await?;
            link = format!("{server}{}", CaptureForm::path(&asking.program.slug, &form.code));
            frame = domain::leads::capture::frame(&link, &asking.program.name);
            html = domain::leads::capture::plain(&asks.form, asks.version, asking.program.currency, &link);
        }
        let keys = engine::integrations::api_keys::list(&mut asking.conn, &asking.actor).await?;
        let confirmed = asking.session.confirmed(asking.moment.at);
        Ok(Shown { partner: asking.partner.id, groups, form, link, frame, html, keys, server, confirmed })
    })
    .await
}

/// Makes or changes a form of a partner for whom the account acts.
#[server(prefix = "/fn", endpoint = "partner/capture-forms/save")]
pub async fn save_share(
    program: String,
    partner: EnrollmentId,
    group: LeadGroupId,
    is_open: Option<String>,
    #[server(default)] sites: String,
    #[server(default)] thanks: String,
    #[server(default)] redirect: String,
) -> Result<()> {
    access::answer(async {
        let mut asking = access::this_partner(&program, partner, domain::portal::PortalPage::Leads).await?;
        let is_open = is_open.is_some();
        let input = domain::leads::capture::CaptureInput { group, is_open, sites, thanks, redirect };
        let mut tx = access::begin(&mut asking.conn).await?;
        engine::leads::save_capture_form(&mut tx, &asking.moment, &asking.actor, &input).await?;
        Ok(tx.commit().await?)
    })
    .await
}

/// Makes a key with which the systems of a partner submit its leads.
#[server(prefix = "/fn", endpoint = "partner/api-keys/create")]
pub async fn make_own_key(program: String, partner: EnrollmentId, name: String) -> Result<MadeApiKey> {
    access::answer(async {
        let asking = access::this_partner(&program, partner, domain::portal::PortalPage::Leads).await?;
        engine::accounts::require_confirmed(&asking.session, &asking.moment)?;
        let access::Partner { state, conn, moment, actor, .. } = asking;
        drop(conn);
        let input = domain::integrations::NewApiKey {
            name,
            scopes: vec![domain::accounts::Scope::Submit],
            ..Default::default()
        };
        Ok(engine::integrations::api_keys::create(&state.pool, &moment, &actor, &input).await?)
    })
    .await
}

/// Revokes a key of a partner for whom the account acts.
#[server(prefix = "/fn", endpoint = "partner/api-keys/revoke")]
pub async fn revoke_own_key(program: String, partner: EnrollmentId, key: ApiKeyId) -> Result<()> {
    access::answer(async {
        let asking = access::this_partner(&program, partner, domain::portal::PortalPage::Leads).await?;
        engine::accounts::require_confirmed(&asking.session, &asking.moment)?;
        let access::Partner { state, conn, moment, actor, .. } = asking;
        drop(conn);
        Ok(engine::integrations::api_keys::revoke(&state.pool, &moment, &actor, key).await?)
    })
    .await
}

#[derive(Clone, Copy)]
struct Forms {
    save: Form<SaveShare>,
    make: Form<MakeOwnKey>,
    revoke: Form<RevokeOwnKey>,
}

/// `/p/{program}/leads/share`.
pub struct SharePage(Read<Shown>, Forms);

impl LazyPage for SharePage {
    fn data() -> Self {
        let (program, address) = (show::program(), show::address());
        let forms = Forms { save: Form::new(), make: Form::new(), revoke: Form::new() };
        let found = read(move || ReadShare {
            program: program.get(),
            group: address.with(|address| show::value(address, "group")),
        });
        Self(found, forms)
    }

    fn view(this: Self) -> AnyView {
        let Self(found, forms) = this;
        let toasts = use_toasts();
        let say = move |worked: bool, words: &'static str| {
            if worked {
                toasts.say(words);
                found.again();
            }
        };
        forms.save.settled(move |outcome| say(outcome.is_ok(), "The form is saved"));
        forms.make.settled(move |outcome| say(outcome.is_ok(), "The key is made"));
        forms.revoke.settled(move |outcome| say(outcome.is_ok(), "The key is revoked"));
        forget_of_another_group(move || forms.save.clear());
        let program = show::program();
        view! {
            <Title text="Share a form"/>
            {move || {
                let back = (format!("/p/{}/leads", program.get()), "Leads".to_owned());
                view! { <PageHead title="Share a form" back=back/> }
            }}
            {found.show(|| view! { <SkeletonCard lines=8/> }.into_any(), move |shown| page(shown, forms))}
        }
        .into_any()
    }
}

fn page(shown: Shown, forms: Forms) -> AnyView {
    let Shown { partner, groups, form, link, frame, html, keys, server, confirmed } = shown;
    let program = show::program().get_untracked();
    let choose = choose(&format!("/p/{program}/leads/share"), &groups, form.group);
    let is_made = !form.code.is_empty();
    let to_copy = is_made.then(|| to_copy(&form, link, frame, html));
    let settings = settings(&form, &program, partner, forms.save);
    let keys = keys_card(keys, &program, partner, server, confirmed, forms);
    view! {
        {choose}
        {to_copy}
        {ui::anew(form.group, settings)}
        {keys}
    }
    .into_any()
}

/// What is copied to share a form.
fn to_copy(form: &CaptureForm, link: String, frame: String, html: String) -> AnyView {
    let closed = (!form.is_open)
        .then(|| view! { <Note tone=Tone::Warn>"This form takes no leads at the moment: nobody finds it."</Note> });
    let no_sites = form.sites.is_empty().then(|| {
        view! { <Note>"Name the sites of yours below on which the form shall stand: it stands on no others."</Note> }
    });
    let open = link.clone();
    view! {
        <Card title="Your form">
            {closed}
            <p>"Whoever fills it in becomes your lead, as if you had submitted it."</p>
            <CopyField text=link what="link"/>
            <div class="row"><ButtonLink href=open external=true>"Look at it"</ButtonLink></div>
        </Card>
        <Card title="On your own pages">
            {no_sites}
            <p>"In a frame, it looks as it does here and is always up to date."</p>
            <CodeBlock code=frame what="Frame"/>
            <p>"As plain HTML, it looks as your page does. Copy it anew when the program's form changes."</p>
            <CodeBlock code=html what="HTML form"/>
        </Card>
    }
    .into_any()
}

fn settings(form: &CaptureForm, program: &str, partner: EnrollmentId, save: Form<SaveShare>) -> AnyView {
    let is_made = !form.code.is_empty();
    let whose = show::whose(program, partner);
    // One that isn't made yet is open.
    let open = match is_made {
        true => view! { <Checkbox id="is_open" label="The form takes leads" checked=form.is_open/> }.into_any(),
        false => view! { <input type="hidden" name="is_open" value="true"/> }.into_any(),
    };
    let sites = form.sites.join("\n");
    let (thanks, redirect, group) = (form.thanks.clone(), form.redirect.clone(), form.group.to_string());
    let (title, button) = if is_made { ("Settings", "Save") } else { ("A form to share", "Make the form") };
    let about = (!is_made).then(|| {
        view! {
            <p>
                "Send its address to people, or put it on your own pages: whoever fills it in becomes your lead, as if you had submitted it."
            </p>
        }
    });
    view! {
        <Card title=title>
            {about}
            {ui::wrong(save.beside(&["sites", "thanks", "redirect"]))}
            <PostForm form=save class="form">
                {whose}
                <input type="hidden" name="group" value=group/>
                {open}
                <Textarea id="sites" label="Your sites" value=sites rows=3 help="Where the form may stand, one a line, such as www.example.com. Other sites can't show it." error=save.field("sites") optional=true/>
                <Textarea id="thanks" label="Words of thanks" value=thanks rows=3 help="For who has filled it in." error=save.field("thanks") optional=true/>
                <TextInput id="redirect" label="Redirect to" value=redirect inputmode="url" help="A page on one of your sites that thanks them instead, as its full address." error=save.field("redirect") optional=true/>
                <div class="form-actions"><Button kind=ButtonKind::Primary submit=true busy=save.pending()>{button}</Button></div>
            </PostForm>
        </Card>
    }
    .into_any()
}

fn keys_card(
    keys: Vec<ApiKey>,
    program: &str,
    partner: EnrollmentId,
    server: String,
    confirmed: bool,
    forms: Forms,
) -> AnyView {
    let whose = show::whose(program, partner);
    let made = move || match forms.make.answer() {
        Some(Ok(made)) => {
            let command = format!(
                "curl {server}/api/v1/leads \\\n  -H \"Authorization: Bearer {}\" -H \"Content-Type: application/json\" \\\n  \
                 -d '{{\"fields\": {{\"email\": \"n@example.com\", \"name\": \"Nora\"}}}}'",
                made.key
            );
            let view = view! {
                <Note tone=Tone::Warn>"This is the only time the key is shown. Keep it with your other secrets."</Note>
                <CopyField text=made.key what="API key"/>
                <CodeBlock code=command what="command"/>
            };
            Some(view.into_any())
        }
        _ => None,
    };
    let make = if confirmed {
        view! {
            <PostForm form=forms.make class="form-row">
                {whose}
                <TextInput id="key-name" name="name" label="Name of a new key" placeholder="Our CRM" required=true error=forms.make.field("name")/>
                <Button submit=true busy=forms.make.pending()>"Make a key"</Button>
            </PostForm>
        }
        .into_any()
    } else {
        let href = format!("/confirm?to={}", access::escape(&format!("/p/{program}/leads/share")));
        view! { <div class="row"><ButtonLink href=href icon=Glyph::Lock>"Confirm to make a key"</ButtonLink></div> }
            .into_any()
    };
    let list = (!keys.is_empty()).then(|| {
        let head = || view! { <Th label="Key"/><Th label="Last used" wide=true/><Th label="Actions" quiet=true/> };
        let rows = keys.into_iter().map(|key| key_row(key, program, partner, forms.revoke)).collect_view();
        view! { <Table caption="Your API keys" head=head>{rows}</Table> }
    });
    view! {
        <Card title="API">
            <p>"With a key, a system of yours submits leads and follows them."</p>
            {ui::wrong(forms.make.beside(&["name"]))}
            {ui::wrong(forms.revoke.beside(&[]))}
            {made}
            {list}
            {make}
        </Card>
    }
    .into_any()
}

fn key_row(key: ApiKey, program: &str, partner: EnrollmentId, revoke: Form<RevokeOwnKey>) -> AnyView {
    let day = |at: chrono::DateTime<chrono::Utc>| at.format("%-d %b %Y").to_string();
    let used = key.last_used_at.map_or_else(|| "Never".to_owned(), day);
    let end = match key.revoked_at {
        Some(at) => view! { <Pill tone=Tone::Bad text=format!("Revoked {}", day(at))/> }.into_any(),
        None => {
            let dialog = format!("revoke-{}", key.id);
            let (label, whose) = (format!("Revoke {}", key.name), show::whose(program, partner));
            let title = format!("{label}?");
            view! {
                <DialogButton opens=dialog.clone() label=label>"Revoke"</DialogButton>
                <Dialog id=dialog.clone() title=title>
                    <p>"From the next call on, whatever uses this key is refused. A revoked key can't be taken back."</p>
                    <PostForm form=revoke>
                        {whose}
                        <input type="hidden" name="key" value=key.id.to_string()/>
                        <div class="dialog-actions">
                            <CloseButton closes=dialog/>
                            <Button kind=ButtonKind::Danger submit=true busy=revoke.pending()>"Revoke"</Button>
                        </div>
                    </PostForm>
                </Dialog>
            }
            .into_any()
        }
    };
    view! {
        <tr>
            <td>{key.name}<small><code>{key.prefix}"…"</code></small></td>
            <td class="wide">{used}</td>
            <td class="row-actions">{end}</td>
        </tr>
    }
    .into_any()
}
