//! The team's message to its partners.

use access::{LazyPage, Read, Result, read};
use leptos::prelude::*;
use leptos::server_fn::codec::GetUrl;
use leptos_meta::Title;
use ui::{Card, PageHead, SkeletonCard};

use crate::show;

/// The team's message, as HTML that was made safe.
#[server(prefix = "/fn", endpoint = "partner/welcome", input = GetUrl)]
pub async fn read_welcome(program: String) -> Result<String> {
    access::answer(async {
        let mut asking = access::partner(&program, domain::portal::PortalPage::Welcome).await?;
        let portal = engine::portal::get(&mut asking.conn, asking.program.id).await?;
        Ok(engine::portal::html(&portal.welcome))
    })
    .await
}

/// `/p/{program}/welcome`.
pub struct WelcomePage(Read<String>);

impl LazyPage for WelcomePage {
    fn data() -> Self {
        let program = show::program();
        Self(read(move || ReadWelcome { program: program.get() }))
    }

    fn view(this: Self) -> AnyView {
        view! {
            <Title text="Welcome"/>
            <PageHead title="Welcome"/>
            {this.0.show(
                || view! { <SkeletonCard lines=6/> }.into_any(),
                |html| view! { <Card><div class="prose" inner_html=html></div></Card> }.into_any(),
            )}
        }
        .into_any()
    }
}
