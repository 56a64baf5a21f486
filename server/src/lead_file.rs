//! Files at leads: saved by who may see the lead, and by nobody else. Their addresses alone open nothing.

use crate::{Shared, download, notice, pages};
use access::Error;
use axum::Router;
use axum::extract::{Path, Request, State};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::get;
use domain::ids::{FileId, LeadId};
use domain::portal::PortalPage;

/// For the partner and for the team.
pub fn router() -> Router<Shared> {
    Router::new()
        .route("/p/{program}/leads/{lead}/files/{file}", get(of_partner))
        .route("/admin/{program}/leads/{lead}/files/{file}", get(of_team))
}

async fn of_partner(
    State(server): State<Shared>,
    Path((program, lead, file)): Path<(String, LeadId, FileId)>,
    request: Request,
) -> Response {
    let here = request.uri().path().to_owned();
    let work = async {
        let asking = access::partner(&program, PortalPage::Leads);
        let mut asking = pages::in_context(&server, request, asking).await?;
        let info = engine::leads::file(&mut asking.conn, &asking.actor, lead, file).await?;
        Ok(download::saved(&server, asking.program.id, &info).await?)
    };
    answer(work.await, &here)
}

async fn of_team(
    State(server): State<Shared>,
    Path((program, lead, file)): Path<(String, LeadId, FileId)>,
    request: Request,
) -> Response {
    let here = request.uri().path().to_owned();
    let work = async {
        let mut asking = pages::in_context(&server, request, access::admin(&program)).await?;
        let info = engine::leads::file(&mut asking.conn, &asking.actor, lead, file).await?;
        Ok(download::saved(&server, asking.program.id, &info).await?)
    };
    answer(work.await, &here)
}

pub(crate) fn answer(outcome: access::Result<Response>, here: &str) -> Response {
    match outcome {
        Ok(response) => response,
        Err(error) => match error.leads_to(here) {
            Some(elsewhere) => Redirect::to(&elsewhere).into_response(),
            None => notice::failed(&not_there(error), "There is no such file any more, or it is not yours to see."),
        },
    }
}

/// Whoever may not see a file isn't told that it is there.
fn not_there(error: Error) -> Error {
    if error == Error::Forbidden { Error::NotFound } else { error }
}
