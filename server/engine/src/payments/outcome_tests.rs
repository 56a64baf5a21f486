//! What becomes of a batch's payments: marked together, paid by files, and settled by what a provider tells.

use super::details_tests::{chosen, input};
use super::tests::at_once;
use super::*;
use crate::fixtures::{Partner, World, dec, refused};
use crate::messages::{Mail, compose};
use domain::accounts::{Actor, Role};
use domain::ids::{BatchId, PaymentId};
use domain::ledger::{Adjustment, AdjustmentKind, LedgerAccount};
use domain::page::Paging;
use domain::payments::{
    BatchFilter, Gap, Marking, PaymentRow, PaymentStatus, PayoutInput, PayoutKind, ResultsPreview, payment_reference,
};
use sqlx::PgPool;

/// A partner that is owed €20, paid as it has chosen.
async fn owed(world: &World, code: &str, payout: Option<&PayoutInput>) -> Partner {
    let partner = world.partner(code).await;
    if let Some(payout) = payout {
        let token = chosen(world, &partner, payout).await;
        details::confirm(&world.pool, &world.moment(), &token).await.expect("confirmed");
    }
    world.signed_up(&format!("c-{code}"), &partner).await;
    world.sold(&format!("c-{code}"), "100").await;
    partner
}

fn paypal(email: &str) -> PayoutInput {
    PayoutInput { paypal_email: email.into(), ..input(PayoutKind::Paypal) }
}

/// Records a batch of all that is due to these.
async fn pay(world: &World, partners: &[&Partner]) -> BatchId {
    super::tests::pay(world, partners).await.expect("batch").batch.id
}

async fn rows(world: &World, batch: BatchId) -> Vec<PaymentRow> {
    let mut conn = world.pool.acquire().await.expect("connection");
    let (all, most) = (BatchFilter::default(), Paging { cursor: None, limit: Some(Paging::MOST) });
    batch_payments(&mut conn, &world.owner(), batch, &all, &most).await.expect("payments").data
}

/// The payments to these partners, in their order.
async fn ids(world: &World, batch: BatchId, partners: &[&Partner]) -> Vec<PaymentId> {
    let rows = rows(world, batch).await;
    let of = |partner: &&Partner| rows.iter().find(|row| row.partner.id == partner.id).expect("payment").id;
    partners.iter().map(of).collect()
}

fn marking(batch: BatchId, payments: &[PaymentId], becomes: PaymentStatus) -> Marking {
    Marking { batch, payments: payments.to_vec(), all: false, status: None, becomes, reason: String::new() }
}

async fn told(world: &World, input: &Marking) -> crate::Result<(i64, i64)> {
    let marked = mark(&world.pool, &world.moment(), &world.owner(), input).await?;
    Ok((marked.changed, marked.known))
}

#[sqlx::test(migrator = "crate::MIGRATIONS")]
async fn payments_are_marked_forward_alone_and_taken_back_once(pool: PgPool) {
    let world = at_once(pool).await;
    let (ada, ben, cleo) =
        (owed(&world, "ada", None).await, owed(&world, "ben", None).await, owed(&world, "cleo", None).await);
    let batch = pay(&world, &[&ada, &ben, &cleo]).await;
    let ids = ids(&world, batch, &[&ada, &ben, &cleo]).await;
    let sent = marking(batch, &ids[..2], PaymentStatus::Sent);
    assert_eq!(told(&world, &sent).await.expect("sent"), (2, 0));
    let noted: sqlx::types::Json<serde_json::Value> =
        world.get("select details from audit_log where program_id = $1 and action = 'payment_batch.mark'").await;
    let noted: Vec<_> =
        noted["references"].as_array().expect("a list").iter().filter_map(|text| text.as_str()).collect();
    assert_eq!(noted.len(), 2);
    assert!(ids[..2].iter().all(|id| noted.contains(&payment_reference(*id).as_str())), "{noted:?}");
    assert_eq!(told(&world, &sent).await.expect("twice"), (0, 2));
    let confirmed = marking(batch, &ids[..1], PaymentStatus::Confirmed);
    assert_eq!(told(&world, &confirmed).await.expect("confirmed"), (1, 0));
    assert_eq!(told(&world, &sent).await.expect("late"), (0, 2), "what has arrived was sent");
    let mut failed = marking(batch, &ids[1..2], PaymentStatus::Failed);
    assert_eq!(refused(told(&world, &failed).await), "reason: Say why, in at most 500 characters.");
    failed.reason = "Account closed".into();
    assert_eq!(told(&world, &failed).await.expect("failed"), (1, 0));
    assert_eq!(told(&world, &failed).await.expect("twice"), (0, 1));
    assert_eq!(world.balances(&ben).await, "0 20");
    let gone = refused(told(&world, &marking(batch, &ids, PaymentStatus::Confirmed)).await);
    assert!(gone.contains("the payment has failed"), "{gone}");
    let recorded = rows(&world, batch).await.into_iter().filter(|row| row.status == PaymentStatus::Recorded);
    assert_eq!(recorded.map(|row| row.id).collect::<Vec<_>>(), ids[2..], "all of them or none");
    // Of all, those that can.
    let all = Marking { all: true, payments: Vec::new(), ..marking(batch, &[], PaymentStatus::Confirmed) };
    assert_eq!(told(&world, &all).await.expect("all"), (1, 1));
    let cancelled = Marking {
        status: Some(PaymentStatus::Confirmed),
        reason: "A test".into(),
        becomes: PaymentStatus::Cancelled,
        ..all
    };
    assert_eq!(told(&world, &cancelled).await.expect("cancelled"), (2, 0));
    assert_eq!(world.balances(&ada).await, "0 20");
    for input in [
        marking(batch, &[], PaymentStatus::Sent),
        marking(batch, &ids, PaymentStatus::Recorded),
        marking(batch, &[world.moment().id()], PaymentStatus::Sent),
        marking(world.moment().id(), &ids, PaymentStatus::Sent),
    ] {
        refused(told(&world, &input).await);
    }
    let mut conn = world.pool.acquire().await.expect("connection");
    let summary = super::batch(&mut conn, &world.owner(), batch).await.expect("batch");
    let sums: Vec<_> =
        summary.statuses.iter().map(|sum| (sum.status.as_str(), sum.count, sum.amount.to_string())).collect();
    assert_eq!(sums, [("failed", 1, "€20.00".into()), ("cancelled", 2, "€40.00".into())]);
    assert_eq!((summary.methods[0].count, summary.methods[0].failed), (3, 3));
    assert!(summary.batch.total.amount.is_zero());
    world.prove().await;
}

