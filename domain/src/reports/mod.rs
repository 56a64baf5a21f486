//! What partners and admins read: the dashboard, the overview, lists and details.

mod dashboard;
mod lists;
mod overview;
mod period;

pub use dashboard::{Count, Dashboard, Day, Line, LineState, PromoCodeLine, change};
pub use lists::{
    Balance, CommissionFilter, CommissionRow, CommissionTotals, CustomerDetail, CustomerFilter, CustomerName,
    CustomerRow, CustomerTotals, LedgerFilter, LedgerPage, LedgerRow, Listed, Order, ReferralRow, RefundRow,
    SaleDetail, SaleFilter, SaleRow, SaleTotals,
};
pub use overview::{Attention, Overview, OverviewDay, TopPartner};
pub use period::Period;
