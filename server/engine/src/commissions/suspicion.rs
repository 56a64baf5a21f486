//! What is suspicious about an event: a person looks at its commissions before they count.

use crate::attribution::Referral;
use crate::customers::Rules;
use crate::programs::audit;
use crate::{Error, Moment, Result};
use domain::accounts::{Actor, Power};
use domain::attribution::Source;
use domain::commissions::{Suspicion, ad_mark, mail_domain, shared_domain};
use domain::ids::{EnrollmentId, ProgramId, ReferralId};
use domain::why::Why;
use serde_json::json;
use sqlx::PgConnection;
use sqlx::types::Json;
use std::collections::HashSet;
use std::sync::LazyLock;

/// Services for throw-away addresses.
static DISPOSABLE: LazyLock<HashSet<&'static str>> = LazyLock::new(|| mailchecker::blacklist().into_iter().collect());

/// Whether an e-mail is at a service for throw-away addresses, or below its domain.
fn is_disposable(email: &str) -> bool {
    let Some(domain) = mail_domain(email) else { return false };
    let mut rest = domain.as_str();
    loop {
        if DISPOSABLE.contains(rest) {
            return true;
        }
        match rest.split_once('.') {
            Some((_, above)) => rest = above,
            None => return false,
        }
    }
}

/// The checks that are on, by their words; those that there are no more are passed over.
pub(crate) fn read(words: &[String]) -> Vec<Suspicion> {
    words.iter().filter_map(|word| word.parse().ok()).collect()
}

/// What an event looks like besides what it earns.
pub(crate) struct Look {
    /// What is suspicious, by the checks that are on, each with its reason.
    pub suspicions: Vec<(Suspicion, String)>,
    /// What would be, had a person not approved a commission of the customer with the same.
    pub judged: Vec<(Suspicion, String)>,
    /// Whether the partner wants a mail at each commission.
    pub tells: bool,
}

/// Looks at an event of a referral, whose partner's row is locked. What it finds of click and sign-up is kept with the
/// referral, since clicks and addresses go; a customer whom a person has assigned was looked at.
pub(crate) async fn look(
    conn: &mut PgConnection,
    rules: &Rules,
    referral: &Referral,
    email: Option<&str>,
    ip_hash: Option<&[u8]>,
) -> Result<Look> {
    let row = sqlx::query!(
        r#"select array(select e.email where e.email <> ''
                        union
                        select a.email from enrollment_accounts ea join accounts a on a.id = ea.account_id
                        where ea.program_id = $1 and ea.enrollment_id = e.id) as "emails!",
                  r.suspicions, r.judged, c.target as "target?", c.referrer as "referrer?",
                  coalesce(c.ip_hash = $4, false) as "same_ip!",
                  exists (select from enrollments o
                          where o.program_id = $1 and o.payout_hash = e.payout_hash and o.id <> e.id) as "shared!",
                  coalesce(s.on_commission, false) as "tells!"
           from enrollments e
           join referrals r on r.program_id = $1 and r.id = $3
           left join clicks c on c.program_id = $1 and c.clicked_at = r.clicked_at and c.id = r.click_id
           left join notification_settings s on s.program_id = $1 and s.enrollment_id = e.id
           where e.program_id = $1 and e.id = $2"#,
        rules.program as ProgramId,
        referral.enrollment as EnrollmentId,
        referral.id as ReferralId,
        ip_hash
    )
    .fetch_one(&mut *conn)
    .await?;
    let mut kept = read(&row.suspicions);
    let ads = [row.target, row.referrer].into_iter().flatten().any(|address| ad_mark(&address).is_some());
    for (found, suspicion) in [(row.same_ip, Suspicion::SameIp), (ads, Suspicion::AdClick)] {
        if found && !kept.contains(&suspicion) {
            kept.push(suspicion);
            sqlx::query!(
                "update referrals set suspicions = array_append(suspicions, $3) where program_id = $1 and id = $2",
                rules.program as ProgramId,
                referral.id as ReferralId,
                suspicion.as_str()
            )
            .execute(&mut *conn)
            .await?;
        }
    }
    let by_hand = referral.source == Source::Manual;
    let is = |suspicion: Suspicion| match suspicion {
        Suspicion::SharedPayout => row.shared,
        _ if by_hand => false,
        Suspicion::SameDomain => email.is_some_and(|email| shared_domain(&row.emails, email).is_some()),
        Suspicion::DisposableDomain => email.is_some_and(is_disposable),
        Suspicion::SameIp | Suspicion::AdClick => kept.contains(&suspicion),
    };
    let judged = read(&row.judged);
    let found = rules.suspicions.iter().copied().filter(|suspicion| is(*suspicion));
    let (judged, suspicions): (Vec<_>, Vec<_>) = found.partition(|suspicion| judged.contains(suspicion));
    Ok(Look {
        suspicions: suspicions.into_iter().map(|found| (found, waits_words(found, "customer"))).collect(),
        judged: judged.into_iter().map(|found| (found, judged_words(found))).collect(),
        tells: row.tells,
    })
}

