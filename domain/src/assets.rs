//! Assets: what the team gives its partners to share, and how a partner's link gets into it.

use crate::files::FileInfo;
use crate::ids::{AssetId, FileId, PartnerGroupId};
use crate::links::check_path;
use crate::messages::{MergeField, fields, filled};
use crate::partners::GroupName;
use crate::portal::MARKDOWN;
use crate::text::{FieldError, check_line};
use crate::words;
use serde::{Deserialize, Serialize};

words! {
    /// A kind of asset.
    pub enum AssetKind in "asset_kind" {
        /// An image that leads to the site by the partner's link.
        Banner = "banner",
        /// The words of an e-mail.
        Email = "email",
        /// The words of a post.
        Social = "social",
        /// A page to read.
        Page = "page",
        /// A file to download.
        File = "file",
    }
}

impl AssetKind {
    /// One of it, in words.
    #[must_use]
    pub fn label(self) -> &'static str {
        match self {
            Self::Banner => "Banner",
            Self::Email => "E-mail copy",
            Self::Social => "Social text",
            Self::Page => "Resource page",
            Self::File => "File",
        }
    }

    /// Several of it, in words.
    #[must_use]
    pub fn plural(self) -> &'static str {
        match self {
            Self::Banner => "Banners",
            Self::Email => "E-mail copy",
            Self::Social => "Social texts",
            Self::Page => "Resource pages",
            Self::File => "Files",
        }
    }

    /// Whether it is a file.
    #[must_use]
    pub fn has_file(self) -> bool {
        matches!(self, Self::Banner | Self::File)
    }

    /// Whether it is words.
    #[must_use]
    pub fn has_body(self) -> bool {
        matches!(self, Self::Email | Self::Social | Self::Page)
    }
}

/// The merge fields of texts, each with an example.
pub const MERGE_FIELDS: [MergeField; 6] = [
    ("link", "https://partners.acme.example/r/acme/ada"),
    ("partner.name", "Ada Lind"),
    ("partner.code", "ada"),
    ("program.name", "Acme"),
    ("promo.code", "ADA20"),
    ("promo.gives", "20% off the first month"),
];

/// What stands for a partner's merge fields.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Merge {
    /// The link.
    pub link: String,
    /// The partner's name.
    pub partner: String,
    /// The partner's code.
    pub code: String,
    /// The program's name.
    pub program: String,
    /// The first of the partner's promo codes, or empty.
    pub promo_code: String,
    /// What that gives the customer.
    pub promo_gives: String,
}

impl Merge {
    /// A text with its fields filled in. A sentence that speaks of what the partner has none of, such as a promo code, is
    /// left out.
    #[must_use]
    pub fn fill(&self, text: &str) -> String {
        let speaks_of_nothing =
            |sentence: &&str| fields(sentence).any(|field| self.value(field).is_some_and(String::is_empty));
        let kept: String = sentences(text).filter(|sentence| !speaks_of_nothing(sentence)).collect();
        filled(&kept, |field| self.value(field).cloned())
    }

    fn value(&self, field: &str) -> Option<&String> {
        Some(match field {
            "link" => &self.link,
            "partner.name" => &self.partner,
            "partner.code" => &self.code,
            "program.name" => &self.program,
            "promo.code" => &self.promo_code,
            "promo.gives" => &self.promo_gives,
            _ => return None,
        })
    }
}

/// The sentences of a text, each with the blanks after it; a line's end is a sentence of its own.
fn sentences(text: &str) -> impl Iterator<Item = &str> {
    let lines = text.split_inclusive('\n').flat_map(|line| {
        let words = line.trim_end_matches(['\r', '\n']);
        [words, &line[words.len()..]]
    });
    lines.flat_map(|line| {
        let ends = line.match_indices([' ', '\t']).filter(|(at, _)| line[..*at].ends_with(['.', '!', '?']));
        let mut from = 0;
        let mut parts: Vec<&str> = ends.map(|(at, _)| &line[std::mem::replace(&mut from, at + 1)..=at]).collect();
        parts.push(&line[from..]);
        parts
    })
}

/// The languages that an asset can be in: ISO 639-1 and the name in that language.
pub const LANGUAGES: &[(&str, &str)] = &[
    ("ar", "العربية"),
    ("cs", "Čeština"),
    ("da", "Dansk"),
    ("de", "Deutsch"),
    ("el", "Ελληνικά"),
    ("en", "English"),
    ("es", "Español"),
    ("et", "Eesti"),
    ("fi", "Suomi"),
    ("fr", "Français"),
    ("he", "עברית"),
    ("hi", "हिन्दी"),
    ("hu", "Magyar"),
    ("id", "Bahasa Indonesia"),
    ("it", "Italiano"),
    ("ja", "日本語"),
    ("ko", "한국어"),
    ("nl", "Nederlands"),
    ("no", "Norsk"),
    ("pl", "Polski"),
    ("pt", "Português"),
    ("ro", "Română"),
    ("sv", "Svenska"),
    ("tr", "Türkçe"),
    ("uk", "Українська"),
    ("vi", "Tiếng Việt"),
    ("zh", "中文"),
];