#[sqlx::test(migrator = "crate::MIGRATIONS")]
async fn sixty_four_who_mark_the_same_payments_do_it_once(pool: PgPool) {
    let world = at_once(pool).await;
    let (ada, ben) = (owed(&world, "ada", None).await, owed(&world, "ben", None).await);
    let batch = pay(&world, &[&ada, &ben]).await;
    let ids: Vec<PaymentId> = rows(&world, batch).await.iter().map(|row| row.id).collect();
    let mut tasks = tokio::task::JoinSet::new();
    for turn in 0..64_usize {
        let (pool, owner, moment) = (world.pool.clone(), world.owner(), world.moment());
        // Some send, some confirm, some take back, some name them the other way round.
        let becomes = [PaymentStatus::Sent, PaymentStatus::Confirmed, PaymentStatus::Failed][turn % 3];
        let mut named = ids.clone();
        if turn % 2 == 1 {
            named.reverse();
        }
        let input = Marking { reason: "Came back".into(), ..marking(batch, &named, becomes) };
        tasks.spawn(async move { mark(&pool, &moment, &owner, &input).await.map(|marked| (becomes, marked.changed)) });
    }
    let mut failed = 0;
    for done in tasks.join_all().await {
        match done {
            Ok((PaymentStatus::Failed, changed)) => failed += changed,
            Ok(_) | Err(crate::Error::Conflict(_)) => {}
            Err(error) => panic!("{error}"),
        }
    }
    assert_eq!(failed, 2, "each is taken back once");
    for partner in [&ada, &ben] {
        assert_eq!(world.balances(partner).await, "0 20");
    }
    world.prove().await;
}

