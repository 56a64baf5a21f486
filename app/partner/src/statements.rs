//! The partner's statements: what each month came to, and one month to print.

use access::{LazyPage, Read, Result, read};
use domain::ledger::{Statement, StatementDetail, month_name, month_word};
use leptos::prelude::*;
use leptos::server_fn::codec::GetUrl;
use leptos_meta::Title;
use leptos_router::hooks::use_params_map;
use ui::{
    Address, Card, Download, PageHead, PrintButton, SkeletonCard, SkeletonTable, statement_list, statement_sheet,
};

use crate::show;

/// The months of the partner who asks.
#[server(prefix = "/fn", endpoint = "partner/statements", input = GetUrl)]
pub async fn read_statements(program: String) -> Result<Vec<Statement>> {
    access::answer(async {
        let mut asking = access::partner(&program, domain::portal::PortalPage::Statements).await?;
        let (conn, moment, actor) = (&mut *asking.conn, &asking.moment, &asking.actor);
        Ok(engine::ledger::statements(conn, moment, actor, asking.partner.id).await?)
    })
    .await
}

/// One month of the partner who asks, `2026-11`; the present one where none is named.
#[server(prefix = "/fn", endpoint = "partner/statement", input = GetUrl)]
pub async fn read_statement(program: String, month: Option<String>, cursor: Option<String>) -> Result<StatementDetail> {
    access::answer(async {
        let mut asking = access::partner(&program, domain::portal::PortalPage::Statements).await?;
        let month = month.map(|word| domain::ledger::month_of(&word).ok_or(access::Error::NotFound)).transpose()?;
        let (conn, moment, actor) = (&mut *asking.conn, &asking.moment, &asking.actor);
        Ok(engine::ledger::statement_sheet(conn, moment, actor, asking.partner.id, month, cursor).await?)
    })
    .await
}

/// `/p/{program}/statements`.
pub struct StatementsPage(Read<Vec<Statement>>);

impl LazyPage for StatementsPage {
    fn data() -> Self {
        let program = show::program();
        Self(read(move || ReadStatements { program: program.get() }))
    }

    fn view(this: Self) -> AnyView {
        let (found, program, address) = (this.0, show::program(), show::address());
        view! {
            <Title text="Statements"/>
            <PageHead title="Statements">
                {move || view! { <Download href=show::file(&program.get(), "statements", &address.get()) what="statements"/> }}
                <PrintButton/>
            </PageHead>
            {found.show(
                || view! { <Card><SkeletonTable columns=4/></Card> }.into_any(),
                move |statements| {
                    let program = program.get_untracked();
                    statement_list(statements, |one| format!("/p/{program}/statements/{}", month_word(one.month)))
                },
            )}
        }
        .into_any()
    }
}

/// `/p/{program}/statements/{month}`.
pub struct StatementPage(Read<StatementDetail>);

impl LazyPage for StatementPage {
    fn data() -> Self {
        let (program, address, params) = (show::program(), show::address(), use_params_map());
        Self(read(move || ReadStatement {
            program: program.get(),
            month: params.with(|params| params.get("month")),
            cursor: address.with(|address| show::value(address, "cursor")),
        }))
    }

    fn view(this: Self) -> AnyView {
        let address = show::address();
        this.0.show(skeleton, move |detail| page(detail, &address.get_untracked()))
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

fn page(detail: StatementDetail, address: &Address) -> AnyView {
    let program = show::program().get_untracked();
    let month = detail.statement.month;
    let title = format!("Statement, {}", month_name(month));
    let file = format!("/p/{program}/export/statement.csv?month={}", month_word(month));
    let more = show::more_in_file(&detail.entries);
    let pages = show::pages(&detail.entries, None, address);
    view! {
        <Title text=title.clone()/>
        <PageHead title=title back=(format!("/p/{program}/statements"), "Statements".to_owned())>
            <Download href=file what="statement"/>
            <PrintButton/>
        </PageHead>
        {statement_sheet(detail, (more, pages).into_any())}
    }
    .into_any()
}
