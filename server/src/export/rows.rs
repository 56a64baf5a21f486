//! How rows are written.

use chrono::NaiveDate;
use domain::leads::LeadRow;
use domain::ledger::{AccountBalance, JournalDay, JournalLine, Statement, credit, debit, month_word};
use domain::money::Money;
use domain::offers::Trigger;
use domain::partners::{PartnerName, PartnerRow};
use domain::payments::{PaymentLine, PaymentRow};
use domain::reports::{
    Cohort, CommissionGroup, CommissionRow, CustomerRow, InactivePartner, LedgerRow, LedgersRow, MyCustomer,
    PartnerFigures, PerformanceRow, SaleRow, TopKind, TopRow,
};
use domain::why::Why;
use rust_decimal::Decimal;
use std::fmt::Display;

/// One row of a file.
pub type Row = Vec<Cell>;

/// One cell.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Cell {
    /// Somebody's words: a spreadsheet must not reckon with them.
    Text(String),
    /// A number or a day of ours.
    Plain(String),
}

impl From<String> for Cell {
    fn from(text: String) -> Self {
        Self::Text(text)
    }
}

impl From<&str> for Cell {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

fn plain(value: impl Display) -> Cell {
    Cell::Plain(value.to_string())
}

fn maybe(value: Option<impl Display>) -> Cell {
    Cell::Plain(value.map(|value| value.to_string()).unwrap_or_default())
}

/// An amount with the decimals of its currency, without its sign.
fn amount(money: Money) -> Cell {
    let mut amount = money.currency.round(money.amount);
    amount.rescale(money.currency.decimals());
    plain(amount)
}

/// A text that no spreadsheet takes for a formula.
fn guarded(text: &str) -> String {
    if text.starts_with(['=', '+', '-', '@', '\t', '\r', '\n']) { format!("'{text}") } else { text.to_owned() }
}

/// Rows in CSV (RFC 4180), with their head where the file begins. It begins with a byte order mark: without one Excel
/// takes the bullets of masked customers, and every accent, for something else.
///
/// # Errors
/// `Internal`, never in practice: it writes to memory.
pub fn csv(head: Option<&[&str]>, rows: &[Row]) -> engine::Result<Vec<u8>> {
    let begin = if head.is_some() { "\u{feff}".as_bytes().to_vec() } else { Vec::new() };
    let mut writer = csv::WriterBuilder::new().flexible(true).terminator(csv::Terminator::CRLF).from_writer(begin);
    if let Some(head) = head {
        writer.write_record(head).map_err(engine::Error::internal)?;
    }
    for row in rows {
        for cell in row {
            let written = match cell {
                Cell::Text(text) => writer.write_field(guarded(text)),
                Cell::Plain(text) => writer.write_field(text),
            };
            written.map_err(engine::Error::internal)?;
        }
        writer.write_record(None::<&[u8]>).map_err(engine::Error::internal)?;
    }
    writer.into_inner().map_err(engine::Error::internal)
}

fn why(why: &Why) -> Cell {
    let mut checks =
        why.0.iter().map(|check| format!("{}{}", if check.passed { "" } else { "Not met: " }, check.detail));
    let first = checks.next().unwrap_or_default();
    checks.fold(first, |all, check| format!("{all} | {check}")).into()
}

fn trigger(trigger: Trigger) -> Cell {
    trigger.as_str().replace('_', " ").into()
}

fn percent(rate: Option<Decimal>) -> Cell {
    maybe(rate.map(|rate| rate.normalize()))
}

/// The partner, where the team asks.
fn whose(row: &mut Row, team: bool, partner: Option<&PartnerName>) {
    if team {
        row.push(partner.map(|partner| partner.code.clone()).unwrap_or_default().into());
        row.push(partner.map(|partner| partner.name.clone()).unwrap_or_default().into());
    }
}

fn head(team: bool, before: &[&'static str], after: &[&'static str]) -> Vec<&'static str> {
    let partner: &[&'static str] = if team { &["Partner code", "Partner"] } else { &[] };
    [before, partner, after].concat()
}

/// A partner's or the program's performance by unit of time: the names of its columns.
pub fn performance_head() -> Vec<&'static str> {
    vec![
        "From",
        "To",
        "Clicks",
        "Unique clicks",
        "Sign-ups",
        "Customers",
        "Sales",
        "Revenue",
        "Refunds",
        "Commissions",
        "Currency",
        "Sign-up rate (%)",
        "Customer rate (%)",
    ]
}

