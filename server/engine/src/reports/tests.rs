//! Reports on a real Postgres.