#[sqlx::test(migrator = "crate::MIGRATIONS")]
async fn files_hold_what_is_safe_and_not_sent_and_tell_of_the_rest(pool: PgPool) {
    let world = at_once(pool).await;
    let ada = owed(&world, "ada", Some(&paypal("ada@paid.example"))).await;
    let eve = owed(&world, "eve", Some(&paypal("=1+1@paid.example"))).await;
    let ben = owed(&world, "ben", Some(&input(PayoutKind::Iban))).await;
    let cleo = owed(&world, "cleo", Some(&input(PayoutKind::Cheque))).await;
    let dan = owed(&world, "dan", Some(&paypal("dan@paid.example"))).await;
    let batch = pay(&world, &[&ada, &eve, &ben, &cleo, &dan]).await;
    // Dan has said since that he is paid elsewhere, by a mask that looks the same: who did, the file can't know.
    let token = chosen(&world, &dan, &paypal("doe@paid.example")).await;
    details::confirm(&world.pool, &world.moment(), &token).await.expect("confirmed");
    let mut conn = world.pool.acquire().await.expect("connection");
    let owner = world.owner();
    let found = prepared(&mut conn, &world.secrets, &owner, batch).await.expect("files");
    let files: Vec<_> =
        found.files.iter().map(|file| (file.kind, file.part, file.rows, file.total.to_string())).collect();
    assert_eq!(files, [(PayoutKind::Paypal, 1, 1, "€20.00".to_owned()), (PayoutKind::Iban, 1, 1, "€20.00".to_owned())]);
    let mut gaps: Vec<_> = found.left_out.iter().map(|row| (row.partner.code.as_str(), row.gap)).collect();
    gaps.sort_unstable();
    assert_eq!(gaps, [("dan", Gap::Changed), ("eve", Gap::Unsafe)]);
    assert_eq!((found.gaps, found.others), (2, 1));
    let payments = rows(&world, batch).await;
    let of = |code: &str| payments.iter().find(|row| row.partner.code == code).expect("payment").clone();
    let moment = world.moment();
    let get = async |kind: PayoutKind, part: i64, again: bool| {
        let mut conn = world.pool.acquire().await.expect("connection");
        file(&mut conn, &world.secrets, &moment, &owner, batch, (kind, part), again).await
    };
    let (name, csv) = get(PayoutKind::Paypal, 1, false).await.expect("PayPal's");
    assert_eq!(name, "Batch-20261120-paypal-1.csv");
    let reference = of("ada").reference();
    assert_eq!(csv, format!("ada@paid.example,20.00,EUR,{reference},Payment Batch-20261120,PAYPAL\r\n"));
    let (_, csv) = get(PayoutKind::Iban, 1, false).await.expect("Wise's");
    let reference = of("ben").reference();
    let row = format!("Augusta Lovelace,ben@partners.example,EUR,EUR,target,20.00,{reference}\r\n");
    let head = "name,recipientEmail,sourceCurrency,targetCurrency,amountCurrency,amount,paymentReference\r\n";
    assert_eq!(csv, format!("{head}{row}"));
    for (kind, part) in [
        (PayoutKind::Paypal, 0),
        (PayoutKind::Paypal, 2),
        (PayoutKind::Paypal, i64::MIN),
        (PayoutKind::Paypal, i64::MAX),
        (PayoutKind::Cheque, 1),
        (PayoutKind::UsBank, 1),
    ] {
        assert!(matches!(get(kind, part, true).await, Err(crate::Error::NotFound(_))), "{kind} {part}");
    }
    let noted: i64 =
        world.get("select count(*) from audit_log where program_id = $1 and action = 'payment_batch.file'").await;
    assert_eq!(noted, 2);
    // What is handed in twice is paid twice: a second time is asked for as such, and told beforehand.
    let twice = refused(get(PayoutKind::Paypal, 1, false).await);
    assert!(twice.contains("has been taken before"), "{twice}");
    let taken = async || {
        let mut conn = world.pool.acquire().await.expect("connection");
        let found = prepared(&mut conn, &world.secrets, &owner, batch).await.expect("files");
        found.files.into_iter().filter_map(|file| Some((file.kind, file.rows, file.taken?.waiting))).collect::<Vec<_>>()
    };
    assert_eq!(taken().await, [(PayoutKind::Paypal, 1, 1), (PayoutKind::Iban, 1, 1)]);
    assert_eq!(get(PayoutKind::Iban, 1, true).await.expect("again").1, csv);
    // What is in a file stays known, also where its partner is paid elsewhere by now.
    world.set("update enrollments set email = 'new@elsewhere.example' where program_id = $1 and code = 'ben'").await;
    assert_eq!(taken().await, [(PayoutKind::Paypal, 1, 1), (PayoutKind::Iban, 0, 1)]);
    let sent = async |part: (PayoutKind, i64)| {
        let marked = file_sent(&world.pool, &moment, &owner, batch, part).await?;
        Ok::<_, crate::Error>((marked.changed, marked.known))
    };
    assert_eq!(sent((PayoutKind::Iban, 1)).await.expect("sent"), (1, 0));
    assert_eq!(sent((PayoutKind::Iban, 1)).await.expect("twice"), (0, 0));
    assert!(matches!(sent((PayoutKind::Iban, 2)).await, Err(crate::Error::NotFound(_))));
    assert_eq!(taken().await, [(PayoutKind::Paypal, 1, 1)]);
    told(&world, &marking(batch, &[of("ada").id], PaymentStatus::Sent)).await.expect("sent");
    let again = get(PayoutKind::Paypal, 1, true).await;
    assert!(matches!(again, Err(crate::Error::NotFound(_))), "nothing is paid by two files");
}

#[sqlx::test(migrator = "crate::MIGRATIONS")]
async fn who_is_asked_by_e_mail_for_the_account_keeps_that_e_mail_and_another_way_is_told(pool: PgPool) {
    let world = at_once(pool).await;
    let ada = owed(&world, "ada", Some(&paypal("ada@paid.example"))).await;
    let ben = owed(&world, "ben", Some(&input(PayoutKind::Iban))).await;
    let cleo = owed(&world, "cleo", Some(&paypal("cleo@paid.example"))).await;
    let batch = pay(&world, &[&ada, &ben, &cleo]).await;
    // Wise would write to whoever has the e-mail by then; PayPal pays the one that was confirmed.
    world
        .set("update enrollments set email = 'new@elsewhere.example' where program_id = $1 and code in ('ada', 'ben')")
        .await;
    // Cleo's payment is as if one payment type had been chosen for all.
    world.set(
        "update payments set details_hash = null
         where program_id = $1 and enrollment_id = (select id from enrollments where program_id = $1 and code = 'cleo')",
    )
    .await;
    let mut conn = world.pool.acquire().await.expect("connection");
    let found = prepared(&mut conn, &world.secrets, &world.owner(), batch).await.expect("files");
    let files: Vec<_> = found.files.iter().map(|file| (file.kind, file.rows)).collect();
    assert_eq!(files, [(PayoutKind::Paypal, 1)]);
    let mut gaps: Vec<_> = found.left_out.iter().map(|row| (row.partner.code.as_str(), row.gap)).collect();
    gaps.sort_unstable();
    assert_eq!(gaps, [("ben", Gap::Changed), ("cleo", Gap::OtherWay)]);
}

