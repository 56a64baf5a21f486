//! Payments on a real Postgres.
