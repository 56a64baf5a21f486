use super::{allow, list};
use crate::{Error, Result};
use domain::accounts::{Actor, Power};
use domain::ids::{AccountId, EnrollmentId, FileId, OfferId, PartnerGroupId, ProgramId};
use domain::offers::{Override, Reward, Terms};
use domain::partners::{
    EnrollmentStatus, GroupName, PartnerAccount, PartnerDetail, PartnerName, PartnerOffer, Standing,
};
use domain::portal::Answer;
use domain::text::code_key;
use sqlx::PgConnection;
use sqlx::types::Json;

/// All of one partner. Asks for `View`, or a key.
///
/// # Errors
/// `Forbidden`; `NotFound`.
pub async fn detail(conn: &mut PgConnection, actor: &Actor, id: EnrollmentId) -> Result<PartnerDetail> {
    allow(actor, Power::View)?;
    let program = actor.program();
    let partner = list::rows(conn, program, &[id]).await?.pop().ok_or(Error::NotFound("partner"))?;
    let more = sqlx::query!(
        r#"select website, payout_method, payout_masked, payout_details is not null as "has_payout_details!", erased_at,
                  photo_file_id as "photo: FileId",
                  answers as "answers: Json<Vec<Answer>>", group_id as "group_id: PartnerGroupId",
                  (select name from partner_groups g where g.program_id = e.program_id and g.id = e.group_id) as group_name,
                  array(select code_key from enrollment_codes c
                        where c.program_id = $1 and c.enrollment_id = $2 and code_key <> lower(e.code)
                        order by created_at) as "old_codes!"
           from enrollments e where program_id = $1 and id = $2"#,
        program as ProgramId,
        id as EnrollmentId
    )
    .fetch_one(&mut *conn)
    .await?;
    let accounts = sqlx::query_as!(
        PartnerAccount,
        r#"select a.id as "id: AccountId", a.email, a.name, a.password_hash is not null as "ready!"
           from enrollment_accounts ea join accounts a on a.id = ea.account_id
           where ea.program_id = $1 and ea.enrollment_id = $2 order by ea.created_at, a.id"#,
        program as ProgramId,
        id as EnrollmentId
    )
    .fetch_all(&mut *conn)
    .await?;
    let history = sqlx::query_as!(
        Standing,
        r#"select s.at, s.status as "status: EnrollmentStatus", coalesce(a.name, '') as "by!", s.reason
           from enrollment_statuses s left join accounts a on a.id = s.account_id
           where s.program_id = $1 and s.enrollment_id = $2 order by s.at desc"#,
        program as ProgramId,
        id as EnrollmentId
    )
    .fetch_all(&mut *conn)
    .await?;
    let currency = partner.due.currency;
    let offers = sqlx::query!(
        r#"select o.id as "id: OfferId", o.version, o.name, o.archived_at is not null as "archived!",
                  v.rewards as "rewards: Json<Vec<Reward>>", po.group_name as "group!",
                  po.group_overrides as "group_overrides!: Json<Vec<Override>>",
                  po.overrides as "overrides!: Json<Vec<Override>>",
                  exists (select from enrollment_offers eo
                          where eo.program_id = $1 and eo.enrollment_id = $2 and eo.offer_id = o.id) as "own!"
           from partner_offers po
           join offers o on o.program_id = po.program_id and o.id = po.offer_id
           join offer_versions v on v.program_id = o.program_id and v.offer_id = o.id and v.version = o.version
           where po.program_id = $1 and po.enrollment_id = $2 order by po.by_group desc, po.position"#,
        program as ProgramId,
        id as EnrollmentId
    )
    .fetch_all(&mut *conn)
    .await?
    .into_iter()
    .map(|row| {
        let group = (row.group.clone(), row.group_overrides.as_slice());
        let terms = Terms::new((row.id, row.version, row.name.clone()), &row.rewards, group, &row.overrides);
        PartnerOffer {
            offer: row.id,
            name: row.name,
            rewards: terms.rewards.iter().map(|reward| reward.words(currency)).collect(),
            rates: terms.rates,
            overrides: row.overrides.0,
            group: row.group,
            own: row.own,
            archived: row.archived,
        }
    })
    .collect();
    let profile = super::profile::profile_of(conn, program, id).await?;
    let notes = match actor {
        // What the team notes is its own.
        Actor::Key { .. } => Vec::new(),
        _ => super::work::notes(conn, program, id).await?,
    };
    Ok(PartnerDetail {
        partner,
        website: more.website,
        payout_masked: more.payout_masked,
        has_payout_details: more.has_payout_details,
        profile,
        photo: more.photo,
        notes,
        erased_at: more.erased_at,
        answers: more.answers.0,
        payout_method: more.payout_method,
        group: more.group_id.zip(more.group_name).map(|(id, name)| GroupName { id, name }),
        old_codes: more.old_codes,
        accounts,
        offers,
        history,
    })
}

/// All of the partner with a code, present or past.
///
/// # Errors
/// `Forbidden`; `NotFound`.
pub async fn detail_by_code(conn: &mut PgConnection, actor: &Actor, code: &str) -> Result<PartnerDetail> {
    allow(actor, Power::View)?;
    let found = find_by_code(conn, actor, code).await?;
    detail(conn, actor, found.id).await
}

/// The partner with a code, present or past, whatever the case; a partner finds itself alone.
///
/// # Errors
/// `NotFound`.
pub async fn find_by_code(conn: &mut PgConnection, actor: &Actor, code: &str) -> Result<PartnerName> {
    let found = sqlx::query_as!(
        PartnerName,
        r#"select e.id as "id: EnrollmentId", e.code, coalesce(nullif(e.name, ''), e.company) as "name!"
           from enrollment_codes c join enrollments e on e.program_id = c.program_id and e.id = c.enrollment_id
           where c.program_id = $1 and c.code_key = $2"#,
        actor.program() as ProgramId,
        code_key(code)
    )
    .fetch_optional(conn)
    .await?;
    let own = |partner: &PartnerName| actor.partner().is_none_or(|own| own == partner.id);
    found.filter(own).ok_or(Error::NotFound("partner"))
}