/// As if payments written by hand had been reviewed as their partners are paid.
const REVIEWED: &str = "update payments p set details_hash = t.details_hash
    from payout_targets t
    where p.program_id = $1 and t.program_id = p.program_id and t.enrollment_id = p.enrollment_id";

#[sqlx::test(migrator = "crate::MIGRATIONS")]
async fn a_file_keeps_its_partners_and_ends_at_the_provider_s_limit(pool: PgPool) {
    let world = World::new(pool).await;
    for statement in [
        "insert into enrollments (program_id, id, status, code, name, email, payout_method, created_at)
         select id, gen_random_uuid(), 'active', 'p' || n, 'Partner', 'p' || n || '@partners.example', 'iban', created_at
         from programs, generate_series(1, 1500) n where id = $1",
        "insert into payment_batches (program_id, id, code, code_key, payment_date, created_at)
         select id, id, 'Big', 'big', created_at::date, created_at from programs where id = $1",
        "insert into payments (program_id, id, batch_id, enrollment_id, amount, currency, status, why, created_at, method_kind)
         select program_id, gen_random_uuid(), program_id, id, 20, 'EUR', 'recorded', '[]', created_at, 'iban'
         from enrollments where program_id = $1",
    ] {
        world.set(statement).await;
    }
    let details = domain::payments::PayoutDetails::Iban { holder: "Ada".into(), iban: "DE44500105175407324931".into() };
    let sealed =
        world.secrets.encrypt(crate::secrets::Use::PayoutDetails, &serde_json::to_vec(&details).expect("JSON"));
    sqlx::query("update enrollments set payout_details = $1")
        .bind(sealed.expect("sealed"))
        .execute(&world.pool)
        .await
        .expect("details");
    world.set(REVIEWED).await;
    let batch = BatchId(world.program.0);
    let mut conn = world.pool.acquire().await.expect("connection");
    let (owner, moment) = (world.owner(), world.moment());
    let parts = async || {
        let mut conn = world.pool.acquire().await.expect("connection");
        let found = prepared(&mut conn, &world.secrets, &owner, batch).await.expect("files");
        found.files.iter().map(|file| (file.part, file.rows)).collect::<Vec<_>>()
    };
    assert_eq!(parts().await, [(1, 1_000), (2, 500)]);
    let (_, second) =
        file(&mut conn, &world.secrets, &moment, &owner, batch, (PayoutKind::Iban, 2), false).await.expect("second");
    assert_eq!(second.lines().count(), 501);
    // The first file's are sent: the second is still the second, with the same rows.
    world.set("update payments p set status = 'sent' from (select id from payments where program_id = $1 order by enrollment_id limit 1000) f where p.id = f.id").await;
    assert_eq!(parts().await, [(2, 500)]);
    let (_, again) =
        file(&mut conn, &world.secrets, &moment, &owner, batch, (PayoutKind::Iban, 2), true).await.expect("again");
    assert_eq!(again, second);
}

async fn upload(world: &World, batch: BatchId, csv: impl AsRef<[u8]>, apply: bool) -> crate::Result<ResultsPreview> {
    results(&world.pool, &world.moment(), &world.owner(), batch, csv.as_ref().to_vec(), apply).await
}

