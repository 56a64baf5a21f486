//! One's own account: name, password, second factor, sessions.

use access::{Form, LazyPage, PostForm, Read, Result, read};
use domain::accounts::{AccountSettings, EmailChange, LANGUAGES, TotpStart};
use leptos::prelude::*;
use leptos::server_fn::codec::GetUrl;
use leptos_meta::Title;
use serde::{Deserialize, Serialize};
use ui::{
    Button, ButtonKind, Choice, CodeBlock, Fact, Facts, Note, PasswordInput, Pill, PlainShell, QrCode, Select,
    TextInput, Tone, use_toasts, wrong,
};

/// What the page shows.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Shown {
    settings: AccountSettings,
    /// Another e-mail that is not confirmed yet.
    change: Option<EmailChange>,
}

/// What the page shows.
#[server(prefix = "/fn", endpoint = "account", input = GetUrl)]
pub async fn read_account() -> Result<Shown> {
    access::answer(async {
        let access::Account { mut conn, moment, session, .. } = access::account().await?;
        let settings = engine::accounts::settings(&mut conn, &session).await?;
        let change = engine::accounts::email::pending(&mut conn, &moment, session.account).await?;
        Ok(Shown { settings, change })
    })
    .await
}

/// Asks for another e-mail: both addresses get a link that confirms it.
#[server(prefix = "/fn", endpoint = "account/email")]
pub async fn change_email(email: String, email_password: String) -> Result<()> {
    access::answer(async {
        let access::Account { state, conn, moment, session, .. } = access::account().await?;
        drop(conn);
        Ok(engine::accounts::email::request(&state.pool, &moment, &session, &email_password, &email).await?)
    })
    .await
}

/// Takes a change of e-mail back that is not confirmed yet.
#[server(prefix = "/fn", endpoint = "account/email/cancel")]
pub async fn cancel_email() -> Result<()> {
    access::answer(async {
        let access::Account { state, conn, session, .. } = access::account().await?;
        drop(conn);
        Ok(engine::accounts::email::cancel(&state.pool, &session).await?)
    })
    .await
}

/// Changes name and language.
#[server(prefix = "/fn", endpoint = "account/update")]
pub async fn update_account(name: String, language: String) -> Result<()> {
    access::answer(async {
        let mut asking = access::account().await?;
        let input = domain::accounts::AccountInput { name, language };
        Ok(engine::accounts::update(&mut asking.conn, &asking.session, &input).await?)
    })
    .await
}

/// Changes the password; every other session ends.
#[server(prefix = "/fn", endpoint = "account/password")]
pub async fn change_password(old_password: String, password: String) -> Result<()> {
    access::answer(async {
        let access::Account { state, conn, token, session, .. } = access::account().await?;
        drop(conn);
        Ok(engine::accounts::change_password(&state.pool, &session, &token, &old_password, &password).await?)
    })
    .await
}

/// Begins to turn the second factor on.
#[server(prefix = "/fn", endpoint = "account/second-factor/begin")]
pub async fn begin_second_factor() -> Result<TotpStart> {
    access::answer(async {
        let access::Account { state, mut conn, moment, session, .. } = access::account().await?;
        Ok(engine::accounts::begin_totp(&mut conn, &moment, &state.secrets, &session).await?)
    })
    .await
}

/// Turns it on by its first code, and answers the recovery codes.
#[server(prefix = "/fn", endpoint = "account/second-factor/turn-on")]
pub async fn turn_on_second_factor(code: String) -> Result<Vec<String>> {
    access::answer(async {
        let access::Account { state, moment, session, .. } = access::account().await?;
        Ok(engine::accounts::confirm_totp(&state.pool, &moment, &state.secrets, &session, &code).await?)
    })
    .await
}

/// Turns it off.
#[server(prefix = "/fn", endpoint = "account/second-factor/turn-off")]
pub async fn turn_off_second_factor() -> Result<()> {
    access::answer(async {
        let access::Account { state, moment, session, .. } = access::account().await?;
        Ok(engine::accounts::disable_totp(&state.pool, &moment, &session).await?)
    })
    .await
}

/// Makes new recovery codes.
#[server(prefix = "/fn", endpoint = "account/recovery-codes")]
pub async fn make_recovery_codes() -> Result<Vec<String>> {
    access::answer(async {
        let access::Account { state, moment, session, .. } = access::account().await?;
        Ok(engine::accounts::new_recovery_codes(&state.pool, &moment, &state.secrets, &session).await?)
    })
    .await
}

