//! What a new program has still to be set up with: a card of its overview.

use access::{Form, PostForm, Result};
use domain::programs::Checklist;
use leptos::prelude::*;
use ui::{Button, ButtonKind, Card, SetUpStep, set_up_steps};

use crate::show;

/// Puts the card away, for all of the team.
#[server(prefix = "/fn", endpoint = "admin/overview/hide-checklist")]
pub async fn hide_checklist(program: String) -> Result<()> {
    access::answer(async {
        let mut asking = access::admin(&program).await?;
        asking.may(domain::accounts::Power::EditProgram)?;
        let mut tx = access::begin(&mut asking.conn).await?;
        engine::programs::hide_checklist(&mut tx, &asking.moment, &asking.actor).await?;
        Ok(tx.commit().await?)
    })
    .await
}

/// The card, each step with the page on which it is done.
pub(crate) fn card(checklist: Checklist, program: &str, form: Form<HideChecklist>) -> AnyView {
    let step = |done, words, path: &str, why| SetUpStep { done, words, href: format!("/admin/{program}/{path}"), why };
    let Checklist { offer, brand, welcome, terms, sites, payout_methods, partners, connected } = checklist;
    let steps = set_up_steps(vec![
        step(offer, "Make an offer", "offers/new", "What partners earn, and for what."),
        step(brand, "Give the portal your brand", "portal#brand", "Its name, logo and colour."),
        step(welcome, "Write a welcome message", "portal#welcome", "What partners read first."),
        step(terms, "Publish your terms", "portal#terms", "Partners accept them when they sign up."),
        step(sites, "List your other sites", "settings#allowed_hosts", "Partners' links may lead there too."),
        step(
            payout_methods,
            "Choose how you pay",
            "settings#paypal_offered",
            "Payout methods, their countries and smallest payments.",
        ),
        step(partners, "Invite a partner", "partners/new", "Or send people to your sign-up page."),
        step(connected, "Connect your site", "api-keys", "An API key and the snippet: by them sales are counted."),
    ]);
    let actions = move || {
        view! {
            <PostForm form=form>
                {show::program_field()}
                <Button submit=true kind=ButtonKind::Quiet busy=form.pending() label="Hide these steps">"Hide"</Button>
            </PostForm>
        }
    };
    view! {
        <Card title="Next steps" actions=actions>
            {show::wrong(form.beside(&[]))}
            <p class="sub">"None of them is a must. The card goes once all are done, or when you hide it."</p>
            {steps}
        </Card>
    }
    .into_any()
}