/// A language's name; its code where it is none of ours.
#[must_use]
pub fn language_name(code: &str) -> &str {
    LANGUAGES.iter().find(|(one, _)| *one == code).map_or(code, |(_, name)| name)
}

/// An asset as an admin types it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AssetInput {
    /// Its kind; fixed once it is made.
    pub kind: AssetKind,
    /// What it is called.
    pub name: String,
    /// Its language, or empty: for all.
    #[serde(default)]
    pub language: String,
    /// Of e-mail copy.
    #[serde(default)]
    pub subject: String,
    /// Text with merge fields; of a page, Markdown.
    #[serde(default)]
    pub body: String,
    /// The page of the site that a banner leads to, such as `/pricing`; empty: where the link leads.
    #[serde(default)]
    pub destination: String,
    /// The groups that see it; none: all partners do.
    #[serde(default)]
    pub groups: Vec<PartnerGroupId>,
    /// The file that was uploaded for it; none: it keeps the one that it has.
    #[serde(default)]
    pub file: Option<FileId>,
}

impl AssetInput {
    /// What is wrong with it; a file that is missing is for the use case to see.
    #[must_use]
    pub fn check(&self) -> Vec<FieldError> {
        let mut errors = Vec::new();
        if let Err(words) = check_line(&self.name, 120) {
            errors.push(FieldError::new("name", words));
        }
        if !self.language.is_empty() && !LANGUAGES.iter().any(|(code, _)| *code == self.language) {
            errors.push(FieldError::new("language", "Choose one of the languages."));
        }
        if self.kind == AssetKind::Email {
            if let Err(words) = check_line(&self.subject, 200) {
                errors.push(FieldError::new("subject", words));
            } else if let Some(words) = wrong_field(&self.subject) {
                errors.push(FieldError::new("subject", words));
            }
        }
        if self.kind.has_body() {
            let longest = if self.kind == AssetKind::Page { MARKDOWN } else { 10_000 };
            if self.body.trim().is_empty() {
                errors.push(FieldError::new("body", "Write something."));
            } else if self.body.chars().count() > longest || self.body.contains('\0') {
                errors.push(FieldError::new("body", format!("Use at most {longest} characters.")));
            } else if let Some(words) = wrong_field(&self.body) {
                errors.push(FieldError::new("body", words));
            }
        }
        if !self.destination.is_empty() && check_path(&self.destination).is_err() {
            errors.push(FieldError::new("destination", "Use a path on the site, such as /pricing."));
        }
        errors
    }
}

/// What is wrong with a text's merge fields.
fn wrong_field(text: &str) -> Option<String> {
    let known = |field: &str| MERGE_FIELDS.iter().any(|(name, _)| *name == field);
    fields(text).find(|field| !known(field)).map(|unknown| format!("There is no merge field {{{{{unknown}}}}}."))
}

/// Of which kinds and in which languages there are assets.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct AssetChoices {
    /// The kinds, in their order.
    pub kinds: Vec<AssetKind>,
    /// The languages, by their codes; those that are for all languages have none.
    pub languages: Vec<String>,
}

/// Which assets a list shows.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct AssetFilter {
    /// Part of the name or the text, whatever the case.
    #[serde(default)]
    pub search: String,
    /// Only those of this kind.
    #[serde(default)]
    pub kind: Option<AssetKind>,
    /// Only those in this language, and those for all.
    #[serde(default)]
    pub language: String,
    /// Only those that are archived; else only the others.
    #[serde(default)]
    pub archived: bool,
}

/// An asset in the admin's list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AssetRow {
    /// Its id.
    pub id: AssetId,
    /// Its kind.
    pub kind: AssetKind,
    /// What it is called.
    pub name: String,
    /// Its language, or empty.
    pub language: String,
    /// The subject of e-mail copy.
    pub subject: String,
    /// Its text as it was typed.
    pub body: String,
    /// Where a banner leads, or empty.
    pub destination: String,
    /// Its file.
    pub file: Option<FileInfo>,
    /// The groups that see it; none: all partners do.
    pub groups: Vec<GroupName>,
    /// Whether it is archived.
    pub archived: bool,
    /// How often its banner was shown.
    pub views: i64,
}

