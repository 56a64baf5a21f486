//! The program's terms, to be accepted where the partner has yet to.

use access::{Form, LazyPage, PostForm, Read, Result, read_after};
use domain::ids::EnrollmentId;
use leptos::prelude::*;
use leptos::server_fn::codec::GetUrl;
use leptos_meta::Title;
use serde::{Deserialize, Serialize};
use ui::{Button, ButtonKind, Card, EmptyState, Glyph, Note, PageHead, SkeletonCard, Tone, use_toasts, wrong};

use crate::show;

/// What the page shows.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Shown {
    partner: EnrollmentId,
    /// The terms in force: their version, and their text as HTML that was made safe.
    terms: Option<(i32, String)>,
    /// Whether they are still to be accepted.
    due: bool,
}

/// The terms in force.
#[server(prefix = "/fn", endpoint = "partner/terms", input = GetUrl)]
pub async fn read_terms(program: String) -> Result<Shown> {
    access::answer(async {
        let mut asking = access::partner(&program, domain::portal::PortalPage::Dashboard).await?;
        let terms = engine::portal::terms(&mut asking.conn, asking.program.id).await?;
        Ok(Shown {
            partner: asking.partner.id,
            terms: terms.map(|(version, body)| (version, engine::portal::html(&body))),
            due: asking.seat.terms_due.is_some(),
        })
    })
    .await
}

/// Accepts the version of the terms that was shown.
#[server(prefix = "/fn", endpoint = "partner/terms/accept")]
pub async fn accept_terms(program: String, partner: EnrollmentId, version: i32) -> Result<()> {
    access::answer(async {
        let mut asking = access::this_partner(&program, partner, domain::portal::PortalPage::Dashboard).await?;
        let mut tx = access::begin(&mut asking.conn).await?;
        engine::portal::accept_current(&mut tx, &asking.moment, &asking.actor, version).await?;
        tx.commit().await?;
        Ok(())
    })
    .await
}

/// `/p/{program}/terms`.
pub struct TermsPage(Read<Shown>, Form<AcceptTerms>);

impl LazyPage for TermsPage {
    fn data() -> Self {
        let program = show::program();
        let form = Form::new();
        Self(read_after(move || form.answered(), move || ReadTerms { program: program.get() }), form)
    }

    fn view(this: Self) -> AnyView {
        let Self(found, form) = this;
        let toasts = use_toasts();
        form.settled(move |outcome| {
            if outcome.is_ok() {
                toasts.say("Terms accepted");
            }
        });
        view! {
            <Title text="Terms"/>
            <PageHead title="Terms"/>
            {found.show(|| view! { <SkeletonCard lines=8/> }.into_any(), move |shown| page(shown, form))}
        }
        .into_any()
    }
}

fn page(shown: Shown, form: Form<AcceptTerms>) -> AnyView {
    let Shown { partner, terms, due } = shown;
    let Some((version, html)) = terms else {
        return view! {
            <Card><EmptyState glyph=Glyph::Info title="No terms" words="This program has no terms to accept."/></Card>
        }
        .into_any();
    };
    let program = show::program().get_untracked();
    let accept = due.then(|| {
        let whose = show::whose(&program, partner);
        view! {
            {wrong(form.beside(&[]))}
            <PostForm form=form class="form">
                {whose}
                <input type="hidden" name="version" value=version.to_string()/>
                <div class="form-actions">
                    <Button kind=ButtonKind::Primary submit=true busy=form.pending()>"I accept these terms"</Button>
                </div>
            </PostForm>
        }
    });
    let accepted = (!due).then(|| view! { <Note tone=Tone::Good>"You have accepted these terms."</Note> });
    view! {
        <Card title=format!("Version {version}")>
            {accepted}
            <div class="prose" inner_html=html></div>
            {accept}
        </Card>
    }
    .into_any()
}
