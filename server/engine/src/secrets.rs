//! The server's secret, and what is made of it: keyed hashes and encryption at rest, each use with its own key.

use crate::{Error, Result};
use chacha20poly1305::aead::{Aead, KeyInit, Payload};
use chacha20poly1305::{Key, XChaCha20Poly1305, XNonce};
use hmac::{Hmac, Mac};
use rand::Rng;
use sha2::{Digest, Sha256};
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

/// What a key is used for: no value made for one use means anything in another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Use {
    /// Hashes of visitors' IP addresses.
    IpAddress,
    /// Hashes of the bodies of API calls.
    ApiBody,
    /// Encrypted parts of answers to API calls.
    ApiAnswer,
    /// Hashes of recovery codes.
    RecoveryCode,
    /// Encrypted secrets of second factors.
    SecondFactor,
    /// Encrypted details of payout methods.
    PayoutDetails,
    /// Hashes of what payout methods are recognised by.
    PayoutIdentity,
    /// The mark by which an address is known to lead to this installation.
    Installation,
    /// Encrypted texts of mails in the outbox.
    Mail,
}

impl Use {
    /// The name from which the key is derived: never change one, what was made with it would be lost.
    const fn name(self) -> &'static [u8] {
        match self {
            Self::IpAddress => b"tributary ip address",
            Self::ApiBody => b"tributary api body",
            Self::ApiAnswer => b"tributary api answer",
            Self::RecoveryCode => b"tributary recovery code",
            Self::SecondFactor => b"tributary second factor",
            Self::PayoutDetails => b"tributary payout details",
            Self::PayoutIdentity => b"tributary payout identity",
            Self::Installation => b"tributary installation",
            Self::Mail => b"tributary mail",
        }
    }
}

/// The server's secret. Every process on one database must have the same.
#[derive(Clone)]
pub struct Secrets {
    root: [u8; 32],
}

impl std::fmt::Debug for Secrets {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Secrets")
    }
}

const NONCE: usize = 24;

impl Secrets {
    /// Takes the secret that was configured (`TRIBUTARY_SECRET`); without one, that in `file`, which is made at the
    /// first start, readable by its owner alone.
    ///
    /// # Errors
    /// `Internal` where the secret is shorter than 32 bytes, or the file can't be read or made.
    pub fn load(configured: Option<&str>, file: &Path) -> Result<Self> {
        match configured {
            Some(secret) => Self::new(secret),
            None => {
                make_file(file).map_err(|error| Error::internal(format!("{}: {error}", file.display())))?;
                let secret = std::fs::read_to_string(file)
                    .map_err(|error| Error::internal(format!("{}: {error}", file.display())))?;
                Self::new(&secret)
            }
        }
    }

    /// From a text of at least 32 bytes.
    ///
    /// # Errors
    /// `Internal` where it is shorter.
    pub fn new(secret: &str) -> Result<Self> {
        let secret = secret.trim();
        if secret.len() < 32 {
            return Err(Error::internal("the secret must have at least 32 characters"));
        }
        Ok(Self { root: Sha256::digest(secret).into() })
    }

    fn key(&self, purpose: Use) -> [u8; 32] {
        hmac(&self.root, purpose.name())
    }

    /// A hash that nobody can make, or try guesses against, without the secret.
    #[must_use]
    pub fn keyed_hash(&self, purpose: Use, bytes: &[u8]) -> [u8; 32] {
        hmac(&self.key(purpose), bytes)
    }

    /// Encrypts for keeping at rest. The nonce comes from the system, never from a seeded moment: a repeated one would
    /// give both texts away.
    ///
    /// # Errors
    /// `Internal` where the text is too long to encrypt.
    pub fn encrypt(&self, purpose: Use, plain: &[u8]) -> Result<Vec<u8>> {
        let mut nonce = [0; NONCE];
        rand::rng().fill_bytes(&mut nonce);
        let payload = Payload { msg: plain, aad: purpose.name() };
        let sealed = self.cipher(purpose).encrypt(&XNonce::from(nonce), payload).map_err(Error::internal)?;
        Ok([nonce.as_slice(), &sealed].concat())
    }

    /// Decrypts what [`Self::encrypt`] made for the same use.
    ///
    /// # Errors
    /// `Internal` where it was made with another secret, for another use, or has been tampered with.
    pub fn decrypt(&self, purpose: Use, sealed: &[u8]) -> Result<Vec<u8>> {
        let (nonce, sealed) =
            sealed.split_first_chunk::<NONCE>().ok_or_else(|| Error::internal("encrypted text too short"))?;
        let payload = Payload { msg: sealed, aad: purpose.name() };
        self.cipher(purpose)
            .decrypt(&XNonce::from(*nonce), payload)
            .map_err(|_| Error::internal("can't be decrypted: has TRIBUTARY_SECRET changed?"))
    }

