//! The portal as a program's team sets it up: its pages, who signs up and what they are asked, and the terms.

use crate::ids::AccountId;
use crate::partners::{Kinds, PartnerName};
use crate::text::{FieldError, is_email};
use crate::words;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

words! {
    /// Who may sign up as a partner.
    pub enum SignUpRule in "sign_up_rule" {
        /// Nobody: the team invites.
        Closed = "closed",
        /// Whoever wants to; the team approves.
        Approve = "approve",
        /// Whoever wants to, at once.
        Open = "open",
    }
}

words! {
    /// Where partners land.
    pub enum LandsOn in "lands_on" {
        /// On the dashboard.
        Dashboard = "dashboard",
        /// On the team's message, where there is one.
        Welcome = "welcome",
    }
}

words! {
    /// A section of the portal's menu.
    pub enum Section in "section" {
        /// The partner and its programs.
        Home = "home",
        /// What it shares.
        Resources = "resources",
        /// What came of it.
        Reports = "reports",
    }
}

impl Section {
    /// Its words in the menu.
    #[must_use]
    pub fn label(self) -> &'static str {
        match self {
            Self::Home => "Home",
            Self::Resources => "Resources",
            Self::Reports => "Reports",
        }
    }
}

/// The portal's pages: the menu, the team's choice of what shows, and the refusal of the rest come from this list. A
/// page's word is its path, its label its menu entry and h1.
macro_rules! portal_pages {
    ($($(#[$doc:meta])* $page:ident = $word:literal, $label:literal, $section:ident;)+) => {
        words! {
            /// A page of the portal.
            pub enum PortalPage in "portal_page" { $($(#[$doc])* $page = $word),+ }
        }

        impl PortalPage {
            /// Its words in the menu.
            #[must_use]
            pub fn label(self) -> &'static str {
                match self { $(Self::$page => $label),+ }
            }

            /// Where in the menu it stands.
            #[must_use]
            pub fn section(self) -> Section {
                match self { $(Self::$page => Section::$section),+ }
            }
        }
    };
}

portal_pages! {
    /// The figures at a glance.
    Dashboard = "dashboard", "Dashboard", Home;
    /// The team's message.
    Welcome = "welcome", "Welcome", Home;
    /// What the program is, and its offers.
    Summary = "summary", "Summary", Home;
    /// The programs and offers that the account is in.
    Programs = "programs", "My programs", Home;
    /// What is paid for what, with examples.
    Structure = "structure", "My commission structure", Home;
    /// Those whom the partner introduces, and what became of each.
    Leads = "leads", "Leads", Home;
    /// Who signed up or was won, and what they have paid.
    Customers = "customers", "Customers", Home;
    /// What the partner and the team write to one another.
    Messages = "messages", "Messages", Home;
    /// What the partner tells of itself, how it is paid and which mails it gets.
    Profile = "profile", "My profile", Home;
    /// Links to share.
    Links = "links", "Links", Resources;
    /// Promo codes to share.
    PromoCodes = "promo-codes", "Promo codes", Resources;
    /// Banners, texts, pages and files to share.
    Assets = "assets", "Assets", Resources;
    /// How the partner did, over time and by what clicks and customers have in common.
    Details = "details", "Details", Reports;
    /// Every commission.
    Rewards = "commissions", "Rewards", Reports;
    /// Every payment.
    Payouts = "payouts", "Payouts", Reports;
    /// What the commissions come to, by month and by offer.
    CommissionReport = "commission-report", "Commissions", Reports;
    /// Every sale that counts for the partner.
    Sales = "sales", "Sales", Reports;
    /// Every entry of the ledger.
    Ledger = "ledger", "My ledger", Reports;
    /// What each month came to.
    Statements = "statements", "Statements", Reports;
}

impl PortalPage {
    /// The pages that lead to one another at the top of each.
    pub const TABS: [Self; 5] = [Self::Dashboard, Self::Details, Self::Rewards, Self::Payouts, Self::Assets];

    /// Its path below the portal's own.
    #[must_use]
    pub fn path(self) -> &'static str {
        if self == Self::Dashboard { "" } else { self.as_str() }
    }

    /// Its address.
    #[must_use]
    pub fn href(self, program_slug: &str) -> String {
        match self.path() {
            "" => format!("/p/{program_slug}"),
            path => format!("/p/{program_slug}/{path}"),
        }
    }
}

/// Pages that don't show, for each kind of partner. The dashboard always does.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hidden {
    /// For affiliates.
    #[serde(default)]
    pub affiliate: Vec<PortalPage>,
    /// For introducers.
    #[serde(default)]
    pub introducer: Vec<PortalPage>,
    /// For buyers.
    #[serde(default)]
    pub buyer: Vec<PortalPage>,
}

impl Hidden {
    /// The pages that show to a partner: those that one of its kinds sees. One without a kind sees what affiliates do.
    #[must_use]
    pub fn shown(&self, kinds: Kinds, has_welcome: bool) -> Vec<PortalPage> {
        let affiliate = kinds.affiliate || !(kinds.introducer || kinds.buyer);
        let seen = |page: &PortalPage| {
            *page == PortalPage::Dashboard
                || affiliate && !self.affiliate.contains(page)
                || kinds.introducer && !self.introducer.contains(page)
                || kinds.buyer && !self.buyer.contains(page)
        };
        let there = |page: &PortalPage| *page != PortalPage::Welcome || has_welcome;
        PortalPage::ALL.iter().copied().filter(|page| seen(page) && there(page)).collect()
    }
}

words! {
    /// How a question is answered.
    pub enum QuestionKind in "question_kind" {
        /// By a line.
        Text = "text",
        /// By some lines.
        Long = "long",
        /// By one of several choices.
        Choice = "choice",
        /// By yes or no.
        YesNo = "yes_no",
    }
}

/// A question that the program asks whoever signs up.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Question {
    /// The question.
    pub label: String,
    /// How it is answered.
    pub kind: QuestionKind,
    /// Whether it must be.
    #[serde(default)]
    pub required: bool,
    /// What can be chosen.
    #[serde(default)]
    pub choices: Vec<String>,
}

/// The most questions that a program asks.
pub const QUESTIONS: usize = 20;
/// The longest Markdown that a program shows, in characters.
pub const MARKDOWN: usize = 50_000;

impl Question {
    /// Checks an answer; an empty one passes where none is required.
    ///
    /// # Errors
    /// What is wrong, in words for the person who answered.
    pub fn check(&self, answer: &str) -> Result<(), &'static str> {
        let longest = if self.kind == QuestionKind::Long { 4_000 } else { 400 };
        if answer.is_empty() {
            return if self.required { Err("Please answer this.") } else { Ok(()) };
        }
        let fits = match self.kind {
            QuestionKind::Text | QuestionKind::Long => true,
            QuestionKind::Choice => self.choices.iter().any(|choice| choice == answer),
            QuestionKind::YesNo => ["Yes", "No"].contains(&answer),
        };
        if !fits {
            Err("Choose one of the answers.")
        } else if answer.chars().count() > longest {
            Err("That is too long.")
        } else if answer.contains(|c: char| c.is_control() && c != '\n' && c != '\r' && c != '\t') {
            Err("This has characters that can't be shown.")
        } else {
            Ok(())
        }
    }
}

