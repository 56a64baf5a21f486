//! Mail as a program's team words it: kinds, merge fields, and how they are filled in.

use crate::ids::OutboxId;
use crate::money::{Currency, Money};
use crate::partners::Notice;
use crate::payments::PaymentStatus;
use crate::text::FieldError;
use crate::words;
use chrono::{DateTime, Utc};
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

words! {
    /// A kind of mail that a program sends.
    pub enum MailKind in "mail_kind" {
        /// To who has signed up, with the link that confirms the e-mail.
        SignUpConfirm = "sign_up_confirm",
        /// To the team: somebody waits for approval.
        PartnerWaiting = "partner_waiting",
        /// To a person who was invited to act for a partner.
        PartnerInvitation = "partner_invitation",
        /// To a partner who was let in.
        PartnerActivated = "partner_activated",
        /// To a partner who was not let in.
        PartnerDeclined = "partner_declined",
        /// To a partner who was paused.
        PartnerPaused = "partner_paused",
        /// To a partner who is active again.
        PartnerResumed = "partner_resumed",
        /// To a partner who was paid.
        PaymentSent = "payment_sent",
        /// To a partner whose payment failed or was cancelled.
        PaymentTakenBack = "payment_taken_back",
        /// To a partner who has earned a commission.
        CommissionEarned = "commission_earned",
        /// To a partner whose balance got a bonus or correction.
        BalanceAdjusted = "balance_adjusted",
        /// To a partner, of its day or week.
        Summary = "summary",
        /// To the team: a partner has submitted a lead.
        LeadSubmitted = "lead_submitted",
        /// To a partner whose lead the team has qualified.
        LeadQualified = "lead_qualified",
        /// To a partner whose lead was won.
        LeadWon = "lead_won",
        /// To a partner whose lead was lost.
        LeadLost = "lead_lost",
        /// To a partner whose lead came to another stage.
        LeadMoved = "lead_moved",
        /// To a partner whose file of leads was imported.
        LeadImportFinished = "lead_import_finished",
        /// To the team: a partner's file of leads was imported.
        LeadsImported = "leads_imported",
        /// To the team: a partner has submitted a sale.
        SaleSubmitted = "sale_submitted",
        /// To a partner whose submitted sale was approved.
        SaleApproved = "sale_approved",
        /// To a partner whose submitted sale was declined.
        SaleDeclined = "sale_declined",
        /// To the team: a partner has written.
        MessageToTeam = "message_to_team",
        /// To a partner: the team has written.
        MessageToPartner = "message_to_partner",
    }
}

/// A merge field: how it is written, and an example for the preview.
pub type MergeField = (&'static str, &'static str);

/// What a merge field stands for.
#[must_use]
pub fn meaning(field: &str) -> &'static str {
    match field {
        "program.name" => "The name that partners see of your program",
        "partner.name" => "The partner's name, else its company",
        "partner.code" => "The partner's code",
        "partner.email" => "The partner's e-mail",
        "partner.website" => "The partner's website, where it gave one",
        "payment.amount" => "What was paid",
        "payment.method" => "How it was paid",
        "payment.date" => "The day of the payment",
        "payment.batch" => "The batch that it was made in",
        "payment.reference" => "Its reference at the payment provider",
        "payment.parts" => "What it pays for, in a line",
        "payment.outcome" => "What became of it: it did not arrive, or was cancelled",
        "payment.next" => "What follows, and what the partner can do",
        "commission.amount" => "What was earned",
        "commission.event" => "What it was earned for",
        "commission.due" => "The day from which it can be paid",
        "adjustment.amount" => "What the balance changed by",
        "adjustment.reason" => "Why, in the words of who did it",
        "summary.days" => "The days that it tells of",
        "summary.clicks" => "The clicks in those days",
        "summary.sign_ups" => "The sign-ups in those days",
        "summary.sales" => "The sales in those days",
        "summary.earned" => "What was earned in those days",
        "lead.email" => "The lead's e-mail",
        "lead.name" => "The lead's name, else its e-mail",
        "lead.group" => "The group that the lead is in",
        "lead.stage" => "The stage that the lead came to",
        "lead.reason" => "Why, where the team gave a reason",
        "message.about" => "What the conversation is about",
        "message.text" => "The beginning of the message",
        "sale.amount" => "How much was sold, as the partner told it",
        "sale.customer" => "The customer's name",
        "sale.reason" => "Why it was declined",
        "import.name" => "The name of the file",
        "import.rows" => "How many rows the file has",
        "import.accepted" => "How many rows became leads",
        "import.refused" => "How many rows were refused",
        "lead.next_step" => "What happens next, as the stage says it",
        _ => "",
    }
}

