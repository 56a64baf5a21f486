//! Choosing among an account's partners in one program.

use access::Result;
use leptos::prelude::*;

/// Chooses whom of the account's partners the program's portal shows, and goes there.
#[server(prefix = "/fn", endpoint = "act-as")]
pub async fn act_as(program: String, code: String) -> Result<()> {
    access::answer(async {
        let mut asking = access::account().await?;
        let places = engine::accounts::places(&mut asking.conn, &asking.session).await?;
        let own = |place: &domain::accounts::PartnerPlace| place.program_slug == program && place.partner.code == code;
        if !places.enrollments.iter().any(own) {
            return Err(access::Error::NotFound);
        }
        access::act_as(&program, &code)?;
        access::redirect(&format!("/p/{program}"));
        Ok(())
    })
    .await
}
