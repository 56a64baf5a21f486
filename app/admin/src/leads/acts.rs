//! What the team does to one lead.

use access::Result;
use domain::ids::{LeadId, LeadStageId, LeadTaskId};
use leptos::prelude::*;
use std::collections::BTreeMap;

/// An amount that may stay empty.
#[cfg(feature = "ssr")]
fn amount(field: &str, text: &str) -> Result<Option<rust_decimal::Decimal>> {
    if text.trim().is_empty() {
        return Ok(None);
    }
    let mut figures = crate::show::Figures::default();
    let amount = figures.amount(field, text);
    figures.check(Vec::new)?;
    Ok(Some(amount))
}

/// Moves a lead to another stage.
#[server(prefix = "/fn", endpoint = "admin/leads/move")]
pub async fn move_lead(
    program: String,
    id: LeadId,
    stage: LeadStageId,
    #[server(default)] reason: String,
    #[server(default)] deal_value: String,
    #[server(default)] customer: String,
) -> Result<()> {
    access::answer(async {
        let mut asking = access::admin(&program).await?;
        asking.may(domain::accounts::Power::JudgeLeads)?;
        let deal_value = amount("deal_value", &deal_value)?;
        let input = domain::leads::Move { stage, reason, deal_value, customer };
        let mut tx = access::begin(&mut asking.conn).await?;
        engine::leads::move_to(&mut tx, &asking.moment, &asking.actor, id, &input).await?;
        Ok(tx.commit().await?)
    })
    .await
}

/// Says who works a lead.
#[server(prefix = "/fn", endpoint = "admin/leads/assign")]
pub async fn assign_lead(program: String, id: LeadId, #[server(default)] assignee: String) -> Result<()> {
    access::answer(async {
        let mut asking = access::admin(&program).await?;
        asking.may(domain::accounts::Power::JudgeLeads)?;
        let to = super::chosen(&assignee)?;
        let mut tx = access::begin(&mut asking.conn).await?;
        engine::leads::assign(&mut tx, &asking.moment, &asking.actor, id, to).await?;
        Ok(tx.commit().await?)
    })
    .await
}

/// Sets what a lead's deal is worth; empty takes it away.
#[server(prefix = "/fn", endpoint = "admin/leads/deal-value")]
pub async fn set_deal_value(program: String, id: LeadId, #[server(default)] deal_value: String) -> Result<()> {
    access::answer(async {
        let mut asking = access::admin(&program).await?;
        asking.may(domain::accounts::Power::JudgeLeads)?;
        let value = amount("deal_value", &deal_value)?;
        let mut tx = access::begin(&mut asking.conn).await?;
        engine::leads::set_deal_value(&mut tx, &asking.moment, &asking.actor, id, value).await?;
        Ok(tx.commit().await?)
    })
    .await
}

/// Changes what was filled in; `seen` is when the lead had changed last as it was shown, in microseconds.
#[server(prefix = "/fn", endpoint = "admin/leads/edit")]
pub async fn edit_lead(
    program: String,
    id: LeadId,
    seen: i64,
    #[server(default)] fields: BTreeMap<String, String>,
) -> Result<()> {
    access::answer(async {
        let mut asking = access::admin(&program).await?;
        asking.may(domain::accounts::Power::JudgeLeads)?;
        let seen = chrono::DateTime::from_timestamp_micros(seen).ok_or(access::Error::NotFound)?;
        let sent = domain::leads::posted(fields);
        let mut tx = access::begin(&mut asking.conn).await?;
        // From where consents of old were given stays as it is: the team gives none from its own address.
        let done = engine::leads::edit(&mut tx, &asking.moment, &asking.actor, id, seen, &sent, "").await;
        done.map_err(|error| match access::Error::from(error) {
            access::Error::Invalid(mut issues) => {
                for issue in &mut issues {
                    issue.field = ui::lead_field_name(&issue.field);
                }
                access::Error::Invalid(issues)
            }
            other => other,
        })?;
        Ok(tx.commit().await?)
    })
    .await
}

/// Notes something of a lead, for the team alone.
#[server(prefix = "/fn", endpoint = "admin/leads/note")]
pub async fn add_note(program: String, id: LeadId, note: String) -> Result<()> {
    access::answer(async {
        let mut asking = access::admin(&program).await?;
        asking.may(domain::accounts::Power::JudgeLeads)?;
        let mut tx = access::begin(&mut asking.conn).await?;
        engine::leads::add_note(&mut tx, &asking.moment, &asking.actor, id, &note).await?;
        Ok(tx.commit().await?)
    })
    .await
}

/// Adds a task about a lead.
#[server(prefix = "/fn", endpoint = "admin/leads/task")]
pub async fn add_task(
    program: String,
    id: LeadId,
    task: String,
    #[server(default)] due_on: String,
    #[server(default)] assignee: String,
) -> Result<()> {
    access::answer(async {
        let mut asking = access::admin(&program).await?;
        asking.may(domain::accounts::Power::JudgeLeads)?;
        let due_on = match due_on.trim() {
            "" => None,
            day => Some(day.parse().map_err(|_| access::Error::field("due_on", "Use a date such as 2026-12-01."))?),
        };
        let input = domain::leads::TaskInput { task, due_on, assignee: super::chosen(&assignee)? };
        let mut tx = access::begin(&mut asking.conn).await?;
        engine::leads::add_task(&mut tx, &asking.moment, &asking.actor, id, &input).await?;
        Ok(tx.commit().await?)
    })
    .await
}

/// Ticks a task off, or takes the tick away.
#[server(prefix = "/fn", endpoint = "admin/leads/task/done")]
pub async fn set_task_done(program: String, task: LeadTaskId, done: bool) -> Result<()> {
    access::answer(async {
        let mut asking = access::admin(&program).await?;
        asking.may(domain::accounts::Power::JudgeLeads)?;
        let mut tx = access::begin(&mut asking.conn).await?;
        engine::leads::set_task_done(&mut tx, &asking.moment, &asking.actor, task, done).await?;
        Ok(tx.commit().await?)
    })
    .await
}

/// Deletes a task.
#[server(prefix = "/fn", endpoint = "admin/leads/task/delete")]
pub async fn delete_task(program: String, task: LeadTaskId) -> Result<()> {
    access::answer(async {
        let mut asking = access::admin(&program).await?;
        asking.may(domain::accounts::Power::JudgeLeads)?;
        let mut tx = access::begin(&mut asking.conn).await?;
        engine::leads::delete_task(&mut tx, &asking.actor, task).await?;
        Ok(tx.commit().await?)
    })
    .await
}
