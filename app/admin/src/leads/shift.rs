//! How the board changes when a lead moves, before the server has told it anew.

use domain::ids::{LeadId, LeadStageId};
use domain::leads::BoardColumn;
use rust_decimal::Decimal;

/// Takes a lead out of its column and puts it into another's, the latest first; counts and sums go with it.
pub(super) fn shift(columns: &mut [BoardColumn], lead: LeadId, to: LeadStageId, deal_value: Option<Decimal>) {
    let Some(from) = columns.iter().position(|column| column.leads.iter().any(|row| row.id == lead)) else { return };
    let Some(to) = columns.iter().position(|column| column.stage.id == to).filter(|to| *to != from) else { return };
    let column = &mut columns[from];
    let Some(at) = column.leads.iter().position(|row| row.id == lead) else { return };
    let mut row = column.leads.remove(at);
    column.total -= 1;
    column.value.amount -= row.deal_value.map(|value| value.amount).unwrap_or_default();
    let column = &mut columns[to];
    let currency = column.value.currency;
    if let Some(value) = deal_value {
        row.deal_value = Some(domain::money::Money::new(value, currency));
    }
    column.value.amount += row.deal_value.map(|value| value.amount).unwrap_or_default();
    column.total += 1;
    row.stage = column.stage.clone();
    let at = column.leads.partition_point(|other| other.id > row.id);
    column.leads.insert(at, row);
}

#[cfg(test)]
mod tests {
    use super::*;
    use chrono::DateTime;
    use domain::ids::EnrollmentId;
    use domain::leads::{LeadRow, Outcome, Stage, StageColour, StageName};
    use domain::money::Money;
    use domain::partners::PartnerName;
    use uuid::Uuid;

    fn money(amount: i64) -> Money {
        Money::new(Decimal::from(amount), "EUR".to_owned().try_into().expect("a currency"))
    }

    fn stage(id: u128) -> StageName {
        let (name, colour) = (format!("Stage {id}"), StageColour::Grey);
        StageName { id: LeadStageId(Uuid::from_u128(id)), name, kind: Stage::New, colour }
    }

    fn column(id: u128, leads: &[(u128, Option<i64>)]) -> BoardColumn {
        let row = |(lead, value): &(u128, Option<i64>)| LeadRow {
            id: LeadId(Uuid::from_u128(*lead)),
            email: String::new(),
            name: String::new(),
            partner: PartnerName { id: EnrollmentId(Uuid::nil()), code: "ada".into(), name: "Ada".into() },
            group: String::new(),
            stage: stage(id),
            next_step: String::new(),
            outcome: Outcome::Waiting,
            customer: None,
            assignee: None,
            deal_value: value.map(money),
            commission: money(0),
            commission_status: None,
            duplicate: false,
            withdrawn: false,
            day: DateTime::UNIX_EPOCH.date_naive(),
            stage_day: DateTime::UNIX_EPOCH.date_naive(),
            created_at: DateTime::UNIX_EPOCH,
            updated_at: DateTime::UNIX_EPOCH,
        };
        let value = leads.iter().filter_map(|(_, value)| *value).sum();
        let total = i64::try_from(leads.len()).expect("few");
        BoardColumn {
            stage: stage(id),
            moves: Vec::new(),
            leads: leads.iter().map(row).collect(),
            total,
            value: money(value),
        }
    }

    fn told(columns: &[BoardColumn]) -> Vec<(Vec<u128>, i64, String)> {
        let ids = |column: &BoardColumn| column.leads.iter().map(|row| row.id.0.as_u128()).collect();
        columns.iter().map(|column| (ids(column), column.total, column.value.amount.to_string())).collect()
    }

    #[test]
    fn a_lead_takes_its_place_and_its_value_along() {
        let mut columns = [column(1, &[(9, Some(5)), (4, None)]), column(2, &[(10, Some(1)), (8, Some(2))])];
        let (lead, to) = (LeadId(Uuid::from_u128(9)), LeadStageId(Uuid::from_u128(2)));
        shift(&mut columns, lead, to, None);
        assert_eq!(told(&columns), [(vec![4], 1, "0".into()), (vec![10, 9, 8], 3, "8".into())]);
        assert_eq!(columns[1].leads[1].stage.name, "Stage 2");
        // Won for another value than was thought.
        shift(&mut columns, lead, LeadStageId(Uuid::from_u128(1)), Some(Decimal::from(7)));
        assert_eq!(told(&columns), [(vec![9, 4], 2, "7".into()), (vec![10, 8], 2, "3".into())]);
    }

    #[test]
    fn what_is_not_there_moves_nothing() {
        let mut columns = [column(1, &[(9, None)])];
        let before = columns.to_vec();
        shift(&mut columns, LeadId(Uuid::from_u128(3)), LeadStageId(Uuid::from_u128(1)), None);
        shift(&mut columns, LeadId(Uuid::from_u128(9)), LeadStageId(Uuid::from_u128(7)), None);
        assert_eq!(columns.to_vec(), before);
    }
}
