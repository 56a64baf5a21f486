//! `/` leads to where one's work is.

use access::{LazyPage, Read, Result, read};
use leptos::prelude::*;
use leptos::server_fn::codec::GetUrl;
use leptos_router::components::Redirect;

/// Where to go from `/`: the first program one administers, else the first in which one is a partner; without a session
/// to sign in; before there is an owner to the set-up.
#[server(prefix = "/fn", endpoint = "landing", input = GetUrl)]
pub async fn landing() -> Result<String> {
    access::answer(async {
        let access::Visitor { mut conn, moment, .. } = access::visitor().await?;
        let token = access::session_token().unwrap_or_default();
        let session = engine::accounts::session(&mut conn, &moment, &token).await?;
        let Some(session) = session else {
            let setup = engine::accounts::setup::needed(&mut conn).await?;
            return Ok(if setup { "/setup" } else { "/sign-in" }.to_owned());
        };
        let places = engine::accounts::places(&mut conn, &session).await?;
        drop(conn);
        Ok(if let Some(program) = places.programs.first() {
            format!("/admin/{}", program.slug)
        } else if let Some(place) = places.enrollments.first() {
            access::landing(&token, &format!("/p/{}", place.program_slug)).await?
        } else if places.organizations.is_empty() {
            "/account".to_owned()
        } else {
            "/setup".to_owned()
        })
    })
    .await
}

/// The page `/`.
pub struct Home {
    to: Read<String>,
}

impl LazyPage for Home {
    fn data() -> Self {
        Self { to: read(|| Landing {}) }
    }

    fn view(this: Self) -> AnyView {
        view! {
            {this.to.page(|path| view! { <Redirect path=path/> }.into_any())}
        }
        .into_any()
    }
}
