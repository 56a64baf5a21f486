use access::{LazyPage, Read, Result, read};
use domain::ledger::{Statement, StatementDetail, month_name, month_word};
use domain::partners::PartnerName;
use leptos::prelude::*;
use leptos::server_fn::codec::GetUrl;
use leptos_meta::Title;
use serde::{Deserialize, Serialize};
use ui::{
    Address, Card, Download, PageHead, PrintButton, SkeletonCard, SkeletonTable, statement_list, statement_sheet,
};

use super::file;
use crate::show;

/// What the page of all months shows.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Months {
    partner: PartnerName,
    statements: Vec<Statement>,
}

/// The months of the partner with a code.
#[server(prefix = "/fn", endpoint = "admin/partners/statements", input = GetUrl)]
pub async fn read_partner_statements(program: String, code: String) -> Result<Months> {
    access::answer(async {
        let mut asking = access::admin(&program).await?;
        let (conn, moment, actor) = (&mut *asking.conn, &asking.moment, &asking.actor);
        let partner = engine::partners::find_by_code(conn, actor, &code).await?;
        let statements = engine::ledger::statements(conn, moment, actor, partner.id).await?;
        Ok(Months { partner, statements })
    })
    .await
}

/// One month of the partner with a code, `2026-11`; the present one where none is named.
#[server(prefix = "/fn", endpoint = "admin/partners/statement", input = GetUrl)]
pub async fn read_partner_statement(
    program: String,
    code: String,
    month: Option<String>,
    cursor: Option<String>,
) -> Result<StatementDetail> {
    access::answer(async {
        let mut asking = access::admin(&program).await?;
        let month = month.map(|word| domain::ledger::month_of(&word).ok_or(access::Error::NotFound)).transpose()?;
        let (conn, moment, actor) = (&mut *asking.conn, &asking.moment, &asking.actor);
        let partner = engine::partners::find_by_code(conn, actor, &code).await?;
        Ok(engine::ledger::statement_sheet(conn, moment, actor, partner.id, month, cursor).await?)
    })
    .await
}

/// `/admin/{program}/partners/{code}/statements`.
pub struct StatementsPage(Read<Months>);

impl LazyPage for StatementsPage {
    fn data() -> Self {
        let (program, code) = (show::program(), show::parameter("code"));
        Self(read(move || ReadPartnerStatements { program: program.get(), code: code.get() }))
    }

    fn view(this: Self) -> AnyView {
        let address = show::address();
        this.0.show(
            || view! { <PageHead title="Statements"/> <Card><SkeletonTable columns=4/></Card> }.into_any(),
            move |months| all(months, &address.get_untracked()),
        )
    }
}

fn all(months: Months, address: &Address) -> AnyView {
    let Months { partner, statements } = months;
    let program = show::program().get_untracked();
    let title = format!("Statements of {}", partner.name);
    let ledger = format!("/admin/{program}/partners/{}/ledger", partner.code);
    let csv = file(&program, &partner.code, "statements", address);
    let list = statement_list(statements, |one| {
        format!("/admin/{program}/partners/{}/statements/{}", partner.code, month_word(one.month))
    });
    view! {
        <Title text=title.clone()/>
        <PageHead title=title back=(ledger, "Ledger".to_owned())>
            <Download href=csv what="statements"/>
            <PrintButton/>
        </PageHead>
        {list}
    }
    .into_any()
}

/// `/admin/{program}/partners/{code}/statements/{month}`.
pub struct StatementPage(Read<StatementDetail>);

impl LazyPage for StatementPage {
    fn data() -> Self {
        let (program, code, month) = (show::program(), show::parameter("code"), show::parameter("month"));
        let address = show::address();
        Self(read(move || ReadPartnerStatement {
            program: program.get(),
            code: code.get(),
            month: Some(month.get()),
            cursor: address.with(|address| show::value(address, "cursor")),
        }))
    }

    fn view(this: Self) -> AnyView {
        let address = show::address();
        this.0.show(skeleton, move |detail| one(detail, &address.get_untracked()))
    }
}

fn skeleton() -> AnyView {
    view! {
        <PageHead title="Statement"/>
        <SkeletonCard lines=6/>
        <Card><SkeletonTable columns=3/></Card>
    }
    .into_any()
}

fn one(detail: StatementDetail, address: &Address) -> AnyView {
    let program = show::program().get_untracked();
    let month = detail.statement.month;
    let code = detail.partner.code.clone();
    let title = format!("Statement, {}", month_name(month));
    let back = (format!("/admin/{program}/partners/{code}/statements"), "Statements".to_owned());
    let csv = file(&program, &code, "statement", &address.with("month", &month_word(month)));
    let pages = show::pages(&detail.entries, None, address);
    let more = detail.entries.next_cursor.is_some().then(|| {
        view! { <p class="on-paper sub">"There is more than this page: the CSV file has all of it."</p> }
    });
    view! {
        <Title text=title.clone()/>
        <PageHead title=title back=back>
            <Download href=csv what="statement"/>
            <PrintButton/>
        </PageHead>
        {statement_sheet(detail, (more, pages).into_any())}
    }
    .into_any()
}