#[sqlx::test(migrator = "crate::MIGRATIONS")]
async fn a_result_file_is_looked_at_and_applied_as_a_whole(pool: PgPool) {
    let world = at_once(pool).await;
    let (ada, ben, cleo) =
        (owed(&world, "ada", None).await, owed(&world, "ben", None).await, owed(&world, "cleo", None).await);
    let batch = pay(&world, &[&ada, &ben, &cleo]).await;
    let payments = rows(&world, batch).await;
    let of = |code: &str| payments.iter().find(|row| row.partner.code == code).expect("payment").reference();
    let (a, b, c) = (of("ada"), of("ben"), of("cleo"));
    let head = "Transaction ID,Reference,Amount,Currency,Status,Reason";
    let wrong = format!(
        "{head}\r\n,{a},20.00,EUR,completed,\r\n,NOBODY,20.00,EUR,completed,\r\n,{b},19.99,EUR,completed,\r\n\
         ,{b},20,USD,completed,\r\n,{a},20,EUR,completed,\r\n,{c},20,EUR,perhaps,\r\n,{c},1e1,EUR,sent,\r\n"
    );
    let statuses = async || rows(&world, batch).await.iter().map(|row| row.status).collect::<Vec<_>>();
    for apply in [false, true] {
        let found = upload(&world, batch, &wrong, apply).await.expect("looked at");
        assert_eq!((found.lines, found.wrong, found.confirmed, found.applied), (7, 6, 1, false));
        let problems: Vec<_> = found.rows.iter().filter_map(|row| Some((row.line, row.problem.clone()?))).collect();
        let expected = [
            (3, "No payment of this batch has this reference."),
            (4, "The payment is of €20.00, not of 19.99."),
            (5, "The payment is in EUR."),
            (6, "Line 2 tells of this payment too."),
            (7, "“perhaps” is no status that is known: write sent, confirmed or failed."),
            (8, "The amount can't be read: write it as 1284.50."),
        ];
        assert_eq!(problems, expected.map(|(line, words)| (line, words.to_owned())));
        assert_eq!(found.rows.last().map(|row| row.line), Some(2), "what is wrong comes first");
        assert_eq!(statuses().await, [PaymentStatus::Recorded; 3], "nothing half done");
    }
    let good = format!(
        "\u{feff}{head}\n9PE35473MC416994Y,{a},20.00,EUR,Completed,\n,{b},20,eur,Unclaimed,\n\
         ,{},20.0,EUR,Returned,\"Account\nclosed\"\n",
        c.to_lowercase()
    );
    let found = upload(&world, batch, &good, false).await.expect("looked at");
    assert_eq!((found.confirmed, found.sent, found.failed, found.wrong, found.applied), (1, 1, 1, 0, false));
    assert_eq!(statuses().await, [PaymentStatus::Recorded; 3], "only looked at");
    assert!(upload(&world, batch, &good, true).await.expect("applied").applied);
    let now: Vec<_> =
        rows(&world, batch).await.into_iter().map(|row| (row.partner.code, row.status, row.number)).collect();
    assert!(now.contains(&("ada".into(), PaymentStatus::Confirmed, "9PE35473MC416994Y".into())), "{now:?}");
    assert!(now.contains(&("ben".into(), PaymentStatus::Sent, String::new())), "{now:?}");
    assert!(now.contains(&("cleo".into(), PaymentStatus::Failed, String::new())), "{now:?}");
    assert_eq!(world.balances(&cleo).await, "0 20");
    let note: String = world.get("select note from journal_notes where program_id = $1").await;
    assert_eq!(note, "The payment provider says: Account closed");
    let again = upload(&world, batch, &good, true).await.expect("again");
    assert_eq!((again.known, again.changes()), (3, 0), "the same file changes nothing");
    let other = upload(&world, batch, format!("{head}\nOTHER,{a},20,EUR,completed,\n"), true).await.expect("looked at");
    assert_eq!(
        other.rows[0].problem.as_deref(),
        Some("The provider's number of this payment is 9PE35473MC416994Y, not OTHER.")
    );
    let noted: sqlx::types::Json<serde_json::Value> =
        world.get("select details from audit_log where program_id = $1 and action = 'payment_batch.results' and details ->> 'confirmed' = '1'").await;
    assert_eq!(noted["references"].as_array().map(Vec::len), Some(3), "{}", noted.0);
    // What is told of one that had arrived is shown with a caution; lines stand in the file's order, known or not.
    let back = format!("{head}\n,{b},20,EUR,sent,\n,{a},20,EUR,failed,Came back\n,{b},20,EUR,completed,\n");
    let back = upload(&world, batch, &back, false).await.expect("looked at");
    assert_eq!(back.rows.iter().map(|row| row.line).collect::<Vec<_>>(), [4, 2, 3]);
    assert_eq!(back.rows[2].caution.as_deref(), Some("Was confirmed on 20 Nov 2026."));
    assert!(back.rows[..2].iter().all(|row| row.caution.is_none()));
    let mixed = format!("{head}\n,{b},20,EUR,sent,\n,{a},20,EUR,failed,Came back\n");
    let mixed = upload(&world, batch, &mixed, false).await.expect("looked at");
    assert_eq!(
        mixed.rows.iter().map(|row| (row.line, row.becomes)).collect::<Vec<_>>(),
        [(2, None), (3, Some(PaymentStatus::Failed))]
    );
    let late = format!("{head}\n,{c},20,EUR,completed,\n");
    let late = upload(&world, batch, &late, true).await.expect("looked at");
    assert_eq!(late.rows[0].problem.as_deref(), Some("The payment has failed before, and is due again."));
    world.prove().await;
}

#[sqlx::test(migrator = "crate::MIGRATIONS")]
async fn a_file_that_is_no_result_file_is_refused(pool: PgPool) {
    let world = at_once(pool).await;
    let ada = owed(&world, "ada", None).await;
    let batch = pay(&world, &[&ada]).await;
    let head = "Reference,Amount,Currency,Status\n";
    let long = format!("{head}{}", "x,1,EUR,sent\n".repeat(domain::payments::MOST_RESULTS + 1));
    let utf_16: Vec<u8> = head.encode_utf16().flat_map(u16::to_le_bytes).collect();
    let latin = [head.as_bytes(), b"J\xfcrgen,1,EUR,sent\n"].concat();
    let encoding = "file: Save the file as CSV in UTF-8, then choose it again.";
    let columns = "file: The first line must name the columns Reference, Amount, Currency and Status. Missing: ";
    for (file, words) in [
        (b"".to_vec(), "file: The file is empty."),
        (b"\xef\xbb\xbf \n".to_vec(), "file: The file is empty."),
        (utf_16, encoding),
        (latin, encoding),
        (b"Name,Amount\nAda,20\n".to_vec(), columns),
        (head.as_bytes().to_vec(), "file: There are no lines below the one that names the columns."),
        (long.into_bytes(), "file: The file has more than 200,000 lines: split it."),
    ] {
        let told = refused(upload(&world, batch, file, true).await);
        assert!(told.starts_with(words), "{told}");
    }
    let most = format!("{head}{}", "x,1,EUR,sent\n".repeat(domain::payments::MOST_RESULTS));
    let found = upload(&world, batch, most, true).await.expect("looked at");
    assert_eq!((found.wrong, found.rows.len()), (200_000, domain::payments::SHOWN_RESULTS));
}

