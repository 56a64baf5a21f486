//! Signing up as a partner of a program, and confirming the e-mail by the link from the mail.

use access::{Form, LazyPage, PostForm, Read, Result, read};
use domain::portal::{Question, QuestionKind};
use leptos::prelude::*;
use leptos::server_fn::codec::GetUrl;
use leptos_meta::Title;
use leptos_router::hooks::{use_params_map, use_query_map};
use serde::{Deserialize, Serialize};
use ui::{
    Button, ButtonKind, ButtonLink, Checkbox, Choice, Note, PasswordInput, PlainShell, Select, TextInput, Textarea,
};

/// What the page shows.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Shown {
    slug: String,
    brand: String,
    accent: String,
    /// The address of the logo.
    logo: Option<String>,
    /// Whether the program takes sign-ups.
    open: bool,
    /// Whether the team looks at each.
    approves: bool,
    questions: Vec<Question>,
    /// The terms: their version, and their text as HTML that was made safe.
    terms: Option<(i32, String)>,
    /// Who is signed in: the name and the e-mail.
    account: Option<(String, String)>,
    /// As which partner of the program, where it is one already.
    partner: Option<String>,
}

/// What the page on which one signs up shows.
#[server(prefix = "/fn", endpoint = "sign-up/page", input = GetUrl)]
pub async fn read_sign_up(program: String) -> Result<Shown> {
    use domain::portal::SignUpRule;
    access::answer(async {
        let access::Visitor { mut conn, moment, .. } = access::visitor().await?;
        let program = engine::programs::by_slug(&mut conn, &program).await?;
        let portal = engine::portal::get(&mut conn, program.id).await?;
        let terms = engine::portal::terms(&mut conn, program.id).await?;
        let session = match access::session_token() {
            Some(token) => engine::accounts::session(&mut conn, &moment, &token).await?,
            None => None,
        };
        let places = match &session {
            Some(session) => engine::accounts::places(&mut conn, session).await?.enrollments,
            None => Vec::new(),
        };
        let partner = places.into_iter().find(|place| place.program_slug == program.slug);
        Ok(Shown {
            partner: partner.map(|place| place.partner.name),
            logo: program.logo.map(|id| domain::files::file_path(&program.slug, id, "logo")),
            slug: program.slug,
            brand: portal.shown_as(&program.name, program.sandbox),
            accent: program.accent,
            open: portal.sign_up != SignUpRule::Closed,
            approves: portal.sign_up == SignUpRule::Approve,
            questions: portal.questions,
            terms: terms.map(|(version, body)| (version, engine::portal::html(&body))),
            account: session
                .filter(|session| session.only_program.is_none())
                .map(|session| (session.name, session.email)),
        })
    })
    .await
}

/// Signs up. A mail confirms the e-mail, except that of whoever is signed in and has confirmed it.
#[server(prefix = "/fn", endpoint = "sign-up")]
pub async fn sign_up(
    program: String,
    name: String,
    email: Option<String>,
    website: Option<String>,
    #[server(default)] answers: Vec<String>,
    terms: Option<i32>,
) -> Result<()> {
    access::answer(async {
        let access::Visitor { mut conn, moment, .. } = access::visitor().await?;
        let program = engine::programs::by_slug(&mut conn, &program).await?;
        let session = match access::session_token() {
            Some(token) => engine::accounts::session(&mut conn, &moment, &token).await?,
            None => None,
        };
        let input = domain::portal::SignUp {
            name,
            email: email.unwrap_or_default(),
            website: website.unwrap_or_default(),
            answers,
            terms,
        };
        let mut tx = access::begin(&mut conn).await?;
        // Without an e-mail the form was shown to somebody who is signed in.
        let made = match session.filter(|session| input.email.is_empty() && session.only_program.is_none()) {
            Some(session) => {
                engine::partners::sign_up::with_account(&mut tx, &moment, &session, program.id, &input).await?
            }
            None => {
                engine::partners::sign_up::begin(&mut tx, &moment, program.id, &input).await?;
                None
            }
        };
        tx.commit().await?;
        match made {
            Some(partner) => {
                access::act_as(&program.slug, &partner.code)?;
                access::redirect(&format!("/p/{}", program.slug));
            }
            None => access::redirect(&format!("/p/{}/sign-up?sent=1", program.slug)),
        }
        Ok(())
    })
    .await
}

