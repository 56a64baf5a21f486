use super::Letter;
use crate::{Error, Result};
use lettre::message::{Mailbox, MultiPart};
use lettre::transport::smtp::AsyncSmtpTransport;
use lettre::{Address, AsyncTransport, Message, Tokio1Executor};
use std::time::Duration;

/// The way out: an SMTP server, and who mail is from.
#[derive(Clone, Debug)]
pub struct Mailer {
    transport: AsyncSmtpTransport<Tokio1Executor>,
    from: Mailbox,
}

impl Mailer {
    /// From an address such as `smtp://127.0.0.1:1025` or `smtps://user:password@mail.example.com`, and a sender such as
    /// `Acme Partners <partners@acme.example>`. Connects only to send.
    ///
    /// # Errors
    /// `Internal` where either can't be read.
    pub fn new(smtp_url: &str, from: &str) -> Result<Self> {
        let transport = AsyncSmtpTransport::<Tokio1Executor>::from_url(smtp_url)
            .map_err(|error| Error::internal(format!("SMTP_URL: {error}")))?
            .timeout(Some(Duration::from_secs(10)))
            .build();
        let from = from.parse().map_err(|error| Error::internal(format!("the sender of mail: {error}")))?;
        Ok(Self { transport, from })
    }

    /// Sends a letter.
    ///
    /// # Errors
    /// `Internal` where the address is none, or the server does not take it.
    pub async fn send(&self, letter: &Letter) -> Result<()> {
        let message = message(self.from.clone(), letter)?;
        self.transport.send(message).await.map_err(Error::internal)?;
        Ok(())
    }
}

/// The address is parsed and names are encoded by the library; control characters go before, so that no name or subject
/// can begin a header of its own. The sender's address stays the server's, whatever the program is called.
pub(super) fn message(from: Mailbox, letter: &Letter) -> Result<Message> {
    let address: Address = letter.to.parse().map_err(Error::internal)?;
    let name = one_line(&letter.name);
    let to = Mailbox::new((!name.is_empty()).then_some(name), address);
    let from_name = one_line(&letter.from);
    let from = if from_name.is_empty() { from } else { Mailbox::new(Some(from_name), from.email) };
    let mut message = Message::builder().from(from).to(to);
    if let Ok(address) = letter.reply_to.parse::<Address>() {
        message = message.reply_to(Mailbox::new(None, address));
    }
    message
        .subject(one_line(&letter.subject))
        .message_id(None)
        .multipart(MultiPart::alternative_plain_html(letter.text.clone(), letter.html.clone()))
        .map_err(Error::internal)
}

fn one_line(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect::<String>().trim().to_owned()
}
