//! Sending what was looked at, slice by slice.

use super::work::{Held, wait};
use super::{CancelImport, FinishImport};
use access::{Error, Result};
use domain::ids::{EnrollmentId, LeadImportId};
use leptos::prelude::*;

/// How often a slice is sent before that is given up.
const TRIES: usize = 4;

/// What became of it.
pub(super) enum Sent {
    /// It is imported.
    Begun,
    /// The same rows were imported before.
    Same,
    /// It was stopped.
    Stopped,
}

/// Sends the rows; tells how many have arrived, and asks whether to stop.
pub(super) async fn send(
    program: &str,
    partner: EnrollmentId,
    held: Held,
    told: impl Fn(usize),
    stopped: impl Fn() -> bool,
) -> Result<Sent> {
    let start = held.try_with_value(|work| work.as_ref().map(super::work::Work::start)).flatten();
    let Some(start) = start else { return Ok(Sent::Stopped) };
    let path = format!("/p/{program}/lead-imports");
    let whose = format!("?partner={partner}");
    let id: LeadImportId = access::send(&format!("{path}{whose}"), "application/json", access::json(&start)).await?;
    let outcome = slices(&format!("{path}/{id}"), &whose, held, told, stopped).await;
    if !matches!(outcome, Ok(true)) {
        // What has arrived is given up; where that can't be told, the server does it after a day.
        drop(access::tell(CancelImport { program: program.to_owned(), partner, id }).await);
        return outcome.map(|_| Sent::Stopped);
    }
    let same = access::tell(FinishImport { program: program.to_owned(), partner, id }).await?;
    Ok(if same.is_some() { Sent::Same } else { Sent::Begun })
}

/// Sends slices to the last; whether all have arrived.
async fn slices(path: &str, whose: &str, held: Held, told: impl Fn(usize), stopped: impl Fn() -> bool) -> Result<bool> {
    let (mut from, mut number) = (0, 0);
    loop {
        if stopped() {
            return Ok(false);
        }
        let slice = held.try_with_value(|work| work.as_ref().map(|work| work.file.rows.slice(from))).flatten();
        let Some((text, next)) = slice else { return Ok(false) };
        if next == from {
            return Ok(true);
        }
        let address = format!("{path}/{number}{whose}");
        let mut tries = 1;
        // The same number counts once, whatever became of its answer.
        while let Err(error) = access::send::<()>(&address, "text/csv; charset=utf-8", text.clone()).await {
            let passes = matches!(error, Error::Offline | Error::Unavailable { .. } | Error::TooMany(_));
            if !passes || tries == TRIES || stopped() {
                return Err(error);
            }
            tries += 1;
            wait(1_000).await;
        }
        (from, number) = (next, number + 1);
        told(from);
    }
}