/// A row of it.
pub fn performance(row: &PerformanceRow) -> Row {
    let figures = &row.figures;
    vec![
        plain(row.days.from),
        plain(row.days.to),
        plain(figures.clicks),
        plain(figures.unique_clicks),
        plain(figures.sign_ups),
        plain(figures.customers),
        plain(figures.sales),
        amount(figures.revenue),
        amount(figures.refunds),
        amount(figures.commissions),
        plain(figures.revenue.currency),
        maybe(figures.sign_up_rate()),
        maybe(figures.customer_rate()),
    ]
}

/// A "Top 10": the names of its columns.
pub fn top_head(kind: TopKind) -> Vec<&'static str> {
    match kind {
        TopKind::Customers => vec![kind.label(), "Sales", "Revenue", "Currency"],
        _ => vec![kind.label(), "Clicks", "Unique clicks"],
    }
}

/// A row of it.
pub fn top(row: TopRow) -> Row {
    match row.amount {
        Some(money) => vec![row.label.into(), plain(row.sales), amount(money), plain(money.currency)],
        None => vec![row.label.into(), plain(row.clicks), plain(row.unique_clicks)],
    }
}

/// Commissions: the names of their columns.
pub fn commission_head(team: bool) -> Vec<&'static str> {
    head(
        team,
        &["Date", "Customer"],
        &[
            "Event",
            "Product",
            "Base",
            "Rate %",
            "Amount",
            "Taken back",
            "Currency",
            "Status",
            "Due date",
            "Paid on",
            "Batch",
            "Why",
        ],
    )
}

/// A commission.
pub fn commission(row: CommissionRow, team: bool) -> Row {
    let mut cells = vec![plain(row.day), row.who().to_owned().into()];
    whose(&mut cells, team, Some(&row.partner));
    cells.extend([
        trigger(row.trigger),
        row.product.into(),
        row.base.map_or(Cell::Plain(String::new()), amount),
        percent(row.rate),
        amount(row.amount),
        amount(row.clawed_back),
        plain(row.amount.currency),
        plain(row.status),
        maybe(row.due_day),
        maybe(row.paid_day),
        row.batch.map(|(_, code)| code).unwrap_or_default().into(),
        why(&row.why),
    ]);
    cells
}

/// Commissions by month, offer and event: the names of their columns.
pub fn group_head() -> Vec<&'static str> {
    vec!["Month", "Offer", "For", "Commissions", "Amount", "Taken back", "Currency"]
}

/// A row of it.
pub fn group(row: CommissionGroup) -> Row {
    vec![
        plain(row.month.format("%Y-%m")),
        row.offer.into(),
        trigger(row.trigger),
        plain(row.count),
        amount(row.amount),
        amount(row.clawed_back),
        plain(row.amount.currency),
    ]
}

/// Sales: the names of their columns.
pub fn sale_head(team: bool) -> Vec<&'static str> {
    let commission: &[&'static str] = if team { &["Commissions"] } else { &["My commission"] };
    let own: &[&'static str] = if team { &["Event id", "Invoice"] } else { &[] };
    let sold: &[&'static str] = &["Product", "Amount", "Refunded"];
    let after = [sold, commission, &["Currency", "Status"], own].concat();
    head(team, &["Date", "Customer"], &after)
}

/// A sale.
pub fn sale(row: SaleRow, team: bool) -> Row {
    let status = row.state().words();
    let mut cells = vec![plain(row.day), row.customer.label.into()];
    whose(&mut cells, team, row.partner.as_ref());
    cells.extend([
        row.product.into(),
        amount(row.amount),
        amount(row.refunded),
        amount(row.earned),
        plain(row.amount.currency),
        plain(status),
    ]);
    if team {
        cells.extend([row.event_id.into(), row.invoice_id.into()]);
    }
    cells
}

/// Payments: the names of their columns.
pub fn payment_head(team: bool) -> Vec<&'static str> {
    head(team, &["Date", "Batch"], &["Method", "Amount", "Currency", "Status"])
}

/// A payment.
pub fn payment(row: PaymentRow, team: bool) -> Row {
    let mut cells = vec![plain(row.payment_date), row.batch_code.into()];
    whose(&mut cells, team, Some(&row.partner));
    cells.extend([row.method.into(), amount(row.amount), plain(row.amount.currency), plain(row.status)]);
    cells
}

/// A batch's payments: the names of their columns. What a provider tells can be written into them, and sent back.
pub fn batch_payment_head() -> Vec<&'static str> {
    vec![
        "Reference",
        "Partner code",
        "Partner",
        "Method",
        "Account",
        "Amount",
        "Currency",
        "Status",
        "Provider's number",
        "Payment date",
        "Batch",
        "Why",
    ]
}