#[sqlx::test(migrator = "crate::MIGRATIONS")]
async fn only_those_with_the_power_and_only_in_their_program(pool: PgPool) {
    let world = at_once(pool).await;
    let ada = owed(&world, "ada", Some(&paypal("ada@paid.example"))).await;
    let batch = pay(&world, &[&ada]).await;
    let id = rows(&world, batch).await[0].id;
    let partner = Actor::Partner { account: world.owner, program: world.program, enrollment: ada.id };
    let sent = marking(batch, &[id], PaymentStatus::Sent);
    let mut conn = world.pool.acquire().await.expect("connection");
    for actor in [world.admin(Role::Viewer), world.admin(Role::Manager), partner.clone()] {
        let marked = mark(&world.pool, &world.moment(), &actor, &sent).await;
        assert!(matches!(marked, Err(crate::Error::Forbidden)));
        let told = results(&world.pool, &world.moment(), &actor, batch, Vec::new(), true).await;
        assert!(matches!(told, Err(crate::Error::Forbidden)));
        let files = prepared(&mut conn, &world.secrets, &actor, batch).await;
        assert!(matches!(files, Err(crate::Error::Forbidden)));
        let one = file(&mut conn, &world.secrets, &world.moment(), &actor, batch, (PayoutKind::Paypal, 1), true).await;
        assert!(matches!(one, Err(crate::Error::Forbidden)));
        let sent = file_sent(&world.pool, &world.moment(), &actor, batch, (PayoutKind::Paypal, 1)).await;
        assert!(matches!(sent, Err(crate::Error::Forbidden)));
    }
    let page = Paging::default();
    assert!(matches!(advices(&mut conn, &partner, batch, &page).await, Err(crate::Error::Forbidden)));
    assert!(advices(&mut conn, &world.admin(Role::Viewer), batch, &page).await.is_ok());
    let strange = world.another("globex").await.owner();
    let none = |error: Option<crate::Error>| assert!(matches!(error, Some(crate::Error::NotFound(_))));
    none(mark(&world.pool, &world.moment(), &strange, &sent).await.err());
    none(results(&world.pool, &world.moment(), &strange, batch, b"x".to_vec(), true).await.err());
    none(prepared(&mut conn, &world.secrets, &strange, batch).await.err());
    none(advices(&mut conn, &strange, batch, &page).await.err());
    none(batch_payments(&mut conn, &strange, batch, &BatchFilter::default(), &page).await.err());
    none(super::batch(&mut conn, &strange, batch).await.err());
}

#[sqlx::test(migrator = "crate::MIGRATIONS")]
async fn a_batch_is_listed_page_by_page_and_printed_advice_by_advice(pool: PgPool) {
    let world = at_once(pool).await;
    let (ada, ben, cleo) =
        (owed(&world, "ada", None).await, owed(&world, "ben", None).await, owed(&world, "cleo", None).await);
    let batch = pay(&world, &[&ada, &ben, &cleo]).await;
    let ids: Vec<PaymentId> = rows(&world, batch).await.iter().map(|row| row.id).collect();
    let failed = Marking { reason: "Closed".into(), ..marking(batch, &ids[1..2], PaymentStatus::Failed) };
    told(&world, &failed).await.expect("failed");
    let mut conn = world.pool.acquire().await.expect("connection");
    let owner = world.owner();
    let (mut listed, mut cursor) = (Vec::new(), None);
    loop {
        let page = Paging { cursor, limit: Some(1) };
        let page = batch_payments(&mut conn, &owner, batch, &BatchFilter::default(), &page).await.expect("page");
        listed.extend(page.data.into_iter().map(|row| row.id));
        cursor = page.next_cursor;
        if cursor.is_none() {
            break;
        }
    }
    assert_eq!(listed, ids);
    let find = async |status: Option<PaymentStatus>, code: Option<&str>| {
        let mut conn = world.pool.acquire().await.expect("connection");
        let filter = BatchFilter { status, partner_code: code.map(str::to_owned) };
        batch_payments(&mut conn, &owner, batch, &filter, &Paging::default()).await.expect("page").data.len()
    };
    assert_eq!(find(Some(PaymentStatus::Failed), None).await, 1);
    assert_eq!(find(None, Some("ADA")).await, 1);
    assert_eq!(find(None, Some("nobody")).await, 0);
    let bad = Paging { cursor: Some("x".into()), limit: None };
    refused(batch_payments(&mut conn, &owner, batch, &BatchFilter::default(), &bad).await);
    let one = Paging { cursor: None, limit: Some(1) };
    let first = advices(&mut conn, &owner, batch, &one).await.expect("first");
    assert_eq!(first.data[0].payment.id, ids[0]);
    assert_eq!((first.data[0].lines.data.len(), first.data[0].parts[0].amount.to_string()), (1, "€20.00".into()));
    let second = Paging { cursor: first.next_cursor, limit: Some(1) };
    let second = advices(&mut conn, &owner, batch, &second).await.expect("second");
    assert_eq!((second.data[0].payment.id, second.next_cursor), (ids[2], None), "what failed has none");
}