/// What the examples of merge fields take from a program.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Examples {
    /// The name that partners see.
    pub program: String,
    /// Its currency.
    pub currency: Currency,
    /// The e-mail at which partners reach the team, or empty.
    pub contact: String,
}

impl Examples {
    /// A merge field's example in this program.
    #[must_use]
    pub fn of(&self, (field, example): MergeField) -> String {
        let amount = |cents: i64| Money::new(Decimal::new(cents, 2), self.currency).to_string();
        match field {
            "program.name" => self.program.clone(),
            "payment.amount" => amount(12_000),
            "payment.parts" => format!("Commissions (4): {}", amount(12_000)),
            "commission.amount" => amount(1_470),
            "adjustment.amount" => amount(2_500),
            "summary.earned" => amount(5_880),
            _ => example.to_owned(),
        }
    }
}

const PROGRAM: MergeField = ("program.name", "Acme");
const NAME: MergeField = ("partner.name", "Ada Lind");
const CODE: MergeField = ("partner.code", "ada");
const PAID: MergeField = ("payment.amount", "$120.00");
const METHOD: MergeField = ("payment.method", "PayPal");
const DATE: MergeField = ("payment.date", "5 November 2026");
const BATCH: MergeField = ("payment.batch", "Batch-20261105");
const REFERENCE: MergeField = ("payment.reference", "FP79Z85HRB9Y9X86");
const IMPORT_NAME: MergeField = ("import.name", "leads.csv");
const IMPORT_ROWS: MergeField = ("import.rows", "1,200");
const IMPORT_ACCEPTED: MergeField = ("import.accepted", "1,196");
const SALE_AMOUNT: MergeField = ("sale.amount", "$490.00");
const SALE_CUSTOMER: MergeField = ("sale.customer", "Nora Berg");
const LEAD_EMAIL: MergeField = ("lead.email", "nora@harbor.example");
const LEAD_NAME: MergeField = ("lead.name", "Nora Berg");
const LEAD_STAGE: MergeField = ("lead.stage", "Qualified");
const LEAD_REASON: MergeField = ("lead.reason", "They have the budget, and want to begin in January.");
const LEAD_NEXT: MergeField = ("lead.next_step", "We call them this week.");
const OUTCOME: MergeField = ("payment.outcome", PaymentStatus::Failed.outcome());
const NEXT: MergeField = ("payment.next", PaymentStatus::Failed.next_step());

/// What can be merged into what the team writes to partners itself.
pub const LETTER_FIELDS: &[MergeField] = &[NAME, CODE, PROGRAM];

/// Somebody to whom the team writes: what its merge fields become.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LetterTo {
    /// The partner's name.
    pub name: String,
    /// Its code.
    pub code: String,
    /// The program's name.
    pub program: String,
}

impl LetterTo {
    /// What a merge field becomes; `None` where letters have no such field.
    #[must_use]
    pub fn value(&self, field: &str) -> Option<&str> {
        let fields = [(NAME, &self.name), (CODE, &self.code), (PROGRAM, &self.program)];
        fields.into_iter().find(|((name, _), _)| *name == field).map(|(_, value)| value.as_str())
    }
}

