use super::*;
use crate::Error;
use crate::fixtures::{refund, signup};
use crate::reports::{
    commissions, commissions_page, customer, customer_by_external_id, customers, customers_page, sale as sale_detail,
    sales,
};
use domain::commissions::CommissionStatus;
use domain::customers::CustomerStatus;
use domain::page::Paging;
use domain::reports::{CommissionFilter, CustomerFilter, Order, SaleFilter};

const ALL: Paging = Paging { cursor: None, limit: None };

/// Nine sales of different amounts, three of them at one instant, to customers of two partners and of none.
async fn nine_sales(pool: PgPool) -> (World, Partner, Partner) {
    let (mut world, ada, ben) = two_partners(pool).await;
    world.at -= chrono::Duration::days(9);
    sign_up(&world, "nora", &ada).await;
    sign_up(&world, "jo", &ben).await;
    for (n, amount) in ["70", "30", "90", "10", "50", "50", "20", "80", "40"].iter().enumerate() {
        if !(4..6).contains(&n) {
            world.pass(1);
        }
        let customer = ["nora", "jo", "nobody's"][n % 3];
        sell(&world, &format!("s{n}"), customer, amount, "").await;
    }
    world.tell_refund(&refund("r1", "s0", None)).await.expect("refund");
    world.tell_refund(&refund("r2", "s3", Some("5"))).await.expect("refund");
    (world, ada, ben)
}

/// Reads a list two rows at a time, and gives what `$row` makes of each.
macro_rules! read_through {
    ($list:ident, $conn:expr, $actor:expr, $filter:expr, $row:expr) => {{
        let mut paging = Paging { cursor: None, limit: Some(2) };
        let mut rows = Vec::new();
        loop {
            let listed = $list($conn, $actor, $filter, &paging).await.expect("page");
            assert!(listed.page.data.len() <= 2);
            rows.extend(listed.page.data.iter().map($row));
            paging.cursor = listed.page.next_cursor;
            if paging.cursor.is_none() {
                assert_eq!(rows.len() as i64, listed.totals.count);
                break rows;
            }
        }
    }};
}

#[sqlx::test(migrator = "crate::MIGRATIONS")]
async fn pages_give_each_row_once_in_each_order(pool: PgPool) {
    let (world, ada, _) = nine_sales(pool).await;
    let conn = &mut *world.pool.acquire().await.expect("connection");
    for order in [Order::Newest, Order::Oldest, Order::Largest] {
        let filter = SaleFilter { order, ..SaleFilter::default() };
        let rows =
            read_through!(sales, conn, &world.owner(), &filter, |row| (row.occurred_at, row.amount.amount, row.id));
        let mut sorted = rows.clone();
        match order {
            Order::Newest => sorted.sort_by_key(|(at, _, id)| std::cmp::Reverse((*at, *id))),
            Order::Oldest => sorted.sort_by_key(|(at, _, id)| (*at, *id)),
            Order::Largest => sorted.sort_by_key(|(_, amount, id)| std::cmp::Reverse((*amount, *id))),
        }
        assert_eq!((rows.len(), &rows), (9, &sorted), "{order}");
        let filter = CommissionFilter { order, ..CommissionFilter::default() };
        let rows = read_through!(commissions, conn, &world.owner(), &filter, |row| (
            row.occurred_at,
            row.amount.amount,
            row.id
        ));
        let mut sorted = rows.clone();
        match order {
            Order::Newest => sorted.sort_by_key(|(at, _, id)| std::cmp::Reverse((*at, *id))),
            Order::Oldest => sorted.sort_by_key(|(at, _, id)| (*at, *id)),
            Order::Largest => sorted.sort_by_key(|(_, amount, id)| std::cmp::Reverse((*amount, *id))),
        }
        assert_eq!((rows.len(), &rows), (6, &sorted), "{order}");
    }
    for (order, expected) in [(Order::Newest, ["nobody's", "jo", "nora"]), (Order::Oldest, ["nora", "jo", "nobody's"])]
    {
        let filter = CustomerFilter { order, ..CustomerFilter::default() };
        let rows = read_through!(customers, conn, &world.owner(), &filter, |row| row.customer.external_id.clone());
        if order == Order::Newest {
            assert_eq!(rows[0], expected[0]);
        } else {
            assert_eq!(rows[2], expected[2]);
        }
        assert_eq!(rows.len(), 3);
    }
    let bad = Paging { cursor: Some("nonsense".into()), limit: None };
    let refused = commissions(conn, &partner(&world, &ada), &CommissionFilter::default(), &bad).await;
    assert!(matches!(refused, Err(Error::Invalid(_))));
    for absurd in ["-9999-01-01", "-262143-01-01", "+262142-12-31"] {
        let absurd =
            CommissionFilter { from: absurd.parse().ok(), to: absurd.parse().ok(), ..CommissionFilter::default() };
        let told = crate::fixtures::refused(commissions(conn, &world.owner(), &absurd, &Paging::default()).await);
        assert_eq!(told, "from: Choose a day from 2000 to 2200.\nto: Choose a day from 2000 to 2200.");
    }
}