async fn empty_queue(world: &World) {
    sqlx::query("select graphile_worker.complete_jobs(array(select id from graphile_worker.jobs))")
        .execute(&world.pool)
        .await
        .expect("an empty queue");
}

/// The mails that wait to be sent.
async fn queued(world: &World) -> Vec<Mail> {
    let queued: Vec<sqlx::types::Json<serde_json::Value>> = sqlx::query_scalar(
        "select payload::jsonb from graphile_worker._private_jobs j
         join graphile_worker._private_tasks t on t.id = j.task_id where t.identifier = 'send_mail' order by j.id",
    )
    .fetch_all(&world.pool)
    .await
    .expect("queue");
    queued.into_iter().map(|payload| serde_json::from_value(payload.0).expect("a mail")).collect()
}

#[sqlx::test(migrator = "crate::MIGRATIONS")]
async fn each_partner_gets_one_mail_with_the_advice(pool: PgPool) {
    let world = at_once(pool).await;
    let (ada, ben) = (owed(&world, "ada", None).await, owed(&world, "ben", None).await);
    let batch = pay(&world, &[&ada, &ben]).await;
    let payments = rows(&world, batch).await;
    empty_queue(&world).await;
    TellPaid { program: world.program, batch }.make(&world.pool).await.expect("mails");
    let mut told = queued(&world).await;
    assert_eq!(told.len(), 2);
    for payment in &payments {
        let mail = Mail::PaymentSent { program: world.program, payment: payment.id };
        assert!(told.contains(&mail));
    }
    let mut conn = world.pool.acquire().await.expect("connection");
    let mail = told.remove(0);
    let letter =
        compose(&mut conn, &world.moment(), "https://t.example", &mail).await.expect("answer").expect("letter");
    assert!(letter.text.contains("Commissions (1): €20.00"), "{}", letter.text);
    assert!(letter.text.contains("Batch-20261120") && letter.text.contains("/payouts/"), "{}", letter.text);
    assert_eq!(world.balance(&ada, LedgerAccount::Payable).await, dec("0"));
}

#[sqlx::test(migrator = "crate::MIGRATIONS")]
async fn whose_payment_is_taken_back_is_told_once_without_the_team_s_reason(pool: PgPool) {
    let world = at_once(pool).await;
    let (ada, ben, cleo) =
        (owed(&world, "ada", None).await, owed(&world, "ben", None).await, owed(&world, "cleo", None).await);
    let batch = pay(&world, &[&ada, &ben, &cleo]).await;
    let ids = ids(&world, batch, &[&ada, &ben, &cleo]).await;
    empty_queue(&world).await;
    let back =
        |at: usize, becomes| Marking { reason: "Account closed".into(), ..marking(batch, &ids[at..=at], becomes) };
    told(&world, &back(0, PaymentStatus::Failed)).await.expect("failed");
    told(&world, &back(0, PaymentStatus::Cancelled)).await.expect("known");
    told(&world, &back(1, PaymentStatus::Cancelled)).await.expect("cancelled");
    told(&world, &marking(batch, &ids[2..], PaymentStatus::Sent)).await.expect("sent");
    let jobs = "select count(*) from graphile_worker.jobs where task_identifier = 'tell_taken_back'";
    let jobs: i64 = sqlx::query_scalar(jobs).fetch_one(&world.pool).await.expect("count");
    assert_eq!(jobs, 2, "one for each act, however many payments");
    let job = TellTakenBack { program: world.program, batch, at: world.moment().at };
    for _ in 0..2 {
        job.make(&world.pool).await.expect("mails");
    }
    let mail = |at: usize| Mail::PaymentTakenBack { program: world.program, payment: ids[at] };
    let mut mails = queued(&world).await;
    assert_eq!(mails.len(), 2, "{mails:?}");
    mails.retain(|told| *told != mail(0) && *told != mail(1));
    assert_eq!(mails, []);
    let mut conn = world.pool.acquire().await.expect("connection");
    let now = world.moment();
    for (at, subject, next) in [
        (0, "Your payment of €20.00 did not arrive", "check your payout details"),
        (1, "Your payment of €20.00 was cancelled", "nothing for you to do"),
    ] {
        let letter = compose(&mut conn, &now, "https://t.example", &mail(at)).await.expect("answer").expect("letter");
        assert_eq!(letter.subject, subject);
        assert!(letter.text.contains(next) && letter.text.contains("/payouts/"), "{}", letter.text);
        assert!(!letter.text.contains("Account closed"), "{}", letter.text);
        let sent = Mail::PaymentSent { program: world.program, payment: ids[at] };
        assert!(compose(&mut conn, &now, "https://t.example", &sent).await.expect("answer").is_none());
    }
    let stays = compose(&mut conn, &now, "https://t.example", &mail(2)).await.expect("answer");
    assert!(stays.is_none(), "it was not taken back");

    // The team reads why, by whom and when; the partner when alone.
    let listed = rows(&world, batch).await;
    let of = |at: usize| listed.iter().find(|row| row.id == ids[at]).expect("payment");
    let back = of(0).taken_back.clone().expect("taken back");
    assert_eq!((back.reason.as_str(), back.at), ("Account closed", now.at));
    assert!(!back.by.is_empty() && of(2).taken_back.is_none());
    let own = Actor::Partner { account: world.owner, program: world.program, enrollment: ada.id };
    let seen = payment(&mut conn, &own, ids[0], &Paging::default()).await.expect("its own").payment;
    assert_eq!((seen.taken_back, seen.status_day), (None, Some(now.at.date_naive())));

    // The batch tells what was recorded, and who prepared it.
    let summary = super::batch(&mut conn, &world.owner(), batch).await.expect("batch");
    assert_eq!((summary.batch.total.to_string(), summary.recorded().to_string()), ("€20.00".into(), "€60.00".into()));
    let prepared = summary.prepared.expect("a draft");
    assert_eq!(prepared.made_by, back.by, "the owner");
    assert!(prepared.agreed_by.is_empty() && prepared.agreed_at.is_none());

    // So does the statement of the month.
    let month = crate::ledger::statement(&mut conn, &now, &own, ada.id, None, &Paging::default()).await.expect("month");
    assert_eq!((month.returned.to_string(), month.statement.payments.amount), ("€20.00".into(), dec("0")));
}