    fn cipher(&self, purpose: Use) -> XChaCha20Poly1305 {
        XChaCha20Poly1305::new(&Key::from(self.key(purpose)))
    }
}

/// The form in which random tokens are kept: SHA-256. They can't be guessed, so it needs no key and no salt.
#[must_use]
pub fn token_hash(token: &str) -> [u8; 32] {
    Sha256::digest(token).into()
}

/// Bytes in hexadecimal.
pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn hmac(key: &[u8; 32], bytes: &[u8]) -> [u8; 32] {
    // HMAC fills a shorter key up to its block with zeros.
    let mut block = [0; 64];
    block[..32].copy_from_slice(key);
    let mut mac = <Hmac<Sha256> as hmac::KeyInit>::new(&block.into());
    mac.update(bytes);
    mac.finalize().into_bytes().into()
}

/// Makes the file with a fresh secret unless it is there: written beside it and linked, so that of two processes that
/// start at once both read the same whole secret.
fn make_file(file: &Path) -> std::io::Result<()> {
    if file.exists() {
        return Ok(());
    }
    if let Some(folder) = file.parent() {
        std::fs::create_dir_all(folder)?;
    }
    let (mut secret, mut name) = ([0; 32], [0; 8]);
    rand::rng().fill_bytes(&mut secret);
    rand::rng().fill_bytes(&mut name);
    let draft = file.with_extension(hex(&name));
    let mut open = std::fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(&draft)?;
    writeln!(open, "{}", hex(&secret))?;
    open.sync_all()?;
    let linked = std::fs::hard_link(&draft, file);
    std::fs::remove_file(&draft)?;
    match linked {
        Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => Ok(()),
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn secrets() -> Secrets {
        Secrets::new("a secret for tests, long enough to be taken").expect("secret")
    }

    #[test]
    fn what_is_encrypted_opens_with_the_same_secret_and_use_alone() {
        let sealed = secrets().encrypt(Use::SecondFactor, b"hello").expect("sealed");
        assert_eq!(secrets().decrypt(Use::SecondFactor, &sealed).expect("opened"), b"hello");
        assert!(secrets().decrypt(Use::PayoutDetails, &sealed).is_err());
        let other = Secrets::new("another secret for tests, long enough too").expect("secret");
        assert!(other.decrypt(Use::SecondFactor, &sealed).is_err());
        let mut tampered = sealed.clone();
        tampered[NONCE] ^= 1;
        assert!(secrets().decrypt(Use::SecondFactor, &tampered).is_err());
        assert!(secrets().decrypt(Use::SecondFactor, b"short").is_err());
        assert_ne!(sealed, secrets().encrypt(Use::SecondFactor, b"hello").expect("sealed"), "a nonce of its own");
    }

    #[test]
    fn each_use_has_its_own_hashes() {
        let hashes =
            [Use::IpAddress, Use::ApiBody, Use::RecoveryCode].map(|purpose| secrets().keyed_hash(purpose, b"x"));
        assert_ne!(hashes[0], hashes[1]);
        assert_ne!(hashes[1], hashes[2]);
        assert_eq!(hashes[0], secrets().keyed_hash(Use::IpAddress, b"x"));
    }

    #[test]
    fn the_file_is_made_once_and_kept_private() {
        use std::os::unix::fs::PermissionsExt;
        let folder = std::env::temp_dir().join(format!("tributary-secret-{}", std::process::id()));
        let file = folder.join("secret");
        let made = std::thread::scope(|scope| {
            let starts: Vec<_> = (0..8).map(|_| scope.spawn(|| Secrets::load(None, &file))).collect();
            starts.into_iter().map(|start| start.join().expect("thread").expect("secret").root).collect::<Vec<_>>()
        });
        assert!(made.windows(2).all(|pair| pair[0] == pair[1]));
        assert_eq!(std::fs::metadata(&file).expect("file").permissions().mode() & 0o777, 0o600);
        assert_eq!(std::fs::read_dir(&folder).expect("folder").count(), 1, "no drafts are left");
        std::fs::remove_dir_all(folder).expect("removed");
        assert!(Secrets::new("short").is_err());
    }
}
