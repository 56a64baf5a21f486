//! Who pays a program's partners: the organization that owns it.

use super::audit;
use crate::{Error, Moment, Result};
use domain::accounts::{Actor, Power};
use domain::ids::ProgramId;
use domain::programs::Payer;
use serde_json::json;
use sqlx::PgConnection;

/// Who pays the program's partners.
///
/// # Errors
/// `NotFound` without such a program.
pub async fn payer(conn: &mut PgConnection, program: ProgramId) -> Result<Payer> {
    sqlx::query_as!(
        Payer,
        "select o.name, o.address from programs p join organizations o on o.id = p.organization_id where p.id = $1",
        program as ProgramId
    )
    .fetch_optional(conn)
    .await?
    .ok_or(Error::NotFound("program"))
}

/// Changes its name and address, for all of its programs. Audited.
///
/// # Errors
/// `Forbidden`; `Invalid` by field.
pub async fn set_payer(conn: &mut PgConnection, moment: &Moment, actor: &Actor, input: &Payer) -> Result<()> {
    if !actor.may(Power::EditProgram) {
        return Err(Error::Forbidden);
    }
    let input = input.tidy();
    let errors = input.check();
    if !errors.is_empty() {
        return Err(Error::Invalid(errors));
    }
    let before = payer(conn, actor.program()).await?;
    sqlx::query!(
        "update organizations o set name = $2, address = $3 from programs p where p.id = $1 and o.id = p.organization_id",
        actor.program() as ProgramId,
        input.name,
        input.address
    )
    .execute(&mut *conn)
    .await?;
    let details = json!({
        "name": { "before": before.name, "after": input.name },
        "address": { "before": before.address, "after": input.address },
    });
    audit::record(conn, moment, actor, "program.payer", &input.name, "settings", details).await
}
