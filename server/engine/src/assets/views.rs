use crate::Result;
use chrono::NaiveDate;
use domain::ids::{AssetId, EnrollmentId, ProgramId};
use sqlx::PgPool;
use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

/// What a view is counted by: nothing of who looked.
type Place = (ProgramId, AssetId, EnrollmentId, NaiveDate);

/// Views of banners that are yet to be written. They are gathered, since a banner may be shown on any page of any site;
/// those of the last seconds are lost where a process is killed, and cost nobody anything.
#[derive(Debug, Default)]
pub struct Views {
    seen: Mutex<BTreeMap<Place, i64>>,
}

impl Views {
    /// Counts a view of a banner on a partner's page.
    pub fn count(&self, program: ProgramId, asset: AssetId, partner: EnrollmentId, day: NaiveDate) {
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        *seen.entry((program, asset, partner, day)).or_default() += 1;
    }

    /// Writes what was counted; what can't be written now is kept for the next time.
    ///
    /// # Errors
    /// `Database`.
    pub async fn flush(&self, pool: &PgPool) -> Result<()> {
        let seen = std::mem::take(&mut *self.seen.lock().unwrap_or_else(PoisonError::into_inner));
        if seen.is_empty() {
            return Ok(());
        }
        let written = write(pool, &seen).await;
        if written.is_err() {
            let mut waiting = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
            for (place, views) in seen {
                *waiting.entry(place).or_default() += views;
            }
        }
        written
    }
}

/// In the order of their key, so that two processes don't wait for each other.
async fn write(pool: &PgPool, seen: &BTreeMap<Place, i64>) -> Result<()> {
    let programs: Vec<_> = seen.keys().map(|place| place.0.0).collect();
    let assets: Vec<_> = seen.keys().map(|place| place.1.0).collect();
    let partners: Vec<_> = seen.keys().map(|place| place.2.0).collect();
    let days: Vec<_> = seen.keys().map(|place| place.3).collect();
    let views: Vec<_> = seen.values().copied().collect();
    sqlx::query!(
        "insert into asset_days as d (program_id, asset_id, enrollment_id, day, views)
         select v.* from unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::date[], $5::bigint[])
                              as v (program_id, asset_id, enrollment_id, day, views)
         where exists (select from assets a where a.program_id = v.program_id and a.id = v.asset_id)
         on conflict (program_id, asset_id, enrollment_id, day) do update set views = d.views + excluded.views",
        &programs,
        &assets,
        &partners,
        &days,
        &views
    )
    .execute(pool)
    .await?;
    Ok(())
}
