//! What partners and admins read: the dashboard, the overview, lists and details.

mod dashboard;
mod ledgers;
mod lists;
mod overview;
mod performance;
mod period;
mod program;
mod tops;

pub use dashboard::{Count, Dashboard, Day, Line, LineState, PromoCodeLine, change};
pub use ledgers::{
    BalanceState, LedgerFigures, LedgerSort, Ledgers, LedgersAsked, LedgersFilter, LedgersPeriod, LedgersQuery,
    LedgersRow, check_ledgers_range,
};
pub use lists::{
    Balance, CommissionFilter, CommissionRow, CommissionTotals, CustomerDetail, CustomerFilter, CustomerName,
    CustomerRow, CustomerTotals, LeadName, LedgerFilter, LedgerPage, LedgerRow, Listed, MyCustomer, MyCustomerFilter,
    Order, ReferralRow, RefundRow, SaleDetail, SaleFilter, SaleRow, SaleState, SaleTotals, StatusTotal,
};
pub use overview::{Attention, Overview, OverviewDay, TopPartner, Waiting};
pub use performance::{Figures, Performance, PerformanceRow, Unit, rate};
pub use period::Period;
pub use program::{
    Cohort, CohortMonth, Cohorts, CommissionGroup, CommissionReport, INACTIVE_DAYS, INACTIVE_MOST, InactivePartner,
    Measure, PartnerFigures, Ranking, all_cohorts, inactive_days,
};
pub use tops::{ClickFacet, TopKind, TopList, TopRow, Tops};
