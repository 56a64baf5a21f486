//! The proofs of submitted sales: saved by the partner who has sent one and by the team, and by nobody else.

use crate::lead_file::answer;
use crate::{Shared, download, pages};
use axum::Router;
use axum::extract::{Path, Request, State};
use axum::response::Response;
use axum::routing::get;
use domain::ids::SubmittedSaleId;
use domain::portal::PortalPage;

/// For the partner and for the team.
pub fn router() -> Router<Shared> {
    Router::new()
        .route("/p/{program}/submitted-sales/{sale}/proof", get(of_partner))
        .route("/admin/{program}/submitted-sales/{sale}/proof", get(of_team))
}

async fn of_partner(
    State(server): State<Shared>,
    Path((program, sale)): Path<(String, SubmittedSaleId)>,
    request: Request,
) -> Response {
    let here = request.uri().path().to_owned();
    let work = async {
        let asking = access::partner(&program, PortalPage::Leads);
        let mut asking = pages::in_context(&server, request, asking).await?;
        let sale = engine::sales::submitted_one(&mut asking.conn, &asking.actor, sale).await?;
        let proof = sale.proof.ok_or(access::Error::NotFound)?;
        Ok(download::saved(&server, asking.program.id, &proof).await?)
    };
    answer(work.await, &here)
}

async fn of_team(
    State(server): State<Shared>,
    Path((program, sale)): Path<(String, SubmittedSaleId)>,
    request: Request,
) -> Response {
    let here = request.uri().path().to_owned();
    let work = async {
        let mut asking = pages::in_context(&server, request, access::admin(&program)).await?;
        let sale = engine::sales::submitted_one(&mut asking.conn, &asking.actor, sale).await?;
        let proof = sale.proof.ok_or(access::Error::NotFound)?;
        Ok(download::saved(&server, asking.program.id, &proof).await?)
    };
    answer(work.await, &here)
}