impl MailKind {
    /// Its name in the list.
    #[must_use]
    pub fn label(self) -> &'static str {
        match self {
            Self::SignUpConfirm => "Confirm the e-mail",
            Self::PartnerWaiting => "A partner waits for approval",
            Self::PartnerInvitation => "Invitation to a partner",
            Self::PartnerActivated => "Partner activated",
            Self::PartnerDeclined => "Partner declined",
            Self::PartnerPaused => "Partner paused",
            Self::PartnerResumed => "Partner resumed",
            Self::PaymentSent => "Payment sent",
            Self::PaymentTakenBack => "Payment failed or cancelled",
            Self::CommissionEarned => "New commission",
            Self::BalanceAdjusted => "Bonus or correction",
            Self::Summary => "Summary",
            Self::LeadSubmitted => "A lead to review",
            Self::LeadQualified => "Lead qualified",
            Self::LeadWon => "Lead won",
            Self::LeadLost => "Lead lost",
            Self::LeadMoved => "Lead at another stage",
            Self::LeadImportFinished => "Import of leads finished",
            Self::LeadsImported => "Leads to review, from a file",
            Self::SaleSubmitted => "A sale to review",
            Self::SaleApproved => "Sale approved",
            Self::SaleDeclined => "Sale declined",
            Self::MessageToTeam => "A partner has written",
            Self::MessageToPartner => "New message",
        }
    }

    /// To whom and when it goes.
    #[must_use]
    pub fn words(self) -> &'static str {
        match self {
            Self::SignUpConfirm => "To somebody who has signed up. Its button confirms the e-mail.",
            Self::PartnerWaiting => "To owners and managers, when somebody has signed up.",
            Self::PartnerInvitation => "To somebody who was invited. Its button takes them in.",
            Self::PartnerActivated => "To a partner who was let in.",
            Self::PartnerDeclined => "To somebody who was not let in.",
            Self::PartnerPaused => "To a partner who was paused.",
            Self::PartnerResumed => "To a partner who is active again, after a pause or a ban.",
            Self::PaymentSent => "To a partner who was paid.",
            Self::PaymentTakenBack => {
                "To a partner whose payment failed or was cancelled. The team's reason isn't told."
            }
            Self::CommissionEarned => "To a partner who has earned a commission, and wants to be told of each.",
            Self::BalanceAdjusted => {
                "To a partner whose balance got a bonus or correction, and who wants to be told of commissions."
            }
            Self::Summary => "To a partner who wants a summary each day or each week.",
            Self::LeadSubmitted => "To those of the team who may judge leads, when a partner has submitted one.",
            Self::LeadQualified => "To a partner whose lead came to a stage of the kind Qualified.",
            Self::LeadWon => "To a partner whose lead came to a stage of the kind Closed Won.",
            Self::LeadLost => "To a partner whose lead came to a stage of the kind Closed Lost.",
            Self::LeadMoved => "To a partner who wants to be told of every stage, where no other mail tells of it.",
            Self::LeadImportFinished => "To a partner whose file of leads was imported.",
            Self::LeadsImported => "To those of the team who may judge leads, when a file of leads was imported.",
            Self::SaleSubmitted => {
                "To those of the team who may judge commissions, when a partner has submitted a sale."
            }
            Self::SaleApproved => "To a partner whose submitted sale was approved.",
            Self::SaleDeclined => "To a partner whose submitted sale was declined.",
            Self::MessageToTeam => {
                "To whoever of the team answers a partner that has written, else to those who may judge leads. Once, until it \
                 is read."
            }
            Self::MessageToPartner => "To a partner to whom the team has written. Once, until it is read.",
        }
    }

    /// What can be merged into it, each with an example.
    #[must_use]
    pub fn fields(self) -> &'static [MergeField] {
        match self {
            // Nothing that was typed by whoever signed up: the address may be a stranger's.
            Self::SignUpConfirm => &[PROGRAM],
            Self::PartnerDeclined => &[NAME, PROGRAM],
            Self::PartnerWaiting => &[
                NAME,
                ("partner.email", "ada@partner.example"),
                ("partner.website", "https://partner.example"),
                PROGRAM,
            ],
            Self::PartnerInvitation | Self::PartnerActivated | Self::PartnerPaused | Self::PartnerResumed => {
                &[NAME, CODE, PROGRAM]
            }
            Self::PaymentSent => &[
                NAME,
                CODE,
                PROGRAM,
                PAID,
                METHOD,
                DATE,
                BATCH,
                REFERENCE,
                ("payment.parts", "Commissions (4): $120.00"),
            ],
            Self::PaymentTakenBack => &[NAME, CODE, PROGRAM, PAID, METHOD, DATE, BATCH, REFERENCE, OUTCOME, NEXT],
            Self::CommissionEarned => &[
                NAME,
                CODE,
                PROGRAM,
                ("commission.amount", "$14.70"),
                ("commission.event", "sale"),
                ("commission.due", "20 December 2026"),
            ],
            Self::BalanceAdjusted => &[
                NAME,
                CODE,
                PROGRAM,
                ("adjustment.amount", "$25.00"),
                ("adjustment.reason", "For your talk at the spring fair"),
            ],
            Self::Summary => &[
                NAME,
                CODE,
                PROGRAM,
                ("summary.days", "16 November 2026 to 22 November 2026"),
                ("summary.clicks", "312"),
                ("summary.sign_ups", "9"),
                ("summary.sales", "4"),
                ("summary.earned", "$58.80"),
            ],
            Self::LeadSubmitted => &[NAME, CODE, PROGRAM, LEAD_EMAIL, LEAD_NAME, ("lead.group", "Leads")],
            Self::LeadQualified | Self::LeadWon | Self::LeadLost | Self::LeadMoved => {
                &[NAME, CODE, PROGRAM, LEAD_EMAIL, LEAD_NAME, LEAD_STAGE, LEAD_REASON, LEAD_NEXT]
            }
            Self::LeadImportFinished => {
                &[NAME, CODE, PROGRAM, IMPORT_NAME, IMPORT_ROWS, IMPORT_ACCEPTED, ("import.refused", "4")]
            }
            Self::LeadsImported => &[NAME, CODE, PROGRAM, IMPORT_NAME, IMPORT_ROWS, IMPORT_ACCEPTED],
            Self::MessageToTeam | Self::MessageToPartner => &[
                NAME,
                CODE,
                PROGRAM,
                ("message.about", "Nora Berg"),
                ("message.text", "Have you heard from Nora? She would like to see a demo."),
            ],
            Self::SaleSubmitted | Self::SaleApproved => &[NAME, CODE, PROGRAM, SALE_AMOUNT, SALE_CUSTOMER],
            Self::SaleDeclined => &[
                NAME,
                CODE,
                PROGRAM,
                SALE_AMOUNT,
                SALE_CUSTOMER,
                ("sale.reason", "The invoice is of another company."),
            ],
        }
    }

    /// What its button says; that of an invitation and of a payment says something else to who has a password, or doesn't
    /// see payouts.
    #[must_use]
    pub fn button(self) -> Option<&'static str> {
        match self {
            Self::SignUpConfirm => Some("Confirm your e-mail"),
            Self::PartnerWaiting => Some("Look at the application"),
            Self::PartnerInvitation => Some("Accept the invitation"),
            Self::PartnerActivated | Self::PartnerPaused | Self::PartnerResumed | Self::Summary => {
                Some("Open your dashboard")
            }
            Self::PartnerDeclined => None,
            Self::PaymentSent => Some("See what it pays for"),
            Self::PaymentTakenBack => Some("See the payment"),
            Self::CommissionEarned => Some("See your rewards"),
            Self::BalanceAdjusted => Some("See your ledger"),
            Self::LeadSubmitted => Some("Review the lead"),
            Self::LeadQualified | Self::LeadWon | Self::LeadLost | Self::LeadMoved => Some("See the lead"),
            Self::LeadImportFinished => Some("See the import"),
            Self::LeadsImported => Some("Review the leads"),
            Self::SaleSubmitted => Some("Review the sale"),
            Self::MessageToTeam | Self::MessageToPartner => Some("Reply"),
            Self::SaleApproved | Self::SaleDeclined => Some("See the sale"),
        }
    }

    /// Which of the mails that a partner can stop it is.
    #[must_use]
    pub fn notice(self) -> Option<Notice> {
        match self {
            Self::PaymentSent | Self::PaymentTakenBack => Some(Notice::Payment),
            Self::CommissionEarned | Self::BalanceAdjusted => Some(Notice::Commission),
            Self::Summary => Some(Notice::Summary),
            Self::LeadQualified | Self::LeadWon | Self::LeadLost | Self::LeadMoved => Some(Notice::Lead),
            Self::MessageToPartner => Some(Notice::Message),
            _ => None,
        }
    }

    /// Whether it goes to the team.
    #[must_use]
    pub fn is_to_team(self) -> bool {
        matches!(
            self,
            Self::PartnerWaiting
                | Self::LeadSubmitted
                | Self::LeadsImported
                | Self::SaleSubmitted
                | Self::MessageToTeam
        )
    }

    /// The words that come with Tributary.
    #[must_use]
    pub fn standard(self) -> Template {
        let (subject, body) = match self {
            Self::SignUpConfirm => (
                "Confirm your e-mail for {{program.name}}",
                "Somebody, most likely you, has signed up as a partner of {{program.name}} with this e-mail address.\n\n\
                 The link below confirms it. It works once, for two days. If that was not you, leave it: nothing happens.",
            ),
            Self::PartnerWaiting => (
                "{{partner.name}} wants to become a partner of {{program.name}}",
                "{{partner.name}} ({{partner.email}}) has signed up as a partner of {{program.name}} and waits for your \
                 answer.",
            ),
            Self::PartnerInvitation => (
                "Become a partner of {{program.name}}",
                "{{program.name}} has invited you to its partner program. Your code is {{partner.code}}.",
            ),
            Self::PartnerActivated => (
                "You are a partner of {{program.name}}",
                "You are now an active partner of {{program.name}}. Your code is {{partner.code}}.\n\n\
                 Share your link, and follow each click, customer and commission on your dashboard.",
            ),
            Self::PartnerDeclined => (
                "Your application to {{program.name}}",
                "Thank you for your interest in the partner program of {{program.name}}. We can't take you in at this \
                 time.",
            ),
            Self::PartnerPaused => (
                "Your partnership with {{program.name}} is paused",
                "{{program.name}} has paused your partnership.\n\n\
                 What you have earned so far stays yours. While the pause lasts, new sales earn nothing. If you have \
                 questions, reply to the team that looks after the program.",
            ),
            Self::PartnerResumed => (
                "Your partnership with {{program.name}} is active again",
                "You are an active partner of {{program.name}} again. From now on, new sales earn as before. Your code is \
                 still {{partner.code}}.",
            ),
            Self::PaymentSent => (
                "{{program.name}} pays you {{payment.amount}}",
                "{{program.name}} pays you {{payment.amount}} by {{payment.method}}, dated {{payment.date}}: \
                 {{payment.batch}}, reference {{payment.reference}}.\n\nIt pays for: {{payment.parts}}.\n\n\
                 The remittance advice with each commission is on the page of the payout.",
            ),
            Self::PaymentTakenBack => (
                "Your payment of {{payment.amount}} {{payment.outcome}}",
                "Your payment of {{payment.amount}} by {{payment.method}}, dated {{payment.date}}, {{payment.outcome}}: \
                 {{payment.batch}}, reference {{payment.reference}}.\n\n{{payment.next}}",
            ),
            Self::CommissionEarned => (
                "You have earned {{commission.amount}}",
                "{{program.name}} owes you {{commission.amount}} for a {{commission.event}}. It is due on \
                 {{commission.due}}, unless the money is given back before.",
            ),
            Self::BalanceAdjusted => (
                "Your balance with {{program.name}} has changed",
                "{{program.name}} has changed your balance by {{adjustment.amount}}.\n\n{{adjustment.reason}}",
            ),
            Self::Summary => (
                "{{program.name}}: you earned {{summary.earned}}",
                "{{summary.days}}: {{summary.clicks}} clicks, {{summary.sign_ups}} sign-ups, {{summary.sales}} sales. \
                 You earned {{summary.earned}}.",
            ),
            Self::LeadSubmitted => (
                "A lead to review: {{lead.name}}",
                "{{partner.name}} has submitted a lead to {{program.name}}: {{lead.name}} ({{lead.email}}), in {{lead.group}}.",
            ),
            Self::LeadQualified => (
                "Your lead {{lead.name}} is qualified",
                "{{program.name}} has qualified your lead {{lead.name}}. It is now at {{lead.stage}}.\n\n{{lead.reason}}\n\n\
                 {{lead.next_step}}",
            ),
            Self::LeadWon => (
                "Your lead {{lead.name}} is won",
                "{{lead.name}}, whom you introduced to {{program.name}}, has bought. The lead is now at {{lead.stage}}.\n\n\
                 {{lead.reason}}\n\n{{lead.next_step}}",
            ),
            Self::LeadLost => (
                "Your lead {{lead.name}} is lost",
                "Nothing came of your lead {{lead.name}} at {{program.name}}. It is now at {{lead.stage}}.\n\n\
                 {{lead.reason}}\n\n{{lead.next_step}}",
            ),
            Self::LeadMoved => (
                "Your lead {{lead.name}} is now at {{lead.stage}}",
                "{{program.name}} has moved your lead {{lead.name}} to {{lead.stage}}.\n\n{{lead.reason}}\n\n\
                 {{lead.next_step}}",
            ),
            Self::LeadImportFinished => (
                "Your import of {{import.name}} is done",
                "Of the {{import.rows}} rows of {{import.name}}, {{import.accepted}} became leads at {{program.name}}, and \
                 {{import.refused}} were refused.\n\nWhat was refused is kept under View import history: download it, mend \
                 it, and import it again.",
            ),
            Self::LeadsImported => (
                "{{import.accepted}} leads to review, from {{partner.name}}",
                "{{partner.name}} has imported {{import.name}} to {{program.name}}: {{import.accepted}} of {{import.rows}} \
                 rows became leads.",
            ),
            Self::MessageToTeam => (
                "{{partner.name}} has written about {{message.about}}",
                "{{partner.name}} has written to {{program.name}} about {{message.about}}:\n\n{{message.text}}",
            ),
            Self::MessageToPartner => (
                "{{program.name}} has written to you about {{message.about}}",
                "{{program.name}} has written to you about {{message.about}}:\n\n{{message.text}}",
            ),
            Self::SaleSubmitted => (
                "A sale to review: {{sale.amount}} from {{partner.name}}",
                "{{partner.name}} has submitted a sale to {{program.name}}: {{sale.amount}} to {{sale.customer}}.",
            ),
            Self::SaleApproved => (
                "Your sale of {{sale.amount}} is approved",
                "{{program.name}} has approved the sale that you submitted: {{sale.amount}} to {{sale.customer}}.",
            ),
            Self::SaleDeclined => (
                "Your sale of {{sale.amount}} is declined",
                "{{program.name}} has declined the sale that you submitted: {{sale.amount}} to {{sale.customer}}.\n\n\
                 {{sale.reason}}",
            ),
        };
        Template { subject: subject.into(), body: body.into() }
    }
}