/// A sign-up that is to be confirmed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ToConfirm {
    slug: String,
    brand: String,
    accent: String,
    email: String,
    /// Whether there is an account with this e-mail, whose password is asked for.
    has_password: bool,
}

/// What the link from the mail confirms; `None` where it is over.
#[server(prefix = "/fn", endpoint = "sign-up/unconfirmed", input = GetUrl)]
pub async fn read_unconfirmed(token: String) -> Result<Option<ToConfirm>> {
    access::answer(async {
        let access::Visitor { mut conn, moment, .. } = access::visitor().await?;
        let Some(found) = engine::partners::sign_up::unconfirmed(&mut conn, &moment, &token).await? else {
            return Ok(None);
        };
        let program = engine::programs::get(&mut conn, found.program).await?;
        let portal = engine::portal::get(&mut conn, found.program).await?;
        Ok(Some(ToConfirm {
            brand: portal.shown_as(&program.name, program.sandbox),
            accent: program.accent,
            slug: program.slug,
            email: found.email,
            has_password: found.has_password,
        }))
    })
    .await
}

/// Confirms the e-mail with the password, and signs in.
#[server(prefix = "/fn", endpoint = "sign-up/confirm")]
pub async fn confirm_sign_up(token: String, password: String) -> Result<()> {
    access::answer(async {
        let state = access::State::here()?;
        let moment = engine::Moment::now();
        let words = "This link has expired: it works once, and for two days. Sign up again for a new one.";
        let confirmed = engine::partners::sign_up::confirm(&state.pool, &moment, &token, &password)
            .await
            .map_err(access::over(access::Error::Conflict(words.into())))?;
        let input = engine::accounts::SignIn {
            who: confirmed.email,
            program: None,
            password,
            user_agent: access::user_agent(),
            keep: false,
        };
        let signed_in = engine::accounts::sign_in(&state.pool, &moment, &input).await?;
        access::keep_session(&signed_in.token, signed_in.expires_at, signed_in.keep)?;
        let to = format!("/p/{}", confirmed.program);
        if signed_in.needs_second_factor {
            access::redirect(&format!("/second-factor?to={}", access::escape(&to)));
        } else {
            access::redirect(&access::landing(&signed_in.token, &to).await?);
        }
        Ok(())
    })
    .await
}

/// `/p/{program}/sign-up`.
pub struct SignUpPage(Read<Shown>);

impl LazyPage for SignUpPage {
    fn data() -> Self {
        let program = use_params_map().with_untracked(|params| params.get("program").unwrap_or_default());
        Self(read(move || ReadSignUp { program: program.clone() }))
    }

    fn view(this: Self) -> AnyView {
        let form = Form::<SignUp>::new();
        let sent = Memo::new({
            let query = use_query_map();
            move |_| query.with(|query| query.get("sent").is_some())
        });
        view! {
            <Title text="Become a partner"/>
            {this.0.page(move |shown| {
                let shown = StoredValue::new(shown);
                (move || card(shown.get_value(), form, sent.get())).into_any()
            })}
        }
        .into_any()
    }
}

/// The fields that show what is wrong beside them; as many answers as there can be questions.
const FIELDS: &[&str] = &[
    "name",
    "email",
    "website",
    "terms",
    "answers[0]",
    "answers[1]",
    "answers[2]",
    "answers[3]",
    "answers[4]",
    "answers[5]",
    "answers[6]",
    "answers[7]",
    "answers[8]",
    "answers[9]",
    "answers[10]",
    "answers[11]",
    "answers[12]",
    "answers[13]",
    "answers[14]",
    "answers[15]",
    "answers[16]",
    "answers[17]",
    "answers[18]",
    "answers[19]",
];

