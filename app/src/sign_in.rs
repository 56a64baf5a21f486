//! Signing in: by e-mail anywhere, by partner code too on the program's own page; and signing out.

use access::{Form, LazyPage, PostForm, Read, Result, read};
use leptos::prelude::*;
use leptos::server_fn::codec::GetUrl;
use leptos_meta::Title;
use leptos_router::components::Redirect;
use leptos_router::hooks::{use_params_map, use_query_map};
use serde::{Deserialize, Serialize};
use ui::{Button, ButtonKind, Checkbox, Note, PasswordInput, PlainShell, TextInput, Tone, wrong};

/// The page on which somebody signs in.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Door {
    /// Whose: the program's name, else the product's.
    pub(crate) brand: String,
    /// The program's accent, or empty.
    pub(crate) accent: String,
    /// The address of its logo.
    pub(crate) logo: Option<String>,
    /// Whether this is the demo, whose sign-ins are no secret.
    demo: bool,
    /// Whether somebody is signed in already.
    signed_in: bool,
    /// Whether the program takes sign-ups.
    takes_sign_ups: bool,
}

/// What the page on which one signs in shows, of a program or of none.
#[server(prefix = "/fn", endpoint = "sign-in/door", input = GetUrl)]
pub async fn read_door(program: Option<String>) -> Result<Door> {
    access::answer(async { door(&mut access::visitor().await?, program.as_deref()).await }).await
}

/// What the pages before signing in show, of a program or of none.
#[cfg(feature = "ssr")]
pub(crate) async fn door(visitor: &mut access::Visitor, program: Option<&str>) -> Result<Door> {
    let access::Visitor { state, conn, moment } = visitor;
    let program = match program {
        Some(slug) => Some(engine::programs::by_slug(conn, slug).await?),
        None => None,
    };
    let signed_in = match access::session_token() {
        Some(token) => engine::accounts::session(conn, moment, &token).await?.is_some(),
        None => false,
    };
    let Some(program) = program else {
        let brand = "Tributary".to_owned();
        let accent = String::new();
        return Ok(Door { brand, accent, logo: None, demo: state.demo, signed_in, takes_sign_ups: false });
    };
    let portal = engine::portal::get(conn, program.id).await?;
    let logo = program.logo.map(|id| domain::files::file_path(&program.slug, id, "logo"));
    let brand = portal.shown_as(&program.name, program.sandbox);
    let takes_sign_ups = portal.sign_up != domain::portal::SignUpRule::Closed;
    Ok(Door { brand, accent: program.accent, logo, demo: state.demo, signed_in, takes_sign_ups })
}

/// Signs in and goes on: to the second factor where there is one, else to `to`.
#[server(prefix = "/fn", endpoint = "sign-in")]
pub async fn sign_in(
    who: String,
    password: String,
    program: Option<String>,
    keep: Option<String>,
    to: Option<String>,
) -> Result<()> {
    access::answer(async {
        let state = access::State::here()?;
        if password == engine::demo::PASSWORD && !state.demo {
            // Everybody knows it.
            let words = "The demo's password works where TRIBUTARY_DEMO is true alone.";
            return Err(access::Error::Conflict(words.into()));
        }
        let to = to.as_deref().and_then(access::local_path).map(str::to_owned);
        let to = to.unwrap_or_else(|| program.as_ref().map_or("/".to_owned(), |program| format!("/p/{program}")));
        if let Some(program) = &program {
            // Who gave a partner's code means that partner.
            access::act_as(program, &who)?;
        }
        let input =
            engine::accounts::SignIn { who, program, password, user_agent: access::user_agent(), keep: keep.is_some() };
        let signed_in = engine::accounts::sign_in(&state.pool, &engine::Moment::now(), &input).await?;
        access::keep_session(&signed_in.token, signed_in.expires_at, signed_in.keep)?;
        if signed_in.needs_second_factor {
            access::redirect(&format!("/second-factor?to={}", access::escape(&to)));
        } else {
            access::redirect(&access::landing(&signed_in.token, &to).await?);
        }
        Ok(())
    })
    .await
}

/// Signs out, and leads to where one signs in: of a program, or of none.
#[server(prefix = "/fn", endpoint = "sign-out")]
pub async fn sign_out(program: Option<String>) -> Result<()> {
    access::answer(async {
        let program = program.filter(|program| domain::programs::check_slug(program).is_ok());
        if let Some(token) = access::session_token() {
            let mut visitor = access::visitor().await?;
            engine::accounts::sign_out(&mut visitor.conn, &token).await?;
        }
        access::forget_session()?;
        access::redirect(&format!("{}/sign-in?note=signed-out", crate::password::place(program.as_deref())));
        Ok(())
    })
    .await
}