/// A mail's words, with merge fields such as `{{partner.name}}`. An empty line begins a new paragraph.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Template {
    /// The subject.
    pub subject: String,
    /// The body, without greeting, button and sender.
    pub body: String,
}

impl Template {
    /// What is wrong with it, where these can be merged into it.
    #[must_use]
    pub fn check(&self, merged: &[MergeField]) -> Vec<FieldError> {
        let mut errors = Vec::new();
        let known = |field: &str| merged.iter().any(|(name, _)| *name == field);
        for (name, text, longest) in [("subject", &self.subject, 200), ("body", &self.body, 10_000)] {
            if text.trim().is_empty() {
                errors.push(FieldError::new(name, "Write something."));
            } else if text.chars().count() > longest {
                errors.push(FieldError::new(name, format!("Use at most {longest} characters.")));
            } else if let Some(unknown) = fields(text).find(|field| !known(field)) {
                let words = format!("There is no merge field {{{{{unknown}}}}} in this mail.");
                errors.push(FieldError::new(name, words));
            } else if filled(text, |_| Some(String::new())).contains("{{") {
                errors.push(FieldError::new(name, "A merge field is not closed: write it as {{partner.name}}."));
            }
        }
        if self.subject.contains(char::is_control) {
            errors.push(FieldError::new("subject", "Write it on one line."));
        }
        if self.body.contains('\0') {
            errors.push(FieldError::new("body", "There is a character in it that can't be kept."));
        }
        errors
    }