fn card(shown: Shown, form: Form<SignUp>, sent: bool) -> AnyView {
    let Shown { slug, brand, accent, logo, open, approves, questions, terms, account, partner } = shown;
    let sign_in = format!("/p/{slug}/sign-in");
    let foot = move || view! { <a href=sign_in>"Sign in instead"</a> };
    if sent {
        let words =
            "A mail with a link is on its way to you. Open the link to confirm your e-mail; it holds for two days.";
        return view! {
            <PlainShell brand=brand accent=accent logo=logo title="Check your e-mail" words=words foot=foot>
                <p class="sub">"Nothing there? Check your spam folder, or sign up again."</p>
            </PlainShell>
        }
        .into_any();
    }
    let other = signing_out(&slug);
    if let Some(name) = partner {
        let title = format!("You are already a partner of {brand}");
        let words = format!("You are signed in as {name}.");
        let portal = format!("/p/{slug}");
        return view! {
            <PlainShell brand=brand accent=accent logo=logo title=title words=words>
                <div class="form-actions">
                    <ButtonLink href=portal kind=ButtonKind::Primary>"Go to the portal"</ButtonLink>
                </div>
                {other}
            </PlainShell>
        }
        .into_any();
    }
    if !open {
        return view! {
            <PlainShell brand=brand accent=accent logo=logo title="Become a partner" foot=foot>
                <Note>"This program takes no sign-ups at the moment."</Note>
            </PlainShell>
        }
        .into_any();
    }
    let wrong = form.beside(FIELDS);
    let words = if approves { "The team looks at each application, and answers by mail." } else { "" };
    let other = account.is_some().then_some(other);
    let (name, email) = match account {
        Some((name, email)) => {
            let words = ": you apply with this account, and go on signing in as before.";
            (name, view! { <p class="sub">"You are signed in as "<b>{email}</b>{words}</p> }.into_any())
        }
        None => (
            String::new(),
            view! { <TextInput id="email" label="E-mail" kind="email" required=true autocomplete="email" error=form.field("email")/> }
                .into_any(),
        ),
    };
    let questions = questions.into_iter().enumerate().map(|(at, asked)| question(at, asked, form)).collect_view();
    let terms = terms.map(|(version, html)| {
        view! {
            <div class="terms prose" tabindex="0" role="region" aria-label="Terms" inner_html=html></div>
            <Checkbox id="terms" label="I accept these terms" value=version.to_string()/>
            <p class="error" aria-live="polite">{move || form.field("terms").get()}</p>
        }
    });
    view! {
        <PlainShell brand=brand accent=accent logo=logo title="Become a partner" words=words foot=foot>
            {ui::wrong(wrong)}
            <PostForm form=form class="form">
                <input type="hidden" name="program" value=slug/>
                <TextInput id="name" label="Name" value=name required=true autocomplete="name" error=form.field("name")/>
                {email}
                <TextInput id="website" label="Website" inputmode="url" placeholder="example.com" autocomplete="url" optional=true error=form.field("website")/>
                {questions}
                {terms}
                <div class="form-actions">
                    <Button kind=ButtonKind::Primary submit=true busy=form.pending()>"Sign up"</Button>
                </div>
            </PostForm>
            {other}
        </PlainShell>
    }
    .into_any()
}

/// The way out for who is signed in as somebody else.
fn signing_out(slug: &str) -> AnyView {
    view! {
        <form method="post" action="/fn/sign-out">
            <input type="hidden" name="program" value=slug.to_owned()/>
            <p class="sub">"Not you? "<Button submit=true kind=ButtonKind::Quiet>"Sign out"</Button></p>
        </form>
    }
    .into_any()
}