/// Checks a program's questions; a field is named after its place: `questions[0][label]`.
#[must_use]
pub fn check_questions(questions: &[Question]) -> Vec<FieldError> {
    let mut errors = Vec::new();
    if questions.len() > QUESTIONS {
        errors.push(FieldError::new("questions", format!("Ask at most {QUESTIONS} questions.")));
    }
    for (at, question) in questions.iter().enumerate() {
        if question.label.is_empty() || question.label.chars().count() > 300 {
            errors.push(FieldError::new(format!("questions[{at}][label]"), "Use 1 to 300 characters."));
        }
        if question.kind == QuestionKind::Choice {
            let too_long = question.choices.iter().any(|choice| choice.chars().count() > 200);
            if !(2..=50).contains(&question.choices.len()) || too_long {
                let words = "Give 2 to 50 choices, one a line.";
                errors.push(FieldError::new(format!("questions[{at}][choices]"), words));
            }
        }
    }
    errors
}

/// What was answered to a question, as it was asked then.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Answer {
    /// The question.
    pub question: String,
    /// The answer.
    pub answer: String,
}

/// How a program's portal is set up.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Portal {
    /// Who may sign up.
    pub sign_up: SignUpRule,
    /// The name that partners see; empty: the program's.
    pub brand: String,
    /// The team's message, in Markdown.
    pub welcome: String,
    /// Where partners land.
    pub lands_on: LandsOn,
    /// What doesn't show.
    pub hidden: Hidden,
    /// What is asked of whoever signs up.
    pub questions: Vec<Question>,
    /// What partners are offered to say when they share.
    pub sharing: Sharing,
    /// The e-mail at which partners reach the team, or empty.
    pub contact_email: String,
    /// The program's own host for links.
    pub link_host: LinkHost,
}

