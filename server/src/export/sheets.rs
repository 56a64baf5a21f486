//! Which files there are, and what each is made of.

use super::{Asked, Rows, Sheet, rows};
use access::{Admin, Error, Partner, Result};
use domain::accounts::Actor;
use domain::ids::{BatchId, EnrollmentId};
use domain::leads::LeadFilter;
use domain::ledger::month_of;
use domain::page::{Page, Paging};
use domain::partners::PartnerFilter;
use domain::payments::{BatchFilter, PaymentFilter};
use domain::portal::PortalPage;
use domain::reports::{
    CommissionFilter, CustomerFilter, LedgerFilter, LedgersAsked, Measure, MyCustomerFilter, SaleFilter, TopKind,
    inactive_days,
};
use domain::time::local_time;
use engine::{Moment, leads, ledger, partners, payments, reports};
use sqlx::{PgConnection, PgPool};

/// The most partners of a ranking.
const RANKED: u32 = 10_000;

/// Rows read page after page: each by a connection of its own, so that a slow reader holds none.
macro_rules! paged {
    ($pool:expr, ($($kept:ident),*), |$conn:ident, $paging:ident| $read:expr, $row:expr) => {{
        let pool = $pool.clone();
        Rows::Paged(Box::new(move |cursor| {
            let pool = pool.clone();
            $(let $kept = $kept.clone();)*
            Box::pin(async move {
                let mut connection = pool.acquire().await.map_err(engine::Error::from)?;
                let ($conn, $paging) = (&mut *connection, &Paging { cursor, limit: Some(Paging::MOST) });
                let page: Page<_> = $read.await?;
                Ok::<_, engine::Error>((page.data.into_iter().map($row).collect(), page.next_cursor))
            })
        }))
    }};
}

/// What both sides find, each its own rows.
struct Asking<'a> {
    conn: &'a mut PgConnection,
    moment: &'a Moment,
    actor: &'a Actor,
    team: bool,
}

/// The page of the portal that a file belongs to: where the one doesn't show, the other can't be had.
pub(super) fn page_of(file: &str) -> Option<PortalPage> {
    Some(match file.strip_suffix(".csv")? {
        "payouts" | "payout" => PortalPage::Payouts,
        "ledger" => PortalPage::Ledger,
        "statements" | "statement" => PortalPage::Statements,
        "leads" => PortalPage::Leads,
        "rewards" => PortalPage::Rewards,
        "commission-report" => PortalPage::CommissionReport,
        "sales" => PortalPage::Sales,
        "customers" => PortalPage::Customers,
        what if what == "details" || what.starts_with("top-") => PortalPage::Details,
        _ => return None,
    })
}

/// A file of a partner's.
pub(super) async fn of_partner(asking: Partner, file: &str, asked: &Asked) -> Result<Sheet> {
    let Partner { state, mut conn, moment, actor, program, partner, .. } = asking;
    let what = file.strip_suffix(".csv").ok_or(Error::NotFound)?;
    let (pool, id) = (state.pool, partner.id);
    let (head, rows) = match what {
        "payouts" => {
            let filter = PaymentFilter {
                status: asked.get("status"),
                from: asked.get("from"),
                to: asked.get("to"),
                partner_code: None,
            };
            let pages = paged!(
                pool,
                (actor, filter),
                |conn, paging| payments::payments_page(conn, &actor, &filter, paging),
                |row| rows::payment(row, false)
            );
            (rows::payment_head(false), pages)
        }
        "payout" => {
            let payment = asked.get("id").ok_or(Error::NotFound)?;
            let lines = paged!(
                pool,
                (actor),
                |conn, paging| async {
                    Ok::<_, engine::Error>(payments::payment(conn, &actor, payment, paging).await?.lines)
                },
                rows::line
            );
            (rows::line_head(), lines)
        }
        "customers" => {
            let search = asked.text("q").map(str::to_owned);
            let filter = MyCustomerFilter { status: asked.get("status"), search };
            let pages = paged!(
                pool,
                (actor, filter),
                |conn, paging| reports::my_customers(conn, &actor, &filter, paging),
                rows::my_customer
            );
            (rows::my_customer_head(), pages)
        }
        "ledger" | "statements" | "statement" => of_ledger(&mut conn, pool, &moment, &actor, id, what, asked).await?,
        "leads" => {
            let filter = LeadFilter::of(|key| asked.text(key).map(str::to_owned), None);
            let at = moment.at;
            let pages = paged!(
                pool,
                (actor, filter),
                |conn, paging| async {
                    // Every page by the instant of the first.
                    let moment = Moment::seeded(at, 0);
                    leads::list(conn, &moment, &actor, &filter, paging).await
                },
                |row| rows::lead(row, false)
            );
            (rows::lead_head(false), pages)
        }
        _ => {
            let asking = Asking { conn: &mut conn, moment: &moment, actor: &actor, team: false };
            let what = match what {
                "details" => "performance",
                "rewards" => "commissions",
                what => what,
            };
            of_either(asking, pool, what, asked).await?
        }
    };
    let name = format!("{}-{}-{what}-{}", program.slug, partner.code, reports::day(&program, moment.at)?);
    Ok(Sheet { name, head, rows })
}