/// A payment among them.
pub fn batch_payment(row: PaymentRow) -> Row {
    vec![
        plain(row.reference()),
        row.partner.code.into(),
        row.partner.name.into(),
        row.method.into(),
        row.masked.into(),
        amount(row.amount),
        plain(row.amount.currency),
        plain(row.status),
        row.number.into(),
        plain(row.payment_date),
        row.batch_code.into(),
        why(&row.why),
    ]
}

/// What a payment paid for: the names of its columns.
pub fn line_head() -> Vec<&'static str> {
    vec!["Date", "What for", "Reason", "Customer", "Amount", "Currency"]
}

/// A line of it.
pub fn line(row: PaymentLine) -> Row {
    vec![
        plain(row.day),
        row.cause.into(),
        row.reason.into(),
        row.customer.into(),
        amount(row.amount),
        plain(row.amount.currency),
    ]
}

/// Leads: the names of their columns.
pub fn lead_head(team: bool) -> Vec<&'static str> {
    let last = if team { "Assigned to" } else { "Next step" };
    head(
        team,
        &["Added", "E-mail", "Name"],
        &["Group", "Status", "Since", "Outcome", "Deal value", "Commission", "Currency", last],
    )
}

/// A lead.
pub fn lead(row: LeadRow, team: bool) -> Row {
    let outcome = if team { row.outcome.team_label() } else { row.outcome.label() };
    let mut cells = vec![plain(row.day), row.email.into(), row.name.into()];
    whose(&mut cells, team, Some(&row.partner));
    let status = if row.withdrawn { "Taken back".to_owned() } else { row.stage.name };
    cells.extend([row.group.into(), status.into(), plain(row.stage_day), outcome.into()]);
    cells.extend([
        row.deal_value.map_or_else(|| Cell::Plain(String::new()), amount),
        amount(row.commission),
        plain(row.commission.currency),
    ]);
    cells.push(match team {
        true => row.assignee.map(|member| member.name).unwrap_or_default().into(),
        false => row.next_step.into(),
    });
    cells
}

/// The program's customers: the names of their columns.
pub fn customer_head() -> Vec<&'static str> {
    head(
        true,
        &["First heard of", "Customer", "Name", "Customer id"],
        &["Attributed by", "Status", "Sales", "Revenue", "Commissions", "Currency", "Why"],
    )
}

/// A customer.
pub fn customer(row: CustomerRow) -> Row {
    let mut cells = vec![plain(row.day), row.customer.label.into(), row.name.into(), row.customer.external_id.into()];
    let referral = row.referral.as_ref();
    whose(&mut cells, true, referral.map(|referral| &referral.partner));
    cells.extend([
        maybe(referral.map(|referral| referral.source)),
        plain(row.status),
        plain(row.sales),
        amount(row.revenue),
        amount(row.earned),
        plain(row.revenue.currency),
        referral.map_or(Cell::Plain(String::new()), |referral| why(&referral.why)),
    ]);
    cells
}

/// A partner's customers: the names of their columns.
pub fn my_customer_head() -> Vec<&'static str> {
    vec!["First heard of", "Customer", "Lead", "Status", "Sales", "Revenue", "My commission", "Currency"]
}

/// A customer, as its partner knows it.
pub fn my_customer(row: MyCustomer) -> Row {
    vec![
        plain(row.day),
        row.label.into(),
        plain(if row.lead.is_some() { "yes" } else { "no" }),
        plain(row.status),
        plain(row.sales),
        amount(row.revenue),
        amount(row.earned),
        plain(row.revenue.currency),
    ]
}