/// An asset as a partner uses it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PartnerAsset {
    /// Its id.
    pub id: AssetId,
    /// Its kind.
    pub kind: AssetKind,
    /// What it is called.
    pub name: String,
    /// Its language, or empty.
    pub language: String,
    /// The subject of e-mail copy, filled in.
    pub subject: String,
    /// Its text, filled in; of a page that is read, HTML that was made safe.
    pub body: String,
    /// Its file.
    pub file: Option<FileInfo>,
    /// A banner's code for the partner's own page.
    pub embed: String,
    /// How often it was shown on the partner's pages.
    pub views: i64,
}

/// The path of a banner that counts its views.
#[must_use]
pub fn view_path(program_slug: &str, asset: AssetId, code: &str) -> String {
    format!("/a/{program_slug}/{asset}/{code}")
}

/// A link with a page of the site that it shall lead to, where there is one.
#[must_use]
pub fn leading_to(link: &str, destination: &str) -> String {
    if destination.is_empty() {
        return link.to_owned();
    }
    let mut to = String::new();
    for byte in destination.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' | b'/' => to.push(byte as char),
            _ => to.push_str(&format!("%{byte:02X}")),
        }
    }
    format!("{link}{}to={to}", if link.contains('?') { '&' } else { '?' })
}

/// A banner's code for a page of the partner's own: an image that leads to `link`.
#[must_use]
pub fn embed_code(link: &str, image: &str, file: &FileInfo, name: &str) -> String {
    format!(
        "<a href=\"{}\"><img src=\"{}\" width=\"{}\" height=\"{}\" alt=\"{}\"></a>",
        escaped(link),
        escaped(image),
        file.width,
        file.height,
        escaped(name)
    )
}

/// A text within an attribute of HTML.
fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('"', "&quot;").replace('<', "&lt;").replace('>', "&gt;")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn input(kind: AssetKind) -> AssetInput {
        AssetInput {
            kind,
            name: "Spring".into(),
            language: String::new(),
            subject: "Look, {{partner.name}}".into(),
            body: "See {{link}}".into(),
            destination: String::new(),
            groups: Vec::new(),
            file: None,
        }
    }

    #[test]
    fn what_is_wrong_is_told_beside_its_field() {
        for kind in AssetKind::ALL {
            assert_eq!(input(*kind).check(), [], "{kind}");
        }
        let bad = AssetInput {
            name: " ".into(),
            language: "xx".into(),
            subject: "Hi {{customer.name}}".into(),
            body: "{{password}}".into(),
            destination: "https://evil.example".into(),
            ..input(AssetKind::Email)
        };
        let fields: Vec<String> = bad.check().into_iter().map(|error| error.field).collect();
        assert_eq!(fields, ["name", "language", "subject", "body", "destination"]);
    }

    #[test]
    fn a_partner_s_link_gets_into_it() {
        let merge = Merge { link: "https://t.test/r/acme/ada".into(), partner: "{{link}}".into(), ..Merge::default() };
        assert_eq!(merge.fill("{{ link }} by {{partner.name}}"), "https://t.test/r/acme/ada by {{link}}");
        let text = "Hi!\nTry {{link}}. With the code {{promo.code}} you get {{ promo.gives }}! Bye.\r\nAda";
        assert_eq!(merge.fill(text), "Hi!\nTry https://t.test/r/acme/ada. Bye.\r\nAda");
        let merge = Merge { promo_code: "ADA20".into(), promo_gives: "20%".into(), ..merge };
        let whole = "Hi!\nTry https://t.test/r/acme/ada. With the code ADA20 you get 20%! Bye.\r\nAda";
        assert_eq!(merge.fill(text), whole);
        assert_eq!(leading_to("https://t.test/r/acme/ada", ""), "https://t.test/r/acme/ada");
        assert_eq!(leading_to("https://t.test/r/acme/ada", "/a?b=1"), "https://t.test/r/acme/ada?to=/a%3Fb%3D1");
    }

    #[test]
    fn a_banner_s_code_can_not_be_broken_out_of() {
        let id = FileId(uuid::Uuid::nil());
        let (name, content_type) = ("x.png".into(), "image/png".into());
        let purpose = crate::files::FilePurpose::Asset;
        let file = FileInfo { id, purpose, name, content_type, bytes: 1, width: 300, height: 250 };
        let code = embed_code("https://t.test/?a=1&b=2", "https://t.test/a", &file, "\"><script>");
        assert_eq!(
            code,
            "<a href=\"https://t.test/?a=1&amp;b=2\"><img src=\"https://t.test/a\" width=\"300\" height=\"250\" \
             alt=\"&quot;&gt;&lt;script&gt;\"></a>"
        );
    }
}