/// `/sign-in`.
pub struct SignInAnywhere(Read<Door>);

impl LazyPage for SignInAnywhere {
    fn data() -> Self {
        Self(read(|| ReadDoor { program: None }))
    }

    fn view(this: Self) -> AnyView {
        page(this.0, None)
    }
}

/// `/p/{program}/sign-in`.
pub struct SignInToProgram(Read<Door>, String);

impl LazyPage for SignInToProgram {
    fn data() -> Self {
        let program = use_params_map().with_untracked(|params| params.get("program").unwrap_or_default());
        let of = program.clone();
        Self(read(move || ReadDoor { program: Some(of.clone()) }), program)
    }

    fn view(this: Self) -> AnyView {
        page(this.0, Some(this.1))
    }
}

fn page(found: Read<Door>, program: Option<String>) -> AnyView {
    let form = Form::<SignIn>::new();
    view! {
        <Title text="Sign in"/>
        {found.page(move |door| sign_in_card(door, form, program.clone()))}
    }
    .into_any()
}

/// What happened just before, where the address says so.
fn notice(note: Option<&str>) -> Option<&'static str> {
    match note? {
        "signed-out" => Some("You are signed out."),
        "password" => Some("Your new password is set. Sign in with it."),
        "email" => Some("Your new e-mail counts from now on. Sign in with it."),
        "email-half" => Some("Confirmed. Now open the link that the other address has got."),
        _ => None,
    }
}

fn sign_in_card(door: Door, form: Form<SignIn>, program: Option<String>) -> AnyView {
    let query = use_query_map();
    let to = query.with_untracked(|query| query.get("to")).filter(|to| access::local_path(to).is_some());
    // Who has confirmed another e-mail reads so here, signed in or not.
    let confirmed = query.with_untracked(|query| query.get("note").is_some_and(|note| note.starts_with("email")));
    if door.signed_in && !confirmed {
        let to = to.or_else(|| program.map(|program| format!("/p/{program}"))).unwrap_or_else(|| "/".to_owned());
        return view! { <Redirect path=to/> }.into_any();
    }
    let notice = query.with_untracked(|query| notice(query.get("note").as_deref()));
    let (label, help) = if program.is_some() { ("E-mail or partner code", "") } else { ("E-mail", "") };
    let kind = if program.is_some() { "text" } else { "email" };
    let demo = door.demo.then(|| {
        let who = if program.is_some() { "ada@tributary.test, or the partner code ada" } else { "ada@tributary.test (partner) or admin@tributary.test (admin)" };
        view! {
            <Note tone=Tone::Accent>"This is the demo. Sign in as "{who}", with the password "<code>"tributary-demo"</code>"."</Note>
        }
    });
    let _ = help;
    let forgotten = format!("{}/forgot-password", crate::password::place(program.as_deref()));
    let sign_up = program.as_ref().filter(|_| door.takes_sign_ups).map(|program| format!("/p/{program}/sign-up"));
    let forgot = move || {
        view! {
            <a href=forgotten>"Forgot your password?"</a>
            {sign_up.map(|href| view! { " · " <a href=href>"Become a partner"</a> })}
        }
    };
    view! {
        <PlainShell brand=door.brand accent=door.accent logo=door.logo title="Sign in" foot=forgot>
            {notice.map(|words| view! { <Note tone=Tone::Good>{words}</Note> })}
            {demo}
            {wrong(form.beside(&["who", "password"]))}
            <PostForm form=form class="form">
                {program.map(|program| view! { <input type="hidden" name="program" value=program/> })}
                {to.map(|to| view! { <input type="hidden" name="to" value=to/> })}
                <TextInput id="who" label=label kind=kind required=true autocomplete="username" autofocus=true error=form.field("who")/>
                <PasswordInput id="password" label="Password" error=form.field("password")/>
                <Checkbox id="keep" label="Keep me signed in for 30 days"/>
                <div class="form-actions">
                    <Button kind=ButtonKind::Primary submit=true busy=form.pending()>"Sign in"</Button>
                </div>
            </PostForm>
        </PlainShell>
    }
    .into_any()
}
