use super::claw_back::{Owed, owed};
use crate::ledger::{Move, Posting, hold_month_open, post};
use crate::{Moment, Result};
use domain::ids::{AccountId, CommissionId, ProgramId};
use domain::ledger::{JournalKind, LedgerAccount};
use sqlx::{PgConnection, PgPool};

/// How many holds are released in one transaction.
const CHUNK: i64 = 500;

/// Releases the holds that have ended in every program: what is left of each commission becomes payable. Returns how
/// many. Safe beside itself in other processes.
///
/// # Errors
/// The last program's that failed, logged with its name: the others' holds are released all the same.
pub async fn release_holds(pool: &PgPool, moment: &Moment) -> Result<u64> {
    let programs = sqlx::query_scalar!(
        r#"select distinct program_id as "program: ProgramId" from commissions
           where status = 'held' and available_at <= $1 order by 1"#,
        moment.at
    )
    .fetch_all(pool)
    .await?;
    let (mut released, mut failed) = (0, None);
    for program in programs {
        match release_program(pool, moment, program).await {
            Ok(count) => released += count,
            Err(error) => {
                tracing::error!(%program, %error, "a program's holds were not released");
                failed = Some(error);
            }
        }
    }
    failed.map_or(Ok(released), Err)
}

async fn release_program(pool: &PgPool, moment: &Moment, program: ProgramId) -> Result<u64> {
    let mut released = 0;
    loop {
        let mut tx = pool.begin().await?;
        // Each at its own instant: what a review of payments saw is told from what came later by when it was posted.
        let count = release_chunk(&mut tx, &moment.step(), program).await?;
        tx.commit().await?;
        if count == 0 {
            return Ok(released);
        }
        released += count;
    }
}

async fn release_chunk(conn: &mut PgConnection, moment: &Moment, program: ProgramId) -> Result<u64> {
    // Who is being clawed back or released by someone else just now is left for the next round.
    let ids = sqlx::query_scalar!(
        r#"select id as "id: CommissionId" from commissions
           where program_id = $1 and status = 'held' and available_at <= $2
           order by available_at, id limit $3 for no key update skip locked"#,
        program as ProgramId,
        moment.at,
        CHUNK
    )
    .fetch_all(&mut *conn)
    .await?;
    let held = owed(conn, program, &ids).await?;
    release(conn, moment, program, &held, None).await?;
    Ok(held.len() as u64)
}

/// Makes what is left of each payable. The rows are locked and held.
pub(super) async fn release(
    conn: &mut PgConnection,
    moment: &Moment,
    program: ProgramId,
    held: &[Owed],
    by: Option<AccountId>,
) -> Result<()> {
    let Some(first) = held.first() else { return Ok(()) };
    let month = hold_month_open(conn, program, moment.at).await?;
    let postings: Vec<_> = held
        .iter()
        .map(|owed| Posting {
            kind: JournalKind::HoldEnd,
            idempotency_key: format!("hold_end:{}", owed.id),
            reason_code: "hold_end",
            commission: Some(owed.id),
            payment: None,
            refund: None,
            by,
            occurred_at: owed.available_at,
            moves: vec![Move {
                from: LedgerAccount::Held,
                to: LedgerAccount::Payable,
                enrollment: owed.enrollment,
                amount: owed.left(),
            }],
        })
        .collect();
    post(conn, moment, program, first.currency, month, &postings).await?;
    let ids: Vec<_> = held.iter().map(|owed| owed.id.0).collect();
    sqlx::query!(
        "update commissions set status = 'due' where program_id = $1 and id = any($2)",
        program as ProgramId,
        &ids
    )
    .execute(conn)
    .await?;
    Ok(())
}
