//! A text and a link to share: by the sites' own pages for that, by e-mail, and by the device's share sheet.

use domain::portal::{Sharing, X_LONGEST, x_length};
use leptos::prelude::*;
use wasm_bindgen_futures::JsFuture;

use crate::button::{Button, ButtonLink, CopyButton, copy};
use crate::field::{TextInput, Textarea};
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

/// Where a link is shared, each place with its own words, where there are any, else the general ones: the name, and the
/// address that begins a post.
fn places(sharing: &Sharing, link: &str) -> [(&'static str, String); 5] {
    let words = |own: &str| match own.trim() {
        "" => sharing.general.trim().to_owned(),
        own => own.to_owned(),
    };
    let both = |own: &str| query(&with_link(&words(own), link));
    let alone = query(link);
    let subject = match sharing.subject.trim() {
        "" => String::new(),
        subject => format!("subject={}&", query(subject)),
    };
    [
        // It takes the link alone.
        ("Facebook", format!("https://www.facebook.com/sharer/sharer.php?u={alone}")),
        ("X", format!("https://x.com/intent/post?text={}&url={alone}", query(&words(&sharing.x)))),
        ("LinkedIn", format!("https://www.linkedin.com/feed/?shareActive=true&text={}", both(&sharing.linkedin))),
        ("WhatsApp", format!("https://wa.me/?text={}", both(&sharing.whatsapp))),
        ("E-mail", format!("mailto:?{subject}body={}", both(&sharing.email))),
    ]
}

/// How much of a post on X a text with its link takes.
#[must_use]
pub fn x_words(text: &str) -> String {
    let length = x_length(text);
    match length.checked_sub(X_LONGEST) {
        None | Some(0) => format!("{length} of {X_LONGEST} characters on X, with the link."),
        Some(over) => format!("Too long for X by {over}, with the link."),
    }
}

/// Texts that can be edited first, and where to share them with a link.
#[component]
pub fn Share(
    /// The id of the text.
    #[prop(into)]
    id: String,
    /// The texts to begin with.
    sharing: Sharing,
    /// The link.
    #[prop(into)]
    link: String,
) -> impl IntoView {
    let toasts = use_toasts();
    let typed = RwSignal::new(sharing.general.clone());
    let [facebook, x, linkedin, whatsapp, subject, email] =
        [&sharing.facebook, &sharing.x, &sharing.linkedin, &sharing.whatsapp, &sharing.subject, &sharing.email]
            .map(|text| RwSignal::new(text.clone()));
    // Only places for which there are words have a field of their own.
    let own = [
        ("facebook", "Facebook", &sharing.facebook, facebook),
        ("x", "X", &sharing.x, x),
        ("linkedin", "LinkedIn", &sharing.linkedin, linkedin),
        ("whatsapp", "WhatsApp", &sharing.whatsapp, whatsapp),
        ("email", "an e-mail", &sharing.email, email),
    ]
    .into_iter()
    .filter(|(_, _, text, _)| !text.is_empty())
    .map(|(word, name, _, bind)| {
        view! { <Textarea id=format!("{id}-{word}") label=format!("Your text for {name}") bind=bind rows=2/> }
    })
    .collect_view();
    let own_subject = (!sharing.subject.is_empty())
        .then(|| view! { <TextInput id=format!("{id}-subject") label="Subject of an e-mail" bind=subject/> });
    let has_own = Sharing { general: String::new(), ..sharing } != Sharing::default();
    let now = move || Sharing {
        general: typed.get(),
        facebook: facebook.get(),
        x: x.get(),
        linkedin: linkedin.get(),
        whatsapp: whatsapp.get(),
        subject: subject.get(),
        email: email.get(),
    };
    let on_x = move || {
        let words = now();
        x_words(if words.x.trim().is_empty() { &words.general } else { &words.x })
    };
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
        let of_place = facebook.get_untracked();
        let text = if of_place.trim().is_empty() { typed.get_untracked() } else { of_place };
        if !text.trim().is_empty() {
            leptos::task::spawn_local(async move {
                if copy(&text).await {
                    toasts.say("The text is copied: paste it into your post");
                }
            });
        }
    };
    let buttons = move || {
        let places = places(&now(), &of_places).into_iter();
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
            {has_own
                .then(|| {
                    view! {
                        <details>
                            <summary>"Texts for single places"</summary>
                            <div class="form">{own}{own_subject}</div>
                        </details>
                    }
                })}
            <p class="sub">{on_x}</p>
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
        let general = Sharing { general: "I use Acme & like it".into(), ..Sharing::default() };
        let all = places(&general, "https://t.test/r/acme/ada?a=1");
        let of =
            |name: &str| all.iter().find(|(one, _)| *one == name).map(|(_, href)| href.as_str()).unwrap_or_default();
        let link = "https%3A%2F%2Ft.test%2Fr%2Facme%2Fada%3Fa%3D1";
        assert_eq!(of("Facebook"), format!("https://www.facebook.com/sharer/sharer.php?u={link}"));
        assert_eq!(of("X"), format!("https://x.com/intent/post?text=I%20use%20Acme%20%26%20like%20it&url={link}"));
        assert!(of("WhatsApp").ends_with(&format!("text=I%20use%20Acme%20%26%20like%20it%20{link}")));
        assert_eq!(with_link("  ", "https://t.test"), "https://t.test");
        let own = Sharing { x: "On X".into(), subject: "Look".into(), ..general };
        let all = places(&own, "https://t.test");
        assert_eq!(all[1].1, "https://x.com/intent/post?text=On%20X&url=https%3A%2F%2Ft.test");
        assert!(all[3].1.contains("text=I%20use%20Acme"), "{}", all[3].1);
        assert!(all[4].1.starts_with("mailto:?subject=Look&body=I%20use%20Acme"), "{}", all[4].1);
    }

    #[test]
    fn what_x_takes_is_counted() {
        assert_eq!(x_words("abc"), "27 of 280 characters on X, with the link.");
        assert_eq!(x_words(&"a".repeat(258)), "Too long for X by 2, with the link.");
    }
}