/// The ledgers of all partners, as one statement reads them; kept as a draft of payments where `keeps` is set.
pub(super) async fn ledgers(asking: Admin, asked: &Asked, keeps: bool) -> Result<Sheet> {
    let Admin { state, conn, moment, actor, program, .. } = asking;
    // The rows take a connection of their own.
    drop(conn);
    let today = reports::day(&program, moment.at)?;
    let asked = LedgersAsked::of(|key| asked.text(key).map(str::to_owned));
    let query = asked.query(today).map_err(Error::Invalid)?;
    let name = format!("{}-partner-ledgers-{today}", program.slug);
    let (sender, mut found) = tokio::sync::mpsc::channel(2);
    let (written, rows) = tokio::sync::mpsc::channel(2);
    tokio::spawn(async move {
        // What goes wrong is sent in the rows' stead.
        let _ = reports::send_ledgers(&state.pool, &moment, &actor, &query, keeps, sender).await;
    });
    tokio::spawn(async move {
        while let Some(read) = found.recv().await {
            let cells = read.map(|read| read.into_iter().map(rows::ledgers).collect());
            if written.send(cells).await.is_err() {
                break;
            }
        }
    });
    Ok(Sheet { name, head: rows::ledgers_head(), rows: Rows::Sent(rows) })
}

/// A partner's ledger, its statements, or the entries of one of them.
async fn of_ledger(
    conn: &mut PgConnection,
    pool: PgPool,
    moment: &Moment,
    actor: &Actor,
    partner: EnrollmentId,
    what: &str,
    asked: &Asked,
) -> Result<(Vec<&'static str>, Rows)> {
    let (actor, at) = (actor.clone(), moment.at);
    Ok(match what {
        "statements" => {
            let statements = ledger::statements(conn, moment, &actor, partner).await?;
            (rows::statement_head(), Rows::Ready(statements.into_iter().map(rows::statement).collect()))
        }
        "statement" => {
            let word = asked.text("month");
            let month = word.map(|word| month_of(word).ok_or(Error::NotFound)).transpose()?;
            let entries = paged!(
                pool,
                (actor),
                |conn, paging| async {
                    // Every page by the instant of the first.
                    let moment = Moment::seeded(at, 0);
                    Ok::<_, engine::Error>(
                        ledger::statement(conn, &moment, &actor, partner, month, paging).await?.entries,
                    )
                },
                rows::entry
            );
            (rows::entry_head(), entries)
        }
        _ => {
            let filter = LedgerFilter { account: asked.get("account"), from: asked.day("from")?, to: asked.day("to")? };
            let entries = paged!(
                pool,
                (actor, filter),
                |conn, paging| async {
                    Ok::<_, engine::Error>(reports::ledger(conn, &actor, partner, &filter, paging).await?.page)
                },
                rows::entry
            );
            (rows::entry_head(), entries)
        }
    })
}