#[sqlx::test(migrator = "crate::MIGRATIONS")]
async fn filters_narrow_rows_and_totals_alike(pool: PgPool) {
    let (world, ada, _) = nine_sales(pool).await;
    let conn = &mut *world.pool.acquire().await.expect("connection");
    let all = CommissionFilter::default();
    let filters = [
        (all.clone(), 6, "€52.00", "€15.00"),
        (CommissionFilter { partner_code: Some(" ADA ".into()), ..all.clone() }, 3, "€20.00", "€15.00"),
        (CommissionFilter { partner_code: Some("nobody".into()), ..all.clone() }, 0, "€0.00", "€0.00"),
        (CommissionFilter { status: Some(CommissionStatus::Reversed), ..all.clone() }, 1, "€14.00", "€14.00"),
        (CommissionFilter { search: Some("JO@har".into()), ..all.clone() }, 3, "€32.00", "€0.00"),
        (CommissionFilter { search: Some("%".into()), ..all.clone() }, 0, "€0.00", "€0.00"),
        (CommissionFilter { reason: Some("same_domain".into()), ..all.clone() }, 0, "€0.00", "€0.00"),
        (CommissionFilter { from: "2026-11-15".parse().ok(), ..all.clone() }, 4, "€32.00", "€1.00"),
        (CommissionFilter { to: "2026-11-12".parse().ok(), ..all.clone() }, 1, "€14.00", "€14.00"),
    ];
    for (filter, count, amount, back) in filters {
        let listed = commissions(conn, &world.owner(), &filter, &ALL).await.expect("listed");
        let totals = listed.totals;
        assert_eq!(
            (totals.count, totals.amount.to_string(), totals.clawed_back.to_string()),
            (count, amount.into(), back.into()),
            "{filter:?}"
        );
        assert_eq!(listed.page.data.len() as i64, count, "{filter:?}");
        let sum: rust_decimal::Decimal = listed.page.data.iter().map(|row| row.clawed_back.amount).sum();
        assert_eq!(sum, totals.clawed_back.amount);
        assert_eq!(commissions_page(conn, &key(&world), &filter, &ALL).await.expect("page"), listed.page);
    }
    let all = SaleFilter::default();
    let filters = [
        (all.clone(), 9, "€440.00", "€75.00"),
        (SaleFilter { partner_code: Some("ada".into()), ..all.clone() }, 3, "€100.00", "€75.00"),
        (SaleFilter { search: Some("s4".into()), ..all.clone() }, 1, "€50.00", "€0.00"),
        (SaleFilter { search: Some("nobody".into()), ..all.clone() }, 3, "€180.00", "€0.00"),
    ];
    for (filter, count, amount, refunded) in filters {
        let listed = sales(conn, &world.owner(), &filter, &ALL).await.expect("listed");
        let totals = listed.totals;
        assert_eq!(
            (totals.count, totals.amount.to_string(), totals.refunded.to_string()),
            (count, amount.into(), refunded.into()),
            "{filter:?}"
        );
        assert_eq!(listed.page.data.len() as i64, count, "{filter:?}");
    }
    world.tell_signup(&signup("shy")).await.expect("a sign-up that no one referred");
    let all = CustomerFilter::default();
    let filters = [
        (all.clone(), (4, 3)),
        (CustomerFilter { partner_code: Some("ada".into()), ..all.clone() }, (1, 1)),
        (CustomerFilter { referred: Some(true), ..all.clone() }, (2, 2)),
        (CustomerFilter { referred: Some(false), ..all.clone() }, (2, 1)),
        (CustomerFilter { status: Some(CustomerStatus::SignedUp), ..all.clone() }, (1, 0)),
        (CustomerFilter { search: Some("NoR".into()), ..all.clone() }, (1, 1)),
    ];
    for (filter, expected) in filters {
        let listed = customers(conn, &world.owner(), &filter, &ALL).await.expect("listed");
        assert_eq!((listed.totals.count, listed.totals.paid), expected, "{filter:?}");
        assert_eq!(listed.page.data.len() as i64, expected.0, "{filter:?}");
        let alone = customers_page(conn, &world.owner(), &filter, &ALL).await.expect("page");
        assert_eq!(alone, listed.page, "{filter:?}");
    }
    let listed = customers(conn, &world.owner(), &CustomerFilter { search: Some("nora".into()), ..all }, &ALL).await;
    let nora = listed.expect("listed").page.data.remove(0);
    assert_eq!((nora.sales, nora.revenue.to_string(), nora.earned.to_string()), (3, "€25.00".into(), "€5.00".into()));
    let referral = nora.referral.expect("referred");
    assert_eq!((referral.partner.id, referral.source.as_str()), (ada.id, "partner_code"));
    assert!(!referral.why.0.is_empty());
}

