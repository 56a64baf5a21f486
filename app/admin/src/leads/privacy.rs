//! The personal data of a lead: all of it in a file, and taken away for good.

use access::{Form, Result};
use domain::ids::LeadId;
use leptos::prelude::*;

use crate::show;

/// Takes away the personal data of a lead.
#[server(prefix = "/fn", endpoint = "admin/leads/erase")]
pub async fn erase_lead(program: String, id: LeadId) -> Result<()> {
    access::answer(async {
        let mut asking = access::admin(&program).await?;
        asking.may(domain::accounts::Power::Erase)?;
        let mut tx = access::begin(&mut asking.conn).await?;
        engine::leads::erase(&mut tx, &asking.moment, &asking.actor, id).await?;
        Ok(tx.commit().await?)
    })
    .await
}

/// The card, for those who may.
pub(super) fn card(form: Form<EraseLead>, program: &str, lead: LeadId, erased: bool) -> AnyView {
    let words = "What was filled in, notes, tasks and files are taken away for good, also where others wrote of the lead. Its \
                 stage, its history and every sum stay.";
    show::personal_card(form, program, "lead", ("id", lead.to_string()), words, erased)
}
