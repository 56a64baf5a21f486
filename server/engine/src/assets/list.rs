use crate::portal::html;
use crate::{Error, Result};
use domain::accounts::{Actor, Power};
use domain::assets::{
    AssetChoices, AssetFilter, AssetKind, AssetRow, Merge, PartnerAsset, embed_code, leading_to, view_path,
};
use domain::files::{FileInfo, FilePurpose};
use domain::ids::{AssetId, EnrollmentId, FileId, ProgramId};
use domain::links::short_path;
use domain::page::{Page, Paging};
use domain::partners::GroupName;
use sqlx::PgConnection;
use sqlx::types::Json;

/// An asset as it is read.
struct Row {
    id: AssetId,
    kind: AssetKind,
    name: String,
    language: String,
    subject: String,
    body: String,
    destination: String,
    file: Option<Json<FileInfo>>,
    groups: Json<Vec<GroupName>>,
    archived: bool,
    views: i64,
}

impl From<Row> for AssetRow {
    fn from(row: Row) -> Self {
        Self {
            id: row.id,
            kind: row.kind,
            name: row.name,
            language: row.language,
            subject: row.subject,
            body: row.body,
            destination: row.destination,
            file: row.file.map(|file| file.0),
            groups: row.groups.0,
            archived: row.archived,
            views: row.views,
        }
    }
}

/// The program's assets, kind by kind in their order: a page of them. Asks for `View`.
///
/// # Errors
/// `Forbidden`; `Invalid` on `cursor`.
pub async fn list(
    conn: &mut PgConnection,
    actor: &Actor,
    filter: &AssetFilter,
    paging: &Paging,
) -> Result<Page<AssetRow>> {
    if !actor.may(Power::View) {
        return Err(Error::Forbidden);
    }
    let page = page(conn, actor.program(), filter, paging, None, None).await?;
    let rows = rows(conn, actor.program(), &page.data, None).await?;
    Ok(Page { data: rows.into_iter().map(AssetRow::from).collect(), next_cursor: page.next_cursor })
}

/// One asset. Asks for `View`.
///
/// # Errors
/// `Forbidden`; `NotFound`.
pub async fn get(conn: &mut PgConnection, actor: &Actor, id: AssetId) -> Result<AssetRow> {
    if !actor.may(Power::View) {
        return Err(Error::Forbidden);
    }
    rows(conn, actor.program(), &[id], None).await?.pop().map(AssetRow::from).ok_or(Error::NotFound("asset"))
}

/// A query of assets `a` by its select list and the rest of its conditions: of program `$1`, archived or not (`$2`), for
/// partner `$3` (where it isn't null) those that are for its group or for all.
macro_rules! seen {
    ($query:ident, $select:tt, $rest:tt, $($argument:tt)+) => {
        sqlx::$query!(
            $select + " from assets a
             where a.program_id = $1 and (a.archived_at is not null) = $2
               and ($3::uuid is null
                    or not exists (select from asset_groups g where g.program_id = $1 and g.asset_id = a.id)
                    or exists (select from asset_groups g
                               join enrollments e on e.program_id = $1 and e.id = $3 and e.group_id = g.group_id
                               where g.program_id = $1 and g.asset_id = a.id)) " + $rest,
            $($argument)+
        )
    };
}

/// Which assets of a program a list shows, of all or of `one`; where a partner asks, of those that it sees.
async fn page(
    conn: &mut PgConnection,
    program: ProgramId,
    filter: &AssetFilter,
    paging: &Paging,
    partner: Option<EnrollmentId>,
    one: Option<AssetId>,
) -> Result<Page<AssetId>> {
    let after: Option<AssetId> = crate::links::cursor(paging)?;
    // Postgres takes no NUL; nothing that is sought holds one.
    let sought = |text: &str| text.trim().replace('\0', "");
    let ids = seen!(
        query_scalar,
        r#"select a.id as "id: AssetId""#,
        "and ($4::uuid is null or a.id = $4)
         and ($5::asset_kind is null or a.kind = $5)
         and ($6 = '' or a.language in ('', $6))
         and ($7 = '' or strpos(lower(a.name), lower($7)) > 0 or strpos(lower(a.subject), lower($7)) > 0
              or strpos(lower(a.body), lower($7)) > 0)
         and ($8::uuid is null or (a.kind, a.position, a.id) >
              (select kind, position, id from assets where program_id = $1 and id = $8))
         order by a.kind, a.position, a.id limit $9",
        program as ProgramId,
        filter.archived,
        partner as Option<EnrollmentId>,
        one as Option<AssetId>,
        filter.kind as Option<AssetKind>,
        sought(&filter.language),
        sought(&filter.search),
        after as Option<AssetId>,
        paging.rows() + 1
    )
    .fetch_all(conn)
    .await?;
    Ok(Page::cut(ids, paging, ToString::to_string))
}