    /// With its fields filled in.
    #[must_use]
    pub fn filled(&self, value: impl Fn(&str) -> Option<String>) -> Self {
        Self { subject: filled(&self.subject, &value), body: filled(&self.body, &value) }
    }

    /// With the kind's examples filled in.
    #[must_use]
    pub fn example(&self, kind: MailKind, examples: &Examples) -> Self {
        let of = |field: &str| kind.fields().iter().find(|(name, _)| *name == field).map(|found| examples.of(*found));
        self.filled(of)
    }

    /// The whole mail with example data, as one partner gets it; the team's own as `you`, a member of it, do.
    #[must_use]
    pub fn sample(&self, kind: MailKind, examples: &Examples, you: &str) -> Sample {
        let filled = self.example(kind, examples);
        let mut paragraphs = filled.paragraphs();
        if kind == MailKind::PartnerInvitation {
            paragraphs.push(ONCE_A_WEEK.to_owned());
        }
        let to_team = kind.is_to_team();
        let name = match kind {
            // Whoever signs up may type a stranger's address.
            MailKind::SignUpConfirm => "",
            kind if kind.is_to_team() => you,
            _ => NAME.1,
        };
        Sample {
            name: name.to_owned(),
            subject: filled.subject,
            paragraphs,
            button: kind.button(),
            sender: examples.program.clone(),
            contact: if to_team { String::new() } else { examples.contact.clone() },
            stop: kind.notice().map(Notice::stop),
        }
    }

