//! A text and a link to share: by the sites' own pages for that, by e-mail, and by the device's share sheet.

use leptos::prelude::*;
use wasm_bindgen_futures::JsFuture;

use crate::button::{Button, ButtonLink, CopyButton, copy};
use crate::field::Textarea;
use crate::icon::Glyph;
use crate::toast::use_toasts;

/// A text as it stands in an address's query.
fn query(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len() * 2);
    for byte in text.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' => escaped.push(byte as char),
            _ => escaped.push_str(&format!("%{byte:02X}")),
        }
    }
    escaped
}

/// A text with the link at its end.
fn with_link(text: &str, link: &str) -> String {
    if text.trim().is_empty() { link.to_owned() } else { format!("{} {link}", text.trim()) }
}

/// Where a text is shared: the name, and the address that begins a post.
fn places(text: &str, link: &str) -> [(&'static str, String); 5] {
    let (words, alone, both) = (query(text.trim()), query(link), query(&with_link(text, link)));
    [
        // It takes the link alone.
        ("Facebook", format!("https://www.facebook.com/sharer/sharer.php?u={alone}")),
        ("X", format!("https://x.com/intent/post?text={words}&url={alone}")),
        ("LinkedIn", format!("https://www.linkedin.com/feed/?shareActive=true&text={both}")),
        ("WhatsApp", format!("https://wa.me/?text={both}")),
        ("E-mail", format!("mailto:?body={both}")),
    ]
}

/// A text that can be edited first, and where to share it with a link.
#[component]
pub fn Share(
    /// The id of the text.
    #[prop(into)]
    id: String,
    /// The text to begin with.
    #[prop(into)]
    text: String,
    /// The link.
    #[prop(into)]
    link: String,
) -> impl IntoView {
    let toasts = use_toasts();
    let typed = RwSignal::new(text);
    // The device's own sheet, where it has one: known in the browser alone.
    let has_sheet = RwSignal::new(false);
    Effect::new(move |_| {
        let has = js_sys::Reflect::has(&window().navigator(), &"share".into()).unwrap_or(false);
        has_sheet.set(has);
    });
    let (of_places, of_sheet, of_copy) = (link.clone(), link.clone(), link);
    let both = Signal::derive(move || typed.with(|text| with_link(text, &of_copy)));
    let open_sheet = Callback::new(move |()| {
        let data = web_sys::ShareData::new();
        typed.with_untracked(|text| data.set_text(text.trim()));
        data.set_url(&of_sheet);
        let shared = window().navigator().share_with_data(&data);
        // Whoever closes the sheet has changed their mind, and needs no word.
        leptos::task::spawn_local(async move { drop(JsFuture::from(shared).await) });
    });
    let copy_text = move || {
        let text = typed.get_untracked();
        if !text.trim().is_empty() {
            leptos::task::spawn_local(async move {
                if copy(&text).await {
                    toasts.say("The text is copied: paste it into your post");
                }
            });
        }
    };
    let buttons = move || {
        let places = typed.with(|text| places(text, &of_places)).into_iter();
        let buttons = places.map(|(name, href)| {
            let label = format!("Share on {name}");
            let label = if name == "E-mail" { "Share by e-mail".to_owned() } else { label };
            let external = name != "E-mail";
            let link = view! { <ButtonLink href=href external=external label=label>{name}</ButtonLink> };
            if name == "Facebook" {
                view! { <span on:click=move |_| copy_text()>{link}</span> }.into_any()
            } else {
                link.into_any()
            }
        });
        buttons.collect_view()
    };
    view! {
        <div class="form">
            <Textarea id=id label="Your text" bind=typed help="Change it as you like. Your link is added. Facebook takes the link alone: your text is copied, so that you can paste it."/>
            <div class="row">
                {buttons}
                {move || {
                    has_sheet.get().then(|| view! { <Button icon=Glyph::Share on_click=open_sheet>"More"</Button> })
                }}
                <CopyButton text=both what="text with your link" label="Copy the text"/>
            </div>
        </div>
    }
    .into_any()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_place_gets_the_text_and_the_link() {
        let all = places("I use Acme & like it", "https://t.test/r/acme/ada?a=1");
        let of =
            |name: &str| all.iter().find(|(one, _)| *one == name).map(|(_, href)| href.as_str()).unwrap_or_default();
        let link = "https%3A%2F%2Ft.test%2Fr%2Facme%2Fada%3Fa%3D1";
        assert_eq!(of("Facebook"), format!("https://www.facebook.com/sharer/sharer.php?u={link}"));
        assert_eq!(of("X"), format!("https://x.com/intent/post?text=I%20use%20Acme%20%26%20like%20it&url={link}"));
        assert!(of("WhatsApp").ends_with(&format!("text=I%20use%20Acme%20%26%20like%20it%20{link}")));
        assert_eq!(with_link("  ", "https://t.test"), "https://t.test");
    }
}
