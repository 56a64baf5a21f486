//! The team: members of the organization that owns the program, and their roles in all of its programs.

use super::password::{check_length, hash_chosen};
use super::reset::set_password;
use super::sessions::clean_name;
use super::tokens::{self, Purpose};
use crate::messages::{self, Mail};
use crate::programs::audit;
use crate::{Error, Moment, Result, portal};
use domain::accounts::{Actor, Invitation, Invite, Member, Power, Role};
use domain::ids::{AccountId, EnrollmentId, OrganizationId, ProgramId};
use domain::portal::check_terms;
use domain::text::{email_key, is_email};
use serde_json::json;
use sqlx::{PgConnection, PgPool};

/// The members, owners first, then by name.
///
/// # Errors
/// `Forbidden` unless the asker may see the admin area.
pub async fn list(conn: &mut PgConnection, actor: &Actor) -> Result<Vec<Member>> {
    if !actor.may(Power::View) {
        return Err(Error::Forbidden);
    }
    Ok(sqlx::query_as!(
        Member,
        r#"select a.id as "account: AccountId", a.name, a.email, m.role as "role: Role", m.created_at as since,
                  a.totp_confirmed_at is not null as "second_factor!", a.password_hash is null as "invited!"
         from programs p join memberships m on m.organization_id = p.organization_id
         join accounts a on a.id = m.account_id
         where p.id = $1 order by m.role, a.name, a.id"#,
        actor.program() as ProgramId
    )
    .fetch_all(conn)
    .await?)
}

/// The members who may do something that asks for a power.
pub(crate) async fn members_who_may(
    conn: &mut PgConnection,
    program: ProgramId,
    power: Power,
) -> Result<Vec<AccountId>> {
    let members = sqlx::query!(
        r#"select m.account_id as "account: AccountId", m.role as "role: Role"
           from programs p join memberships m on m.organization_id = p.organization_id
           where p.id = $1 order by m.account_id"#,
        program as ProgramId
    )
    .fetch_all(conn)
    .await?;
    Ok(members.into_iter().filter(|member| member.role.may(power)).map(|member| member.account).collect())
}

/// Adds a member. Somebody without an account gets one, and by mail a link to choose a password.
///
/// # Errors
/// `Forbidden`; `Invalid` by field, on `email` too where the person is a member.
pub async fn invite(pool: &PgPool, moment: &Moment, actor: &Actor, input: &Invite) -> Result<AccountId> {
    let email = input.email.trim();
    if !is_email(email) {
        return Err(Error::field("email", "Type an e-mail address."));
    }
    let name = clean_name(&input.name)?;
    let mut tx = pool.begin().await?;
    let team = lock(&mut tx, actor).await?;
    let account = sqlx::query_scalar!(
        r#"insert into accounts (id, email, email_key, name, created_at) values ($1, $2, $3, $4, $5)
         on conflict (email_key) do update set email_key = excluded.email_key returning id as "id: AccountId""#,
        moment.id::<AccountId>() as AccountId,
        email,
        email_key(email),
        name,
        moment.at
    )
    .fetch_one(&mut *tx)
    .await?;
    let added = sqlx::query!(
        "insert into memberships (organization_id, account_id, role, created_at) values ($1, $2, $3, $4)
         on conflict do nothing",
        team.organization as OrganizationId,
        account as AccountId,
        input.role as Role,
        moment.at
    )
    .execute(&mut *tx)
    .await?;
    if added.rows_affected() == 0 {
        return Err(Error::field("email", "This person is a member already."));
    }
    messages::enqueue(&mut tx, &Mail::TeamInvitation { account, program: actor.program() }).await?;
    let details = json!({ "role": input.role });
    audit::record(&mut tx, moment, actor, "team.invite", email, "team", details).await?;
    tx.commit().await?;
    Ok(account)
}