/// The host under which a program wants its links shown. It counts once it was found to lead here.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct LinkHost {
    /// The host; empty: the server's own.
    pub host: String,
    /// When it was last looked at, UTC; `None`: not yet.
    pub checked_at: Option<DateTime<Utc>>,
    /// What stood in the way; empty: nothing.
    pub trouble: String,
}

impl Portal {
    /// The name under which people outside see a program; one for tests says so.
    #[must_use]
    pub fn shown_as(&self, program_name: &str, sandbox: bool) -> String {
        let name = if self.brand.is_empty() { program_name } else { &self.brand };
        if sandbox { format!("{name} (sandbox)") } else { name.to_owned() }
    }
}

/// Checks the host under which links are shown: a host name without a port, or nothing.
///
/// # Errors
/// What is wrong, in words for the person who typed it.
pub fn check_link_domain(host: &str) -> Result<(), &'static str> {
    let label = |label: &str| {
        !label.is_empty()
            && label.len() <= 63
            && !label.starts_with('-')
            && !label.ends_with('-')
            && label.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-')
    };
    let numbers = host.split('.').next_back().is_some_and(|last| last.bytes().all(|byte| byte.is_ascii_digit()));
    if host.is_empty() || (host.len() <= 253 && host.contains('.') && host.split('.').all(label) && !numbers) {
        Ok(())
    } else {
        Err("Use a host name only, such as go.example.com.")
    }
}

/// The start of every link's address: of the server, or of the program's own host at the server's port.
#[must_use]
pub fn link_server(public_url: &str, link_domain: &str) -> String {
    match public_url.split_once("://") {
        Some((scheme, host)) if !link_domain.is_empty() => {
            let port = host.rsplit_once(':').filter(|(_, port)| port.bytes().all(|byte| byte.is_ascii_digit()));
            let port = port.map(|(_, port)| format!(":{port}")).unwrap_or_default();
            format!("{scheme}://{link_domain}{port}")
        }
        _ => public_url.to_owned(),
    }
}

/// What the team changes of how the portal looks.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BrandInput {
    /// The name that partners see; empty: the program's.
    #[serde(default)]
    pub brand: String,
    /// A named accent, or empty for the first.
    #[serde(default)]
    pub accent: String,
    /// A colour of the company's own, such as `#0b6e7f`; wins over the named one.
    #[serde(default)]
    pub colour: String,
    /// The e-mail at which partners reach the team, or empty.
    #[serde(default)]
    pub contact_email: String,
}

impl BrandInput {
    /// What is wrong with it.
    #[must_use]
    pub fn check(&self) -> Vec<FieldError> {
        let mut errors = Vec::new();
        if self.brand.chars().count() > 80 || self.brand.contains(char::is_control) {
            errors.push(FieldError::new("brand", "Use at most 80 characters, on one line."));
        }
        if !self.accent.is_empty() && !crate::programs::ACCENTS.contains(&self.accent.as_str()) {
            errors.push(FieldError::new("accent", "Choose one of the accents."));
        }
        if !self.colour.is_empty()
            && let Err(words) = crate::colour::check_accent(&self.colour)
        {
            errors.push(FieldError::new("colour", words));
        }
        if !self.contact_email.is_empty() && !is_email(&self.contact_email) {
            errors.push(FieldError::new("contact_email", "Type an e-mail address."));
        }
        errors
    }
}

/// The longest post on X, in characters.
pub const X_LONGEST: usize = 280;

/// How long a post on X with a link is, as X counts: the letters of Europe one each, others two, the link 23 however long
/// it is.
#[must_use]
pub fn x_length(text: &str) -> usize {
    const LINK: usize = 23;
    let weight = |c: char| match u32::from(c) {
        0..=4351 | 8192..=8205 | 8208..=8223 | 8242..=8247 => 1,
        _ => 2,
    };
    let words: usize = text.trim().chars().filter(|c| *c != '\r').map(weight).sum();
    // A space stands between them.
    if words == 0 { LINK } else { words + 1 + LINK }
}