    /// The paragraphs of the body.
    #[must_use]
    pub fn paragraphs(&self) -> Vec<String> {
        let body = self.body.replace("\r\n", "\n");
        body.split("\n\n").map(str::trim).filter(|paragraph| !paragraph.is_empty()).map(str::to_owned).collect()
    }
}

/// How long the link of an invitation works.
pub const ONCE_A_WEEK: &str = "The link below works once, for a week.";

/// A mail with example data, but for where its links lead.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sample {
    /// Who is greeted, or empty.
    pub name: String,
    /// The subject.
    pub subject: String,
    /// What it says.
    pub paragraphs: Vec<String>,
    /// What its button says.
    pub button: Option<&'static str>,
    /// In whose name it is sent.
    pub sender: String,
    /// Where questions and answers go, or empty.
    pub contact: String,
    /// What the link says by which no more of these come.
    pub stop: Option<String>,
}

/// The merge fields of a text, in order.
pub(crate) fn fields(text: &str) -> impl Iterator<Item = &str> {
    text.split("{{").skip(1).filter_map(|rest| rest.split_once("}}").map(|(field, _)| field.trim()))
}

/// Fills merge fields in; one without a value stays as it is. What is filled in is not looked through again.
pub(crate) fn filled(text: &str, value: impl Fn(&str) -> Option<String>) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("{{") {
        out.push_str(before);
        match after.split_once("}}").and_then(|(field, after)| Some((value(field.trim())?, after))) {
            Some((value, after)) => {
                out.push_str(&value);
                rest = after;
            }
            None => {
                out.push_str("{{");
                rest = after;
            }
        }
    }
    out + rest
}

