//! The ledger: a partner's entries and statements, bonuses and corrections, and the books of the whole program.

pub(crate) mod adjust;
mod entries;
mod finance;
mod statements;

pub use entries::LedgerPage;
pub use finance::FinancePage;
pub use statements::{StatementPage, StatementsPage};

use ui::Address;

/// The address of a file about a partner, by the view's filters.
fn file(program: &str, code: &str, name: &str, address: &Address) -> String {
    let address = address.without("cursor").at(format!("/admin/{program}/export/{name}.csv"));
    address.with("partner_code", code).href()
}