#[sqlx::test(migrator = "crate::MIGRATIONS")]
async fn an_advice_tells_why_a_bonus_was_made(pool: PgPool) {
    let world = at_once(pool).await;
    let ada = owed(&world, "ada", None).await;
    let bonus = Adjustment {
        key: world.moment().id(),
        partner: ada.id,
        kind: AdjustmentKind::Bonus,
        amount: dec("5"),
        reason: "For the talk in spring".into(),
    };
    crate::ledger::adjust(&world.pool, &world.moment(), &world.owner(), &bonus).await.expect("bonus");
    let batch = pay(&world, &[&ada]).await;
    let id = ids(&world, batch, &[&ada]).await[0];
    let mut conn = world.pool.acquire().await.expect("connection");
    let own = Actor::Partner { account: world.owner, program: world.program, enrollment: ada.id };
    for actor in [own, world.owner()] {
        let advice = payment(&mut conn, &actor, id, &Paging::default()).await.expect("advice");
        let mut reasons: Vec<_> = advice.lines.data.iter().map(|line| line.reason.as_str()).collect();
        reasons.sort_unstable();
        assert_eq!(reasons, ["", "For the talk in spring"]);
    }
    let mail = Mail::PaymentSent { program: world.program, payment: id };
    let letter =
        compose(&mut conn, &world.moment(), "https://t.example", &mail).await.expect("answer").expect("letter");
    assert!(letter.text.contains("Bonuses and corrections (1): €5.00 (For the talk in spring)"), "{}", letter.text);
    assert!(letter.subject.ends_with("pays you €25.00"), "{}", letter.subject);
}

#[sqlx::test(migrator = "crate::MIGRATIONS")]
async fn totals_by_method_stand_in_one_order_whatever_they_come_to(pool: PgPool) {
    let world = at_once(pool).await;
    let ada = owed(&world, "ada", Some(&paypal("ada@paid.example"))).await;
    let iban = input(PayoutKind::Iban);
    let other = PayoutInput { iban: "GB82 WEST 1234 5698 7654 32".into(), ..iban.clone() };
    let (ben, cleo) = (owed(&world, "ben", Some(&iban)).await, owed(&world, "cleo", Some(&other)).await);
    let batch = pay(&world, &[&ada, &ben, &cleo]).await;
    let ids = ids(&world, batch, &[&ben, &cleo]).await;
    let methods = async || {
        let mut conn = world.pool.acquire().await.expect("connection");
        let summary = super::batch(&mut conn, &world.owner(), batch).await.expect("batch");
        summary.methods.into_iter().map(|sum| (sum.method, sum.count)).collect::<Vec<_>>()
    };
    let expected = [("Bank account (IBAN)".to_owned(), 2), ("PayPal".to_owned(), 1)];
    assert_eq!(methods().await, expected);
    let failed = Marking { reason: "Closed".into(), ..marking(batch, &ids, PaymentStatus::Failed) };
    told(&world, &failed).await.expect("failed");
    assert_eq!(methods().await, expected, "also where the other comes to more");
}
