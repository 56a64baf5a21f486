//! A copy of a program for tests: its settings, offers, portal, mails, assets and how leads are set up, and none of its people.

use super::{audit, get, make};
use crate::files::CopyFile;
use crate::{Error, Moment, Result, jobs, leads};
use domain::accounts::{Actor, Power};
use domain::ids::{AccountId, AssetId, FileId, OfferId, PartnerGroupId, ProgramId};
use domain::programs::{NewProgram, Program, ProgramCopy};
use serde_json::json;
use sqlx::{PgConnection, PgPool};

/// Copies the program that is acted in as a sandbox, for one who may edit it. Offers begin at version 1 again. Files are
/// copied by jobs that follow.
///
/// # Errors
/// `Forbidden`; `Invalid`, also where the slug is taken.
pub async fn copy(pool: &PgPool, moment: &Moment, actor: &Actor, input: &ProgramCopy) -> Result<Program> {
    if !actor.may(Power::EditProgram) {
        return Err(Error::Forbidden);
    }
    let mut tx = pool.begin().await?;
    let from = get(&mut tx, actor.program()).await?;
    let new = NewProgram {
        name: input.name.clone(),
        slug: input.slug.clone(),
        currency: from.currency.code().to_owned(),
        time_zone: from.time_zone.clone(),
        description: from.description.clone(),
        website: from.website.clone(),
    };
    let made = make(&mut tx, moment, from.organization_id, &new).await?;
    sqlx::query!(
        "update programs p
         set accent = f.accent, allowed_hosts = f.allowed_hosts, window_days = f.window_days,
             click_model = f.click_model, self_referral = f.self_referral, review_commissions = f.review_commissions,
             consent_required = f.consent_required, minimum_payment = f.minimum_payment, payment_day = f.payment_day,
             mask_customers = f.mask_customers, description = f.description, lead_window_days = f.lead_window_days,
             fraud_checks = f.fraud_checks, approval_above = f.approval_above, sandbox = true
         from programs f where p.id = $2 and f.id = $1",
        from.id as ProgramId,
        made.id as ProgramId
    )
    .execute(&mut *tx)
    .await?;
    // Nobody strays into a program for tests: its team opens the sign-up page if it wants to try that.
    sqlx::query!(
        "update portals p
         set sign_up = 'closed', brand = f.brand, welcome = f.welcome, lands_on = f.lands_on,
             hidden_affiliate = f.hidden_affiliate, hidden_introducer = f.hidden_introducer,
             hidden_buyer = f.hidden_buyer, questions = f.questions, share_text = f.share_text,
             share_texts = f.share_texts, contact_email = f.contact_email
         from portals f where p.program_id = $2 and f.program_id = $1",
        from.id as ProgramId,
        made.id as ProgramId
    )
    .execute(&mut *tx)
    .await?;
    sqlx::query!(
        "insert into terms_versions (program_id, version, body, published_at, published_by)
         select $2, 1, body, $3, $4 from terms_versions where program_id = $1 order by version desc limit 1",
        from.id as ProgramId,
        made.id as ProgramId,
        moment.at,
        actor.account() as Option<AccountId>
    )
    .execute(&mut *tx)
    .await?;
    sqlx::query!(
        "update payout_methods p set offered = f.offered, countries = f.countries, minimum = f.minimum
         from payout_methods f where p.program_id = $2 and f.program_id = $1 and f.kind = p.kind",
        from.id as ProgramId,
        made.id as ProgramId
    )
    .execute(&mut *tx)
    .await?;
    sqlx::query!(
        "insert into mail_templates (program_id, kind, subject, body, updated_at)
         select $2, kind, subject, body, $3 from mail_templates where program_id = $1",
        from.id as ProgramId,
        made.id as ProgramId,
        moment.at
    )
    .execute(&mut *tx)
    .await?;
    let offers = sqlx::query_scalar!(
        r#"select id as "id: OfferId" from offers where program_id = $1 and archived_at is null order by created_at, id"#,
        from.id as ProgramId
    )
    .fetch_all(&mut *tx)
    .await?;
    let groups = sqlx::query_scalar!(
        r#"select id as "id: PartnerGroupId" from partner_groups where program_id = $1 order by created_at, id"#,
        from.id as ProgramId
    )
    .fetch_all(&mut *tx)
    .await?;
    let groups: Vec<(PartnerGroupId, PartnerGroupId)> = groups.into_iter().map(|group| (group, moment.id())).collect();
    let offers: Vec<(OfferId, OfferId)> = offers.into_iter().map(|offer| (offer, moment.id())).collect();
    copy_offers(&mut tx, moment, actor, made.id, &offers, &groups).await?;
    leads::copy(&mut tx, moment, from.id, made.id).await?;
    let files = copy_files(&mut tx, moment, from.id, made.id).await?;
    copy_assets(&mut tx, moment, from.id, made.id, &files, &groups).await?;
    let made = get(&mut tx, made.id).await?;
    let of_copy = match actor.clone() {
        Actor::Admin { account, organization, role, .. } => {
            Actor::Admin { account, organization, role, program: made.id }
        }
        _ => Actor::System { program: made.id },
    };
    audit::record(&mut tx, moment, &of_copy, "program.copy", &made.name, "settings", json!({ "from": from.slug }))
        .await?;
    tx.commit().await?;
    Ok(made)
}

