//! Payments to partners and their batches.

mod details;
mod drafts;
mod files;
mod methods;
mod outcome;
mod results;
mod views;

pub use details::{PayoutChoice, PayoutDetails, PayoutInput, PendingPayout, is_routing_number, method_words};
pub use drafts::{
    DraftDetail, DraftGroup, DraftInput, DraftLine, DraftProgress, DraftRow, DraftSource, DraftStatus, LeftOut,
    LineInput, NewDraft, PaymentBasis, PaymentRules, Schedule, already_paid, check_batch_code,
};
pub use files::{FileTaken, Gap, GapRow, Provider, ProviderFile, ProviderFiles, ToPay, is_safe};
pub use methods::{PayoutKind, PayoutMethod, check_methods};
pub use outcome::{Marked, Marking, MethodSum, PaymentStatus, StatusSum, Step, payment_reference, reference_key};
pub use results::{
    Columns, MOST_RESULTS, ResultRow, ResultsPreview, SHOWN_RESULTS, read_amount, read_outcome, separator,
};
pub use views::{
    BatchFilter, BatchRow, BatchSummary, DuePartner, PartKind, PaymentDetail, PaymentFilter, PaymentLine, PaymentPart,
    PaymentRow, PaymentTotals, Prepared, TakenBack,
};

/// The batch id of a day: `Batch-20150624`, and `-2`, `-3` … for further ones of that day.
#[must_use]
pub fn batch_code(day: chrono::NaiveDate, earlier_that_day: u32) -> String {
    let code = day.format("Batch-%Y%m%d");
    if earlier_that_day == 0 { code.to_string() } else { format!("{code}-{}", earlier_that_day + 1) }
}

/// When partners are paid next: the payment day of this month if it is still ahead, else of the next.
#[must_use]
pub fn next_payment_day(today: chrono::NaiveDate, payment_day: u32) -> chrono::NaiveDate {
    use chrono::{Datelike, Months};
    let day = payment_day.clamp(1, 28);
    let this_month = today.with_day(day).unwrap_or(today);
    if this_month > today { this_month } else { this_month + Months::new(1) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use chrono::{Datelike, Duration, NaiveDate};
    use proptest::prelude::*;

    #[test]
    fn batch_codes_are_the_days() {
        let day = NaiveDate::from_ymd_opt(2015, 6, 24).expect("day");
        assert_eq!(batch_code(day, 0), "Batch-20150624");
        assert_eq!(batch_code(day, 1), "Batch-20150624-2");
    }

    proptest! {
        #[test]
        fn the_next_payment_day_is_the_first_ahead(ordinal in 0_i64..20_000, payment_day in 0_u32..40) {
            let today = NaiveDate::from_ymd_opt(2000, 1, 1).expect("day") + Duration::days(ordinal);
            let next = next_payment_day(today, payment_day);
            prop_assert_eq!(next.day(), payment_day.clamp(1, 28));
            prop_assert!(next > today && next <= today + Duration::days(31));
        }

        #[test]
        fn batch_codes_of_a_day_differ(ordinal in 0_i64..20_000, one in 0_u32..500, other in 0_u32..500) {
            let day = NaiveDate::from_ymd_opt(2000, 1, 1).expect("day") + Duration::days(ordinal);
            prop_assert_eq!(batch_code(day, one) == batch_code(day, other), one == other);
            prop_assert!(batch_code(day, one).len() <= 60);
        }
    }
}
