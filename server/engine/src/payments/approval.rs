//! The second person: who may agree to a batch above the program's limit, and how they hear of it.

use crate::messages::{self, Mail};
use crate::{Moment, Result};
use domain::accounts::{Power, Role};
use domain::ids::{AccountId, DraftId, ProgramId};
use sqlx::PgConnection;

/// A member of the team who may pay.
pub(super) struct Payer {
    pub account: AccountId,
    /// Its name, or its e-mail where it has none.
    pub name: String,
}

/// Everybody of the team who may pay, by name.
pub(super) async fn payers(conn: &mut PgConnection, program: ProgramId) -> Result<Vec<Payer>> {
    let members = sqlx::query!(
        r#"select m.account_id as "account: AccountId", m.role as "role: Role",
                  coalesce(nullif(a.name, ''), a.email) as "name!"
           from programs p
           join memberships m on m.organization_id = p.organization_id
           join accounts a on a.id = m.account_id
           where p.id = $1 order by lower(coalesce(nullif(a.name, ''), a.email)), a.id"#,
        program as ProgramId
    )
    .fetch_all(conn)
    .await?;
    let payers = members.into_iter().filter(|member| member.role.may(Power::Pay));
    Ok(payers.map(|member| Payer { account: member.account, name: member.name }).collect())
}

/// Those who may agree to a draft: all who may pay, but who made it and who changed it last.
pub(super) async fn who_may_agree(
    conn: &mut PgConnection,
    program: ProgramId,
    makers: [Option<AccountId>; 2],
) -> Result<Vec<Payer>> {
    let mut payers = payers(conn, program).await?;
    payers.retain(|payer| !makers.contains(&Some(payer.account)));
    Ok(payers)
}

/// Asks for each draft that waits, once the program's limit is another one; an export waits for nobody until it is changed.
pub(super) async fn ask_anew(conn: &mut PgConnection, moment: &Moment, program: ProgramId) -> Result<()> {
    let drafts = sqlx::query_scalar!(
        r#"select id as "id: DraftId" from payment_drafts
           where program_id = $1 and status in ('open', 'failed') and (source <> 'export' or changed_by is not null)
           order by id"#,
        program as ProgramId
    )
    .fetch_all(&mut *conn)
    .await?;
    for draft in drafts {
        ask(conn, moment, program, draft).await?;
    }
    Ok(())
}

/// Asks those who may agree to a draft, where one of them must: once, until somebody has agreed.
pub(super) async fn ask(conn: &mut PgConnection, moment: &Moment, program: ProgramId, draft: DraftId) -> Result<()> {
    let asks = sqlx::query!(
        r#"update payment_drafts d set asked_at = $3
           from programs p
           where d.program_id = $1 and d.id = $2 and p.id = $1
             and d.asked_at is null and d.approved_by is null and d.status in ('open', 'failed')
             and asks_for_two(d.total, d.approval_above, p.approval_above)
           returning d.created_by as "created: AccountId", d.changed_by as "changed: AccountId""#,
        program as ProgramId,
        draft as DraftId,
        moment.at
    )
    .fetch_optional(&mut *conn)
    .await?;
    let Some(asks) = asks else { return Ok(()) };
    for payer in who_may_agree(conn, program, [asks.created, asks.changed]).await? {
        messages::enqueue(conn, &Mail::ApprovalWanted { account: payer.account, program, draft }).await?;
    }
    Ok(())
}
