//! What partners and admins read: the dashboard, the overview, lists and details. Nothing here changes anything.
//!
//! Who asks decides what is seen: a member of the team and a program's key see the whole program, a partner its own
//! rows, with customers masked unless the program shows them. Another's row is `NotFound`.

pub(crate) mod commissions;
mod customers;
mod dashboard;
mod ledger;
mod ledgers;
mod mine;
mod overview;
mod performance;
mod print;
mod program;
mod rollup;
mod sales;
mod setting;
#[cfg(test)]
mod tests;
mod tops;

pub use commissions::{commission_statuses, commissions, commissions_page};
pub use customers::{customer, customer_by_external_id, customers, customers_page};
pub use dashboard::dashboard;
pub(crate) use ledger::{Asked, clawback_words, commission_words, entries, visible};
pub use ledger::{balance, ledger};
pub(crate) use ledgers::{Pieces, Scope, make_room, summed};
pub use ledgers::{ledgers, send_ledgers};
pub use mine::my_customers;
pub use overview::{overview, waiting};
pub use performance::{commission_report, performance};
pub use print::{PrintedLedger, print_ledgers};
pub use program::{cohorts, inactive, top_partners};
pub use rollup::roll_up;
pub use sales::{sale, sales, sales_page};
pub use setting::day;
pub(crate) use setting::{Cursor, Instants, Key, Listing, Setting, check_days, like, listing, own, page, planned};
pub use tops::{top, tops};