/// What partners are offered to say when they share their link: for a place without words of its own the general ones.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Sharing {
    /// For every place.
    pub general: String,
    /// For Facebook.
    pub facebook: String,
    /// For X.
    pub x: String,
    /// For LinkedIn.
    pub linkedin: String,
    /// For WhatsApp.
    pub whatsapp: String,
    /// The subject of an e-mail.
    pub subject: String,
    /// The body of an e-mail.
    pub email: String,
}

impl Sharing {
    /// The same without blanks around the words.
    #[must_use]
    pub fn trimmed(&self) -> Self {
        let trimmed = |text: &str| text.replace("\r\n", "\n").trim().to_owned();
        Self {
            general: trimmed(&self.general),
            facebook: trimmed(&self.facebook),
            x: trimmed(&self.x),
            linkedin: trimmed(&self.linkedin),
            whatsapp: trimmed(&self.whatsapp),
            subject: trimmed(&self.subject),
            email: trimmed(&self.email),
        }
    }

    /// What is wrong with it.
    #[must_use]
    pub fn check(&self) -> Vec<FieldError> {
        let mut errors = Vec::new();
        for (field, text, longest) in [
            ("general", &self.general, 1_000),
            ("facebook", &self.facebook, 1_000),
            ("linkedin", &self.linkedin, 3_000),
            ("whatsapp", &self.whatsapp, 1_000),
            ("subject", &self.subject, 200),
            ("email", &self.email, 5_000),
        ] {
            if text.chars().count() > longest {
                errors.push(FieldError::new(field, format!("Use at most {longest} characters.")));
            } else if text.contains('\0') {
                errors.push(FieldError::new(field, "There is a character in it that can't be kept."));
            }
        }
        let length = x_length(&self.x);
        if length > X_LONGEST {
            let over = length - X_LONGEST;
            errors.push(FieldError::new("x", format!("X takes {X_LONGEST} with the link: shorten it by {over}.")));
        } else if self.x.contains('\0') {
            errors.push(FieldError::new("x", "There is a character in it that can't be kept."));
        }
        if self.subject.contains(['\r', '\n']) {
            errors.push(FieldError::new("subject", "Write it on one line."));
        }
        errors
    }
}

/// What somebody sends who wants to become a partner.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SignUp {
    /// The person's name.
    pub name: String,
    /// The e-mail.
    pub email: String,
    /// The own site, or empty.
    #[serde(default)]
    pub website: String,
    /// The answers, in the order of the questions.
    #[serde(default)]
    pub answers: Vec<String>,
    /// The version of the terms that was shown and accepted.
    #[serde(default)]
    pub terms: Option<i32>,
}

impl SignUp {
    /// What is wrong with it; `terms` is the version in force.
    #[must_use]
    pub fn check(&self, questions: &[Question], terms: Option<i32>) -> Vec<FieldError> {
        let mut errors = Vec::new();
        let name = self.name.trim();
        if name.is_empty() || name.chars().count() > 120 || name.contains(char::is_control) {
            errors.push(FieldError::new("name", "Use 1 to 120 characters."));
        }
        if !is_email(self.email.trim()) {
            errors.push(FieldError::new("email", "Type an e-mail address."));
        }
        if crate::links::site_address(&self.website).is_none() {
            errors.push(FieldError::new("website", crate::links::NO_SITE));
        }
        for (at, question) in questions.iter().enumerate() {
            if let Err(words) = question.check(self.answer(at)) {
                errors.push(FieldError::new(format!("answers[{at}]"), words));
            }
        }
        errors.extend(check_terms(self.terms, terms));
        errors
    }

    /// What was answered, as it was asked.
    #[must_use]
    pub fn answered(&self, questions: &[Question]) -> Vec<Answer> {
        let answers = questions
            .iter()
            .enumerate()
            .map(|(at, question)| Answer { question: question.label.clone(), answer: self.answer(at).to_owned() });
        answers.filter(|answer| !answer.answer.is_empty()).collect()
    }

    fn answer(&self, at: usize) -> &str {
        self.answers.get(at).map_or("", |answer| answer.trim())
    }
}

/// What is wrong where this version of the terms was accepted, and that one is in force.
#[must_use]
pub fn check_terms(accepted: Option<i32>, in_force: Option<i32>) -> Option<FieldError> {
    let words = if accepted.is_some() {
        "The terms have changed meanwhile. Read them and accept them again."
    } else {
        "Please accept the terms."
    };
    (in_force.is_some() && accepted != in_force).then(|| FieldError::new("terms", words))
}

