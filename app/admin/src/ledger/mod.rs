//! The ledger: a partner's entries and statements, bonuses and corrections, and the books of the whole program.

pub(crate) mod adjust;
mod entries;
mod finance;
mod statements;

pub use entries::LedgerPage;
pub use finance::FinancePage;
pub use statements::{StatementPage, StatementsPage};

use ui::{Address, FieldIssue};

/// The address of a file about a partner, by the view's filters.
fn file(program: &str, code: &str, name: &str, address: &Address) -> String {
    let address = address.without("cursor").at(format!("/admin/{program}/export/{name}.csv"));
    address.with("partner_code", code).href()
}

/// What is wrong with a field of the address.
fn issue(issues: &[domain::text::FieldError], field: &str) -> FieldIssue {
    let found = issues.iter().find(|issue| issue.field == field);
    FieldIssue::stored(found.map(|issue| issue.message.clone()))
}