/// These assets in this order; views are those on one partner's pages, or on all.
async fn rows(
    conn: &mut PgConnection,
    program: ProgramId,
    ids: &[AssetId],
    partner: Option<EnrollmentId>,
) -> Result<Vec<Row>> {
    let ids: Vec<_> = ids.iter().map(|id| id.0).collect();
    let rows = sqlx::query_as!(
        Row,
        r#"select a.id as "id: AssetId", a.kind as "kind: AssetKind", a.name, a.language, a.subject, a.body, a.destination,
                  case when f.id is not null then jsonb_build_object(
                      'id', f.id, 'purpose', f.purpose, 'name', f.name, 'content_type', f.content_type,
                      'bytes', f.bytes, 'width', coalesce(f.width, 0),
                      'height', coalesce(f.height, 0)) end as "file?: Json<FileInfo>",
                  (select coalesce(jsonb_agg(jsonb_build_object('id', p.id, 'name', p.name) order by lower(p.name)), '[]')
                   from asset_groups g join partner_groups p on p.program_id = g.program_id and p.id = g.group_id
                   where g.program_id = $1 and g.asset_id = a.id) as "groups!: Json<Vec<GroupName>>",
                  a.archived_at is not null as "archived!",
                  case when $3::uuid is null then a.views
                       else (select coalesce(sum(d.views), 0)::bigint from asset_days d
                             where d.program_id = $1 and d.asset_id = a.id and d.enrollment_id = $3) end as "views!"
           from unnest($2::uuid[]) with ordinality as wanted (id, place)
           join assets a on a.program_id = $1 and a.id = wanted.id
           left join files f on f.program_id = a.program_id and f.id = a.file_id
           order by wanted.place"#,
        program as ProgramId,
        &ids,
        partner as Option<EnrollmentId>
    )
    .fetch_all(conn)
    .await?;
    Ok(rows)
}

/// Where links and pages of the program are: what stands before their paths.
#[derive(Clone, Copy, Debug)]
pub struct Servers<'a> {
    /// Of links.
    pub links: &'a str,
    /// Of banners.
    pub images: &'a str,
}

/// What a partner shares by.
struct Sharing {
    slug: String,
    /// The code of the link.
    code: String,
    merge: Merge,
}

/// The assets that a partner sees, with its link in them: by the code of one of its links, else by its first. A page of
/// them.
///
/// # Errors
/// `Forbidden` to all but partners; `Invalid` on `cursor`.
pub async fn of_partner(
    conn: &mut PgConnection,
    actor: &Actor,
    servers: Servers<'_>,
    link: Option<&str>,
    filter: &AssetFilter,
    paging: &Paging,
) -> Result<Page<PartnerAsset>> {
    let partner = asking(actor)?;
    let filter = AssetFilter { archived: false, ..filter.clone() };
    let page = page(conn, actor.program(), &filter, paging, Some(partner), None).await?;
    let sharing = sharing(conn, actor.program(), partner, servers, link).await?;
    let rows = rows(conn, actor.program(), &page.data, Some(partner)).await?;
    let data = rows.into_iter().map(|row| for_partner(row, &sharing, servers)).collect();
    Ok(Page { data, next_cursor: page.next_cursor })
}

/// The languages of the program's assets, archived ones too, each once. Asks for `View`.
///
/// # Errors
/// `Forbidden`.
pub async fn languages(conn: &mut PgConnection, actor: &Actor) -> Result<Vec<String>> {
    if !actor.may(Power::View) {
        return Err(Error::Forbidden);
    }
    let languages = sqlx::query_scalar!(
        "select distinct language from assets where program_id = $1 and language <> '' order by language",
        actor.program() as ProgramId
    )
    .fetch_all(conn)
    .await?;
    Ok(languages)
}

/// The kinds and languages of the assets that a partner sees, each once.
///
/// # Errors
/// `Forbidden` to all but partners.
pub async fn choices(conn: &mut PgConnection, actor: &Actor) -> Result<AssetChoices> {
    let partner = asking(actor)?;
    let rows = seen!(
        query,
        r#"select distinct a.kind as "kind: AssetKind", a.language"#,
        "order by a.kind, a.language",
        actor.program() as ProgramId,
        false,
        Some(partner) as Option<EnrollmentId>
    )
    .fetch_all(conn)
    .await?;
    let mut choices = AssetChoices::default();
    for row in rows {
        if !choices.kinds.contains(&row.kind) {
            choices.kinds.push(row.kind);
        }
        if !row.language.is_empty() && !choices.languages.contains(&row.language) {
            choices.languages.push(row.language);
        }
    }
    Ok(choices)
}