/// A file of the team's.
pub(super) async fn of_team(asking: Admin, file: &str, asked: &Asked) -> Result<Sheet> {
    if file == "partner-ledgers.csv" {
        return ledgers(asking, asked, false).await;
    }
    let Admin { state, mut conn, moment, actor, program, .. } = asking;
    let what = file.strip_suffix(".csv").ok_or(Error::NotFound)?;
    let day = reports::day(&program, moment.at)?;
    let (head, rows) = match what {
        "ledger" | "statements" | "statement" => {
            let code = asked.text("partner_code").ok_or(Error::NotFound)?;
            let partner = partners::find_by_code(&mut conn, &actor, code).await?;
            let (head, rows) = of_ledger(&mut conn, state.pool, &moment, &actor, partner.id, what, asked).await?;
            return Ok(Sheet { name: format!("{}-{}-{what}-{day}", program.slug, partner.code), head, rows });
        }
        "trial-balance" => {
            let read =
                |text| local_time(text).ok_or_else(|| Error::field("at", "Use a time such as 2026-12-01T12:00."));
            let at = asked.text("at").map(read).transpose()?;
            let books = ledger::trial_balance(&mut conn, &moment, &actor, at).await?;
            (rows::account_head(), Rows::Ready(books.accounts.into_iter().map(rows::account).collect()))
        }
        "journal-days" => {
            let days = (asked.day("from")?, asked.day("to")?);
            let days = ledger::journal_days(&mut conn, &actor, days).await?;
            (rows::journal_day_head(), Rows::Ready(days.into_iter().map(rows::journal_day).collect()))
        }
        "journal" => {
            let days = (asked.day("from")?, asked.day("to")?);
            let pages =
                paged!(state.pool, (actor), |conn, paging| ledger::journal(conn, &actor, days, paging), rows::journal);
            (rows::journal_head(), pages.whole())
        }
        "top-partners" => {
            let by: Measure = asked.get("by").unwrap_or_default();
            let ranking = reports::top_partners(&mut conn, &moment, &actor, asked.period(), by, RANKED).await?;
            (rows::partner_head(), Rows::Ready(ranking.partners.into_iter().map(rows::partner).collect()))
        }
        "inactive-partners" => {
            let days = inactive_days(asked.text("days")).map_err(|words| Error::field("days", words))?;
            let at = moment.at;
            let pages = paged!(
                state.pool,
                (actor),
                |conn, paging| async {
                    // Every page by the instant of the first.
                    let moment = Moment::seeded(at, 0);
                    reports::inactive(conn, &moment, &actor, days, paging).await
                },
                rows::inactive
            );
            (rows::inactive_head(), pages)
        }
        "cohorts" => {
            let cohorts = reports::cohorts(&mut conn, &moment, &actor).await?;
            (rows::cohort_head(), Rows::Ready(cohorts.cohorts.iter().flat_map(rows::cohort).collect()))
        }
        "partners" => {
            let filter = PartnerFilter {
                search: asked.text("q").unwrap_or_default().to_owned(),
                status: asked.get("status"),
                tag: asked.text("tag").map(str::to_owned),
                group: asked.get("group"),
                sort: asked.get("order").unwrap_or_default(),
            };
            let named = program.clone();
            let pages = paged!(
                state.pool,
                (actor, filter, named),
                |conn, paging| partners::list(conn, &actor, &filter, paging),
                |row| {
                    let joined = reports::day(&named, row.created_at).ok();
                    rows::enrollment(row, joined)
                }
            );
            (rows::enrollment_head(), pages)
        }
        "customers" => {
            let filter = CustomerFilter {
                partner_code: asked.text("partner_code").map(str::to_owned),
                referred: asked.get("referred"),
                status: asked.get("status"),
                search: asked.text("q").map(str::to_owned),
                order: asked.get("order").unwrap_or_default(),
            };
            let pages = paged!(
                state.pool,
                (actor, filter),
                |conn, paging| reports::customers_page(conn, &actor, &filter, paging),
                rows::customer
            );
            (rows::customer_head(), pages)
        }
        "payments" => {
            let filter = PaymentFilter::default();
            let pages = paged!(
                state.pool,
                (actor, filter),
                |conn, paging| payments::payments_page(conn, &actor, &filter, paging),
                |row| rows::payment(row, true)
            );
            (rows::payment_head(true), pages)
        }
        "leads" => {
            let filter = LeadFilter::of(|key| asked.text(key).map(str::to_owned), actor.account());
            let at = moment.at;
            let pages = paged!(
                state.pool,
                (actor, filter),
                |conn, paging| async {
                    // Every page by the instant of the first.
                    let moment = Moment::seeded(at, 0);
                    leads::list(conn, &moment, &actor, &filter, paging).await
                },
                |row| rows::lead(row, true)
            );
            (rows::lead_head(true), pages)
        }
        "batch" => {
            let id: BatchId = asked.get("id").ok_or(Error::NotFound)?;
            let filter = BatchFilter {
                status: asked.get("status"),
                partner_code: asked.text("partner_code").map(str::to_owned),
            };
            let pages = paged!(
                state.pool,
                (actor, filter),
                |conn, paging| payments::batch_payments(conn, &actor, id, &filter, paging),
                rows::batch_payment
            );
            // By it a batch is paid and reconciled: whole, or of no use.
            (rows::batch_payment_head(), pages.whole())
        }
        what => {
            let asking = Asking { conn: &mut conn, moment: &moment, actor: &actor, team: true };
            of_either(asking, state.pool, what, asked).await?
        }
    };
    Ok(Sheet { name: format!("{}-{what}-{day}", program.slug), head, rows })
}

