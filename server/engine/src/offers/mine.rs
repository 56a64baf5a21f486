use crate::{Error, Result};
use domain::accounts::{Actor, Power, Session};
use domain::commissions::{Example, examples};
use domain::ids::{AccountId, EnrollmentId, OfferId, ProgramId};
use domain::money::Currency;
use domain::offers::{MyOffer, MyProgram, Override, Reward, Terms};
use domain::partners::{EnrollmentStatus, PartnerName};
use domain::portal::PortalPage;
use sqlx::PgConnection;
use sqlx::types::Json;

/// The offers that apply to a partner, in the order in which they are tried, with examples: to the partner itself, or to
/// an admin who may see the portal as a partner does.
///
/// # Errors
/// `NotFound` where the partner is another's; `Forbidden`.
pub async fn of_partner(conn: &mut PgConnection, actor: &Actor, partner: EnrollmentId) -> Result<Vec<MyOffer>> {
    match actor {
        Actor::Partner { enrollment, .. } if *enrollment == partner => {}
        Actor::Partner { .. } => return Err(Error::NotFound("partner")),
        _ if actor.may(Power::SeeAsPartner) => {}
        _ => return Err(Error::Forbidden),
    }
    read(conn, actor.program(), partner).await
}

async fn read(conn: &mut PgConnection, program: ProgramId, partner: EnrollmentId) -> Result<Vec<MyOffer>> {
    let rows = sqlx::query!(
        r#"select o.id as "id: OfferId", o.version, o.name, o.description, p.currency as "currency: Currency",
                  v.rewards as "rewards: Json<Vec<Reward>>", po.group_name as "group!",
                  po.group_overrides as "group_overrides!: Json<Vec<Override>>",
                  po.overrides as "overrides!: Json<Vec<Override>>"
           from partner_offers po
           join programs p on p.id = po.program_id
           join offers o on o.program_id = po.program_id and o.id = po.offer_id
           join offer_versions v on v.program_id = o.program_id and v.offer_id = o.id and v.version = o.version
           where po.program_id = $1 and po.enrollment_id = $2
           order by po.by_group desc, po.position"#,
        program as ProgramId,
        partner as EnrollmentId
    )
    .fetch_all(conn)
    .await?;
    Ok(rows
        .into_iter()
        .map(|row| {
            let offer = (row.id, row.version, row.name);
            let terms = Terms::new(offer, &row.rewards, (row.group, &row.group_overrides), &row.overrides);
            let rewards = terms.rewards.iter().map(|reward| reward.words(row.currency)).collect();
            let rates = terms.rates.clone();
            MyOffer {
                description: row.description,
                rewards,
                examples: examples(&terms, row.currency).iter().map(Example::sentence).collect(),
                name: terms.name,
                group: terms.group,
                rates,
            }
        })
        .collect())
}

/// Every program in which an account is enrolled; the one program where a link signed in. The offers that it has there
/// are told where it is let in, and the program's own portal tells them.
///
/// # Errors
/// `Database`.
pub async fn my_programs(conn: &mut PgConnection, session: &Session) -> Result<Vec<MyProgram>> {
    let rows = sqlx::query!(
        r#"select p.id as "program: ProgramId", p.slug, p.name, p.description, e.id as "enrollment: EnrollmentId", e.code,
                  coalesce(nullif(e.name, ''), e.company) as "called!", e.status as "status: EnrollmentStatus"
           from enrollment_accounts ea
           join enrollments e on e.program_id = ea.program_id and e.id = ea.enrollment_id
           join programs p on p.id = e.program_id
           where ea.account_id = $1 and ($2::uuid is null or ea.program_id = $2)
           order by lower(p.name), p.id, e.id"#,
        session.account as AccountId,
        session.only_program as Option<ProgramId>
    )
    .fetch_all(&mut *conn)
    .await?;
    let mut programs = Vec::with_capacity(rows.len());
    for row in rows {
        let seat = crate::portal::seat(conn, row.program, row.enrollment).await?;
        let told = seat.is_open() && seat.shown.contains(&PortalPage::Programs);
        programs.push(MyProgram {
            offers: if told { read(conn, row.program, row.enrollment).await? } else { Vec::new() },
            slug: row.slug,
            name: row.name,
            description: row.description,
            partner: PartnerName { id: row.enrollment, code: row.code, name: row.called },
            status: row.status,
        });
    }
    Ok(programs)
}
