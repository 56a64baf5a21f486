//! All rows of the report, sent as they are read: to a file, or to be printed.

use super::{Scope, Whole, make_room, method_labels, summed, team};
use crate::{Error, Moment, Result};
use domain::accounts::Actor;
use domain::ids::{EnrollmentId, ProgramId};
use domain::partners::EnrollmentStatus;
use domain::reports::{LedgersQuery, LedgersRow};
use futures_util::TryStreamExt;
use sqlx::{PgConnection, PgPool};
use std::time::Duration;
use tokio::sync::mpsc;
use uuid::Uuid;

/// So many rows are sent at once.
const AT_ONCE: usize = 500;

/// Sends all rows of the report in its order, as one statement reads them, so that they are of one instant and memory stays
/// flat. After the last come none, so that nobody takes half for the whole; what goes wrong is sent instead. Where `keeps`
/// is set, what the report contained is kept as a draft of payments, by the same snapshot, before the end is sent: who has
/// the whole file has its draft.
pub async fn send_ledgers(
    pool: &PgPool,
    moment: &Moment,
    actor: &Actor,
    query: &LedgersQuery,
    keeps: bool,
    rows: mpsc::Sender<Result<Vec<LedgersRow>>>,
) {
    let sent = async {
        team(actor)?;
        let mut tx = pool.begin().await?;
        sqlx::query("set transaction isolation level repeatable read").execute(&mut *tx).await?;
        make_room(&mut tx).await?;
        // As long as it is read.
        sqlx::query("set local statement_timeout = '30min'").execute(&mut *tx).await?;
        let scope = Scope::of(&mut tx, moment, actor, &query.filter, query.range).await?;
        scope.send(&mut tx, query, &rows).await?;
        if keeps {
            crate::payments::keep_export(&mut tx, moment, actor, query, &scope).await?;
            tx.commit().await?;
        }
        put(&rows, Vec::new()).await
    };
    if let Err(error) = sent.await {
        // Who reads may have gone, or stand still.
        let _ = tokio::time::timeout(PATIENCE, rows.send(Err(error))).await;
    }
}

impl Scope {
    async fn send(
        &self,
        conn: &mut PgConnection,
        query: &LedgersQuery,
        rows: &mpsc::Sender<Result<Vec<LedgersRow>>>,
    ) -> Result<()> {
        let (kinds, labels) = method_labels();
        let mut found = summed!(
            Whole,
            self.setting.program,
            self.pieces,
            self.of_ids(),
            r#", holds as (
                   select enrollment_id, sum(amount) as held from ledger_months
                   where program_id = $1 and month = any($14) and account = 'held'
                   group by enrollment_id
               ), listed as (
                   select e.id, e.code, coalesce(nullif(e.name, ''), e.company) as name, e.company, e.status,
                          coalesce(e.payout_method, '') as method, coalesce(s.opening, 0) as opening,
                          coalesce(s.commissions, 0) as commissions, coalesce(s.clawbacks, 0) as clawbacks,
                          coalesce(s.adjustments, 0) as adjustments, coalesce(s.payments, 0) as payments, coalesce(s.closing, 0) as closing,
                          coalesce(c.held, 0) + coalesce(h.held, 0) as held
                   from enrollments e
                   left join sums s on s.enrollment_id = e.id
                   left join statements c on c.program_id = $1 and c.month = $13 and c.enrollment_id = e.id
                   left join holds h on h.enrollment_id = e.id
                   where e.program_id = $1 and ($2::uuid[] is null or e.id = any($2))
               )
               select id as "id!: EnrollmentId", code as "code!", name as "name!", company as "company!",
                      status as "status!: EnrollmentStatus", method as "method!", opening as "opening!", commissions as "commissions!",
                      clawbacks as "clawbacks!", adjustments as "adjustments!", payments as "payments!", held as "held!"
               from listed
               order by case when $16::boolean then -1 else 1 end
                            * case $15::text
                                  when 'name' then 0
                                  when 'method' then 0
                                  when 'opening' then opening
                                  when 'commissions' then commissions
                                  when 'clawbacks' then clawbacks
                                  when 'adjustments' then adjustments
                                  when 'payments' then payments
                                  when 'held' then held
                                  else closing
                              end,
                        case when $15::text = 'method' and $16::boolean
                             then lower(coalesce(($18::text[])[array_position($17::text[], lower(method))], method))
                        end desc,
                        case when $15::text = 'method' and not $16::boolean
                             then lower(coalesce(($18::text[])[array_position($17::text[], lower(method))], method))
                        end,
                        case when $15::text in ('name', 'method') and $16::boolean then lower(name) end desc,
                        lower(name), id"#,
            self.pieces.last,
            &self.pieces.since,
            query.sort.as_str(),
            query.descending,
            &kinds,
            &labels
        )
        .fetch(conn);
        let mut gathered = Vec::with_capacity(AT_ONCE);
        while let Some(row) = found.try_next().await? {
            gathered.push(row.row(&self.setting));
            if gathered.len() == AT_ONCE {
                put(rows, std::mem::take(&mut gathered)).await?;
            }
        }
        if gathered.is_empty() { Ok(()) } else { put(rows, gathered).await }
    }
}

/// So long a reader may stand still: it holds a connection.
const PATIENCE: Duration = Duration::from_secs(60);

async fn put(rows: &mpsc::Sender<Result<Vec<LedgersRow>>>, gathered: Vec<LedgersRow>) -> Result<()> {
    let sent = tokio::time::timeout(PATIENCE, rows.send(Ok(gathered))).await;
    if matches!(sent, Ok(Ok(()))) { Ok(()) } else { Err(Error::internal("the reader has gone, or stands still")) }
}
