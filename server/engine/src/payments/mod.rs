//! Paying partners: who is due, a batch as it is prepared and processed, and taking a payment back.
//!
//! An entry of a partner's payable is open until a payment settles it, and it is settled at most once
//! (`payment_items`); so pressing twice can't pay twice. A payment's own entry is not open; that of a payment taken
//! back is, and stands for the entries which that payment had settled.

mod approval;
mod basis;
pub mod details;
#[cfg(test)]
pub(crate) mod details_tests;
pub mod drafts;
#[cfg(test)]
mod drafts_tests;
mod due;
mod files;
mod lists;
mod mails;
pub mod methods;
#[cfg(test)]
mod oracle_tests;
mod outcome;
#[cfg(test)]
mod outcome_tests;
pub mod process;
mod remittance;
mod results;
pub mod schedule;
#[cfg(test)]
pub(crate) mod tests;
mod undo;

pub(crate) use drafts::keep_export;
pub use due::{below_zero, due_partners};
pub use files::{file, file_sent, prepared};
pub use lists::{batch, batch_payments, batches, payments, payments_page};
pub use mails::{TellPaid, TellTakenBack};
pub use outcome::mark;
pub use remittance::{advices, payment};
pub(crate) use remittance::{parts, reasons};
pub use results::results;
pub use undo::take_back;

use crate::Result;
use domain::ids::ProgramId;
use sqlx::PgConnection;
use uuid::Uuid;

/// Waits until nobody else pays or takes back in the program, and keeps others waiting until the transaction ends. What
/// is open is read by a later statement, which sees what they did.
async fn alone(conn: &mut PgConnection, program: ProgramId) -> Result<()> {
    sqlx::query!("select pg_advisory_xact_lock(hashtextextended('pay ' || $1, 0))", program.to_string())
        .execute(conn)
        .await?;
    Ok(())
}

/// The commissions that these payments settled, also through the entries of payments taken back before.
async fn commissions_of(conn: &mut PgConnection, program: ProgramId, payments: &[Uuid]) -> Result<Vec<Uuid>> {
    let ids = sqlx::query_scalar!(
        r#"with recursive settled as (
               select j.kind, j.commission_id, j.payment_id
               from payment_items i
               join entries e on e.program_id = i.program_id and e.id = i.entry_id
               join journals j on j.program_id = e.program_id and j.id = e.journal_id
               where i.program_id = $1 and i.payment_id = any($2)
               union all
               select j.kind, j.commission_id, j.payment_id
               from settled s
               join payment_items i on i.program_id = $1 and i.payment_id = s.payment_id
               join entries e on e.program_id = i.program_id and e.id = i.entry_id
               join journals j on j.program_id = e.program_id and j.id = e.journal_id
               where s.kind = 'payment_failed'
           )
           select distinct commission_id as "id!" from settled
           where kind in ('commission', 'hold_end') and commission_id is not null"#,
        program as ProgramId,
        payments
    )
    .fetch_all(conn)
    .await?;
    Ok(ids)
}