/// Ends every session of the account, this one too.
#[server(prefix = "/fn", endpoint = "account/sign-out-everywhere")]
pub async fn sign_out_everywhere() -> Result<()> {
    access::answer(async {
        let mut asking = access::account().await?;
        engine::accounts::sign_out_everywhere(&mut asking.conn, &asking.session).await?;
        access::forget_session()?;
        access::redirect("/sign-in?note=signed-out");
        Ok(())
    })
    .await
}

#[derive(Clone, Copy)]
struct Forms {
    update: Form<UpdateAccount>,
    email: Form<ChangeEmail>,
    cancel: Form<CancelEmail>,
    password: Form<ChangePassword>,
    begin: Form<BeginSecondFactor>,
    turn_on: Form<TurnOnSecondFactor>,
    turn_off: Form<TurnOffSecondFactor>,
    codes: Form<MakeRecoveryCodes>,
    everywhere: Form<SignOutEverywhere>,
}

/// `/account`.
pub struct AccountPage(Read<Shown>);

impl LazyPage for AccountPage {
    fn data() -> Self {
        Self(read(|| ReadAccount {}))
    }

    fn view(this: Self) -> AnyView {
        let settings = this.0;
        let forms = Forms {
            update: Form::new(),
            email: Form::new(),
            cancel: Form::new(),
            password: Form::new(),
            begin: Form::new(),
            turn_on: Form::new(),
            turn_off: Form::new(),
            codes: Form::new(),
            everywhere: Form::new(),
        };
        say(forms.update, "Saved");
        say(forms.email, "Two mails are on their way");
        say(forms.cancel, "Your e-mail stays");
        say(forms.password, "Your password is changed");
        say(forms.turn_on, "The second factor is on");
        say(forms.turn_off, "The second factor is off");
        // What was done shows at once; what was refused leaves what was typed.
        let again = move |outcome: Result<()>| {
            if outcome.is_ok() {
                settings.again();
            }
        };
        forms.turn_on.settled(again);
        forms.turn_off.settled(again);
        forms.codes.settled(again);
        forms.email.settled(again);
        forms.cancel.settled(again);
        view! {
            <Title text="Account"/>
            {settings.page(move |shown| card(shown, forms))}
        }
        .into_any()
    }
}

/// A toast once it is done.
fn say<S: 'static>(form: Form<S>, words: &'static str) {
    let toasts = use_toasts();
    form.settled(move |outcome| {
        if outcome.is_ok() {
            toasts.say(words);
        }
    });
}

fn card(shown: Shown, forms: Forms) -> AnyView {
    let Shown { settings, change } = shown;
    let email_form = email(settings.email.clone(), change, forms);
    let languages = LANGUAGES.iter().map(|(code, name)| Choice::new(*code, *name)).collect::<Vec<_>>();
    let Forms { update, password, everywhere, .. } = forms;
    let factor = second_factor(&settings, forms);
    let AccountSettings { name, language, .. } = settings;
    view! {
        <PlainShell brand="Tributary" title="Account" wide=true foot=|| view! { <a href="/">"Back to your programs"</a> }>
            {wrong(update.beside(&["name", "language"]))}
            <PostForm form=update class="form">
                <div class="form-row">
                    <TextInput id="name" label="Name of your sign-in" value=name required=true autocomplete="name" help="What a program's team calls you is on My profile there." error=update.field("name")/>
                    <Select id="language" label="Language" choices=languages value=language error=update.field("language")/>
                </div>
                <div class="form-actions">
                    <Button submit=true busy=update.pending()>"Save"</Button>
                </div>
            </PostForm>
            <h2>"E-mail"</h2>
            {email_form}
            <h2>"Password"</h2>
            {wrong(password.beside(&["old_password", "password"]))}
            <PostForm form=password class="form">
                <div class="form-row">
                    <PasswordInput id="old_password" label="Current password" error=password.field("old_password")/>
                    <PasswordInput id="password" label="New password" autocomplete="new-password" help="At least 10 characters: a few uncommon words are good. It signs you out everywhere else." error=password.field("password")/>
                </div>
                <div class="form-actions">
                    <Button submit=true busy=password.pending()>"Change the password"</Button>
                </div>
            </PostForm>
            <h2>"Second factor"</h2>
            {factor}
            <h2>"Sessions"</h2>
            <p class="sub">"Left a browser signed in somewhere? This signs you out everywhere, here too."</p>
            {wrong(everywhere.beside(&[]))}
            <PostForm form=everywhere class="form">
                <div class="form-actions">
                    <Button submit=true busy=everywhere.pending()>"Sign out everywhere"</Button>
                </div>
            </PostForm>
        </PlainShell>
    }
    .into_any()
}

