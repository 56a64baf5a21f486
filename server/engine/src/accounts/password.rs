use crate::{Error, Result};
use argon2::password_hash::phc::PasswordHash;
use argon2::{Argon2, PasswordHasher, PasswordVerifier};
use std::sync::LazyLock;
use tokio::sync::Semaphore;

/// Argon2 takes 19 MiB a time: more than these at once wait.
static AT_ONCE: Semaphore = Semaphore::const_new(4);

/// What a password is compared with where there is no account: the same work as for one.
static NOBODY: LazyLock<Option<String>> = LazyLock::new(|| hash("nobody's password").ok());

/// Hashes a password by Argon2id, off the async threads.
///
/// # Errors
/// `Internal` where hashing fails.
pub async fn hash_password(password: &str) -> Result<String> {
    let password = password.to_owned();
    blocking(move || hash(&password)).await?
}

/// The hash of a password that a person chooses, by whichever way: refused where it is too short or too long, or easily
/// guessed, above all by who knows the person: `known` is the e-mail, names and so on.
///
/// # Errors
/// `Invalid` on `password`; `Internal` where hashing fails.
pub(crate) async fn hash_chosen(password: &str, known: &[&str]) -> Result<String> {
    check_length(password)?;
    let (password, known) = (password.to_owned(), words(known));
    blocking(move || {
        check_strength(&password, &known)?;
        hash(&password)
    })
    .await?
}

/// Whether a password can be chosen as far as its length goes: what is asked before anything is looked up.
pub(crate) fn check_length(password: &str) -> Result<()> {
    domain::accounts::check_password(password).map_err(|message| Error::field("password", message))
}

/// What is known of a person: each text, and each word of it.
fn words(known: &[&str]) -> Vec<String> {
    let parts = known.iter().flat_map(|text| text.split(|c: char| !c.is_alphanumeric()).chain([*text]));
    parts.filter(|part| part.chars().count() > 2).map(str::to_owned).collect()
}

fn check_strength(password: &str, known: &[String]) -> Result<()> {
    let known: Vec<&str> = known.iter().map(String::as_str).collect();
    let found = zxcvbn::zxcvbn(password, &known);
    if found.score() >= zxcvbn::Score::Three {
        return Ok(());
    }
    let why = found.feedback().map(ToString::to_string).unwrap_or_default();
    Err(Error::field("password", format!("This is easy to guess. {why}").trim_end()))
}

/// Whether a password is the one of this hash; without a hash it never is, and takes as long to say so.
pub(super) async fn verify_password(password: &str, hash: Option<String>) -> Result<bool> {
    let password = password.to_owned();
    blocking(move || {
        let known = hash.is_some();
        let Some(hash) = hash.or_else(|| NOBODY.clone()) else { return Ok(false) };
        let parsed = PasswordHash::new(&hash).map_err(Error::internal)?;
        Ok(Argon2::default().verify_password(password.as_bytes(), &parsed).is_ok() && known)
    })
    .await?
}

fn hash(password: &str) -> Result<String> {
    Ok(Argon2::default().hash_password(password.as_bytes()).map_err(Error::internal)?.to_string())
}

async fn blocking<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Result<T> {
    let _turn = AT_ONCE.acquire().await.map_err(Error::internal)?;
    tokio::task::spawn_blocking(work).await.map_err(Error::internal)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_easy_to_guess_is_refused_with_the_reason() {
        let known = words(&["Ada@partner.example", "Ada Lind", "acme"]);
        for weak in
            ["passwordpassword", "1234567890123", "qwertyuiop12", "Ada@partner.example", "acmepartner", "acmeacmeacme"]
        {
            let Err(Error::Invalid(errors)) = check_strength(weak, &known) else { panic!("{weak} is taken") };
            assert_eq!(errors[0].field, "password");
            assert!(errors[0].message.starts_with("This is easy to guess. "), "{}", errors[0].message);
            assert!(errors[0].message.contains("Add another word or two."), "{}", errors[0].message);
        }
        for strong in ["correct horse battery", "a long enough password", "kestrel lantern 3"] {
            assert!(check_strength(strong, &known).is_ok(), "{strong}");
        }
    }
}
