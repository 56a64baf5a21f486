//! What a page reads.

use crate::{Error, Failure, FailurePage, Result};
use leptos::prelude::*;
use leptos::server::codee::string::FromToStringCodec;
use leptos::server_fn::ServerFn;
use leptos::tachys::reactive_graph::OwnedView;
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::fmt;
use std::marker::PhantomData;
use std::str::FromStr;
use std::sync::Arc;

/// What a page reads by a server function: rendered by the server with the page, fetched by the browser when the page is
/// opened there. Only its two ends know the type; what is between them is compiled once.
pub struct Read<T> {
    answer: Resource<Answer, FromToStringCodec>,
    of: PhantomData<fn() -> T>,
}

impl<T> Clone for Read<T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T> Copy for Read<T> {}

/// Reads by a server function, and again with each change of what the request is made of.
#[must_use]
pub fn read<S>(request: impl Fn() -> S + Send + Sync + 'static) -> Read<S::Output>
where
    S: ServerFn<Error = Error> + Serialize + 'static,
    S::Output: Serialize,
{
    read_after(|| 0, request)
}

/// Reads by a server function, and again with each change of the request and after each of the acts counted.
#[must_use]
pub fn read_after<S>(
    acts: impl Fn() -> usize + Send + Sync + 'static,
    request: impl Fn() -> S + Send + Sync + 'static,
) -> Read<S::Output>
where
    S: ServerFn<Error = Error> + Serialize + 'static,
    S::Output: Serialize,
{
    // The server runs the function itself.
    #[cfg(feature = "ssr")]
    let answer = {
        let _ = acts;
        let request = Arc::new(request);
        Resource::new_str(
            || (),
            move |()| {
                let request = untrack(|| request());
                async move {
                    let output = S::run_body(request).await;
                    Answer(output.and_then(|output| serde_json::to_string(&output).map_err(|_| Error::Malformed)))
                }
            },
        )
    };
    #[cfg(not(feature = "ssr"))]
    let answer = fetched(Arc::new(move || (acts(), crate::fetch::address(&request()))));
    Read { answer, of: PhantomData }
}

#[cfg(not(feature = "ssr"))]
fn fetched(request: Arc<dyn Fn() -> (usize, String) + Send + Sync>) -> Resource<Answer, FromToStringCodec> {
    Resource::new_str(
        move || request(),
        |(_, address)| send_wrapper::SendWrapper::new(async move { Answer(crate::fetch::get(address).await) }),
    )
}

impl<T: DeserializeOwned + 'static> Read<T> {
    /// Reads again.
    pub fn again(self) {
        self.answer.refetch();
    }

    /// What a page with a frame shows of it, or what went wrong instead; until then the skeleton.
    #[must_use]
    pub fn show(self, skeleton: fn() -> AnyView, content: impl Fn(T) -> AnyView + Send + Sync + 'static) -> AnyView {
        awaited(self.answer, skeleton, show(content, |error| view! { <Failure error=error/> }.into_any()))
    }

    /// A page without a frame.
    #[must_use]
    pub fn page(self, page: impl Fn(T) -> AnyView + Send + Sync + 'static) -> AnyView {
        awaited(self.answer, || ().into_any(), show(page, failure_page))
    }

    /// The frame around pages. No boundary waits for it: the pages make their resources inside, and those must not hold
    /// it up.
    #[must_use]
    pub fn frame(self, frame: impl Fn(T) -> AnyView + Send + Sync + 'static) -> AnyView {
        suspended(self.answer, show(frame, failure_page), Owner::current())
    }
}

fn failure_page(error: Error) -> AnyView {
    view! { <FailurePage error=error/> }.into_any()
}

/// What is made of an answer.
type Show = Arc<dyn Fn(Answer) -> AnyView + Send + Sync>;

fn show<T: DeserializeOwned>(
    page: impl Fn(T) -> AnyView + Send + Sync + 'static,
    failure: fn(Error) -> AnyView,
) -> Show {
    Arc::new(move |answer| match answer.0.and_then(|json| crate::fetch::decoded(&json)) {
        Ok(content) => page(content),
        Err(error) => failure(error),
    })
}

fn awaited(answer: Resource<Answer, FromToStringCodec>, skeleton: fn() -> AnyView, show: Show) -> AnyView {
    // That of the page: the boundary's own is emptied meanwhile.
    let page = Owner::current();
    view! { <Transition fallback=skeleton>{suspended(answer, show, page)}</Transition> }.into_any()
}

fn suspended(answer: Resource<Answer, FromToStringCodec>, show: Show, page: Option<Owner>) -> AnyView {
    #[cfg(feature = "ssr")]
    drop(page);
    (move || {
        let show = show.clone();
        // What is shown keeps its owner: without, its signals may be gone before it is rendered, since nothing else holds
        // the owner of a frame once this has been awaited.
        #[cfg(feature = "ssr")]
        return Suspend::new(async move { OwnedView::new(show(answer.await)) });
        // In the browser it has one of its own below the page's: its signals live until something else is shown. That of
        // this closure is emptied each time it runs again, while what it had made is still on the page.
        #[cfg(not(feature = "ssr"))]
        {
            let own = page.as_ref().map_or_else(Owner::new, Owner::child);
            Suspend::new(async move {
                let answer = answer.await;
                OwnedView::new_with_owner(own.with(|| show(answer)), own)
            })
        }
    })
    .into_any()
}

/// What a server function answered, in JSON. As a text, an error begins with a mark that no JSON begins with.
#[derive(Clone, Debug, PartialEq)]
struct Answer(Result<String>);

const MARK: char = '!';

impl fmt::Display for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Ok(json) => f.write_str(json),
            Err(error) => write!(f, "{MARK}{}", serde_json::to_string(error).map_err(|_| fmt::Error)?),
        }
    }
}

impl FromStr for Answer {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        Ok(Self(match text.strip_prefix(MARK) {
            Some(error) => Err(crate::fetch::decoded(error)?),
            None => Ok(text.to_owned()),
        }))
    }
}

#[cfg(test)]
mod tests {
    use super::Answer;
    use crate::Error;

    #[test]
    fn an_answer_reaches_the_browser_as_it_was() {
        for answer in [Ok("[\"!\"]".to_owned()), Ok("\"!\"".to_owned()), Err(Error::Conflict("No!".into()))] {
            let answer = Answer(answer);
            assert_eq!(answer.to_string().parse::<Answer>(), Ok(answer));
        }
    }
}