/// A file that there is on both sides.
async fn of_either(
    asking: Asking<'_>,
    pool: sqlx::PgPool,
    what: &str,
    asked: &Asked,
) -> Result<(Vec<&'static str>, Rows)> {
    let Asking { conn, moment, actor, team } = asking;
    let owned = actor.clone();
    // Partners search in vain, and for nobody else.
    let partner_code = asked.text("partner_code").filter(|_| team).map(str::to_owned);
    let search = asked.text("q").filter(|_| team).map(str::to_owned);
    let (from, to, order) = (asked.get("from"), asked.get("to"), asked.get("order").unwrap_or_default());
    Ok(match what {
        "performance" => {
            let unit = asked.get("unit").unwrap_or_default();
            let performance = reports::performance(conn, moment, actor, asked.period(), unit).await?;
            (rows::performance_head(), Rows::Ready(performance.rows.iter().map(rows::performance).collect()))
        }
        "commission-report" => {
            let report = reports::commission_report(conn, moment, actor, asked.period()).await?;
            (rows::group_head(), Rows::Ready(report.groups.into_iter().map(rows::group).collect()))
        }
        "commissions" => {
            let status = asked.get("status");
            let filter = CommissionFilter { status, partner_code, from, to, search, reason: None, order };
            let pages = paged!(
                pool,
                (owned, filter),
                |conn, paging| reports::commissions_page(conn, &owned, &filter, paging),
                move |row| rows::commission(row, team)
            );
            (rows::commission_head(team), pages)
        }
        "sales" => {
            let filter = SaleFilter { partner_code, from, to, search, order };
            let pages = paged!(
                pool,
                (owned, filter),
                |conn, paging| reports::sales_page(conn, &owned, &filter, paging),
                move |row| rows::sale(row, team)
            );
            (rows::sale_head(team), pages)
        }
        _ => {
            let kind: TopKind = what.strip_prefix("top-").and_then(|word| word.parse().ok()).ok_or(Error::NotFound)?;
            let lines = reports::top(conn, moment, actor, kind, asked.period()).await?;
            (rows::top_head(kind), Rows::Ready(lines.into_iter().map(rows::top).collect()))
        }
    })
}
