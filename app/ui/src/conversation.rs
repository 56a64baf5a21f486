//! The messages of a conversation, as either side reads them.

use domain::conversations::{Conversation, Message};
use domain::ids::FileId;
use leptos::prelude::*;

use crate::display::{Pill, Tone};
use crate::{ButtonLink, Card, Glyph};

/// So many messages stand on the page of what they are about.
const LATEST: usize = 5;

/// Messages, the earliest first; `file` tells where a file is opened, `time` when one was written.
pub fn message_list(
    messages: Vec<Message>,
    file: impl Fn(FileId) -> String,
    time: impl Fn(&Message) -> String,
) -> AnyView {
    let each = messages.into_iter().map(|message| {
        let at = time(&message);
        let attached = message.file.map(|attached| {
            let (href, size) = (file(attached.id), format!(" {}", attached.size()));
            // The browser fetches it: it is no page of the router's.
            view! { <p><a class="link" href=href rel="external" download="">{attached.name}</a><span class="sub">{size}</span></p> }
        });
        let class = if message.own { "message own" } else { "message" };
        let words = (!message.body.is_empty()).then(|| view! { <p class="lines">{linked(&message.body)}</p> });
        view! {
            <li class=class>
                <p class="message-head"><strong>{message.by}</strong><small class="sub">{at}</small></p>
                {words}
                {attached}
            </li>
        }
    });
    let each = each.collect_view();
    view! { <ol class="messages" aria-label="Messages">{each}</ol> }.into_any()
}

/// The latest messages about something, on its own page; `href` is the conversation's.
pub fn latest_messages(conversation: Conversation, href: String, time: impl Fn(&Message) -> String) -> AnyView {
    let mut messages = conversation.messages;
    let latest = messages.split_off(messages.len().saturating_sub(LATEST));
    let all = if messages.is_empty() { "Answer" } else { "See all and answer" };
    let files = href.clone();
    let list = message_list(latest, move |file| format!("{files}/files/{file}"), time);
    view! {
        <Card title="Messages">
            {list}
            <div class="form-actions"><ButtonLink href=href icon=Glyph::Mail>{all}</ButtonLink></div>
        </Card>
    }
    .into_any()
}

/// Somebody with whom one writes, what about, and whether there is something unread.
pub fn conversation_cell(href: String, about: String, unread: bool, below: Option<String>, latest: String) -> AnyView {
    let with = below.map(|below| view! { <small>{below}</small> });
    let new = unread.then(|| view! { <Pill tone=Tone::Accent text="New"/> });
    let class = if unread { "link strong" } else { "link" };
    view! {
        <a class=class href=href>{about}</a>" "{new}
        {with}
        <small class="conversation-latest">{latest}</small>
    }
    .into_any()
}

/// A text in which addresses of sites are links. They are a stranger's: nothing is vouched for.
fn linked(text: &str) -> Vec<AnyView> {
    parts(text)
        .into_iter()
        .map(|(part, is_link)| {
            let part = part.to_owned();
            if is_link {
                let href = part.clone();
                view! { <a class="link" href=href rel="external noopener nofollow ugc" target="_blank">{part}</a> }
                    .into_any()
            } else {
                part.into_any()
            }
        })
        .collect()
}

/// The parts of a text, each with whether it is an address. What ends a sentence doesn't belong to it.
fn parts(text: &str) -> Vec<(&str, bool)> {
    let (mut parts, mut rest) = (Vec::new(), text);
    while let Some(at) = ["https://", "http://"].iter().filter_map(|scheme| rest.find(scheme)).min() {
        let (before, from) = rest.split_at(at);
        let end = from.find(|c: char| c.is_whitespace() || matches!(c, '<' | '>' | '"')).unwrap_or(from.len());
        let address = from[..end].trim_end_matches(['.', ',', ';', ':', '!', '?', ')', '\'']);
        if !before.is_empty() {
            parts.push((before, false));
        }
        let is_link = address.len() > "https://".len();
        let taken = if is_link { address.len() } else { end.max(1) };
        parts.push((&from[..taken], is_link));
        rest = &from[taken..];
    }
    if !rest.is_empty() {
        parts.push((rest, false));
    }
    parts
}

#[cfg(test)]
mod tests {
    use super::parts;

    #[test]
    fn addresses_of_sites_are_links_and_nothing_else() {
        assert_eq!(parts("No link"), [("No link", false)]);
        assert_eq!(
            parts("See https://a.test/x?y=1, or (http://b.test)."),
            [
                ("See ", false),
                ("https://a.test/x?y=1", true),
                (", or (", false),
                ("http://b.test", true),
                (").", false)
            ]
        );
        assert_eq!(parts("javascript:alert(1)"), [("javascript:alert(1)", false)]);
        assert_eq!(parts("https://"), [("https://", false)]);
        assert!(parts("").is_empty());
    }
}
