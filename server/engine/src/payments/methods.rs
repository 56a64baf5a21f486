//! The ways in which a program pays.

use crate::programs::{self, audit};
use crate::{Error, Moment, Result};
use domain::accounts::{Actor, Power};
use domain::countries;
use domain::ids::ProgramId;
use domain::money::Currency;
use domain::payments::{PayoutKind, PayoutMethod, check_methods};
use domain::text::FieldError;
use serde_json::json;
use sqlx::PgConnection;

/// Every way, offered or not.
///
/// # Errors
/// `Database` where Postgres fails.
pub async fn list(conn: &mut PgConnection, program: ProgramId) -> Result<Vec<PayoutMethod>> {
    Ok(sqlx::query_as!(
        PayoutMethod,
        r#"select kind as "kind: PayoutKind", offered, countries, minimum from payout_methods
           where program_id = $1 order by kind"#,
        program as ProgramId
    )
    .fetch_all(conn)
    .await?)
}

/// What is wrong with all of a program's ways.
#[must_use]
pub fn check(methods: &[PayoutMethod], currency: Currency) -> Vec<FieldError> {
    let mut errors = check_methods(methods, currency);
    for PayoutMethod { kind, countries, .. } in methods {
        // What is no code at all was told already.
        if let Some(code) = countries.iter().find(|code| code.len() == 2 && !countries::exists(code)) {
            errors.push(FieldError::new(format!("{kind}_countries"), format!("{code} is no country's code.")));
        }
    }
    errors
}

/// Changes the ways given. Asks for `EditProgram`.
///
/// # Errors
/// `Forbidden`; `Invalid` by field, also on `methods` where none would be offered any more.
pub async fn set(conn: &mut PgConnection, moment: &Moment, actor: &Actor, methods: &[PayoutMethod]) -> Result<()> {
    if !actor.may(Power::EditProgram) {
        return Err(Error::Forbidden);
    }
    let program = programs::get(conn, actor.program()).await?;
    // Of two who switch off the last ones at once, the second sees what the first did.
    sqlx::query!("select from programs where id = $1 for no key update", program.id as ProgramId)
        .fetch_one(&mut *conn)
        .await?;
    let mut all = list(conn, program.id).await?;
    for method in methods {
        all.retain(|before| before.kind != method.kind);
        all.push(method.clone());
    }
    let errors = check(&all, program.currency);
    if !errors.is_empty() {
        return Err(Error::Invalid(errors));
    }
    for method in methods {
        sqlx::query!(
            "update payout_methods set offered = $3, countries = $4, minimum = $5 where program_id = $1 and kind = $2",
            program.id as ProgramId,
            method.kind as PayoutKind,
            method.offered,
            &method.countries,
            method.minimum
        )
        .execute(&mut *conn)
        .await?;
    }
    audit::record(conn, moment, actor, "program.payout_methods", &program.name, "settings", json!(methods)).await
}
