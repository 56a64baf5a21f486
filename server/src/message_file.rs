//! Files at messages: saved by who may read the conversation, and by nobody else.

use crate::lead_file::answer;
use crate::{Shared, download, pages};
use axum::Router;
use axum::extract::{Path, Request, State};
use axum::response::Response;
use axum::routing::get;
use domain::ids::{ConversationId, FileId};
use domain::portal::PortalPage;

/// For the partner and for the team.
pub fn router() -> Router<Shared> {
    Router::new()
        .route("/p/{program}/messages/{conversation}/files/{file}", get(of_partner))
        .route("/admin/{program}/messages/{conversation}/files/{file}", get(of_team))
}

async fn of_partner(
    State(server): State<Shared>,
    Path((program, conversation, file)): Path<(String, ConversationId, FileId)>,
    request: Request,
) -> Response {
    let here = request.uri().path().to_owned();
    let work = async {
        let asking = access::partner(&program, PortalPage::Messages);
        let mut asking = pages::in_context(&server, request, asking).await?;
        let info = engine::conversations::file(&mut asking.conn, &asking.actor, conversation, file).await?;
        Ok(download::saved(&server, asking.program.id, &info).await?)
    };
    answer(work.await, &here)
}

async fn of_team(
    State(server): State<Shared>,
    Path((program, conversation, file)): Path<(String, ConversationId, FileId)>,
    request: Request,
) -> Response {
    let here = request.uri().path().to_owned();
    let work = async {
        let mut asking = pages::in_context(&server, request, access::admin(&program)).await?;
        let info = engine::conversations::file(&mut asking.conn, &asking.actor, conversation, file).await?;
        Ok(download::saved(&server, asking.program.id, &info).await?)
    };
    answer(work.await, &here)
}
