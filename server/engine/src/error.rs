use domain::text::FieldError;

/// What a use case can answer besides its result.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// There is no such row in this program, or it is not the asker's to see: 404 either way.
    #[error("{0} not found")]
    NotFound(&'static str),
    /// The asker's role or standing does not allow it.
    #[error("not allowed")]
    Forbidden,
    /// The second factor (or the password, where there is none) must be given again first.
    #[error("confirmation needed")]
    ConfirmFirst,
    /// Fields that were filled in wrongly.
    #[error("invalid input")]
    Invalid(Vec<FieldError>),
    /// It can't be done as things stand now: what stands in the way, in words for the person who asked.
    #[error("{0}")]
    Conflict(String),
    /// The event id or idempotency key was used before, with another body.
    #[error("used before with another body")]
    Reused,
    /// Too many tries; in how many seconds the next one is allowed.
    #[error("too many tries")]
    TooMany(u64),
    /// Postgres answered with an error, or not at all.
    #[error(transparent)]
    Database(#[from] sqlx::Error),
    /// Anything else that is our fault: logged, never shown.
    #[error("internal: {0}")]
    Internal(String),
}

/// A use case's answer.
pub type Result<T> = std::result::Result<T, Error>;

impl Error {
    /// One field that was filled in wrongly.
    pub fn field(field: &str, message: impl Into<String>) -> Self {
        Self::Invalid(vec![FieldError::new(field, message)])
    }

    /// Whether Postgres refused a row because of this unique constraint or index.
    #[must_use]
    pub fn violates(&self, constraint: &str) -> bool {
        matches!(self, Self::Database(sqlx::Error::Database(error)) if error.constraint() == Some(constraint))
    }

    /// Whether Postgres could not be reached, is starting or stopping, or took too long: worth a retry.
    #[must_use]
    pub fn is_outage(&self) -> bool {
        use sqlx::Error::{Database, Io, PoolClosed, PoolTimedOut, Protocol, Tls, WorkerCrashed};
        let Self::Database(error) = self else { return false };
        match error {
            Io(_) | Tls(_) | Protocol(_) | PoolTimedOut | PoolClosed | WorkerCrashed => true,
            // Connection exceptions, out of connections or memory, operator intervention; lock timeout, deadlock.
            Database(error) => error.code().is_some_and(|code| {
                matches!(code.get(..2), Some("08" | "53" | "57")) || matches!(&*code, "55P03" | "40001" | "40P01")
            }),
            _ => false,
        }
    }

    /// Anything that is our fault, with what went wrong for the log.
    pub fn internal(cause: impl std::fmt::Display) -> Self {
        Self::Internal(cause.to_string())
    }
}

impl From<serde_json::Error> for Error {
    fn from(error: serde_json::Error) -> Self {
        Self::internal(error)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[sqlx::test(migrations = false)]
    async fn an_outage_is_worth_a_retry_and_a_mistake_is_not(pool: sqlx::PgPool) {
        for (code, outage) in [
            ("08006", true),
            ("53300", true),
            ("57P01", true),
            ("57014", true),
            ("55P03", true),
            ("40001", true),
            ("40P01", true),
            ("22008", false),
            ("23505", false),
            ("42P01", false),
        ] {
            let raise = format!("do $$ begin raise exception 'test' using errcode = '{code}'; end $$");
            let error = sqlx::query(sqlx::AssertSqlSafe(raise)).execute(&pool).await.expect_err("raised");
            assert_eq!(Error::from(error).is_outage(), outage, "{code}");
        }
        pool.close().await;
        assert!(Error::from(pool.acquire().await.expect_err("closed")).is_outage());
        assert!(!Error::Forbidden.is_outage());
    }
}
