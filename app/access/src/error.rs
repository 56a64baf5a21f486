use domain::text::FieldError;
use leptos::server_fn::codec::JsonEncoding;
use leptos::server_fn::error::{FromServerFnError, ServerFnErrorErr};
use serde::{Deserialize, Serialize};

/// What a page can be told instead of what it asked for. It never carries the words of Postgres or of a library.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[serde(rename_all = "snake_case")]
pub enum Error {
    /// Nobody is signed in.
    #[error("not signed in")]
    SignIn,
    /// The role or standing does not allow it.
    #[error("not allowed")]
    Forbidden,
    /// The password or the second factor must be given again first.
    #[error("confirmation needed")]
    ConfirmFirst,
    /// There is no such thing, or it is not the asker's to see.
    #[error("not found")]
    NotFound,
    /// Fields that were filled in wrongly.
    #[error("invalid input")]
    Invalid(Vec<FieldError>),
    /// It can't be done as things stand now: what stands in the way, in words for the person who asked.
    #[error("{0}")]
    Conflict(String),
    /// Too many tries; in how many seconds the next one is allowed.
    #[error("too many tries")]
    TooMany(u64),
    /// The request could not be read: a page older than the server, or a hand-made request.
    #[error("malformed request")]
    Malformed,
    /// The server can't be reached. Made in the browser alone.
    #[error("offline")]
    Offline,
    /// Postgres does not answer; under which id it is in the log.
    #[error("unavailable, error id {id}")]
    Unavailable {
        /// The error id.
        id: String,
    },
    /// Our fault; under which id it is in the log.
    #[error("failed, error id {id}")]
    Internal {
        /// The error id.
        id: String,
    },
    /// What became of a form that was posted without WASM: the error itself is in a cookie, and only this word in the
    /// address, so that nobody can put words in our mouth by a link.
    #[error("see the form")]
    Kept,
}

impl Error {
    /// One field that was filled in wrongly.
    pub fn field(field: &str, message: impl Into<String>) -> Self {
        Self::Invalid(vec![FieldError::new(field, message)])
    }

    /// The HTTP status that says the same.
    #[must_use]
    pub fn status(&self) -> u16 {
        match self {
            Self::Malformed => 400,
            Self::SignIn => 401,
            Self::Forbidden | Self::ConfirmFirst => 403,
            Self::NotFound => 404,
            Self::Conflict(_) => 409,
            Self::Invalid(_) | Self::Kept => 422,
            Self::TooMany(_) => 429,
            Self::Internal { .. } => 500,
            Self::Offline | Self::Unavailable { .. } => 503,
        }
    }

    /// What happened, as a title.
    #[must_use]
    pub fn title(&self) -> &'static str {
        match self {
            Self::SignIn => "Please sign in",
            Self::Forbidden => "Not allowed",
            Self::ConfirmFirst => "Please confirm that it is you",
            Self::NotFound => "Page not found",
            Self::Invalid(_) | Self::Kept => "Please check what you entered",
            Self::Conflict(_) => "That can't be done now",
            Self::TooMany(_) => "Too many tries",
            Self::Malformed => "The page is out of date",
            Self::Offline => "No connection",
            Self::Unavailable { .. } => "Not available right now",
            Self::Internal { .. } => "Something went wrong",
        }
    }

    /// What the person can do, in a sentence or two.
    #[must_use]
    pub fn words(&self) -> String {
        match self {
            Self::SignIn => "You are signed out. Sign in to go on where you were.".into(),
            Self::Forbidden => "Your role doesn't allow this. Ask an owner of the program.".into(),
            Self::ConfirmFirst => "This asks for your password or second factor once more.".into(),
            Self::NotFound => "It doesn't exist, or it isn't yours to see.".into(),
            Self::Invalid(fields) => {
                fields.first().map_or_else(|| "Some fields need another look.".into(), |field| field.message.clone())
            }
            Self::Kept => "Some fields need another look.".into(),
            Self::Conflict(words) => words.clone(),
            Self::TooMany(seconds) if *seconds < 90 => format!("Wait {seconds} seconds, then try again."),
            Self::TooMany(seconds) => format!("Wait {} minutes, then try again.", seconds.div_ceil(60)),
            Self::Malformed => "Reload it and try again.".into(),
            Self::Offline => "The server can't be reached. Check your connection and try again.".into(),
            Self::Unavailable { .. } => "Nothing was lost. Try again in a moment.".into(),
            Self::Internal { .. } => "It is our fault, and it is in the log. Try again; if it stays, report it.".into(),
        }
    }

    /// The id under which it was logged, if it was.
    #[must_use]
    pub fn id(&self) -> Option<String> {
        match self {
            Self::Unavailable { id } | Self::Internal { id } => Some(id.clone()),
            _ => None,
        }
    }

    /// Where it leads instead of being shown, if it does, and from there back to `here`: to sign in, or to confirm.
    #[must_use]
    pub fn leads_to(&self, here: &str) -> Option<String> {
        let page = match self {
            // A program's own page takes its partners' codes, too.
            Self::SignIn => match here.strip_prefix("/p/").and_then(|rest| rest.split(['/', '?']).next()) {
                Some(program) => format!("/p/{program}/sign-in"),
                None => "/sign-in".to_owned(),
            },
            Self::ConfirmFirst => "/confirm".to_owned(),
            _ => return None,
        };
        Some(format!("{page}?to={}", crate::escape(here)))
    }

    /// What is wrong with a field of a form.
    #[must_use]
    pub fn of_field(&self, field: &str) -> Option<String> {
        let Self::Invalid(fields) = self else { return None };
        fields.iter().find(|issue| issue.field == field).map(|issue| issue.message.clone())
    }
}

impl FromServerFnError for Error {
    type Encoder = JsonEncoding;

    fn from_server_fn_error(error: ServerFnErrorErr) -> Self {
        let error = match error {
            ServerFnErrorErr::Request(_) => Self::Offline,
            _ => Self::Malformed,
        };
        #[cfg(feature = "ssr")]
        crate::server::note_status(&error);
        error
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_comes_back_as_it_was() {
        for error in [
            Error::SignIn,
            Error::field("email", "Wrong."),
            Error::Conflict("Paid already.".into()),
            Error::Unavailable { id: "7".into() },
        ] {
            assert_eq!(Error::de(error.ser()), error);
        }
    }

    #[test]
    fn a_field_finds_its_own_words() {
        let error = Error::field("email", "Enter an e-mail address.");
        assert_eq!(error.of_field("email").as_deref(), Some("Enter an e-mail address."));
        assert_eq!(error.of_field("password"), None);
    }
}