/// Sends the invitation again, to a member who has not accepted it.
///
/// # Errors
/// `Forbidden`; `NotFound`; `Conflict` where it was accepted.
pub async fn invite_again(pool: &PgPool, moment: &Moment, actor: &Actor, account: AccountId) -> Result<()> {
    let mut tx = pool.begin().await?;
    let team = lock(&mut tx, actor).await?;
    team.role_of(account).ok_or(Error::NotFound("member"))?;
    let (email, accepted) = email_of(&mut tx, account).await?;
    if accepted {
        return Err(Error::Conflict(format!("{email} has accepted the invitation.")));
    }
    messages::enqueue(&mut tx, &Mail::TeamInvitation { account, program: actor.program() }).await?;
    audit::record(&mut tx, moment, actor, "team.invite_again", &email, "team", json!({})).await?;
    tx.commit().await?;
    Ok(())
}

/// Changes a member's role.
///
/// # Errors
/// `Forbidden`; `NotFound`; `Conflict` where it would leave no owner.
pub async fn change_role(pool: &PgPool, moment: &Moment, actor: &Actor, account: AccountId, role: Role) -> Result<()> {
    let mut tx = pool.begin().await?;
    let team = lock(&mut tx, actor).await?;
    let before = team.role_of(account).ok_or(Error::NotFound("member"))?;
    if role != Role::Owner {
        team.keeps_an_owner_without(account)?;
    }
    sqlx::query!(
        "update memberships set role = $3 where organization_id = $1 and account_id = $2",
        team.organization as OrganizationId,
        account as AccountId,
        role as Role
    )
    .execute(&mut *tx)
    .await?;
    let (email, _) = email_of(&mut tx, account).await?;
    let details = json!({ "before": before, "after": role });
    audit::record(&mut tx, moment, actor, "team.change_role", &email, "team", details).await?;
    tx.commit().await?;
    Ok(())
}

/// Removes a member. The account stays, and what it did stays in the audit log.
///
/// # Errors
/// `Forbidden`; `NotFound`; `Conflict` where it would leave no owner.
pub async fn remove(pool: &PgPool, moment: &Moment, actor: &Actor, account: AccountId) -> Result<()> {
    let mut tx = pool.begin().await?;
    let team = lock(&mut tx, actor).await?;
    let role = team.role_of(account).ok_or(Error::NotFound("member"))?;
    team.keeps_an_owner_without(account)?;
    sqlx::query!(
        "delete from memberships where organization_id = $1 and account_id = $2",
        team.organization as OrganizationId,
        account as AccountId
    )
    .execute(&mut *tx)
    .await?;
    let (email, _) = email_of(&mut tx, account).await?;
    audit::record(&mut tx, moment, actor, "team.remove", &email, "team", json!({ "role": role })).await?;
    tx.commit().await?;
    Ok(())
}

/// What the link of an invitation shows; `None` where it is over, or the account has a password.
///
/// # Errors
/// `Database` where Postgres fails.
pub async fn invitation(conn: &mut PgConnection, moment: &Moment, token: &str) -> Result<Option<Invitation>> {
    let Some(link) = tokens::peek(conn, moment, Purpose::Invitation, token).await? else { return Ok(None) };
    let Some(account) = link.account else { return Ok(None) };
    let invited =
        sqlx::query!("select email, name from accounts where id = $1 and password_hash is null", account as AccountId)
            .fetch_optional(&mut *conn)
            .await?;
    let Some(invited) = invited else { return Ok(None) };
    let partner = partner_of(conn, account, &link.target).await?;
    Ok(Some(Invitation { email: invited.email, name: invited.name, partner }))
}

/// The partner that the link of an invitation names, where the person is still to sign in for it.
async fn partner_of(
    conn: &mut PgConnection,
    account: AccountId,
    target: &str,
) -> Result<Option<(ProgramId, EnrollmentId)>> {
    let ids = target.split_once('/').and_then(|(program, id)| Some((program.parse().ok()?, id.parse().ok()?)));
    let Some((program, enrollment)): Option<(ProgramId, EnrollmentId)> = ids else { return Ok(None) };
    let signs_in = sqlx::query_scalar!(
        r#"select exists (select from enrollment_accounts
                          where program_id = $1 and enrollment_id = $2 and account_id = $3) as "exists!""#,
        program as ProgramId,
        enrollment as EnrollmentId,
        account as AccountId
    )
    .fetch_one(conn)
    .await?;
    Ok(signs_in.then_some((program, enrollment)))
}

