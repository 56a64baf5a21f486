//! How the browser asks the server functions: one request for all of them, typed at its two ends alone. The client that
//! leptos has is compiled once more for each server function, and was a quarter of the WebAssembly.

use crate::{Error, Result};
use leptos::server_fn::ServerFn;
use serde::Serialize;
use serde::de::DeserializeOwned;

/// Asks a server function that reads, aside from what a page shows at first.
///
/// # Errors
/// Those of the function; `Offline` where the server can't be reached.
pub async fn ask<S: ServerFn<Error = Error> + Serialize>(request: S) -> Result<S::Output>
where
    S::Output: DeserializeOwned,
{
    #[cfg(feature = "ssr")]
    return S::run_body(request).await;
    #[cfg(not(feature = "ssr"))]
    decoded(&browser::get(address(&request)).await?)
}

/// Has a server function do something, aside from a page's forms.
///
/// # Errors
/// Those of the function; `Offline` where the server can't be reached.
pub async fn tell<S: ServerFn<Error = Error> + Serialize>(request: S) -> Result<S::Output>
where
    S::Output: DeserializeOwned,
{
    #[cfg(feature = "ssr")]
    return S::run_body(request).await;
    #[cfg(not(feature = "ssr"))]
    decoded(&browser::post(S::PATH, "application/x-www-form-urlencoded", encoded(&request)).await?)
}

/// What is posted as JSON.
#[must_use]
pub fn json<T: Serialize>(value: &T) -> String {
    serde_json::to_string(value).unwrap_or_default()
}

/// Posts a text of this kind to a route of the server's; in the browser alone.
///
/// # Errors
/// Those of the route; `Offline` where the server can't be reached.
pub async fn send<T: DeserializeOwned>(path: &str, kind: &str, text: String) -> Result<T> {
    #[cfg(feature = "ssr")]
    {
        drop((path, kind, text));
        Err(Error::Offline)
    }
    #[cfg(not(feature = "ssr"))]
    decoded(&browser::post(path, kind, text).await?)
}

/// The address that asks a server function that reads.
#[cfg(not(feature = "ssr"))]
pub(crate) fn address<S: ServerFn + Serialize>(request: &S) -> String {
    format!("{}?{}", S::PATH, encoded(request))
}

/// What a server function is given, as a form would send it.
pub(crate) fn encoded<S: Serialize>(request: &S) -> String {
    serde_qs::to_string(request).unwrap_or_default()
}

/// What a server function answered.
pub(crate) fn decoded<T: DeserializeOwned>(json: &str) -> Result<T> {
    serde_json::from_str(json).map_err(|_| Error::Malformed)
}

#[cfg(not(feature = "ssr"))]
pub(crate) use browser::{get, post};

#[cfg(not(feature = "ssr"))]
mod browser {
    use crate::{Error, Result};
    use gloo_net::http::Request;
    use leptos::server_fn::Bytes;
    use leptos::server_fn::error::FromServerFnError as _;
    use leptos::server_fn::redirect::{REDIRECT_HEADER, call_redirect_hook};

    /// Reads; the answer in JSON.
    pub(crate) async fn get(address: String) -> Result<String> {
        send(Request::get(&address).build()).await
    }

    /// Posts what is of this kind; the answer in JSON. Where it leads elsewhere, the router goes there.
    pub(crate) async fn post(path: &str, kind: &str, body: String) -> Result<String> {
        send(Request::post(path).header("content-type", kind).body(body)).await
    }

    async fn send(request: std::result::Result<Request, gloo_net::Error>) -> Result<String> {
        let request = request.map_err(|_| Error::Malformed)?;
        request.headers().set("accept", "application/json");
        let response = request.send().await.map_err(|_| Error::Offline)?;
        let body = response.text().await.map_err(|_| Error::Offline)?;
        if !response.ok() {
            return Err(Error::de(Bytes::from(body)));
        }
        if response.headers().get(REDIRECT_HEADER).is_some()
            && let Some(location) = response.headers().get("location")
        {
            call_redirect_hook(&location);
        }
        Ok(body)
    }
}
