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

/// The days and each asset's total, in the order of their keys, so that two processes don't wait for each other in a
/// circle.
async fn write(pool: &PgPool, seen: &BTreeMap<Place, i64>) -> Result<()> {
    let programs: Vec<_> = seen.keys().map(|place| place.0.0).collect();
    let assets: Vec<_> = seen.keys().map(|place| place.1.0).collect();
    let partners: Vec<_> = seen.keys().map(|place| place.2.0).collect();
    let days: Vec<_> = seen.keys().map(|place| place.3).collect();
    let views: Vec<_> = seen.values().copied().collect();
    sqlx::query!(
        "with seen as (
             select * from unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::date[], $5::bigint[])
                               as v (program_id, asset_id, enrollment_id, day, views)
         ), totals as (
             select program_id, asset_id, sum(views)::bigint as views from seen group by program_id, asset_id
         ), locked as (
             select a.program_id, a.id from assets a
             join totals t on t.program_id = a.program_id and t.asset_id = a.id
             order by a.program_id, a.id for no key update of a
         ), days as (
             insert into asset_days as d (program_id, asset_id, enrollment_id, day, views)
             select s.program_id, s.asset_id, s.enrollment_id, s.day, s.views
             from seen s join locked l on l.program_id = s.program_id and l.id = s.asset_id
             order by s.program_id, s.asset_id, s.enrollment_id, s.day
             on conflict (program_id, asset_id, enrollment_id, day) do update set views = d.views + excluded.views
         )
         update assets a set views = a.views + t.views
         from totals t join locked l on l.program_id = t.program_id and l.id = t.asset_id
         where a.program_id = t.program_id and a.id = t.asset_id",
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