/// The program's partners: the names of their columns.
pub fn enrollment_head() -> Vec<&'static str> {
    vec![
        "Joined",
        "Partner code",
        "Name",
        "Company",
        "E-mail",
        "Standing",
        "Clicks",
        "Sign-ups",
        "Customers",
        "Earned",
        "Due",
        "Currency",
    ]
}

/// A partner, with the day on which it joined.
pub fn enrollment(row: PartnerRow, joined: Option<NaiveDate>) -> Row {
    vec![
        maybe(joined),
        row.code.into(),
        row.name.into(),
        row.company.into(),
        row.email.into(),
        plain(row.status),
        plain(row.clicks),
        plain(row.sign_ups),
        plain(row.customers),
        amount(row.earned),
        amount(row.due),
        plain(row.earned.currency),
    ]
}

/// A ledger: the names of its columns.
pub fn entry_head() -> Vec<&'static str> {
    vec!["Posted on", "Entry", "Reason", "Customer", "Account", "Amount", "Account stands at", "Balance", "Currency"]
}

/// An entry.
pub fn entry(row: LedgerRow) -> Row {
    vec![
        plain(row.day),
        row.cause.into(),
        row.reason.into(),
        row.customer.into(),
        row.account.label().into(),
        amount(row.amount),
        amount(row.balance),
        amount(row.running),
        plain(row.amount.currency),
    ]
}

/// Statements: the names of their columns.
pub fn statement_head() -> Vec<&'static str> {
    vec![
        "Month",
        "Opening",
        "Commissions",
        "Clawbacks",
        "Bonuses and corrections",
        "Payments",
        "Closing",
        "Held",
        "Currency",
        "Status",
    ]
}

/// A month.
pub fn statement(row: Statement) -> Row {
    vec![
        plain(month_word(row.month)),
        amount(row.opening),
        amount(row.commissions),
        amount(row.clawbacks),
        amount(row.adjustments),
        amount(row.payments),
        amount(row.closing),
        amount(row.held),
        plain(row.closing.currency),
        plain(if row.is_final { "Final" } else { "So far" }),
    ]
}

/// An amount as a debit and a credit, of which one is empty.
fn sides(money: Money) -> [Cell; 2] {
    [debit(money), credit(money)].map(|side| side.map_or(Cell::Plain(String::new()), amount))
}

/// The journal, entry by entry: the names of its columns.
pub fn journal_head() -> Vec<&'static str> {
    vec!["Date", "Account", "Debit", "Credit", "Currency", "Reference", "What for", "Partner code", "Journal"]
}

/// An entry of it.
pub fn journal(line: JournalLine) -> Row {
    let [debit, credit] = sides(line.amount);
    vec![
        plain(line.day),
        plain(line.account.label()),
        debit,
        credit,
        plain(line.amount.currency),
        line.reference.into(),
        plain(line.kind.label()),
        line.partner_code.into(),
        plain(line.journal),
    ]
}

/// The journal day by day: the names of its columns.
pub fn journal_day_head() -> Vec<&'static str> {
    vec!["Date", "Account", "Debit", "Credit", "Currency", "Reference", "Entries"]
}

/// What the journals of one kind moved in an account on one day.
pub fn journal_day(day: JournalDay) -> Row {
    let [debit, credit] = sides(day.amount);
    vec![
        plain(day.day),
        plain(day.account.label()),
        debit,
        credit,
        plain(day.amount.currency),
        plain(format_args!("{} {}", day.day, day.kind.label())),
        plain(day.entries),
    ]
}

/// The trial balance: the names of its columns.
pub fn account_head() -> Vec<&'static str> {
    vec!["Account", "Debit", "Credit", "Currency"]
}

/// An account of it.
pub fn account(line: AccountBalance) -> Row {
    let [debit, credit] = sides(line.balance);
    vec![plain(line.account.label()), debit, credit, plain(line.balance.currency)]
}

/// Partners by what they brought: the names of their columns.
pub fn partner_head() -> Vec<&'static str> {
    vec!["Partner code", "Partner", "Clicks", "Customers", "Sales", "Revenue", "Commissions", "Currency"]
}