fn email(now: String, change: Option<EmailChange>, forms: Forms) -> AnyView {
    let Forms { email, cancel, .. } = forms;
    let waits = change.map(|EmailChange { email, by_old, by_new }| {
        let left = match (by_old, by_new) {
            (true, _) => "Open the link that the new address has got.",
            (_, true) => "Open the link that the old address has got.",
            _ => "Open the links that the old and the new address have got.",
        };
        view! {
            <Note tone=Tone::Warn>"Your e-mail becomes "<b>{email}</b>". "{left}</Note>
            {wrong(cancel.beside(&[]))}
            <PostForm form=cancel>
                <Button submit=true kind=ButtonKind::Quiet busy=cancel.pending()>"Keep the old one"</Button>
            </PostForm>
        }
    });
    view! {
        <Facts>
            <Fact label="E-mail">{now}</Fact>
        </Facts>
        {waits}
        {wrong(email.beside(&["email", "email_password"]))}
        <PostForm form=email class="form">
            <div class="form-row">
                <TextInput id="email" label="New e-mail" kind="email" required=true autocomplete="email" help="Both addresses get a link, and have to confirm." error=email.field("email")/>
                <PasswordInput id="email_password" label="Your password" error=email.field("email_password")/>
            </div>
            <div class="form-actions">
                <Button submit=true busy=email.pending()>"Change the e-mail"</Button>
            </div>
        </PostForm>
    }
    .into_any()
}

fn second_factor(settings: &AccountSettings, forms: Forms) -> AnyView {
    let Forms { begin, turn_on, turn_off, codes, .. } = forms;
    let fresh = move || {
        let made = codes.answer().or_else(|| turn_on.answer());
        made.and_then(std::result::Result::ok).map(recovery_codes)
    };
    let Some(since) = settings.second_factor_since else {
        return view! {
            <p class="sub">
                "A code from your phone besides your password, each time you sign in and before what needs care."
            </p>
            {wrong(begin.beside(&[]))}
            {move || match begin.answer() {
                Some(Ok(start)) => scan(start, turn_on),
                _ => {
                    view! {
                        <PostForm form=begin class="form">
                            <div class="form-actions">
                                <Button submit=true busy=begin.pending()>"Set up the second factor"</Button>
                            </div>
                        </PostForm>
                    }
                        .into_any()
                }
            }}
        }
        .into_any();
    };
    let left = settings.recovery_codes_left;
    let tone = if left < 3 { Tone::Warn } else { Tone::Neutral };
    view! {
        <Facts>
            <Fact label="Second factor"><Pill tone=Tone::Good text="On"/>" since "{since.format("%-d %b %Y").to_string()}</Fact>
            <Fact label="Recovery codes"><Pill tone=tone text=format!("{left} left")/></Fact>
        </Facts>
        {fresh}
        {wrong(codes.beside(&[]))}
        {wrong(turn_off.beside(&[]))}
        <div class="row">
            <PostForm form=codes>
                <Button submit=true busy=codes.pending()>"Make new recovery codes"</Button>
            </PostForm>
            <PostForm form=turn_off>
                <Button submit=true kind=ButtonKind::Quiet busy=turn_off.pending()>"Turn it off"</Button>
            </PostForm>
        </div>
    }
    .into_any()
}

fn scan(start: TotpStart, turn_on: Form<TurnOnSecondFactor>) -> AnyView {
    view! {
        <div class="form-row">
            <QrCode size=start.qr.size path=start.qr.d label="QR code for your authenticator app"/>
            <div class="stack">
                <p>"Scan this with an authenticator app, or type this secret into it:"</p>
                <CodeBlock code=start.secret what="secret"/>
                {wrong(turn_on.beside(&["code"]))}
                <PostForm form=turn_on class="form">
                    <TextInput id="code" label="The six digits that it shows" required=true inputmode="numeric" autocomplete="one-time-code" error=turn_on.field("code")/>
                    <div class="form-actions">
                        <Button kind=ButtonKind::Primary submit=true busy=turn_on.pending()>"Turn it on"</Button>
                    </div>
                </PostForm>
            </div>
        </div>
    }
    .into_any()
}

fn recovery_codes(codes: Vec<String>) -> AnyView {
    view! {
        <Note tone=Tone::Warn>
            "Keep these recovery codes where you find them without your phone. Each works once, and this is the only time they are shown."
        </Note>
        <CodeBlock code=codes.join("\n") what="recovery codes"/>
    }
    .into_any()
}