/// A kind of mail with its words.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TemplateRow {
    /// The kind.
    pub kind: MailKind,
    /// Its words as they are sent.
    pub template: Template,
    /// When the team wrote them, UTC; `None` where they came with Tributary.
    pub updated_at: Option<DateTime<Utc>>,
}

/// A mail of a server without a mail server.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OutboxRow {
    /// Its id.
    pub id: OutboxId,
    /// What kind of mail it is, in words.
    pub title: String,
    /// To which address.
    pub email: String,
    /// To whom, or empty.
    pub name: String,
    /// The subject.
    pub subject: String,
    /// The text; empty in lists.
    pub body: String,
    /// When it was written, UTC.
    pub created_at: DateTime<Utc>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_comes_with_tributary_is_right() {
        let currency = "JPY".parse().expect("currency");
        let examples = Examples { program: "Northwind".into(), currency, contact: "hello@acme.example".into() };
        for kind in MailKind::ALL {
            let template = kind.standard();
            assert_eq!(template.check(kind.fields()), [], "{kind}");
            let example = template.example(*kind, &examples);
            assert!(!example.subject.contains("{{") && !example.body.contains("{{"), "{example:?}");
            assert!(kind.fields().iter().all(|(field, _)| !meaning(field).is_empty()), "{kind}");
        }
        let sample = |kind: MailKind| kind.standard().sample(kind, &examples, "Olga");
        assert_eq!(sample(MailKind::SignUpConfirm).name, "", "perhaps a stranger's");
        let to_team = sample(MailKind::PartnerWaiting);
        assert_eq!((to_team.name.as_str(), to_team.contact.as_str()), ("Olga", ""));
        let invited = sample(MailKind::PartnerInvitation);
        assert_eq!(invited.paragraphs.last().map(String::as_str), Some(ONCE_A_WEEK));
        assert_eq!((invited.name.as_str(), invited.contact.as_str()), ("Ada Lind", "hello@acme.example"));
        assert_eq!(sample(MailKind::Summary).stop.as_deref(), Some("Get no more summaries"));
        let paid = MailKind::PaymentSent.standard().example(MailKind::PaymentSent, &examples);
        assert_eq!(paid.subject, "Northwind pays you ¥120");
        let failed = MailKind::PaymentTakenBack.standard().example(MailKind::PaymentTakenBack, &examples);
        assert_eq!(failed.subject, "Your payment of ¥120 did not arrive");
    }

    #[test]
    fn unknown_fields_are_refused_beside_their_field() {
        let merged = MailKind::PartnerActivated.fields();
        let with = |subject: &str, body: &str| Template { subject: subject.into(), body: body.into() };
        let fields = |template: Template| -> Vec<String> {
            template.check(merged).into_iter().map(|error| error.field).collect()
        };
        assert_eq!(fields(with("Hi {{ partner.name }}", "Welcome.")), [] as [&str; 0]);
        assert_eq!(fields(with("Hi {{payment.amount}}", "{{partner.iban}}")), ["subject", "body"]);
        assert_eq!(fields(with("Hi", "{{partner.name")), ["body"]);
        assert_eq!(fields(with("Hi\nBcc: eve", " ")), ["body", "subject"]);
        assert_eq!(fields(with("Hi", "nothing\0")), ["body"]);
    }

    #[test]
    fn a_letter_has_a_value_for_each_of_its_fields() {
        let to = LetterTo { name: "Bo".into(), code: "bo".into(), program: "Acme".into() };
        assert!(LETTER_FIELDS.iter().all(|(field, _)| to.value(field).is_some()));
        assert_eq!((to.value("partner.code"), to.value("partner.iban")), (Some("bo"), None));
    }

    #[test]
    fn what_is_filled_in_is_not_looked_through_again() {
        let template = Template { subject: "{{a}}{{b}}".into(), body: "{{c}} }} {{".into() };
        let filled = template.filled(|field| match field {
            "a" => Some("{{b}}".into()),
            "b" => Some("B".into()),
            _ => None,
        });
        assert_eq!((filled.subject.as_str(), filled.body.as_str()), ("{{b}}B", "{{c}} }} {{"));
    }

    #[test]
    fn an_empty_line_begins_a_paragraph() {
        let template = Template { subject: String::new(), body: "One\r\nline\r\n\r\n\r\n\r\nTwo\n\nThree ".into() };
        assert_eq!(template.paragraphs(), ["One\nline", "Two", "Three"]);
    }
}