/// A version of the terms.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TermsVersion {
    /// Its number, from 1 on.
    pub version: i32,
    /// Its text, in Markdown.
    pub body: String,
    /// When it was published, UTC.
    pub published_at: DateTime<Utc>,
    /// By whom, or empty.
    pub published_by: String,
    /// Whether those who were partners already are asked to accept it.
    pub asks: bool,
    /// How many partners have accepted it.
    pub accepted: i64,
}

/// Who accepted which version of the terms.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Acceptance {
    /// The partner.
    pub partner: PartnerName,
    /// The account that did it, if it is known.
    pub account: Option<AccountId>,
    /// That person's name, or empty.
    pub by: String,
    /// The version.
    pub version: i32,
    /// When, UTC.
    pub accepted_at: DateTime<Utc>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_shows_where_one_of_the_kinds_sees_it() {
        let hidden = Hidden { affiliate: vec![PortalPage::Links, PortalPage::Dashboard], ..Hidden::default() };
        let affiliate = Kinds { affiliate: true, ..Kinds::default() };
        let both = Kinds { introducer: true, ..affiliate };
        let shown = |kinds| hidden.shown(kinds, false);
        assert!(!shown(affiliate).contains(&PortalPage::Links));
        assert!(!shown(Kinds::default()).contains(&PortalPage::Links));
        assert!(shown(both).contains(&PortalPage::Links));
        assert!(shown(affiliate).contains(&PortalPage::Dashboard), "the dashboard always shows");
        assert!(!shown(both).contains(&PortalPage::Welcome), "there is no message");
        assert!(hidden.shown(both, true).contains(&PortalPage::Welcome));
    }

    #[test]
    fn answers_are_checked_beside_their_questions() {
        let ask =
            |kind, required| Question { label: "?".into(), kind, required, choices: vec!["A".into(), "B".into()] };
        let questions = [
            ask(QuestionKind::Text, true),
            ask(QuestionKind::Choice, false),
            ask(QuestionKind::YesNo, true),
            ask(QuestionKind::Long, false),
        ];
        assert_eq!(check_questions(&questions), []);
        let good = SignUp {
            name: "Ada".into(),
            email: "ada@partner.test".into(),
            website: String::new(),
            answers: ["A blog", "B", "Yes"].map(String::from).to_vec(),
            terms: Some(2),
        };
        assert_eq!(good.check(&questions, Some(2)), []);
        assert_eq!(good.answered(&questions).len(), 3);
        let bad = SignUp {
            name: " ".into(),
            email: "ada".into(),
            website: "javascript:alert(1)".into(),
            answers: [" ", "C", "Maybe"].map(String::from).to_vec(),
            terms: Some(1),
        };
        let fields: Vec<String> = bad.check(&questions, Some(2)).into_iter().map(|error| error.field).collect();
        assert_eq!(fields, ["name", "email", "website", "answers[0]", "answers[1]", "answers[2]", "terms"]);
        let none = Question { choices: vec!["One".into()], label: String::new(), ..ask(QuestionKind::Choice, true) };
        assert_eq!(check_questions(&[none]).len(), 2);
    }

    #[test]
    fn x_counts_the_link_as_23_and_wide_letters_twice() {
        assert_eq!((x_length(""), x_length(" abc\r\nd "), x_length("日本")), (23, 29, 28));
        let fits = Sharing { x: "a".repeat(256), ..Sharing::default() };
        assert_eq!(fits.check(), []);
        let over = Sharing { x: "a".repeat(257), subject: "two\nlines".into(), ..Sharing::default() };
        let fields: Vec<_> = over.check().into_iter().map(|error| error.field).collect();
        assert_eq!(fields, ["x", "subject"]);
    }

    #[test]
    fn a_link_domain_is_a_host_name() {
        for good in ["", "go.acme.example", "a-b.io"] {
            assert_eq!(check_link_domain(good), Ok(()), "{good}");
        }
        for bad in [
            "https://go.acme.example",
            "go.acme.example/x",
            "localhost",
            "-a.example",
            "Go.acme.example",
            "127.0.0.1",
            "a..b",
            "go.acme.example:80",
        ] {
            assert!(check_link_domain(bad).is_err(), "{bad}");
        }
        assert_eq!(link_server("https://t.example", "go.acme.example"), "https://go.acme.example");
        assert_eq!(link_server("https://t.example", ""), "https://t.example");
        assert_eq!(link_server("http://[::1]:3000", "go.acme.example"), "http://go.acme.example:3000");
    }
}
