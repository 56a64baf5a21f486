//! One set of icons: symbols drawn once in the page, used by name.

use leptos::prelude::*;

/// The symbols themselves. The shell lays them in the page after the app, outside what is hydrated, so that they
/// never travel in the WASM.
#[cfg(feature = "ssr")]
pub const SPRITE: &str = include_str!("icons.svg");

macro_rules! glyphs {
    ($($name:ident $id:literal),+ $(,)?) => {
        /// An icon of the set.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        #[allow(missing_docs, reason = "each is named after what it shows")]
        pub enum Glyph { $($name),+ }

        impl Glyph {
            /// Every icon, for the gallery and the test.
            pub const ALL: &[Glyph] = &[$(Glyph::$name),+];

            /// The address of its symbol in the page.
            pub fn href(self) -> &'static str {
                match self { $(Glyph::$name => concat!("#i-", $id)),+ }
            }
        }
    };
}

glyphs! {
    Alert "alert",
    ArrowLeft "arrow-left",
    ArrowRight "arrow-right",
    Ban "ban",
    Bank "bank",
    Bell "bell",
    Book "book",
    Box "box",
    Calendar "calendar",
    Cart "cart",
    Chart "chart",
    Chat "chat",
    Check "check",
    CheckCircle "check-circle",
    ChevronDown "chevron-down",
    ChevronLeft "chevron-left",
    ChevronRight "chevron-right",
    Clock "clock",
    Code "code",
    Copy "copy",
    Cross "cross",
    Cursor "cursor",
    Dots "dots",
    Download "download",
    Edit "edit",
    External "external",
    Eye "eye",
    EyeOff "eye-off",
    Filter "filter",
    Flag "flag",
    Gift "gift",
    Globe "globe",
    Grip "grip",
    History "history",
    Home "home",
    Image "image",
    Inbox "inbox",
    Info "info",
    Key "key",
    Link "link",
    List "list",
    Lock "lock",
    Mail "mail",
    Menu "menu",
    Minus "minus",
    Pause "pause",
    Play "play",
    Plus "plus",
    Qr "qr",
    Receipt "receipt",
    Refresh "refresh",
    Search "search",
    Settings "settings",
    Share "share",
    Shield "shield",
    SignOut "sign-out",
    SortDown "sort-down",
    SortUp "sort-up",
    Star "star",
    Switch "switch",
    Tag "tag",
    Trash "trash",
    Undo "undo",
    Upload "upload",
    User "user",
    UserPlus "user-plus",
    Users "users",
    Wallet "wallet",
    Wave "wave",
    Webhook "webhook",
}

/// An icon of 16 px in the colour of the text. It is decoration: the words beside it, or an `aria-label` on its
/// button, say what it means.
#[component]
pub fn Icon(
    /// Which one.
    glyph: Glyph,
) -> impl IntoView {
    icon(glyph)
}

/// The same as [`Icon`], as a function.
pub fn icon(glyph: Glyph) -> AnyView {
    view! {
        <svg class="i" aria-hidden="true" viewBox="0 0 24 24">
            <use href=glyph.href()></use>
        </svg>
    }
    .into_any()
}

/// The symbols in the page; put it after the app in the shell's body.
#[cfg(feature = "ssr")]
#[component]
pub fn IconSprite() -> impl IntoView {
    view! { <div hidden inner_html=SPRITE></div> }
}

#[cfg(all(test, feature = "ssr"))]
mod tests {
    use super::*;

    #[test]
    fn every_icon_has_its_symbol() {
        for glyph in Glyph::ALL {
            let id = format!("id=\"{}\"", &glyph.href()[1..]);
            assert!(SPRITE.contains(&id), "{glyph:?} has no symbol");
        }
        assert_eq!(SPRITE.matches("<symbol").count(), Glyph::ALL.len());
    }
}