/// A question of the program's own.
fn question(at: usize, asked: Question, form: Form<SignUp>) -> AnyView {
    let Question { label, kind, required, choices } = asked;
    let (id, name) = (format!("answer-{at}"), format!("answers[{at}]"));
    let error = form.field(FIELDS.get(at + 4).copied().unwrap_or_default());
    let choose = |choices: Vec<Choice>| std::iter::once(Choice::new("", "Choose…")).chain(choices).collect::<Vec<_>>();
    match kind {
        QuestionKind::Text => {
            view! { <TextInput id=id name=name label=label required=required optional=!required error=error/> }
                .into_any()
        }
        QuestionKind::Long => {
            view! { <Textarea id=id name=name label=label rows=4 required=required optional=!required error=error/> }
                .into_any()
        }
        QuestionKind::Choice => {
            let choices = choose(choices.into_iter().map(|choice| Choice::new(choice.clone(), choice)).collect());
            view! { <Select id=id name=name label=label choices=choices value="" error=error/> }.into_any()
        }
        QuestionKind::YesNo => {
            let choices = choose(vec![Choice::new("Yes", "Yes"), Choice::new("No", "No")]);
            view! { <Select id=id name=name label=label choices=choices value="" error=error/> }.into_any()
        }
    }
}

/// `/confirm-sign-up/{token}`: the link alone changes nothing, since mail programs look ahead.
pub struct ConfirmSignUpPage {
    token: String,
    found: Read<Option<ToConfirm>>,
}

impl LazyPage for ConfirmSignUpPage {
    fn data() -> Self {
        let token = use_params_map().with_untracked(|params| params.get("token").unwrap_or_default());
        let of = token.clone();
        Self { token, found: read(move || ReadUnconfirmed { token: of.clone() }) }
    }

    fn view(this: Self) -> AnyView {
        let ConfirmSignUpPage { token, found } = this;
        let form = Form::<ConfirmSignUp>::new();
        view! {
            <Title text="Confirm your e-mail"/>
            {found.page(move |found| match found {
                Some(found) => confirm_card(found, form, token.clone()),
                None => over(),
            })}
        }
        .into_any()
    }
}

fn confirm_card(found: ToConfirm, form: Form<ConfirmSignUp>, token: String) -> AnyView {
    let ToConfirm { slug, brand, accent, email, has_password } = found;
    let forgotten = format!("{}/forgot-password", crate::password::place(Some(&slug)));
    let wrong = form.beside(&["password"]);
    let (words, field) = if has_password {
        (
            format!("There is an account with {email} already. Its password brings you in."),
            view! { <PasswordInput id="password" label="Your password" error=form.field("password")/> }.into_any(),
        )
    } else {
        (
            format!("Choose a password for {email} to come in."),
            view! { <PasswordInput id="password" label="Password" autocomplete="new-password" help="At least 10 characters: a few uncommon words are good." error=form.field("password")/> }
                .into_any(),
        )
    };
    view! {
        <PlainShell brand=brand accent=accent title="Confirm your e-mail" words=words foot=move || view! { <a href=forgotten>"Forgot your password?"</a> }>
            {ui::wrong(wrong)}
            <PostForm form=form class="form">
                <input type="hidden" name="token" value=token/>
                // So that password managers know for whom.
                <input type="hidden" autocomplete="username" value=email/>
                {field}
                <div class="form-actions">
                    <Button kind=ButtonKind::Primary submit=true busy=form.pending()>"Confirm and come in"</Button>
                </div>
            </PostForm>
        </PlainShell>
    }
    .into_any()
}

fn over() -> AnyView {
    view! {
        <PlainShell brand="Tributary" title="This link has expired" words="It works once, and for two days. Sign in, or sign up again.">
            <div class="form-actions">
                <ButtonLink href="/sign-in" kind=ButtonKind::Primary>"Sign in"</ButtonLink>
            </div>
        </PlainShell>
    }
    .into_any()
}