/// Accepts an invitation, to the team or as a partner, by choosing a name and a password; and the terms, where the partner
/// has yet to accept them. Answers the e-mail, to sign in with.
///
/// # Errors
/// `Invalid` where the name or password won't do, or on `terms` (the link holds on); `NotFound` where the link is over.
pub async fn accept_invitation(
    pool: &PgPool,
    moment: &Moment,
    token: &str,
    name: &str,
    password: &str,
    terms: Option<i32>,
) -> Result<String> {
    let name = clean_name(name)?;
    check_length(password)?;
    let mut conn = pool.acquire().await?;
    let invited = invitation(&mut conn, moment, token).await?.ok_or(Error::NotFound("link"))?;
    let due = match invited.partner {
        Some((program, partner)) => portal::seat(&mut conn, program, partner).await?.terms_due,
        None => None,
    };
    drop(conn);
    if let Some(wrong) = check_terms(terms, due) {
        return Err(Error::Invalid(vec![wrong]));
    }
    let hash = hash_chosen(password, &[&invited.email, &name]).await?;
    let mut tx = pool.begin().await?;
    let link = tokens::redeem(&mut tx, moment, Purpose::Invitation, token).await?.ok_or(Error::NotFound("link"))?;
    let account = link.account.ok_or(Error::NotFound("link"))?;
    // An invitation never replaces a password.
    let email = sqlx::query_scalar!(
        "update accounts set name = $2, email_verified_at = $3 where id = $1 and password_hash is null returning email",
        account as AccountId,
        name,
        moment.at
    )
    .fetch_optional(&mut *tx)
    .await?
    .ok_or(Error::NotFound("link"))?;
    set_password(&mut tx, account, &hash).await?;
    if let Some(((program, partner), version)) = invited.partner.zip(due) {
        portal::accept(&mut tx, moment.at, program, partner, Some(account), version).await?;
    }
    tx.commit().await?;
    Ok(email)
}

/// The team as it is, locked until the transaction ends: of two owners who demote each other at once the second finds
/// itself no owner any more.
struct Team {
    organization: OrganizationId,
    members: Vec<(AccountId, Role)>,
}

impl Team {
    fn role_of(&self, account: AccountId) -> Option<Role> {
        self.members.iter().find(|(member, _)| *member == account).map(|(_, role)| *role)
    }

    fn keeps_an_owner_without(&self, account: AccountId) -> Result<()> {
        let other = self.members.iter().any(|(member, role)| *member != account && *role == Role::Owner);
        if other {
            Ok(())
        } else {
            Err(Error::Conflict("There must be an owner. Make somebody else one first.".into()))
        }
    }
}

async fn lock(conn: &mut PgConnection, actor: &Actor) -> Result<Team> {
    if !actor.may(Power::ManageTeam) {
        return Err(Error::Forbidden);
    }
    // The organization's row, so that members who are just being added are seen too.
    let organization = sqlx::query_scalar!(
        r#"select p.organization_id as "organization: OrganizationId"
         from programs p join organizations o on o.id = p.organization_id where p.id = $1 for no key update of o"#,
        actor.program() as ProgramId
    )
    .fetch_optional(&mut *conn)
    .await?
    .ok_or(Error::NotFound("program"))?;
    let members = sqlx::query!(
        r#"select account_id as "account: AccountId", role as "role: Role" from memberships where organization_id = $1"#,
        organization as OrganizationId
    )
    .fetch_all(conn)
    .await?
    .into_iter()
    .map(|row| (row.account, row.role))
    .collect();
    let team = Team { organization, members };
    // The role in the actor may be older than the lock.
    let still = |account| team.role_of(account).is_some_and(|role| role.may(Power::ManageTeam));
    if actor.account().is_none_or(still) { Ok(team) } else { Err(Error::Forbidden) }
}

/// An account's e-mail, and whether it has a password.
async fn email_of(conn: &mut PgConnection, account: AccountId) -> Result<(String, bool)> {
    let row = sqlx::query!(
        r#"select email, password_hash is not null as "accepted!" from accounts where id = $1"#,
        account as AccountId
    )
    .fetch_one(conn)
    .await?;
    Ok((row.email, row.accepted))
}

#[cfg(test)]
mod tests;
