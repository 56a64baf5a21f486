use super::setting::{Listing, listing};
use crate::{Moment, Result};
use domain::accounts::Actor;
use domain::countries;
use domain::ids::{CustomerId, EnrollmentId, ProgramId};
use domain::reports::{ClickFacet, Period, TopKind, TopList, TopRow, Tops};
use domain::time::DayRange;
use rust_decimal::Decimal;
use sqlx::PgConnection;

/// How many lines a list has on a page.
const TEN: i64 = 10;
/// The most lines that are answered.
const MOST: i64 = 10_000;

/// The "Top 10s" of the partner who asks, or of the whole program where the team asks.
///
/// # Errors
/// `Forbidden` without the power to view.
pub async fn tops(conn: &mut PgConnection, moment: &Moment, actor: &Actor, period: Period) -> Result<Tops> {
    let mut list = listing(conn, actor, None).await?;
    let range = period.range(list.setting.day(moment.at));
    let mut lists = Vec::new();
    for kind in TopKind::ALL {
        lists.push(TopList { kind: *kind, rows: lines(&mut list, *kind, range, TEN).await? });
    }
    Ok(Tops { range, lists })
}

/// One of the lists, whole: at most 10,000 lines.
///
/// # Errors
/// As [`tops`].
pub async fn top(
    conn: &mut PgConnection,
    moment: &Moment,
    actor: &Actor,
    kind: TopKind,
    period: Period,
) -> Result<Vec<TopRow>> {
    let mut list = listing(conn, actor, None).await?;
    let range = period.range(list.setting.day(moment.at));
    lines(&mut list, kind, range, MOST).await
}

async fn lines(list: &mut Listing<'_>, kind: TopKind, range: DayRange, limit: i64) -> Result<Vec<TopRow>> {
    match (kind, kind.facet()) {
        (_, Some(facet)) => of_facet(list, facet, range, limit).await,
        (TopKind::Customers, _) => customers(list, range, limit).await,
        _ => links(list, range, limit).await,
    }
}

fn line(label: String, clicks: i64, unique_clicks: i64) -> TopRow {
    TopRow { label, clicks, unique_clicks, sales: 0, amount: None }
}

async fn of_facet(list: &mut Listing<'_>, facet: ClickFacet, range: DayRange, limit: i64) -> Result<Vec<TopRow>> {
    // The others come last, however many they are: they are no line of their own.
    let rows = sqlx::query!(
        r#"select other, value, sum(clicks)::bigint as "clicks!", sum(unique_clicks)::bigint as "unique_clicks!"
           from click_tops
           where program_id = $1 and ($2::uuid is null or enrollment_id = $2) and day between $3 and $4 and facet = $5
           group by other, value
           order by other, 3 desc, value limit $6"#,
        list.setting.program as ProgramId,
        list.partner as Option<EnrollmentId>,
        range.from,
        range.to,
        facet as ClickFacet,
        limit
    )
    .fetch_all(&mut *list.conn)
    .await?;
    let label = |other, value: String| match (other, facet) {
        (true, _) => "Other".to_owned(),
        _ if value.is_empty() => facet.unknown().to_owned(),
        (_, ClickFacet::Country) => countries::name(&value).to_owned(),
        _ => value,
    };
    Ok(rows.into_iter().map(|row| line(label(row.other, row.value), row.clicks, row.unique_clicks)).collect())
}

async fn links(list: &mut Listing<'_>, range: DayRange, limit: i64) -> Result<Vec<TopRow>> {
    let rows = sqlx::query!(
        r#"with counted as (
               select link_id, sum(clicks)::bigint as clicks, sum(unique_clicks)::bigint as unique_clicks from click_days
               where program_id = $1 and ($2::uuid is null or enrollment_id = $2) and day between $3 and $4
               group by link_id order by 2 desc, link_id limit $5
           )
           select l.code, l.name, c.clicks as "clicks!", c.unique_clicks as "unique_clicks!"
           from counted c join links l on l.program_id = $1 and l.id = c.link_id
           order by c.clicks desc, l.id"#,
        list.setting.program as ProgramId,
        list.partner as Option<EnrollmentId>,
        range.from,
        range.to,
        limit
    )
    .fetch_all(&mut *list.conn)
    .await?;
    let label = |code: String, name: String| if name.is_empty() { code } else { format!("{code} · {name}") };
    Ok(rows.into_iter().map(|row| line(label(row.code, row.name), row.clicks, row.unique_clicks)).collect())
}

async fn customers(list: &mut Listing<'_>, range: DayRange, limit: i64) -> Result<Vec<TopRow>> {
    let setting = list.setting;
    let rows = sqlx::query!(
        r#"with sold as (
               select id, customer_id, amount from sales
               where program_id = $1 and enrollment_id is not null and ($2::uuid is null or enrollment_id = $2)
                 and occurred_at >= $3 and occurred_at < $4
           ), bought as (
               select customer_id, count(*) as sales, sum(amount) as amount from sold group by 1
           ), returned as (
               select s.customer_id, sum(r.amount) as amount
               from refunds r join sold s on s.id = r.sale_id where r.program_id = $1 group by 1
           ), best as (
               select b.customer_id, b.sales, b.amount - coalesce(r.amount, 0) as amount
               from bought b left join returned r using (customer_id)
               order by 3 desc, 1 limit $5
           )
           select u.id as "id: CustomerId", u.external_id, u.email, u.name, b.sales as "sales!", b.amount as "amount!: Decimal"
           from best b join customers u on u.program_id = $1 and u.id = b.customer_id
           order by b.amount desc, u.id"#,
        setting.program as ProgramId,
        list.partner as Option<EnrollmentId>,
        setting.start(range.from)?,
        setting.end(range.to)?,
        limit
    )
    .fetch_all(&mut *list.conn)
    .await?;
    Ok(rows
        .into_iter()
        .map(|row| TopRow {
            label: list.customer(row.id, row.external_id, &row.email, &row.name).label,
            clicks: 0,
            unique_clicks: 0,
            sales: row.sales,
            amount: Some(setting.money(row.amount)),
        })
        .collect())
}