/// One of the assets that a partner sees: of a page, its text is HTML that was made safe.
///
/// # Errors
/// `Forbidden` to all but partners; `NotFound`, also where it is archived or for others.
pub async fn one_of_partner(
    conn: &mut PgConnection,
    actor: &Actor,
    servers: Servers<'_>,
    id: AssetId,
) -> Result<PartnerAsset> {
    let partner = asking(actor)?;
    let seen =
        page(conn, actor.program(), &AssetFilter::default(), &Paging::default(), Some(partner), Some(id)).await?.data;
    let row = rows(conn, actor.program(), &seen, Some(partner)).await?.pop().ok_or(Error::NotFound("asset"))?;
    let sharing = sharing(conn, actor.program(), partner, servers, None).await?;
    let mut asset = for_partner(row, &sharing, servers);
    if asset.kind == AssetKind::Page {
        asset.body = html(&asset.body);
    }
    Ok(asset)
}

fn asking(actor: &Actor) -> Result<EnrollmentId> {
    match actor {
        Actor::Partner { enrollment, .. } => Ok(*enrollment),
        _ => Err(Error::Forbidden),
    }
}

async fn sharing(
    conn: &mut PgConnection,
    program: ProgramId,
    partner: EnrollmentId,
    servers: Servers<'_>,
    link: Option<&str>,
) -> Result<Sharing> {
    let row = sqlx::query!(
        r#"select p.slug, p.name as program, e.code, coalesce(nullif(e.name, ''), e.company) as "partner!",
                  (select l.code from links l
                   where l.program_id = e.program_id and l.enrollment_id = e.id and l.disabled_at is null
                     and (l.is_default or l.code = $3)
                   order by l.code = $3 desc, l.is_default desc limit 1) as link,
                  (select c.code from promo_codes c
                   where c.program_id = e.program_id and c.enrollment_id = e.id and c.disabled_at is null
                   order by c.created_at, c.id limit 1) as promo_code,
                  (select c.description from promo_codes c
                   where c.program_id = e.program_id and c.enrollment_id = e.id and c.disabled_at is null
                   order by c.created_at, c.id limit 1) as promo_gives
           from enrollments e join programs p on p.id = e.program_id
           where e.program_id = $1 and e.id = $2"#,
        program as ProgramId,
        partner as EnrollmentId,
        link.unwrap_or_default().replace('\0', "")
    )
    .fetch_optional(conn)
    .await?
    .ok_or(Error::NotFound("partner"))?;
    // A partner's code leads on as its first link does.
    let code = row.link.unwrap_or_else(|| row.code.clone());
    let merge = Merge {
        link: format!("{}{}", servers.links, short_path(&row.slug, &code)),
        partner: row.partner,
        code: row.code,
        program: row.program,
        promo_code: row.promo_code.unwrap_or_default(),
        promo_gives: row.promo_gives.unwrap_or_default(),
    };
    Ok(Sharing { slug: row.slug, code, merge })
}

fn for_partner(row: Row, sharing: &Sharing, servers: Servers<'_>) -> PartnerAsset {
    let file = row.file.map(|file| file.0);
    let embed = match (&file, row.kind) {
        (Some(file), AssetKind::Banner) => {
            let image = format!("{}{}", servers.images, view_path(&sharing.slug, row.id, &sharing.code));
            embed_code(&leading_to(&sharing.merge.link, &row.destination), &image, file, &row.name)
        }
        _ => String::new(),
    };
    PartnerAsset {
        id: row.id,
        kind: row.kind,
        name: row.name,
        language: row.language,
        subject: sharing.merge.fill(&row.subject),
        body: sharing.merge.fill(&row.body),
        file,
        embed,
        views: row.views,
    }
}

/// The picture of a banner, archived or not: it is on somebody's page.
///
/// # Errors
/// `NotFound`.
pub async fn banner(conn: &mut PgConnection, program: ProgramId, id: AssetId) -> Result<FileInfo> {
    sqlx::query_as!(
        FileInfo,
        r#"select f.id as "id: FileId", f.purpose as "purpose: FilePurpose", f.name, f.content_type, f.bytes,
                  coalesce(f.width, 0) as "width!", coalesce(f.height, 0) as "height!"
           from assets a join files f on f.program_id = a.program_id and f.id = a.file_id
           where a.program_id = $1 and a.id = $2 and a.kind = 'banner'"#,
        program as ProgramId,
        id as AssetId
    )
    .fetch_optional(conn)
    .await?
    .ok_or(Error::NotFound("asset"))
}
