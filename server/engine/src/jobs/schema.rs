use graphile_worker_migrations::sql::GRAPHILE_WORKER_MIGRATIONS;
use sqlx::migrate::{Migration, MigrationType};
use sqlx::{AssertSqlSafe, SqlSafeStr};

/// Ours count from 1.
const FIRST: i64 = 1_000_000;

/// What the library would create before its first migration, to keep count of them.
const BOOKS: &str = "create schema if not exists graphile_worker;
create table if not exists graphile_worker.migrations (
    id int primary key, ts timestamptz default now() not null, breaking boolean not null default false
);";

/// The library's migrations as ours, entered in its own books, so that a worker that starts finds them done. So there
/// is one way to make a database, for tests too.
pub(crate) fn migrations() -> Vec<Migration> {
    let mut all = Vec::new();
    for migration in GRAPHILE_WORKER_MIGRATIONS {
        let number = migration.migration_number();
        let statements = migration.stmts.join("\n;\n").replace(":GRAPHILE_WORKER_SCHEMA", "graphile_worker");
        let breaking = migration.is_breaking();
        let books = if number == 1 { BOOKS } else { "" };
        let sql = format!(
            "{books}\n{statements}\n;\ninsert into graphile_worker.migrations (id, breaking) values ({number}, {breaking});"
        );
        // Safe: the library's own text, a number and a boolean.
        let sql = AssertSqlSafe(sql).into_sql_str();
        let name = format!("graphile_worker {}", migration.name());
        all.push(Migration::new(FIRST + i64::from(number), name.into(), MigrationType::Simple, sql, false));
    }
    all
}
