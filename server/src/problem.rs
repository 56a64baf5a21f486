//! Errors as RFC 9457 problem details: what the API and the snippet's way in answer when they can't do what was asked.

use axum::Json;
use axum::extract::rejection::{BytesRejection, FailedToBufferBody};
use axum::response::{IntoResponse, Response};
use domain::text::FieldError;
use http::{HeaderValue, StatusCode, header};
use serde::Serialize;
use utoipa::ToSchema;

/// A problem, as its JSON.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Problem {
    /// A word for programs, relative to the API: `invalid`, `sale-unknown`.
    #[serde(rename = "type")]
    #[schema(example = "invalid")]
    pub kind: &'static str,
    /// The same for people.
    pub title: &'static str,
    /// The HTTP status.
    #[serde(serialize_with = "as_number")]
    #[schema(value_type = u16, example = 422)]
    pub status: StatusCode,
    /// What is wrong with this request.
    pub detail: String,
    /// With 422: the fields.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub errors: Vec<Field>,
    /// With 429: in how many seconds to try again.
    #[serde(skip)]
    pub retry_after: Option<u64>,
}

/// A field that was sent wrongly.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Field {
    /// Its name, nested ones with dots: `customer.email`.
    pub field: String,
    /// What is wrong with it.
    pub message: String,
}

fn as_number<S: serde::Serializer>(status: &StatusCode, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_u16(status.as_u16())
}

impl Problem {
    fn new(status: StatusCode, kind: &'static str, title: &'static str, detail: impl Into<String>) -> Self {
        Self { kind, title, status, detail: detail.into(), errors: Vec::new(), retry_after: None }
    }

    /// 400: the body is not JSON, or the request makes no sense.
    pub fn bad_request(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "bad-request", "Bad request", detail)
    }

    /// 401: no key, or not a good one.
    #[must_use]
    pub fn unauthorized() -> Self {
        Self::new(
            StatusCode::UNAUTHORIZED,
            "unauthorized",
            "Unauthorized",
            "Send a valid API key: Authorization: Bearer <key>.",
        )
    }

    /// 403.
    pub fn forbidden(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::FORBIDDEN, "forbidden", "Forbidden", detail)
    }

    /// 404: there is no such thing in this program.
    pub fn not_found(what: &str) -> Self {
        Self::new(StatusCode::NOT_FOUND, "not-found", "Not found", format!("There is no such {what}."))
    }

    /// 404 for a refund whose sale has not been reported (yet): worth a retry.
    #[must_use]
    pub fn sale_unknown() -> Self {
        let detail = "No sale was reported under this sale_event_id. If it is on its way, try again.";
        Self::new(StatusCode::NOT_FOUND, "sale-unknown", "Sale unknown", detail)
    }

    /// 405.
    #[must_use]
    pub fn method_not_allowed() -> Self {
        let detail = "This address does not answer that method.";
        Self::new(StatusCode::METHOD_NOT_ALLOWED, "method-not-allowed", "Method not allowed", detail)
    }

    /// 409: it can't be done as things stand.
    pub fn conflict(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::CONFLICT, "conflict", "Conflict", detail)
    }

    /// 413: larger than this.
    #[must_use]
    pub fn too_large(most: &str) -> Self {
        let detail = format!("The body is larger than {most}.");
        Self::new(StatusCode::PAYLOAD_TOO_LARGE, "too-large", "Content too large", detail)
    }

    /// 415: what to send instead.
    pub fn unsupported(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "unsupported-media-type", "Unsupported media type", detail)
    }

    /// 422: these fields.
    #[must_use]
    pub fn invalid(errors: Vec<FieldError>) -> Self {
        let detail = match errors.as_slice() {
            [only] if !only.field.is_empty() => format!("{}: {}", only.field, only.message),
            _ => "Some fields are not valid.".to_owned(),
        };
        let errors = errors.into_iter().map(|FieldError { field, message }| Field { field, message }).collect();
        Self { errors, ..Self::new(StatusCode::UNPROCESSABLE_ENTITY, "invalid", "Invalid", detail) }
    }

    /// 422: this field.
    pub fn field(field: impl Into<String>, message: impl Into<String>) -> Self {
        Self::invalid(vec![FieldError::new(field, message)])
    }

    /// 429: try again in so many seconds.
    #[must_use]
    pub fn too_many(seconds: u64) -> Self {
        let detail = format!("Too many requests. Try again in {seconds} seconds.");
        Self {
            retry_after: Some(seconds),
            ..Self::new(StatusCode::TOO_MANY_REQUESTS, "too-many-requests", "Too many requests", detail)
        }
    }

    /// 500: our fault. Nothing of the cause is told; the log has it.
    #[must_use]
    pub fn internal() -> Self {
        let detail = "Something went wrong on our side. It has been noted; try again.";
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, "internal", "Internal error", detail)
    }

    /// 503: Postgres is not there.
    #[must_use]
    pub fn unavailable() -> Self {
        let detail =
            "The service is not available just now. Try again: the same event id or Idempotency-Key counts once.";
        Self {
            retry_after: Some(1),
            ..Self::new(StatusCode::SERVICE_UNAVAILABLE, "unavailable", "Service unavailable", detail)
        }
    }
}

impl From<engine::Error> for Problem {
    fn from(error: engine::Error) -> Self {
        match error {
            engine::Error::NotFound(what) => Self::not_found(what),
            engine::Error::Forbidden => Self::forbidden("This key may not do that."),
            engine::Error::ConfirmFirst => Self::forbidden("A person has to confirm this in the admin area."),
            engine::Error::Invalid(errors) => Self::invalid(errors),
            engine::Error::Conflict(detail) => Self::conflict(detail),
            engine::Error::Reused => Self::conflict("This id was used before, with another body."),
            engine::Error::TooMany(seconds) => Self::too_many(seconds),
            error @ engine::Error::Database(_) => {
                tracing::error!(%error, "database");
                if error.is_outage() { Self::unavailable() } else { Self::internal() }
            }
            engine::Error::Internal(cause) => {
                tracing::error!(%cause, "internal");
                Self::internal()
            }
        }
    }
}

impl From<BytesRejection> for Problem {
    fn from(rejection: BytesRejection) -> Self {
        match rejection {
            BytesRejection::FailedToBufferBody(FailedToBufferBody::LengthLimitError(_)) => Self::too_large("64 KiB"),
            _ => Self::bad_request("The body could not be read."),
        }
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let (status, retry_after) = (self.status, self.retry_after);
        let mut response = (status, Json(self)).into_response();
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
        if let Some(seconds) = retry_after {
            headers.insert(header::RETRY_AFTER, seconds.into());
        }
        if status == StatusCode::UNAUTHORIZED {
            headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        response
    }
}