/// Looks at a lead of a partner, whose row is locked.
pub(super) async fn look_at_lead(
    conn: &mut PgConnection,
    rules: &Rules,
    partner: EnrollmentId,
    email: &str,
) -> Result<Look> {
    let row = sqlx::query!(
        r#"select array(select e.email where e.email <> ''
                        union
                        select a.email from enrollment_accounts ea join accounts a on a.id = ea.account_id
                        where ea.program_id = $1 and ea.enrollment_id = e.id) as "emails!",
                  exists (select from enrollments o
                          where o.program_id = $1 and o.payout_hash = e.payout_hash and o.id <> e.id) as "shared!",
                  coalesce(s.on_commission, false) as "tells!"
           from enrollments e
           left join notification_settings s on s.program_id = $1 and s.enrollment_id = e.id
           where e.program_id = $1 and e.id = $2"#,
        rules.program as ProgramId,
        partner as EnrollmentId
    )
    .fetch_one(conn)
    .await?;
    let is = |suspicion: &Suspicion| match suspicion {
        Suspicion::SharedPayout => row.shared,
        Suspicion::SameDomain => shared_domain(&row.emails, email).is_some(),
        Suspicion::DisposableDomain => is_disposable(email),
        // A lead comes by no click.
        Suspicion::SameIp | Suspicion::AdClick => false,
    };
    let suspicions = rules.suspicions.iter().copied().filter(is).map(|found| (found, waits_words(found, "lead")));
    Ok(Look { suspicions: suspicions.collect(), judged: Vec::new(), tells: row.tells })
}

/// What was found, by its name and in full. Partners read it too: it names nobody.
fn words(suspicion: Suspicion, whose: &str) -> String {
    let found = match suspicion {
        Suspicion::SameDomain => &format!("the {whose}'s e-mail is at the partner's own domain"),
        Suspicion::SameIp => "both came from one internet address",
        Suspicion::AdClick => "the click came from one",
        Suspicion::DisposableDomain => &format!("the {whose}'s e-mail is a throw-away address"),
        Suspicion::SharedPayout => "another partner of the program has the same",
    };
    format!("{}: {found}.", suspicion.label())
}

/// Why a commission waits.
fn waits_words(suspicion: Suspicion, whose: &str) -> String {
    format!("{} A person reviews it first.", words(suspicion, whose))
}

/// Why it doesn't.
fn judged_words(suspicion: Suspicion) -> String {
    format!("{} The program has approved a commission of this customer with that.", words(suspicion, "customer"))
}

/// Holds what partners with the same payout details as this one are to get: whatever is not due yet waits for a person,
/// also where one has approved it when others shared. Their rows are locked: an event that comes now sees the same details
/// by then.
pub(crate) async fn hold_shared(conn: &mut PgConnection, program: ProgramId, partner: EnrollmentId) -> Result<()> {
    let mut why = Why::default();
    why.fail(Suspicion::SharedPayout.as_str(), waits_words(Suspicion::SharedPayout, "customer"));
    sqlx::query!(
        "with sharing as (
             select o.id from enrollments e
             join enrollments o on o.program_id = e.program_id and o.payout_hash = e.payout_hash
             where e.program_id = $1 and e.id = $2
         ), locked as (
             select id from referrals
             where program_id = $1 and ended_at is null and $3::text = any(judged)
               and enrollment_id in (select id from sharing) and (select count(*) from sharing) > 1
             order by id for no key update
         )
         update referrals r set judged = array_remove(r.judged, $3::text)
         from locked where r.program_id = $1 and r.id = locked.id",
        program as ProgramId,
        partner as EnrollmentId,
        Suspicion::SharedPayout.as_str()
    )
    .execute(&mut *conn)
    .await?;
    sqlx::query!(
        "with sharing as (
             select o.id from enrollments e
             join enrollments o on o.program_id = e.program_id and o.payout_hash = e.payout_hash
             join programs p on p.id = e.program_id and $4 = any(p.fraud_checks)
             where e.program_id = $1 and e.id = $2
         ), locked as (
             select id from commissions
             where program_id = $1 and status = 'held' and enrollment_id in (select id from sharing)
               and (select count(*) from sharing) > 1
             order by id for no key update
         )
         update commissions c set status = 'review', why = c.why || $3
         from locked where c.program_id = $1 and c.id = locked.id",
        program as ProgramId,
        partner as EnrollmentId,
        Json(&why) as _,
        Suspicion::SharedPayout.as_str()
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// Which checks are on. Asks for `View`.
///
/// # Errors
/// `Forbidden`.
pub async fn checks(conn: &mut PgConnection, actor: &Actor) -> Result<Vec<Suspicion>> {
    if !actor.may(Power::View) {
        return Err(Error::Forbidden);
    }
    let words = sqlx::query_scalar!("select fraud_checks from programs where id = $1", actor.program() as ProgramId)
        .fetch_one(conn)
        .await?;
    Ok(read(&words))
}

/// Changes which checks are on: for what happens from now on. Asks for `EditProgram`.
///
/// # Errors
/// `Forbidden`.
pub async fn set_checks(conn: &mut PgConnection, moment: &Moment, actor: &Actor, on: &[Suspicion]) -> Result<()> {
    if !actor.may(Power::EditProgram) {
        return Err(Error::Forbidden);
    }
    let words: Vec<String> =
        Suspicion::ALL.iter().filter(|check| on.contains(check)).map(ToString::to_string).collect();
    let name = sqlx::query_scalar!(
        "update programs set fraud_checks = $2 where id = $1 returning name",
        actor.program() as ProgramId,
        &words
    )
    .fetch_one(&mut *conn)
    .await?;
    audit::record(conn, moment, actor, "program.fraud_checks", &name, "review", json!({ "on": words })).await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn throw_away_addresses_are_known_below_their_domain_too() {
        assert!(is_disposable("ok@mailinator.com") && is_disposable("OK@box.mailinator.com"));
        for fine in ["ada@gmail.com", "ada@harbor.example", "notmailinator.com", "ada@notmailinator.com.example", ""] {
            assert!(!is_disposable(fine), "{fine}");
        }
    }
}
