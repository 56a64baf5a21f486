//! The team's pages of leads with 200,000 leads: the table by each filter, and the board.

use crate::dashboard::sign_in;
use crate::load::{self, Outcome, Pace};
use crate::server::{Database, Server};
use crate::short_link::ms;
use crate::table::{Limit, Table};
use anyhow::{Result, ensure};
use std::sync::Arc;
use std::time::Duration;

const LEADS: i64 = 200_000;
const CLIENTS: usize = 2;

/// Leads of all partners of the demo over two years, at all stages, in two groups; a tenth is worked by somebody, a
/// hundredth repeats another.
const FILL: &str = "
with program as (select id, organization_id from programs where slug = 'acme'),
partners as (
    select e.id, row_number() over (order by e.id) - 1 as place, count(*) over () as all_of from enrollments e join program p on e.program_id = p.id
),
stages as (
    select s.id, s.kind, row_number() over (order by s.position) - 1 as place, count(*) over () as all_of
    from lead_stages s join program p on s.program_id = p.id where s.archived_at is null
)
insert into leads (program_id, id, enrollment_id, group_id, form_version, email, email_key, name, stage, stage_id, created_at,
                   stage_at, updated_at, assignee_id, deal_value, duplicate_of)
select p.id, gen_random_uuid(), a.id, g.id, g.version, 'lead' || n || '@company' || n % 5000 || '.example',
       'lead' || n || '@company' || n % 5000 || '.example', 'Lead ' || n, s.kind, s.id, t.at, t.at, t.at,
       case when n % 10 = 0 then m.account_id end, case when n % 3 = 0 then n end, null
from generate_series(1, 200000) n
cross join program p
join lead_groups g on g.program_id = p.id and g.is_default
join partners a on a.place = n % a.all_of
join stages s on s.place = n % 7 % s.all_of
cross join lateral (select account_id from memberships where organization_id = p.organization_id order by account_id limit 1) m
cross join lateral (select timestamptz '2026-11-01' - n * interval '5 minutes' as at) t";

const REPEATS: &str = "
update leads l set duplicate_of = (select id from leads o where o.program_id = l.program_id and o.id <> l.id limit 1)
from (select program_id, id from leads order by id limit 2000) d where d.program_id = l.program_id and d.id = l.id";

/// What the address of a view asks for, with what stands for ids.
const VIEWS: &[(&str, &str)] = &[
    ("all", ""),
    ("last changed first", "&asked[sort]=updated"),
    ("a kind of stage", "&asked[kind]=closed_won"),
    ("a stage", "&asked[stage]=STAGE"),
    ("a group", "&asked[group]=GROUP"),
    ("a partner", "&asked[partner_code]=ada"),
    ("mine", "&asked[assignee]=me"),
    ("nobody's", "&asked[assignee]=nobody"),
    ("duplicates", "&asked[duplicates]=yes"),
    ("an outcome", "&asked[outcome]=customer"),
    ("days", "&asked[from]=2025-06-01&asked[to]=2025-06-30"),
    ("a search that finds much", "&asked[q]=company4"),
    ("a search that finds one", "&asked[q]=lead123456%40"),
    ("a search that finds none", "&asked[q]=nobody%40nowhere"),
    ("the board", "&asked[view]=board"),
];

/// Measures each view.
pub async fn measure(table: &mut Table) -> Result<()> {
    eprintln!("Pipeline: {LEADS} leads");
    let database = Database::make("tributary_bench_pipeline").await?;
    database.command(&["demo", "--partners", "200", "--months", "1", "--clicks", "1000"])?;
    for statement in [FILL, REPEATS, "vacuum analyze"] {
        sqlx::raw_sql(statement).execute(&database.pool).await?;
    }
    let one = |query: &'static str| {
        let pool = database.pool.clone();
        async move { sqlx::query_scalar::<_, sqlx::types::Uuid>(query).fetch_one(&pool).await }
    };
    let stage = one("select s.id from lead_stages s join programs p on p.id = s.program_id
                     where p.slug = 'acme' and s.kind = 'qualified'")
    .await?;
    let group = one("select g.id from lead_groups g join programs p on p.id = g.program_id
                     where p.slug = 'acme' and g.is_default")
    .await?;
    let server = Server::start(&database, 3921).await?;
    let cookie = sign_in(server.address, "admin%40tributary.test").await?;
    let mut worst = 0.0_f64;
    for (name, view) in VIEWS {
        let view = view.replace("STAGE", &stage.to_string()).replace("GROUP", &group.to_string());
        let request = format!(
            "GET /fn/admin/leads?program=acme{view} HTTP/1.1\r\nhost: {}\r\naccept: application/json\r\ncookie: {cookie}\r\n\r\n",
            server.address
        );
        let request: load::Request = Arc::new(move |_| request.clone().into_bytes());
        let mut least = f64::MAX;
        for _ in 0..3 {
            let time = Duration::from_secs(2);
            let mut run: Outcome =
                load::run(server.address, CLIENTS, time, Pace::Closed, request.clone(), |_| None).await;
            ensure!(run.by_class[2] as usize == run.latencies.len(), "{name}: {:?}", run.by_class);
            least = least.min(ms(run.percentile(0.95)));
        }
        table.add(format!("leads p95, {name}"), least, "ms", Limit::None);
        worst = worst.max(least);
    }
    table.add("leads p95, the slowest", worst, "ms", Limit::AtMostHere(200.0));
    drop(server);
    database.remove().await
}
