#[cfg(feature = "ssr")]
use crate::Result;
#[cfg(feature = "ssr")]
use domain::accounts::{Actor, Session};
use serde::{Deserialize, Serialize};
#[cfg(feature = "ssr")]
use sqlx::PgConnection;
use ui::ProgramLink;

/// A program in "Your programs", for the frames.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Place {
    name: String,
    role: String,
    /// The portal or the admin area.
    href: String,
    program: String,
    /// The partner to choose first, by its code; empty where there is no choice.
    choose: String,
    current: bool,
}

/// Where the session's account may go, seen from where it is now: the admin area of a program, or a partner's portal.
///
/// # Errors
/// `Unavailable` where Postgres does not answer.
#[cfg(feature = "ssr")]
pub async fn places(conn: &mut PgConnection, session: &Session, here: &Actor) -> Result<Vec<Place>> {
    let places = engine::accounts::places(conn, session).await?;
    let as_admin = places.programs.into_iter().map(|place| Place {
        current: matches!(here, Actor::Admin { program, .. } if *program == place.id),
        href: format!("/admin/{}", place.slug),
        role: format!("Admin area, {}", place.role),
        name: place.name,
        program: place.slug,
        choose: String::new(),
    });
    let only = |slug: &str| places.enrollments.iter().filter(|place| place.program_slug == slug).count() == 1;
    let as_partner = places.enrollments.iter().map(|place| Place {
        current: matches!(here, Actor::Partner { enrollment, .. } if *enrollment == place.partner.id),
        href: format!("/p/{}", place.program_slug),
        role: format!("Partner {}", place.partner.code),
        name: place.program_name.clone(),
        program: place.program_slug.clone(),
        choose: if only(&place.program_slug) { String::new() } else { place.partner.code.clone() },
    });
    Ok(as_admin.chain(as_partner).collect())
}

/// The same as the frame's menu shows it. To choose another partner is an act, and so a post.
#[must_use]
pub fn program_links(places: Vec<Place>) -> Vec<ProgramLink> {
    let link = |place: Place| {
        let Place { name, role, href, program, choose, current } = place;
        let (href, post) = if choose.is_empty() || current {
            (href, Vec::new())
        } else {
            ("/fn/act-as".to_owned(), vec![("program", program), ("code", choose)])
        };
        ProgramLink { name, href, post, role, current }
    };
    places.into_iter().map(link).collect()
}