#[sqlx::test(migrator = "crate::MIGRATIONS")]
async fn a_cursor_of_another_order_is_refused(pool: PgPool) {
    let (world, ..) = nine_sales(pool).await;
    let conn = &mut *world.pool.acquire().await.expect("connection");
    let owner = world.owner();
    let first = Paging { cursor: None, limit: Some(1) };
    let of = |order| SaleFilter { order, ..SaleFilter::default() };
    let earned = |order| CommissionFilter { order, ..CommissionFilter::default() };
    for (order, other) in
        [(Order::Largest, Order::Newest), (Order::Largest, Order::Oldest), (Order::Newest, Order::Largest)]
    {
        let cursor = sales(conn, &owner, &of(order), &first).await.expect("page").page.next_cursor;
        let paging = Paging { cursor, limit: Some(1) };
        let refused = [
            sales(conn, &owner, &of(other), &paging).await.map(drop),
            commissions(conn, &owner, &earned(other), &paging).await.map(drop),
            customers(conn, &owner, &CustomerFilter::default(), &paging).await.map(drop),
        ];
        for refused in refused {
            assert!(matches!(&refused, Err(Error::Invalid(errors)) if errors[0].field == "cursor"), "{refused:?}");
        }
        commissions(conn, &owner, &earned(order), &paging).await.expect("its own order");
    }
}

#[sqlx::test(migrator = "crate::MIGRATIONS")]
async fn partners_see_their_own_rows_and_no_names(pool: PgPool) {
    let (world, ada, ben) = nine_sales(pool).await;
    let conn = &mut *world.pool.acquire().await.expect("connection");
    let actor = partner(&world, &ada);
    let seen = commissions(conn, &actor, &CommissionFilter::default(), &ALL).await.expect("own");
    assert_eq!(seen.totals.count, 3);
    for row in &seen.page.data {
        assert_eq!(row.partner.id, ada.id);
        let customer = row.customer.as_ref().expect("a customer");
        assert_eq!((customer.label.as_str(), customer.external_id.as_str()), ("n•••@harbor.example", ""));
    }
    let others = CommissionFilter { partner_code: Some("ben".into()), ..CommissionFilter::default() };
    assert_eq!(commissions(conn, &actor, &others, &ALL).await.expect("none").totals.count, 0);
    let probing = CommissionFilter { search: Some("nora".into()), ..CommissionFilter::default() };
    assert_eq!(commissions(conn, &actor, &probing, &ALL).await.expect("none").totals.count, 0);
    assert_eq!(sales(conn, &actor, &SaleFilter::default(), &ALL).await.expect("own").totals.count, 3);
    let probing = SaleFilter { search: Some("s0".into()), ..SaleFilter::default() };
    assert_eq!(sales(conn, &actor, &probing, &ALL).await.expect("none").totals.count, 0);
    let own = customers(conn, &actor, &CustomerFilter::default(), &ALL).await.expect("own");
    assert_eq!(own.page.data.len(), 1);
    assert_eq!(own.page.data[0].name, "");
    let nora = own.page.data[0].customer.id;

    let detail = customer(conn, &actor, nora).await.expect("own customer");
    assert_eq!((detail.email.as_str(), detail.name.as_str()), ("n•••@harbor.example", ""));
    assert_eq!((detail.sales.len(), detail.commissions.len(), detail.referrals.len()), (3, 3, 1));
    assert!(detail.sales.iter().all(|sale| sale.event_id.is_empty()));
    let text = serde_json::to_string(&(detail.clone(), own, seen)).expect("json");
    assert!(!text.contains("nora"), "no name crosses: {text}");
    let id = detail.sales[0].id;
    assert!(matches!(customer(conn, &partner(&world, &ben), nora).await, Err(Error::NotFound(_))));
    assert!(matches!(customer_by_external_id(conn, &actor, "nora").await, Err(Error::NotFound(_))));
    assert!(matches!(sale_detail(conn, &actor, id).await, Err(Error::NotFound(_))));

    let strange = world.another("globex").await.owner();
    assert!(matches!(customer(conn, &strange, nora).await, Err(Error::NotFound(_))));
    assert!(matches!(customer_by_external_id(conn, &strange, "nora").await, Err(Error::NotFound(_))));
    assert!(matches!(sale_detail(conn, &strange, id).await, Err(Error::NotFound(_))));
    assert_eq!(commissions(conn, &strange, &CommissionFilter::default(), &ALL).await.expect("none").totals.count, 0);
    assert_eq!(sales(conn, &strange, &SaleFilter::default(), &ALL).await.expect("none").totals.count, 0);
    assert_eq!(customers(conn, &strange, &CustomerFilter::default(), &ALL).await.expect("none").totals.count, 0);
}