/// Copies groups, and offers at version 1, with what of them the groups have.
async fn copy_offers(
    conn: &mut PgConnection,
    moment: &Moment,
    actor: &Actor,
    to: ProgramId,
    offers: &[(OfferId, OfferId)],
    groups: &[(PartnerGroupId, PartnerGroupId)],
) -> Result<()> {
    let from = actor.program();
    let (old, new) = pairs(offers, |offer| offer.0);
    let (old_groups, new_groups) = pairs(groups, |group| group.0);
    sqlx::query!(
        "insert into partner_groups (program_id, id, name, created_at)
         select $2, c.n, g.name, $5
         from unnest($3::uuid[], $4::uuid[]) as c (o, n)
         join partner_groups g on g.program_id = $1 and g.id = c.o",
        from as ProgramId,
        to as ProgramId,
        &old_groups,
        &new_groups,
        moment.at
    )
    .execute(&mut *conn)
    .await?;
    sqlx::query!(
        "with copied as (
             insert into offers (program_id, id, name, description, version, default_position, created_at)
             select $2, c.n, o.name, o.description, 1, o.default_position, $5
             from unnest($3::uuid[], $4::uuid[]) as c (o, n)
             join offers o on o.program_id = $1 and o.id = c.o
         )
         insert into offer_versions (program_id, offer_id, version, rewards, created_by, created_at)
         select $2, c.n, 1, v.rewards, $6, $5
         from unnest($3::uuid[], $4::uuid[]) as c (o, n)
         join offers o on o.program_id = $1 and o.id = c.o
         join offer_versions v on v.program_id = o.program_id and v.offer_id = o.id and v.version = o.version",
        from as ProgramId,
        to as ProgramId,
        &old,
        &new,
        moment.at,
        actor.account() as Option<AccountId>
    )
    .execute(&mut *conn)
    .await?;
    sqlx::query!(
        "insert into partner_group_offers (program_id, group_id, offer_id, position, overrides)
         select $2, g.n, c.n, p.position, p.overrides
         from partner_group_offers p
         join unnest($3::uuid[], $4::uuid[]) as c (o, n) on c.o = p.offer_id
         join unnest($5::uuid[], $6::uuid[]) as g (o, n) on g.o = p.group_id
         where p.program_id = $1",
        from as ProgramId,
        to as ProgramId,
        &old,
        &new,
        &old_groups,
        &new_groups
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// Copies the files of the brand and of the assets that partners see: each program has its own, so that what one deletes
/// the other keeps. Answers which became which.
async fn copy_files(
    conn: &mut PgConnection,
    moment: &Moment,
    from: ProgramId,
    to: ProgramId,
) -> Result<Vec<(FileId, FileId)>> {
    let files = sqlx::query_scalar!(
        r#"select f.id as "id: FileId" from files f
           where f.program_id = $1
             and (exists (select from assets a
                          where a.program_id = $1 and a.file_id = f.id and a.archived_at is null)
                  or exists (select from programs p where p.id = $1 and f.id in (p.logo_file_id, p.favicon_file_id)))
           order by f.created_at, f.id"#,
        from as ProgramId
    )
    .fetch_all(&mut *conn)
    .await?;
    let mut copies = Vec::with_capacity(files.len());
    for file in files {
        let copied: FileId = moment.id();
        sqlx::query!(
            "insert into files (program_id, id, purpose, name, content_type, bytes, sha256, width, height, created_at)
             select $3, $4, purpose, name, content_type, bytes, sha256, width, height, $5 from files
             where program_id = $1 and id = $2",
            from as ProgramId,
            file as FileId,
            to as ProgramId,
            copied as FileId,
            moment.at
        )
        .execute(&mut *conn)
        .await?;
        jobs::enqueue(conn, &CopyFile { program: to, file: copied, of_program: from, of: file }, None).await?;
        copies.push((file, copied));
    }
    let (old, new) = pairs(&copies, |file| file.0);
    sqlx::query!(
        "update programs p
         set logo_file_id = (select n from unnest($3::uuid[], $4::uuid[]) as c (o, n) where o = f.logo_file_id),
             favicon_file_id = (select n from unnest($3::uuid[], $4::uuid[]) as c (o, n) where o = f.favicon_file_id)
         from programs f where p.id = $2 and f.id = $1",
        from as ProgramId,
        to as ProgramId,
        &old,
        &new
    )
    .execute(conn)
    .await?;
    Ok(copies)
}

/// Copies the assets that partners see, for the copies of their groups.
async fn copy_assets(
    conn: &mut PgConnection,
    moment: &Moment,
    from: ProgramId,
    to: ProgramId,
    files: &[(FileId, FileId)],
    groups: &[(PartnerGroupId, PartnerGroupId)],
) -> Result<()> {
    let assets = sqlx::query_scalar!(
        r#"select id as "id: AssetId" from assets
           where program_id = $1 and archived_at is null order by kind, position, id"#,
        from as ProgramId
    )
    .fetch_all(&mut *conn)
    .await?;
    let copies: Vec<(AssetId, AssetId)> = assets.into_iter().map(|asset| (asset, moment.id())).collect();
    let (old, new) = pairs(&copies, |asset| asset.0);
    let (old_files, new_files) = pairs(files, |file| file.0);
    sqlx::query!(
        "insert into assets (program_id, id, kind, name, language, subject, body, file_id, destination, position,
                             created_at)
         select $2, c.n, a.kind, a.name, a.language, a.subject, a.body, f.n, a.destination, a.position, $7
         from unnest($3::uuid[], $4::uuid[]) as c (o, n)
         join assets a on a.program_id = $1 and a.id = c.o
         left join unnest($5::uuid[], $6::uuid[]) as f (o, n) on f.o = a.file_id",
        from as ProgramId,
        to as ProgramId,
        &old,
        &new,
        &old_files,
        &new_files,
        moment.at
    )
    .execute(&mut *conn)
    .await?;
    let (old_groups, new_groups) = pairs(groups, |group| group.0);
    sqlx::query!(
        "insert into asset_groups (program_id, asset_id, group_id)
         select $2, c.n, g.n
         from unnest($3::uuid[], $4::uuid[]) as c (o, n)
         join asset_groups a on a.program_id = $1 and a.asset_id = c.o
         join unnest($5::uuid[], $6::uuid[]) as g (o, n) on g.o = a.group_id",
        from as ProgramId,
        to as ProgramId,
        &old,
        &new,
        &old_groups,
        &new_groups
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// The ids that were copied, and beside them what they became.
fn pairs<T: Copy>(copies: &[(T, T)], id: impl Fn(T) -> uuid::Uuid) -> (Vec<uuid::Uuid>, Vec<uuid::Uuid>) {
    copies.iter().map(|(old, new)| (id(*old), id(*new))).unzip()
}
