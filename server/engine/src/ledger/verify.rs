use crate::Result;
/// An invariant that does not hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Broken {
    /// Its name, snake-case.
    pub invariant: &'static str,
    /// How many rows break it.
    pub count: i64,
    /// A few of them, for people.
    pub examples: Vec<String>,
}

/// Proves every invariant of the ledger, its rollups and what hangs on them over the whole database, in one snapshot.
/// Returns those that do not hold, in the order of checking: empty where all is well.
///
/// # Errors
/// `Database`.
pub async fn verify(pool: &sqlx::PgPool) -> Result<Vec<Broken>> {
    let _ = pool;
    todo!()
}