#[sqlx::test(migrator = "crate::MIGRATIONS")]
async fn details_tell_the_whole_story(pool: PgPool) {
    let (world, ada, ben) = nine_sales(pool).await;
    let conn = &mut *world.pool.acquire().await.expect("connection");
    let input = domain::customers::Reassignment {
        external_id: "nora".into(),
        partner_code: ben.code.clone(),
        reason: "Asked for it".into(),
    };
    crate::customers::reassign(conn, &world.moment(), &world.owner(), &input).await.expect("reassigned");
    let nora = customer_by_external_id(conn, &key(&world), "nora").await.expect("customer");
    assert_eq!((nora.email.as_str(), nora.name.as_str()), ("nora@harbor.example", "NORA"));
    let partners: Vec<_> = nora.referrals.iter().map(|row| (row.partner.id, row.ended_at.is_some())).collect();
    assert_eq!(partners, [(ben.id, false), (ada.id, true)], "the standing one first");
    let first = nora.sales.iter().find(|sale| sale.event_id == "s0").expect("sale");
    assert_eq!((first.refunded.to_string(), first.earned.to_string()), ("€70.00".into(), "€0.00".into()));
    let detail = sale_detail(conn, &world.owner(), first.id).await.expect("sale");
    assert_eq!(detail.sale, *first);
    assert_eq!(detail.referral.expect("referral").partner.id, ada.id, "as it counted then");
    assert_eq!(detail.refunds.iter().map(|row| row.event_id.as_str()).collect::<Vec<_>>(), ["r1"]);
    assert_eq!(detail.commissions[0].status, CommissionStatus::Reversed);
    assert_eq!(detail.commissions[0].clawed_back.to_string(), "€14.00");
    // Whose customer it was still sees what counted for it.
    let before = customer(conn, &partner(&world, &ada), nora.customer.id).await.expect("once its customer");
    assert_eq!((before.sales.len(), before.referrals.len()), (3, 1));
    let after = customer(conn, &partner(&world, &ben), nora.customer.id).await.expect("now its customer");
    assert_eq!((after.sales.len(), after.commissions.len(), after.referrals.len()), (0, 0, 1));
}

#[sqlx::test(migrator = "crate::MIGRATIONS")]
async fn customers_show_to_partners_where_the_program_says_so(pool: PgPool) {
    let (world, ada, ben) = nine_sales(pool).await;
    let (of_ada, of_ben) = (partner(&world, &ada), partner(&world, &ben));
    let seen = async |actor: &Actor| {
        let conn = &mut *world.pool.acquire().await.expect("connection");
        let named = customers(conn, actor, &CustomerFilter::default(), &ALL).await.expect("customers").page.data;
        let sold = sales(conn, actor, &SaleFilter::default(), &ALL).await.expect("sales").page.data;
        let found = CustomerFilter { search: Some("nora@harbor".into()), ..CustomerFilter::default() };
        let found = customers(conn, actor, &found, &ALL).await.expect("customers").page.data.len();
        let ids = sold.iter().any(|sale| !sale.event_id.is_empty());
        (
            named.into_iter().map(|row| row.customer.label).collect::<Vec<_>>(),
            sold[0].customer.label.clone(),
            found,
            ids,
        )
    };
    let masked = "n•••@harbor.example".to_owned();
    assert_eq!(seen(&of_ada).await, (vec![masked.clone()], masked, 0, false));
    sqlx::query("update programs set mask_customers = false").execute(&world.pool).await.expect("shown");
    let shown = "nora@harbor.example".to_owned();
    assert_eq!(seen(&of_ada).await, (vec![shown.clone()], shown, 1, false), "events stay the company's");
    let (labels, ..) = seen(&of_ben).await;
    assert_eq!(labels, ["jo@harbor.example"], "and others' customers stay others'");
}
