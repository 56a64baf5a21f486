//! The ledgers of the partners on the report, one after the other: for the document that is printed.

use super::{Asked, Scope, entries, make_room};
use crate::{Error, Moment, Result};
use domain::accounts::{Actor, Power};
use domain::ledger::LedgerAccount;
use domain::page::{Page, Paging};
use domain::reports::{LedgerRow, LedgersQuery, LedgersRow};
use sqlx::{PgConnection, PgPool};
use std::time::Duration;
use tokio::sync::mpsc;

/// A piece of the document.
#[derive(Debug)]
pub enum PrintedLedger {
    /// A partner begins, with its figures.
    Partner(Box<LedgersRow>),
    /// More of its entries, the latest first.
    Entries(Vec<LedgerRow>),
    /// There is no more: so nobody takes half for the whole.
    Over,
}

type Pieces = mpsc::Sender<Result<PrintedLedger>>;

/// So long a reader may stand still: a browser takes what it lays out.
const PATIENCE: Duration = Duration::from_secs(600);

/// Sends the ledgers of all partners on the report in its order, each with all of its entries in the range: by one
/// connection and of one instant, so that entries and figures agree. What goes wrong is sent instead.
pub async fn print_ledgers(pool: &PgPool, moment: &Moment, actor: &Actor, query: &LedgersQuery, pieces: Pieces) {
    if let Err(error) = write(pool, moment, actor, query, &pieces).await {
        // Who reads may have gone, or stand still.
        let _ = pieces.try_send(Err(error));
    }
}

async fn write(pool: &PgPool, moment: &Moment, actor: &Actor, query: &LedgersQuery, pieces: &Pieces) -> Result<()> {
    if !actor.may(Power::View) {
        return Err(Error::Forbidden);
    }
    let mut tx = pool.begin().await?;
    sqlx::query("set transaction isolation level repeatable read").execute(&mut *tx).await?;
    make_room(&mut tx).await?;
    sqlx::query("set local statement_timeout = '2min'").execute(&mut *tx).await?;
    // While the reader stands still.
    sqlx::query("set local idle_in_transaction_session_timeout = '11min'").execute(&mut *tx).await?;
    let scope = Scope::of(&mut tx, moment, actor, &query.filter, query.range).await?;
    let mut cursor = None;
    loop {
        let paging = Paging { cursor, limit: Some(Paging::MOST) };
        let Page { data, next_cursor } = scope.listed(&mut tx, query, &paging).await?;
        for row in data {
            one(&mut tx, &scope, query, row, pieces).await?;
        }
        cursor = next_cursor;
        if cursor.is_none() {
            return put(pieces, PrintedLedger::Over).await;
        }
    }
}

async fn one(
    conn: &mut PgConnection,
    scope: &Scope,
    query: &LedgersQuery,
    row: LedgersRow,
    pieces: &Pieces,
) -> Result<()> {
    let (from, to) = scope.setting.instants(Some(query.range.from), Some(query.range.to))?;
    let asked = Asked { account: Some(LedgerAccount::Payable), from, to, oldest_first: false };
    let partner = row.partner.id;
    put(pieces, PrintedLedger::Partner(Box::new(row))).await?;
    let mut cursor = None;
    loop {
        let paging = Paging { cursor, limit: Some(Paging::MOST) };
        let Page { data, next_cursor } = entries(conn, &scope.setting, true, partner, &asked, &paging).await?.page;
        put(pieces, PrintedLedger::Entries(data)).await?;
        cursor = next_cursor;
        if cursor.is_none() {
            return Ok(());
        }
    }
}

async fn put(pieces: &Pieces, piece: PrintedLedger) -> Result<()> {
    let sent = tokio::time::timeout(PATIENCE, pieces.send(Ok(piece))).await;
    if matches!(sent, Ok(Ok(()))) { Ok(()) } else { Err(Error::internal("the reader has gone, or stands still")) }
}