/// A partner.
pub fn partner(row: PartnerFigures) -> Row {
    vec![
        row.partner.code.into(),
        row.partner.name.into(),
        plain(row.clicks),
        plain(row.customers),
        plain(row.sales),
        amount(row.revenue),
        amount(row.commissions),
        plain(row.revenue.currency),
    ]
}

/// Inactive partners: the names of their columns.
pub fn inactive_head() -> Vec<&'static str> {
    vec!["Partner code", "Partner", "Joined", "Last click", "Last sale", "Customers"]
}

/// One of them.
pub fn inactive(row: InactivePartner) -> Row {
    vec![
        row.partner.code.into(),
        row.partner.name.into(),
        plain(row.joined),
        maybe(row.last_click),
        maybe(row.last_sale),
        plain(row.customers),
    ]
}

/// The ledgers of all partners: the names of their columns.
pub fn ledgers_head() -> Vec<&'static str> {
    vec![
        "Partner code",
        "Partner",
        "Beginning balance",
        "Commissions",
        "Clawbacks",
        "Adjustments",
        "Payments",
        "Ending balance",
        "Payout method",
        "Held now",
        "Currency",
    ]
}

/// A partner's. Clawbacks and payments are taken off, as the page shows them.
pub fn ledgers(row: LedgersRow) -> Row {
    let figures = row.figures;
    let taken = |money: Money| amount(money.negated());
    vec![
        row.partner.code.into(),
        row.partner.name.into(),
        amount(figures.opening),
        amount(figures.commissions),
        taken(figures.clawbacks),
        amount(figures.adjustments),
        taken(figures.payments),
        amount(figures.closing),
        row.method.into(),
        amount(figures.held),
        plain(figures.closing.currency),
    ]
}

/// Cohorts: the names of their columns.
pub fn cohort_head() -> Vec<&'static str> {
    vec!["First sale in", "Customers", "Months after", "Customers who bought", "Revenue", "Currency"]
}

/// One row for each month of a cohort.
pub fn cohort(cohort: &Cohort) -> Vec<Row> {
    let row = |(after, month): (usize, &domain::reports::CohortMonth)| {
        vec![
            plain(cohort.month.format("%Y-%m")),
            plain(cohort.customers),
            plain(after),
            plain(month.customers),
            amount(month.revenue),
            plain(month.revenue.currency),
        ]
    };
    cohort.months.iter().enumerate().map(row).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn written(rows: &[Row]) -> String {
        String::from_utf8(csv(None, rows).expect("written")).expect("UTF-8")
    }

    #[test]
    fn formulas_are_disarmed_and_numbers_stay() {
        for formula in ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "\n=1"] {
            let text = written(&[vec![formula.into()]]);
            assert!(text.trim_start_matches('"').starts_with('\''), "{text}");
        }
        let money = Money::new("-8.5".parse().expect("decimal"), "USD".parse().expect("currency"));
        assert_eq!(written(&[vec![amount(money), "Acme, \"Inc\"".into()]]), "-8.50,\"Acme, \"\"Inc\"\"\"\r\n");
        let file = csv(Some(&["Größe"]), &[]).expect("written");
        assert_eq!(file, "\u{feff}Größe\r\n".as_bytes());
    }

    proptest! {
        #[test]
        fn every_cell_comes_back_as_it_was(rows in prop::collection::vec(prop::collection::vec("[ -~äöü•\\t\\r\\n]{0,12}", 2..4), 0..6)) {
            let cells: Vec<Row> = rows.iter().map(|row| row.iter().map(|text| text.as_str().into()).collect()).collect();
            let text = csv(None, &cells).expect("written");
            let mut reader = csv::ReaderBuilder::new().has_headers(false).flexible(true).from_reader(&text[..]);
            let read: Vec<Vec<String>> =
                reader.records().map(|row| row.expect("row").iter().map(str::to_owned).collect()).collect();
            prop_assert_eq!(read.len(), rows.len());
            for (row, was) in read.iter().flatten().zip(rows.iter().flatten()) {
                prop_assert_eq!(row, &guarded(was));
                prop_assert!(!row.starts_with(['=', '+', '-', '@', '\t', '\r', '\n']));
            }
        }
    }
}
