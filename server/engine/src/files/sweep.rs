use super::Store;
use crate::jobs::{self, SweepFiles};
use crate::{Moment, Result};
use chrono::Duration;
use domain::ids::{FileId, ProgramId};
use graphile_worker::TaskHandler;
use sqlx::{PgConnection, PgPool};

/// How long a file is kept that nothing uses.
const KEPT: Duration = Duration::days(1);

/// Deletes the files that nothing has used for a day since they were uploaded, bytes and all; how many.
///
/// # Errors
/// `Database`; `Internal` where the store does not answer: what is left is for the next time.
pub async fn sweep(pool: &PgPool, store: &Store, moment: &Moment) -> Result<u64> {
    let mut swept = 0;
    loop {
        let mut tx = pool.begin().await?;
        // Locked alone: who would use it at this instant waits, and then finds none.
        let orphan = sqlx::query!(
            r#"select f.program_id as "program: ProgramId", f.id as "id: FileId" from files f
               where f.created_at < $1
                 and not exists (select from assets a where a.program_id = f.program_id and a.file_id = f.id)
                 and not exists (select from enrollments e where e.program_id = f.program_id and e.photo_file_id = f.id)
                 and not exists (select from lead_files l where l.program_id = f.program_id and l.file_id = f.id)
                 and not exists (select from conversation_messages m where m.program_id = f.program_id and m.file_id = f.id)
                 and not exists (select from submitted_sales s where s.program_id = f.program_id and s.file_id = f.id)
                 and not exists (select from programs p
                                 where p.id = f.program_id and f.id in (p.logo_file_id, p.favicon_file_id))
               order by f.created_at limit 1 for update skip locked"#,
            moment.at - KEPT
        )
        .fetch_optional(&mut *tx)
        .await?;
        let Some(orphan) = orphan else { return Ok(swept) };
        sqlx::query!(
            "delete from files where program_id = $1 and id = $2",
            orphan.program as ProgramId,
            orphan.id as FileId
        )
        .execute(&mut *tx)
        .await?;
        store.delete(orphan.program, orphan.id).await?;
        tx.commit().await?;
        swept += 1;
    }
}

/// Has a file that nothing may use any more deleted at once, rather than after a day: once the transaction commits.
pub(crate) async fn abandon(conn: &mut PgConnection, moment: &Moment, program: ProgramId, id: FileId) -> Result<()> {
    sqlx::query!(
        "update files set created_at = least(created_at, $3) where program_id = $1 and id = $2",
        program as ProgramId,
        id as FileId,
        moment.at - KEPT - KEPT
    )
    .execute(&mut *conn)
    .await?;
    jobs::enqueue(conn, &SweepFiles {}, Some(SweepFiles::IDENTIFIER)).await
}
