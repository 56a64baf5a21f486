//! Server functions are public endpoints: each is listed here with whom it lets in, and refuses all others.

use crate::site::{Answer, PASSWORD, Site, join, now, program};
use domain::accounts::{Actor, Power, Role};
use domain::partners::NewPromoCode;
use domain::portal::{Hidden, LandsOn, PortalPage};
use engine::accounts::setup::{NewOwner, create_admin};
use engine::accounts::{SignIn, sign_in, sign_in_links, team};
use http::Method;
use server_fn::axum::server_fn_paths;
use sqlx::PgPool;
use std::collections::BTreeMap;

/// Whom a function lets in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Who {
    /// Whoever asks: it looks at nothing but what it is given.
    Anyone,
    /// Whoever is signed in, about themselves.
    Account,
    /// A partner of the program.
    Partner,
    /// A member of the program's team, whatever the role.
    Team,
    /// A member of the program's team whose role has this power.
    May(Power),
}
use Who::{Account, Anyone, May, Partner, Team};

/// An id that nothing has.
const NOTHING: &str = "00000000-0000-7000-8000-000000000000";

/// What stands in arguments for an id of program `acme` or its partner `ada`, and the query that finds it.
const IDS: &[(&str, &str)] = &[
    ("WHOLE_FILE", "select id from lead_imports where program_id = $1 and status = 'done'"),
    // Before the words that stand in it.
    ("LEAD_FILE", "select file_id from lead_files where program_id = $1"),
    ("LEAD_GROUP", "select id from lead_groups where program_id = $1"),
    ("MORTGAGES", "select id from lead_types where program_id = $1"),
    ("ADA", "select id from enrollments where program_id = $1 and code = 'ada'"),
    ("ASSET", "select id from assets where program_id = $1"),
    ("CHANGE", "select id from payout_changes where program_id = $1"),
    ("BATCH", "select id from payment_batches where program_id = $1"),
    ("COMMISSION", "select id from commissions where program_id = $1"),
    ("CONVERSATION", "select id from conversations where program_id = $1"),
    ("CUSTOMER", "select id from customers where program_id = $1"),
    ("DRAFT", "select id from payment_drafts where program_id = $1"),
    ("GROUP", "select id from partner_groups where program_id = $1"),
    ("IMPORT", "select id from lead_imports where program_id = $1 and status = 'receiving'"),
    // Before the word that stands in it.
    ("OWN_KEY", "select id from api_keys where program_id = $1 and enrollment_id is not null"),
    ("KEY", "select id from api_keys where program_id = $1 and enrollment_id is null"),
    ("LEAD", "select id from leads where program_id = $1 and email = 'lee@harbor.test'"),
    ("LINK", "select id from links where program_id = $1 and not is_default"),
    ("MAIL", "select id from outbox where program_id = $1"),
    ("MEMBER", "select account_id from memberships m join programs p using (organization_id) where p.id = $1"),
    ("NOTE", "select id from partner_notes where program_id = $1"),
    ("OFFER", "select id from offers where program_id = $1"),
    ("ORGANIZATION", "select organization_id from programs where id = $1"),
    ("PAYMENT", "select id from payments where program_id = $1"),
    ("PROMO_CODE", "select id from promo_codes where program_id = $1"),
    ("REPLY", "select id from saved_replies where program_id = $1"),
    ("SALE", "select id from sales where program_id = $1"),
    ("STAGE", "select id from lead_stages where program_id = $1 and kind = 'qualified'"),
    ("SUBMITTED", "select id from submitted_sales where program_id = $1"),
    ("TASK", "select id from lead_tasks where program_id = $1"),
    ("FRESH", "select id from leads where program_id = $1 and updated_at = timestamptz '2026-01-01T00:00:00Z'"),
];

/// Every function with arguments that it can read.
const FUNCTIONS: &[(&str, &str, Who)] = &[
    ("/fn/account", "", Account),
    ("/fn/account/email", "email=x%40acme.test&email_password=x", Account),
    ("/fn/account/email/by-link", "token=x", Anyone),
    ("/fn/account/email/cancel", "", Account),
    ("/fn/account/email/confirm", "token=x", Anyone),
    ("/fn/account/password", "old_password=x&password=x", Account),
    ("/fn/account/recovery-codes", "", Account),
    ("/fn/account/second-factor/begin", "", Account),
    ("/fn/account/second-factor/turn-off", "", Account),
    ("/fn/account/second-factor/turn-on", "code=000000", Account),
    ("/fn/account/sign-out-everywhere", "", Account),
    ("/fn/account/update", "name=X&language=en", Account),
    ("/fn/admin/api-keys", "program=acme", May(Power::ManageKeys)),
    ("/fn/admin/api-keys/create", "program=acme&name=X&read=on", May(Power::ManageKeys)),
    ("/fn/admin/api-keys/revoke", "program=acme&key=KEY", May(Power::ManageKeys)),
    ("/fn/admin/assets", "program=acme", Team),
    ("/fn/admin/assets/archive", "program=acme&id=ASSET&archived=true", May(Power::EditProgram)),
    ("/fn/admin/assets/move", "program=acme&id=ASSET&up=true", May(Power::EditProgram)),
    ("/fn/admin/assets/one", "program=acme&id=ASSET", May(Power::EditProgram)),
    ("/fn/admin/audit-log", "program=acme", May(Power::Audit)),
    ("/fn/admin/batch", "program=acme&id=BATCH", Team),
    ("/fn/admin/batch/advices", "program=acme&id=BATCH", Team),
    ("/fn/admin/batch/file-sent", "program=acme&batch=BATCH&kind=paypal&part=1", May(Power::Pay)),
    ("/fn/admin/batch/files", "program=acme&batch=BATCH", May(Power::Pay)),
    (
        "/fn/admin/batch/mark",
        "program=acme&marking[batch]=BATCH&marking[payments][]=PAYMENT&marking[becomes]=sent&marking[reason]=",
        May(Power::Pay),
    ),
    ("/fn/admin/commissions", "program=acme", Team),
    ("/fn/admin/commissions/approve", "program=acme&id=COMMISSION", May(Power::JudgeCommissions)),
    ("/fn/admin/commissions/reverse", "program=acme&id=COMMISSION&reason=X", May(Power::JudgeCommissions)),
    ("/fn/admin/customer", "program=acme&id=CUSTOMER", Team),
    ("/fn/admin/customers", "program=acme", Team),
    ("/fn/admin/customers/erase", "program=acme&customer=CUSTOMER", May(Power::Erase)),
    ("/fn/admin/customers/reassign", "program=acme&external_id=x&partner_code=ada&reason=X", May(Power::Reassign)),
    ("/fn/admin/failed-jobs", "program=acme", May(Power::Audit)),
    ("/fn/admin/failed-jobs/retry", "program=acme&id=1", May(Power::Audit)),
    ("/fn/admin/finance", "program=acme", Team),
    ("/fn/admin/frame", "program=acme", Team),
    ("/fn/admin/groups", "program=acme", Team),
    ("/fn/admin/groups/one", "program=acme&id=GROUP", May(Power::EditProgram)),
    ("/fn/admin/groups/remove", "program=acme&id=GROUP", May(Power::EditProgram)),
    (
        "/fn/admin/groups/save",
        r#"{"program":"acme","id":null,"group":{"name":"X","offers":[]}}"#,
        May(Power::EditProgram),
    ),
    ("/fn/admin/lead-settings", "program=acme", Team),
    (
        "/fn/admin/lead-settings/groups/form",
        r#"{"program":"acme","id":"LEAD_GROUP","base_version":1,"form":{"name":"optional","fields":[]}}"#,
        May(Power::EditProgram),
    ),
    ("/fn/admin/lead-settings/groups/make", "program=acme&name=X", May(Power::EditProgram)),
    ("/fn/admin/lead-settings/groups/one", "program=acme&id=LEAD_GROUP", Team),
    (
        "/fn/admin/lead-settings/groups/save",
        "program=acme&id=LEAD_GROUP&name=X&description=&is_default=true",
        May(Power::EditProgram),
    ),
    ("/fn/admin/lead-settings/types/one", "program=acme&group=LEAD_GROUP&id=MORTGAGES", Team),
    (
        "/fn/admin/lead-settings/types/save",
        "program=acme&id=MORTGAGES&group=LEAD_GROUP&name=X&method=manually&default_price=1&scope=1&duplicate_days=1&selection=priority&wait_hours=1",
        May(Power::EditProgram),
    ),
    (
        "/fn/admin/lead-settings/save",
        "program=acme&settings[submission]=true&settings[by_email]=true&settings[duplicate_days]=30&settings[duplicate_scope]=partner&settings[duplicate_rule]=refuse&settings[good_lead]=",
        May(Power::EditProgram),
    ),
    ("/fn/admin/lead-settings/stages", "program=acme", Team),
    ("/fn/admin/lead-settings/stages/save", r#"{"program":"acme","stages":[]}"#, May(Power::EditProgram)),
    ("/fn/admin/lead", "program=acme&id=LEAD", Team),
    ("/fn/admin/leads", "program=acme", Team),
    ("/fn/admin/leads/assign", "program=acme&id=LEAD&assignee=", May(Power::JudgeLeads)),
    (
        "/fn/admin/leads/bulk",
        "program=acme&bulk[act]=move&bulk[leads][]=LEAD&bulk[stage]=STAGE&bulk[reason]=X&bulk[assignee]=",
        May(Power::JudgeLeads),
    ),
    ("/fn/admin/leads/detach", "program=acme&id=LEAD&file=LEAD_FILE", May(Power::JudgeLeads)),
    ("/fn/admin/leads/erase", "program=acme&id=LEAD", May(Power::Erase)),
    ("/fn/admin/leads/deal-value", "program=acme&id=LEAD&deal_value=1", May(Power::JudgeLeads)),
    ("/fn/admin/leads/edit", "program=acme&id=LEAD&seen=0&fields[email]=lee%40harbor.test", May(Power::JudgeLeads)),
    ("/fn/admin/leads/move", "program=acme&id=LEAD&stage=STAGE&reason=X", May(Power::JudgeLeads)),
    ("/fn/admin/leads/note", "program=acme&id=LEAD&note=X", May(Power::JudgeLeads)),
    ("/fn/admin/leads/task", "program=acme&id=LEAD&task=X&due_on=2026-12-01&assignee=", May(Power::JudgeLeads)),
    ("/fn/admin/leads/task/delete", "program=acme&task=TASK", May(Power::JudgeLeads)),
    ("/fn/admin/leads/task/done", "program=acme&task=TASK&done=true", May(Power::JudgeLeads)),
    ("/fn/admin/mails", "program=acme", Team),
    ("/fn/admin/mails/save", "program=acme&kind=partner_paused&subject=X&body=X", May(Power::EditProgram)),
    ("/fn/admin/mails/test", "program=acme&kind=partner_paused&subject=X&body=X", May(Power::EditProgram)),
    (
        "/fn/admin/new-program",
        "organization=ORGANIZATION&name=X&slug=xx&currency=EUR&time_zone=UTC&website=https%3A%2F%2Fx.test",
        Account,
    ),
    ("/fn/admin/new-program/page", "", Account),
    ("/fn/admin/offers", "program=acme", Team),
    ("/fn/admin/offers/archive", "program=acme&id=OFFER&archived=true", May(Power::EditProgram)),
    ("/fn/admin/offers/move", "program=acme&id=OFFER&up=true", May(Power::EditProgram)),
    ("/fn/admin/offers/one", "program=acme&id=OFFER", May(Power::EditProgram)),
    (
        "/fn/admin/offers/save",
        r#"{"program":"acme","id":null,"offer":{"name":"X","rewards":[]},"places":[]}"#,
        May(Power::EditProgram),
    ),
    ("/fn/admin/outbox", "program=acme", May(Power::ManageTeam)),
    ("/fn/admin/outbox/one", "program=acme&id=MAIL", May(Power::ManageTeam)),
    ("/fn/admin/overview", "program=acme", Team),
    ("/fn/admin/overview/hide-checklist", "program=acme", May(Power::EditProgram)),
    ("/fn/admin/partners", "program=acme", Team),
    (
        "/fn/admin/partners/add-account",
        "program=acme&partner=ADA&email=x%40acme.test&name=X",
        May(Power::ManagePartners),
    ),
    (
        "/fn/admin/partners/adjust",
        "program=acme&partner=ADA&key=00000000-0000-7000-8000-000000000000&kind=bonus&amount=1&reason=X",
        May(Power::Adjust),
    ),
    (
        "/fn/admin/partners/bulk",
        "program=acme&bulk[act]=pause&bulk[partners][]=ADA&bulk[all]=false&bulk[filter][search]=x&bulk[filter][status]=active&bulk[filter][tag]=x&bulk[filter][group]=GROUP&bulk[subject]=&bulk[body]=",
        May(Power::ManagePartners),
    ),
    ("/fn/admin/partners/change-code", "program=acme&partner=ADA&code=xx", May(Power::ManagePartners)),
    (
        "/fn/admin/partners/create",
        "program=acme&name=X&company=&email=&website=&affiliate=on&status=active",
        May(Power::ManagePartners),
    ),
    ("/fn/admin/partners/erase", "program=acme&partner=ADA&code=ada", May(Power::Erase)),
    ("/fn/admin/partners/find", "program=acme&text=ad", Team),
    ("/fn/admin/partners/import", "program=acme", May(Power::ManagePartners)),
    ("/fn/admin/partners/job", "program=acme&id=00000000-0000-7000-8000-000000000000", May(Power::ManagePartners)),
    ("/fn/admin/partners/ledger", "program=acme&code=ada", Team),
    (
        "/fn/admin/partners/look",
        r#"{"program":"acme","bulk":{"act":"message","partners":["ADA"]}}"#,
        May(Power::ManagePartners),
    ),
    ("/fn/admin/partners/new", "program=acme", May(Power::ManagePartners)),
    ("/fn/admin/partners/note", "program=acme&partner=ADA&note=X", May(Power::ManagePartners)),
    ("/fn/admin/partners/one", "program=acme&code=ada", Team),
    ("/fn/admin/partners/remove-note", "program=acme&note=NOTE", May(Power::ManagePartners)),
    ("/fn/admin/partners/reveal", "program=acme&partner=ADA", May(Power::RevealPayoutDetails)),
    ("/fn/admin/partners/see-as", "program=acme&partner=ADA", May(Power::SeeAsPartner)),
    ("/fn/admin/partners/see-as/end", "program=acme", Team),
    ("/fn/admin/partners/statement", "program=acme&code=ada", Team),
    ("/fn/admin/partners/statements", "program=acme&code=ada", Team),
    ("/fn/admin/partners/set-group", "program=acme&partner=ADA&group=", May(Power::ManagePartners)),
    ("/fn/admin/partners/set-offers", r#"{"program":"acme","partner":"ADA","offers":[]}"#, May(Power::ManagePartners)),
    ("/fn/admin/partners/set-status", "program=acme&partner=ADA&status=paused&reason=X", May(Power::ManagePartners)),
    (
        "/fn/admin/partners/update",
        "program=acme&partner=ADA&name=X&company=&email=&website=&payout_method=&affiliate=on",
        May(Power::ManagePartners),
    ),
    ("/fn/admin/partners/tags", "program=acme&partner=ADA&tags=X", May(Power::ManagePartners)),
    ("/fn/admin/find", "program=acme&text=ad", Team),
    ("/fn/admin/pay", "program=acme", May(Power::Pay)),
    ("/fn/admin/pay/create", "program=acme&asked[codes]=ada&basis=ending", May(Power::Pay)),
    ("/fn/admin/pay/draft", "program=acme&id=DRAFT", May(Power::Pay)),
    ("/fn/admin/pay/draft/act", "program=acme&id=DRAFT&act=give_up", May(Power::Pay)),
    (
        "/fn/admin/pay/draft/change",
        "program=acme&id=DRAFT&draft[basis]=earned&draft[code]=X&draft[payment_date]=2026-11-20",
        May(Power::Pay),
    ),
    ("/fn/admin/pay/draft/decide", "program=acme&id=DRAFT&partner=ADA&pay=false", May(Power::Pay)),
    ("/fn/admin/pay/draft/progress", "program=acme&id=DRAFT", May(Power::Pay)),
    ("/fn/admin/payments", "program=acme", Team),
    ("/fn/admin/payments/take-back", "program=acme&id=PAYMENT&becomes=failed&reason=X", May(Power::Pay)),
    ("/fn/admin/portal", "program=acme", Team),
    (
        "/fn/admin/portal/brand",
        "program=acme&brand[brand]=&brand[accent]=&brand[colour]=&brand[contact_email]=",
        May(Power::EditProgram),
    ),
    ("/fn/admin/portal/images", "program=acme", Team),
    ("/fn/admin/portal/link-host", "program=acme&link_host=go.acme.test", May(Power::EditProgram)),
    ("/fn/admin/portal/link-host/check", "program=acme", May(Power::EditProgram)),
    ("/fn/admin/portal/pages", "program=acme&affiliate[]=links&affiliate[]=welcome", May(Power::EditProgram)),
    ("/fn/admin/portal/preview", "program=acme&markdown=X", Team),
    ("/fn/admin/portal/remove-image", "program=acme&which=logo", May(Power::EditProgram)),
    ("/fn/admin/portal/sharing", "program=acme&sharing[general]=X&sharing[x]=X", May(Power::EditProgram)),
    (
        "/fn/admin/portal/sign-up",
        "program=acme&rule=approve&questions[0][label]=X&questions[0][kind]=text&questions[0][choices]=",
        May(Power::EditProgram),
    ),
    ("/fn/admin/portal/terms", "program=acme", Team),
    ("/fn/admin/portal/terms/publish", "program=acme&terms=X", May(Power::EditProgram)),
    ("/fn/admin/portal/welcome", "program=acme&welcome=X&lands_on=welcome", May(Power::EditProgram)),
    ("/fn/admin/promo-codes", "program=acme", Team),
    ("/fn/admin/promo-codes/create", "program=acme&partner=ada&code=XX&description=X", May(Power::EditProgram)),
    ("/fn/admin/promo-codes/disable", "program=acme&id=PROMO_CODE&disabled=true", May(Power::EditProgram)),
    ("/fn/admin/promo-codes/edit", "program=acme&id=PROMO_CODE&description=X", May(Power::EditProgram)),
    ("/fn/admin/reports", "program=acme", Team),
    ("/fn/admin/reports/inactive", "program=acme", Team),
    ("/fn/admin/reports/cohorts", "program=acme", Team),
    ("/fn/admin/reports/ledgers", "program=acme&asked[q]=ad&asked[balance]=positive&asked[sort]=-closing", Team),
    ("/fn/admin/reports/top-partners", "program=acme", Team),
    ("/fn/admin/review", "program=acme", Team),
    ("/fn/admin/review/checks", "program=acme&checks[]=same_domain", May(Power::EditProgram)),
    (
        "/fn/admin/review/judge",
        r#"{"program":"acme","judging":{"verdict":"approve","commissions":[]}}"#,
        May(Power::JudgeCommissions),
    ),
    ("/fn/admin/sale", "program=acme&id=SALE", Team),
    ("/fn/admin/sales", "program=acme", Team),
    ("/fn/admin/settings", "program=acme", Team),
    ("/fn/admin/settings/copy", "program=acme&name=X&slug=xx", May(Power::EditProgram)),
    ("/fn/admin/settings/payer", "program=acme&name=X&address=", May(Power::EditProgram)),
    (
        "/fn/admin/settings/payments",
        "program=acme&rules[monthly]=true&rules[day]=5&rules[basis]=earned&rules[approval_above]=100",
        May(Power::EditProgram),
    ),
    (
        "/fn/admin/settings/payout-methods",
        "program=acme&methods[0][kind]=paypal&methods[0][offered]=true&methods[0][countries][]=DE&methods[0][country]=France&methods[0][minimum]=25",
        May(Power::EditProgram),
    ),
    (
        "/fn/admin/settings/update",
        "program=acme&settings[name]=X&settings[description]=&settings[website]=https://acme.test&settings[allowed_hosts]=&settings[window_days]=60&settings[lead_window_days]=90&settings[click_model]=last&settings[self_referral]=review&settings[minimum_payment]=0&settings[payment_day]=1&settings[time_zone]=UTC&settings[currency]=EUR",
        May(Power::EditProgram),
    ),
    ("/fn/admin/tasks", "program=acme", Team),
    ("/fn/admin/messages", "program=acme", Team),
    ("/fn/admin/messages/assign", "program=acme&id=CONVERSATION&assignee=", May(Power::JudgeLeads)),
    ("/fn/admin/messages/new", "program=acme&lead=LEAD", May(Power::JudgeLeads)),
    ("/fn/admin/messages/one", "program=acme&id=CONVERSATION", Team),
    ("/fn/admin/messages/read", "program=acme&id=CONVERSATION", Team),
    ("/fn/admin/saved-replies", "program=acme", May(Power::JudgeLeads)),
    ("/fn/admin/saved-replies/delete", "program=acme&id=REPLY", May(Power::JudgeLeads)),
    ("/fn/admin/saved-replies/save", "program=acme&id=REPLY&name=X&body=X", May(Power::JudgeLeads)),
    ("/fn/admin/submitted-sales", "program=acme", Team),
    (
        "/fn/admin/submitted-sales/approve",
        "program=acme&id=SUBMITTED&customer_id=c9&amount=9&sold_on=2026-01-01",
        May(Power::JudgeCommissions),
    ),
    ("/fn/admin/submitted-sales/decline", "program=acme&id=SUBMITTED&reason=X", May(Power::JudgeCommissions)),
    ("/fn/admin/submitted-sales/one", "program=acme&id=SUBMITTED", Team),
    ("/fn/admin/team", "program=acme", Team),
    ("/fn/admin/team/change-role", "program=acme&account=MEMBER&role=viewer", May(Power::ManageTeam)),
    ("/fn/admin/team/invite", "program=acme&email=x%40acme.test&name=X&role=viewer", May(Power::ManageTeam)),
    ("/fn/admin/team/invite-again", "program=acme&account=MEMBER", May(Power::ManageTeam)),
    ("/fn/admin/team/remove", "program=acme&account=MEMBER", May(Power::ManageTeam)),
    ("/fn/admin/waiting", "program=acme", Team),
    ("/fn/act-as", "program=acme&code=ada", Partner),
    ("/fn/confirm", "answer=x", Account),
    ("/fn/confirm/how", "", Account),
    ("/fn/forgot-password", "who=nobody%40acme.test", Anyone),
    ("/fn/invitation", "token=x", Anyone),
    ("/fn/invitation/accept", "token=x&name=X&password=x", Anyone),
    ("/fn/landing", "", Anyone),
    ("/fn/partner/api-keys/create", "program=acme&partner=ADA&name=X", Partner),
    ("/fn/partner/api-keys/revoke", "program=acme&partner=ADA&key=OWN_KEY", Partner),
    ("/fn/partner/assets", "program=acme", Partner),
    ("/fn/partner/assets/one", "program=acme&id=ASSET", Partner),
    ("/fn/partner/capture-forms", "program=acme", Partner),
    (
        "/fn/partner/capture-forms/save",
        "program=acme&partner=ADA&group=LEAD_GROUP&is_open=true&sites=www.harbor.test&thanks=X&redirect=",
        Partner,
    ),
    ("/fn/partner/commission-report", "program=acme", Partner),
    ("/fn/partner/commissions", "program=acme", Partner),
    ("/fn/partner/dashboard", "program=acme", Partner),
    ("/fn/partner/details", "program=acme", Partner),
    ("/fn/partner/frame", "program=acme", Partner),
    ("/fn/partner/ledger", "program=acme", Partner),
    ("/fn/partner/lead-imports", "program=acme", Partner),
    ("/fn/partner/lead-imports/cancel", "program=acme&partner=ADA&id=IMPORT", Partner),
    ("/fn/partner/lead-imports/finish", "program=acme&partner=ADA&id=WHOLE_FILE", Partner),
    ("/fn/partner/lead-imports/one", "program=acme&id=IMPORT", Partner),
    ("/fn/partner/lead-imports/setup", "program=acme", Partner),
    ("/fn/partner/leads", "program=acme", Partner),
    ("/fn/partner/leads/detach", "program=acme&partner=ADA&id=LEAD&file=LEAD_FILE", Partner),
    (
        "/fn/partner/leads/edit",
        "program=acme&partner=ADA&id=FRESH&seen=2026-01-01T00:00:00Z&fields[email]=una%40harbor.test&fields[name]=Una",
        Partner,
    ),
    ("/fn/partner/leads/filled", "program=acme&id=LEAD", Partner),
    ("/fn/partner/leads/form", "program=acme", Partner),
    ("/fn/partner/leads/one", "program=acme&id=LEAD", Partner),
    (
        "/fn/partner/leads/submit",
        "program=acme&partner=ADA&group=LEAD_GROUP&version=1&fields[email]=nora%40harbor.test&fields[name]=Nora",
        Partner,
    ),
    ("/fn/partner/leads/withdraw", "program=acme&partner=ADA&id=LEAD", Partner),
    ("/fn/partner/links", "program=acme", Partner),
    ("/fn/partner/links/disable", "program=acme&partner=ADA&id=LINK&disabled=true", Partner),
    ("/fn/partner/links/create", "program=acme&partner=ADA&code=fresh", Partner),
    ("/fn/partner/links/edit", "program=acme&partner=ADA&id=LINK&name=X&utm[source]=x", Partner),
    ("/fn/partner/links/one", "program=acme&id=LINK", Partner),
    ("/fn/partner/messages", "program=acme", Partner),
    ("/fn/partner/messages/new", "program=acme&lead=LEAD", Partner),
    ("/fn/partner/messages/one", "program=acme&id=CONVERSATION", Partner),
    ("/fn/partner/messages/read", "program=acme&partner=ADA&id=CONVERSATION", Partner),
    ("/fn/partner/notifications", "program=acme&partner=ADA&on_payment=true&summary=weekly&on_lead=every", Partner),
    (
        "/fn/partner/payout-method",
        "program=acme&partner=ADA&payout[kind]=paypal&payout[paypal_email]=ada%40partners.test",
        Partner,
    ),
    ("/fn/partner/payout-method/again", "program=acme&partner=ADA&id=CHANGE", Partner),
    ("/fn/partner/payout-method/cancel", "program=acme&partner=ADA", Partner),
    ("/fn/partner/payout", "program=acme&id=PAYMENT", Partner),
    ("/fn/partner/payouts", "program=acme", Partner),
    ("/fn/partner/photo/remove", "program=acme&partner=ADA", Partner),
    ("/fn/partner/profile", "program=acme", Partner),
    ("/fn/partner/profile/save", "program=acme&partner=ADA&profile[name]=Ada", Partner),
    ("/fn/partner/programs", "program=acme", Partner),
    ("/fn/partner/promo-codes", "program=acme", Partner),
    ("/fn/partner/sales", "program=acme", Partner),
    ("/fn/partner/customers", "program=acme", Partner),
    ("/fn/partner/statement", "program=acme", Partner),
    ("/fn/partner/statements", "program=acme", Partner),
    ("/fn/partner/structure", "program=acme", Partner),
    ("/fn/partner/submitted-sales", "program=acme", Partner),
    ("/fn/partner/submitted-sales/form", "program=acme", Partner),
    ("/fn/partner/submitted-sales/withdraw", "program=acme&partner=ADA&id=SUBMITTED", Partner),
    ("/fn/partner/summary", "program=acme", Partner),
    ("/fn/partner/terms", "program=acme", Partner),
    ("/fn/partner/terms/accept", "program=acme&partner=ADA&version=1", Partner),
    ("/fn/partner/welcome", "program=acme", Partner),
    ("/fn/payout-method/by-link", "token=x", Anyone),
    ("/fn/payout-method/confirm", "token=x", Anyone),
    ("/fn/reset-password", "token=x&password=x", Anyone),
    ("/fn/reset-password/page", "token=x&program=acme", Anyone),
    ("/fn/second-factor", "code=000000", Anyone),
    ("/fn/second-factor/due", "", Anyone),
    ("/fn/setup", "", Anyone),
    ("/fn/setup/key", "program=acme", May(Power::ManageKeys)),
    ("/fn/setup/offer", "program=acme&name=X&percent=1&months=1&hold_days=1", May(Power::EditProgram)),
    ("/fn/setup/owner", "token=x&name=X&email=x%40acme.test&password=x&organization=X", Anyone),
    ("/fn/setup/partner", "program=acme&name=X", May(Power::ManagePartners)),
    ("/fn/setup/program", "name=X&slug=x&currency=EUR&time_zone=UTC&website=https%3A%2F%2Fx.test", Account),
    ("/fn/setup/progress", "program=acme", Team),
    ("/fn/sign-in", "who=nobody%40acme.test&password=x", Anyone),
    ("/fn/sign-in-link", "token=x", Anyone),
    ("/fn/sign-in/door", "", Anyone),
    ("/fn/sign-out", "", Anyone),
    ("/fn/sign-up", "program=acme&name=X&email=nobody%40acme.test", Anyone),
    ("/fn/sign-up/confirm", "token=x&password=x", Anyone),
    ("/fn/sign-up/page", "program=acme", Anyone),
    ("/fn/sign-up/unconfirmed", "token=x", Anyone),
    ("/fn/stop-mails", "program=acme&key=x&notice=payment", Anyone),
    ("/fn/stop-mails/page", "program=acme&key=x", Anyone),
];

/// Gives `ada` one of everything, an asset for her group alone too, and finds the ids.
async fn things(site: &Site) -> Vec<(&'static str, String)> {
    let sale = serde_json::json!({"event_id": "e1", "customer_id": "c1", "amount": "49.00", "currency": "EUR",
                                  "partner_code": "ada"});
    assert_eq!(site.post("/track/sale", sale).await.status, 201);
    for statement in [
        "insert into links (program_id, id, enrollment_id, code, destination, created_at)
         select program_id, gen_random_uuid(), id, 'ada-own', 'https://acme.test/', created_at from enrollments
         where program_id = $1 and code = 'ada'",
        "insert into leads (program_id, id, enrollment_id, group_id, stage_id, email, email_key, created_at, stage_at,
                            updated_at)
         select e.program_id, gen_random_uuid(), e.id, g.id, s.id, 'lee@harbor.test', 'lee@harbor.test', e.created_at,
                e.created_at, e.created_at
         from enrollments e join lead_groups g using (program_id)
         join lead_stages s on s.program_id = e.program_id and s.kind = 'new' where e.program_id = $1 and e.code = 'ada'",
        "insert into lead_types (program_id, id, group_id, name, method, default_price, scope, self_service,
                                 needs_authorisation, duplicate_days, selection, wait_hours, created_at)
         select program_id, gen_random_uuid(), id, 'Mortgages', 'manually', 1, 1, true, false, 1, 'priority', 1, created_at
         from lead_groups where program_id = $1",
        "insert into files (program_id, id, purpose, name, content_type, bytes, sha256, created_at)
         select program_id, gen_random_uuid(), 'lead', 'facts.pdf', 'application/pdf', 1, '', created_at from enrollments
         where program_id = $1 and code = 'ada'",
        "insert into lead_files (program_id, lead_id, file_id, by_partner, created_at)
         select l.program_id, l.id, f.id, true, l.created_at from leads l
         join files f on f.program_id = l.program_id and f.purpose = 'lead' where l.program_id = $1",
        "insert into api_keys (program_id, id, name, scopes, prefix, key_hash, created_at, enrollment_id)
         select program_id, gen_random_uuid(), 'theirs', '{submit}', '', uuid_send(gen_random_uuid()), created_at, id from enrollments
         where program_id = $1 and code = 'ada'",
        "insert into lead_imports (program_id, id, enrollment_id, group_id, form_version, name, head, keys, rows, by_partner,
                                   created_at)
         select e.program_id, gen_random_uuid(), e.id, g.id, g.version, 'leads.csv', '{E-mail}', '{email}', 1, true,
                e.created_at
         from enrollments e join lead_groups g using (program_id) where program_id = $1 and e.code = 'ada'",
        "insert into lead_imports (program_id, id, enrollment_id, group_id, form_version, name, head, keys, rows, by_partner,
                                   status, finished_at, created_at)
         select e.program_id, gen_random_uuid(), e.id, g.id, g.version, 'leads.csv', '{E-mail}', '{email}', 1, true,
                'done', e.created_at, e.created_at
         from enrollments e join lead_groups g using (program_id) where program_id = $1 and e.code = 'ada'",
        "insert into lead_tasks (program_id, lead_id, id, task, created_at)
         select program_id, id, gen_random_uuid(), 'Call', created_at from leads where program_id = $1",
        "insert into leads (program_id, id, enrollment_id, group_id, stage_id, email, email_key, created_at, stage_at,
                            updated_at)
         select e.program_id, gen_random_uuid(), e.id, g.id, s.id, 'una@harbor.test', 'una@harbor.test', e.created_at,
                e.created_at, timestamptz '2026-01-01T00:00:00Z'
         from enrollments e join lead_groups g using (program_id)
         join lead_stages s on s.program_id = e.program_id and s.kind = 'new' where e.program_id = $1 and e.code = 'ada'",
        "insert into files (program_id, id, purpose, name, content_type, bytes, sha256, created_at)
         select program_id, gen_random_uuid(), 'sale', 'invoice.pdf', 'application/pdf', 1, '', created_at from enrollments
         where program_id = $1 and code = 'ada'",
        "insert into submitted_sales (program_id, id, enrollment_id, email, name, amount, currency, sold_on, file_id,
                                      created_at)
         select e.program_id, gen_random_uuid(), e.id, 'lee@harbor.test', 'Lee', 9, 'EUR', e.created_at::date, f.id,
                e.created_at
         from enrollments e join files f on f.program_id = e.program_id and f.purpose = 'sale'
         where e.program_id = $1 and e.code = 'ada'",
        "insert into conversations (program_id, id, enrollment_id, subject, last_at, created_at)
         select program_id, gen_random_uuid(), id, 'Payout', created_at, created_at from enrollments
         where program_id = $1 and code = 'ada'",
        "insert into saved_replies (program_id, id, name, body, created_at)
         select id, gen_random_uuid(), 'Thanks', 'Thank you', created_at from programs where id = $1",
        "insert into promo_codes (program_id, id, enrollment_id, code, code_key, created_at)
         select program_id, gen_random_uuid(), id, 'SPRING', 'spring', created_at from enrollments
         where program_id = $1 and code = 'ada'",
        "insert into partner_notes (program_id, id, enrollment_id, note, created_at)
         select program_id, gen_random_uuid(), id, 'Kind', created_at from enrollments
         where program_id = $1 and code = 'ada'",
        "insert into payout_changes (program_id, enrollment_id, id, kind, details, masked, account_id, created_at, expires_at)
         select a.program_id, a.enrollment_id, gen_random_uuid(), 'paypal', '', 'a…@harbor.test', a.account_id,
                e.created_at, e.created_at + interval '10 years'
         from enrollment_accounts a join enrollments e on e.program_id = a.program_id and e.id = a.enrollment_id
         where a.program_id = $1 and e.code = 'ada'",
        "insert into payment_batches (program_id, id, code, code_key, payment_date, created_at)
         select id, gen_random_uuid(), 'October', 'october', created_at::date, created_at from programs where id = $1",
        "insert into payments (program_id, id, batch_id, enrollment_id, amount, currency, status, why, created_at)
         select program_id, gen_random_uuid(), b.id, e.id, 20, 'EUR', 'recorded', '[]', b.created_at
         from payment_batches b join enrollments e using (program_id) where program_id = $1 and e.code = 'ada'",
        "insert into payment_drafts (program_id, id, source, basis, from_day, to_day, from_at, to_at, reviewed_at, code,
                                     payment_date, status, created_at)
         select id, gen_random_uuid(), 'report', 'ending', created_at::date, created_at::date, created_at, created_at,
                created_at, 'Prepared', created_at::date, 'open', created_at from programs where id = $1",
        "insert into partner_groups (program_id, id, name, created_at)
         select id, gen_random_uuid(), 'Gold', created_at from programs where id = $1",
        "update enrollments e set group_id = g.id from partner_groups g
         where g.program_id = $1 and e.program_id = $1 and e.code = 'ada'",
        "insert into assets (program_id, id, kind, name, body, position, created_at)
         select id, gen_random_uuid(), 'page', 'Post', 'Words', 0, created_at from programs where id = $1",
        "insert into asset_groups (program_id, asset_id, group_id)
         select program_id, a.id, g.id from assets a join partner_groups g using (program_id) where program_id = $1",
        "insert into outbox (id, program_id, title, email, name, subject, body, created_at)
         select gen_random_uuid(), id, 'Mail', 'lee@harbor.test', 'Lee', 'Hello', '', created_at
         from programs where id = $1",
    ] {
        let made = sqlx::query(statement).bind(site.program.0).execute(&site.pool).await;
        assert_eq!(made.unwrap_or_else(|error| panic!("{error}: {statement}")).rows_affected(), 1, "{statement}");
    }
    let mut ids = Vec::new();
    for &(word, query) in IDS {
        let id: uuid::Uuid = sqlx::query_scalar(query).bind(site.program.0).fetch_one(&site.pool).await.expect(word);
        ids.push((word, id.to_string()));
    }
    ids
}

/// Arguments with these ids in place of the words for them.
fn filled(arguments: &str, ids: &[(&'static str, String)]) -> String {
    ids.iter().fold(arguments.to_owned(), |arguments, (word, id)| arguments.replace(word, id))
}

/// Whether arguments name something of `ada` or of her program by its id.
fn names(arguments: &str) -> bool {
    IDS.iter().any(|(word, _)| arguments.contains(word))
}

async fn call(site: &Site, method: &Method, path: &str, arguments: &str, session: Option<&str>) -> Answer {
    let cookie = session.map(|token| format!("tributary={token}")).unwrap_or_default();
    let kind = if arguments.starts_with('{') { "application/json" } else { "application/x-www-form-urlencoded" };
    let headers = [("accept", "application/json"), ("content-type", kind), ("cookie", &*cookie)];
    if *method == Method::GET {
        site.send(Method::GET, &format!("{path}?{arguments}"), &headers, "").await
    } else {
        site.send(method.clone(), path, &headers, arguments.to_owned()).await
    }
}

/// A session of an account with the password that all have here.
async fn session(pool: &PgPool, email: &str) -> String {
    let input =
        SignIn { who: email.into(), password: PASSWORD.into(), program: None, keep: false, user_agent: String::new() };
    sign_in(pool, &now(), &input).await.expect("signed in").token
}

/// A session of a partner that a link began: no password was given.
async fn by_link(pool: &PgPool, program: domain::ids::ProgramId, code: &str) -> String {
    let actor = Actor::System { program };
    let mut connection = pool.acquire().await.expect("connection");
    let token = sign_in_links::make(&mut connection, &now(), &actor, code).await.expect("link");
    drop(connection);
    sign_in_links::redeem(pool, &now(), &token, "").await.expect("signed in").0.token
}

/// A session of a partner who has given its password of late.
async fn partner(pool: &PgPool, program: domain::ids::ProgramId, code: &str) -> String {
    let token = by_link(pool, program, code).await;
    sqlx::query("update sessions set confirmed_at = now()").execute(pool).await.expect("confirmed");
    token
}

#[sqlx::test(migrator = "engine::MIGRATIONS")]
async fn who_came_by_a_link_makes_no_key_without_a_password(pool: PgPool) {
    let site = Site::start(pool.clone()).await;
    greet(&site).await;
    let ids = things(&site).await;
    let ada = by_link(&pool, site.program, "ada").await;
    for (path, arguments, _) in FUNCTIONS.iter().filter(|(path, ..)| path.starts_with("/fn/partner/api-keys/")) {
        let answer = call(&site, &Method::POST, path, &filled(arguments, &ids), Some(&ada)).await;
        assert_eq!((answer.status.as_u16(), answer.text().contains("confirm_first")), (403, true), "{path}");
    }
}

/// A session of a member of the team with this role.
async fn member(site: &Site, role: Role) -> String {
    let email = format!("{role}@acme.test");
    if role != Role::Owner {
        let new = NewOwner {
            name: "Moe Member".into(),
            email: email.clone(),
            password: PASSWORD.into(),
            // What was walked before may have given it another name.
            organization: sqlx::query_scalar(
                "select o.name from organizations o join programs p on p.organization_id = o.id where p.id = $1",
            )
            .bind(site.program.0)
            .fetch_one(&site.pool)
            .await
            .expect("organization"),
        };
        let account = create_admin(&site.pool, &now(), &new).await.expect("member").account;
        let system = Actor::System { program: site.program };
        team::change_role(&site.pool, &now(), &system, account, role).await.expect("a role");
    }
    session(&site.pool, &email).await
}

/// Gives the portal a message, so that every page shows, and terms to accept, and lets partners do all that they may.
async fn greet(site: &Site) {
    let all = "update lead_settings set submission = true, importing = true, sales = true";
    sqlx::query(all).execute(&site.pool).await.expect("settings");
    let actor = Actor::System { program: site.program };
    let mut conn = site.pool.acquire().await.expect("connection");
    engine::portal::set_welcome(&mut conn, &now(), &actor, "Hello", LandsOn::Dashboard).await.expect("message");
    engine::portal::publish(&mut conn, &now(), &actor, "Be honest.", true).await.expect("terms");
}

/// Every function of the portal's pages but the frame's and the terms', which no entry of the menu hides, as the partner
/// `ada` asks it. What asks for one thing is left out.
async fn of_pages(site: &Site, session: &str) -> Vec<(&'static str, u16)> {
    let mut answers = Vec::new();
    let pages = FUNCTIONS.iter().filter(|(path, _, who)| *who == Partner && path.starts_with("/fn/partner/"));
    for (path, arguments, _) in pages {
        let arguments = arguments.replace("ADA", &site.ada.to_string());
        if *path == "/fn/partner/frame" || path.starts_with("/fn/partner/terms") || names(&arguments) {
            continue;
        }
        let posts = server_fn_paths().any(|(found, method)| found == *path && method == Method::POST);
        let method = if posts { Method::POST } else { Method::GET };
        answers.push((*path, call(site, &method, path, &arguments, Some(session)).await.status.as_u16()));
    }
    answers
}

#[sqlx::test(migrator = "engine::MIGRATIONS")]
async fn a_hidden_page_is_refused_and_so_is_each_to_who_waits(pool: PgPool) {
    let site = Site::start(pool.clone()).await;
    greet(&site).await;
    let ada = partner(&pool, site.program, "ada").await;
    let actor = Actor::System { program: site.program };
    let mut conn = pool.acquire().await.expect("connection");
    // With all but the dashboard hidden, nothing else answers, no file either.
    let all: Vec<_> = PortalPage::ALL.iter().copied().filter(|page| *page != PortalPage::Dashboard).collect();
    let hidden = Hidden { affiliate: all, ..Hidden::default() };
    engine::portal::set_hidden(&mut conn, &now(), &actor, &hidden).await.expect("hidden");
    for (path, status) in of_pages(&site, &ada).await {
        let of_dashboard = ["/fn/partner/dashboard", "/fn/partner/photo/remove"].contains(&path);
        assert_eq!(status == 404, !of_dashboard, "{path}: {status}");
    }
    // Nor does the dashboard tell what they would.
    let promo = NewPromoCode { partner: site.ada, code: "SECRET20".into(), description: String::new() };
    engine::partners::promo_codes::create(&mut conn, &now(), &actor, &promo).await.expect("promo code");
    let told = async || call(&site, &Method::GET, "/fn/partner/dashboard", "program=acme", Some(&ada)).await.text();
    assert!(!told().await.contains("SECRET20"));
    for file in crate::exports::PARTNER {
        let file = format!("/p/acme/export/{file}");
        let answer = site.send(Method::GET, &file, &[("cookie", &format!("tributary={ada}"))], "").await;
        assert_eq!(answer.status, 404, "{file}");
    }
    let links = [PortalPage::Links, PortalPage::Welcome].to_vec();
    let hidden = Hidden { affiliate: links, ..Hidden::default() };
    engine::portal::set_hidden(&mut conn, &now(), &actor, &hidden).await.expect("hidden");
    for (path, status) in of_pages(&site, &ada).await {
        let is_hidden = path.contains("/links") || path.contains("/welcome");
        assert_eq!(status == 404, is_hidden, "{path}: {status}");
    }
    let links = async || {
        let assets = call(&site, &Method::GET, "/fn/partner/assets", "program=acme", Some(&ada)).await.json();
        assets["links"].as_array().expect("links").len()
    };
    assert_eq!(links().await, 0, "nor do the assets tell of links");
    engine::portal::set_hidden(&mut conn, &now(), &actor, &Hidden::default()).await.expect("shown");
    assert_eq!(links().await, 1);
    assert!(told().await.contains("SECRET20"));
    sqlx::query("update enrollments set status = 'pending'").execute(&mut *conn).await.expect("pending");
    drop(conn);
    for (path, status) in of_pages(&site, &ada).await {
        assert_eq!(status, 404, "{path}");
    }
    let cookie = format!("tributary={ada}");
    for page in ["/p/acme", "/p/acme/links", "/p/acme/welcome"] {
        let answer = site.send(Method::GET, page, &[("cookie", &cookie), ("accept", "text/html")], "").await;
        let text = answer.text();
        assert!(text.contains("You are on the list") && !text.contains("aria-label=\"Main\""), "{page}: {text}");
    }
}

#[sqlx::test(migrator = "engine::MIGRATIONS")]
async fn each_lets_in_whom_it_should_alone(pool: PgPool) {
    let site = Site::start(pool.clone()).await;
    let (other, _) = program(&pool, "other", "bob").await;
    join(&pool, site.program, "ann").await;
    greet(&site).await;
    let ids = things(&site).await;
    let ann = partner(&pool, site.program, "ann").await;
    let ada = partner(&pool, site.program, "ada").await;
    let bob = partner(&pool, other, "bob").await;
    let owner = session(&pool, "owner@acme.test").await;
    let other_owner = session(&pool, "owner@other.test").await;
    let viewer = member(&site, Role::Viewer).await;

    let listed: BTreeMap<_, _> = FUNCTIONS.iter().map(|(path, arguments, who)| (*path, (*arguments, *who))).collect();
    // What reads comes first, then what is done once more: what writes may change what there is.
    let mut all: Vec<_> = server_fn_paths().collect();
    all.sort_by_key(|(path, method)| (*method != Method::GET, !path.ends_with("/again"), *path));
    let mut walked = 0;
    for (path, method) in all {
        let (arguments, who) =
            *listed.get(path).unwrap_or_else(|| panic!("{path} is not listed: whom does it let in?"));
        let of_ada = names(arguments) || path == "/fn/act-as";
        let arguments = &filled(arguments, &ids);
        let status = async |session: Option<&str>| {
            let answer = call(&site, &method, path, arguments, session).await;
            assert_ne!(answer.status, 400, "{path}: the arguments listed can't be read: {}", answer.text());
            assert!(!answer.status.is_server_error(), "{path}: {}", answer.text());
            answer.status.as_u16()
        };
        let stranger = status(None).await;
        let expired = status(Some("0000000000000000000000000000000000000000000000000000000000000000")).await;
        match who {
            Anyone => {}
            Account => assert_eq!((stranger, expired), (401, 401), "{path}"),
            Partner => {
                assert_eq!((stranger, expired), (401, 401), "{path}");
                assert_eq!(status(Some(&bob)).await, 404, "{path}: another program's partner");
                assert_eq!(status(Some(&owner)).await, 404, "{path}: an admin is no partner");
                assert_eq!(status(Some(&ada)).await, 200, "{path}: the partner");
                let as_other = if of_ada { 404 } else { 200 };
                assert_eq!(status(Some(&ann)).await, as_other, "{path}: another partner of the program");
            }
            Team | May(_) => {
                assert_eq!((stranger, expired), (401, 401), "{path}");
                assert_eq!(status(Some(&bob)).await, 404, "{path}: another program's partner");
                assert_eq!(status(Some(&ada)).await, 404, "{path}: a partner is no admin");
                assert_eq!(status(Some(&other_owner)).await, 404, "{path}: another program's owner");
                let viewed = if who == Team { 200 } else { 403 };
                assert_eq!(status(Some(&viewer)).await, viewed, "{path}: a viewer");
            }
        }
        walked += 1;
    }
    assert_eq!(walked, FUNCTIONS.len(), "something listed is gone");
}

#[sqlx::test(migrator = "engine::MIGRATIONS")]
async fn all_that_is_wrong_with_a_form_is_told_at_once(pool: PgPool) {
    let site = Site::start(pool.clone()).await;
    let owner = session(&pool, "owner@acme.test").await;
    let wrong = async |path: &str, arguments: &str| -> Vec<String> {
        let answer = call(&site, &Method::POST, path, arguments, Some(&owner)).await;
        assert_eq!(answer.status, 422, "{}", answer.text());
        let told = answer.json()["invalid"].as_array().expect("a list of fields").clone();
        told.iter().map(|error| error["field"].as_str().expect("a field").to_owned()).collect()
    };
    let settings = "program=acme&settings[name]=&settings[description]=&settings[website]=nowhere&settings[allowed_hosts]=&settings[window_days]=soon&settings[lead_window_days]=0&settings[click_model]=last&settings[self_referral]=review&settings[minimum_payment]=much&settings[payment_day]=40&settings[time_zone]=UTC&settings[currency]=EUR";
    assert_eq!(
        wrong("/fn/admin/settings/update", settings).await,
        ["window_days", "minimum_payment", "name", "website", "lead_window_days", "payment_day"]
    );
    let methods =
        "program=acme&methods[0][kind]=paypal&methods[0][country]=Xland&methods[0][minimum]=much&methods[1][kind]=iban";
    assert_eq!(
        wrong("/fn/admin/settings/payout-methods", methods).await,
        ["paypal_countries", "paypal_minimum", "methods"]
    );
    let adjustment = format!("program=acme&partner={NOTHING}&key={NOTHING}&kind=bonus&amount=much&reason=");
    assert_eq!(wrong("/fn/admin/partners/adjust", &adjustment).await, ["amount", "reason"]);
}

#[sqlx::test(migrator = "engine::MIGRATIONS")]
async fn each_role_does_what_its_powers_say(pool: PgPool) {
    let site = Site::start(pool).await;
    // What is asked for isn't there: who may ask is told so.
    let nothing: Vec<_> = IDS.iter().map(|(word, _)| (*word, NOTHING.to_owned())).collect();
    for role in Role::ALL {
        let session = member(&site, *role).await;
        for (path, method) in server_fn_paths() {
            let Some((_, arguments, May(power))) = FUNCTIONS.iter().find(|(listed, ..)| *listed == path) else {
                continue;
            };
            let answer = call(&site, &method, path, &filled(arguments, &nothing), Some(&session)).await;
            assert!(!answer.status.is_server_error(), "{path}: {role}: {}", answer.text());
            assert_eq!(
                answer.status == 403,
                !role.may(*power),
                "{path}: {role}, who asks for {power}: {}",
                answer.status
            );
        }
    }
}

#[sqlx::test(migrator = "engine::MIGRATIONS")]
async fn what_others_have_is_not_found_by_its_id(pool: PgPool) {
    let site = Site::start(pool.clone()).await;
    let (other, of_bob) = program(&pool, "other", "bob").await;
    let of_ann = join(&pool, site.program, "ann").await;
    greet(&site).await;
    let ids = things(&site).await;
    let ada = partner(&pool, site.program, "ada").await;
    let ann = partner(&pool, site.program, "ann").await;
    let bob = partner(&pool, other, "bob").await;
    let owner = session(&pool, "owner@other.test").await;
    // Each asks in its own program, a partner for itself.
    for (path, method) in server_fn_paths() {
        let Some((_, arguments, who)) = FUNCTIONS.iter().find(|(listed, ..)| *listed == path) else { continue };
        let askers = match who {
            Anyone => Vec::new(),
            Partner => vec![(&ann, "acme", Some(of_ann)), (&bob, "other", Some(of_bob))],
            Account | Team | May(_) => vec![(&owner, "other", None)],
        };
        for (session, program, own) in askers {
            let mut asked = arguments.replace("program=acme", &format!("program={program}"));
            asked = asked.replace(r#""program":"acme""#, &format!(r#""program":"{program}""#));
            if let Some(own) = own {
                asked = asked.replace("partner=ADA", &format!("partner={own}"));
            }
            // A lead group is the program's: to its other partners it isn't another's.
            let others = if program == "acme" { asked.replace("LEAD_GROUP", "") } else { asked.clone() };
            if names(&others) {
                let answer = call(&site, &method, path, &filled(&asked, &ids), Some(session)).await;
                assert_eq!(answer.status, 404, "{path}: {asked}: {}", answer.text());
            }
        }
    }
    let status = async |address: String, session: &str| {
        let cookie = format!("tributary={session}");
        let headers = [("cookie", cookie.as_str()), ("accept", "text/html")];
        let answer = site.send(Method::GET, &filled(&address, &ids), &headers, "").await;
        assert!(!answer.status.is_server_error(), "{address}: {}", answer.text());
        answer.status
    };
    for page in ["links/LINK", "assets/ASSET", "payouts/PAYMENT", "export/payout.csv?id=PAYMENT"] {
        assert_eq!(status(format!("/p/acme/{page}"), &ada).await, 200, "{page}");
        assert_eq!(status(format!("/p/acme/{page}"), &ann).await, 404, "{page}: another partner of the program");
        assert_eq!(status(format!("/p/other/{page}"), &bob).await, 404, "{page}: another program's partner");
    }
    for page in [
        "customers/CUSTOMER",
        "sales/SALE",
        "payments/BATCH",
        "pay/DRAFT",
        "payments/BATCH/advices",
        "export/batch.csv?id=BATCH",
        "offers/OFFER",
        "groups/GROUP",
        "assets/ASSET",
        "outbox/MAIL",
        "partners/ada",
        "partners/ada/ledger",
        "partners/ada/statements",
    ] {
        assert_eq!(status(format!("/admin/other/{page}"), &owner).await, 404, "{page}");
    }
}

#[sqlx::test(migrator = "engine::MIGRATIONS")]
async fn what_postgres_takes_in_no_text_is_refused(pool: PgPool) {
    let site = Site::start(pool.clone()).await;
    let cookie = format!("tributary={}", session(&pool, "owner@acme.test").await);
    for address in [
        "/fn/admin/partners?program=acme&q=%00",
        "/fn/admin/partners?program=acme&tag=a%00b",
        "/fn/admin/partners/one?program=acme&code=%00",
        "/admin/acme/partners?q=%00",
        "/admin/acme/audit-log?q=%00",
        "/admin/acme/partners/a%00",
    ] {
        let answer = site.send(Method::GET, address, &[("cookie", &cookie)], "").await;
        assert_eq!(answer.status, 400, "{address}: {}", answer.text());
    }
}

#[sqlx::test(migrator = "engine::MIGRATIONS")]
async fn a_mail_in_the_outbox_asks_for_the_password_again(pool: PgPool) {
    let site = Site::start_with(pool.clone(), |parts| parts.sends_mail = true).await;
    let owner = session(&pool, "owner@acme.test").await;
    let arguments = format!("program=acme&id={NOTHING}");
    let open =
        async || call(&site, &Method::GET, "/fn/admin/outbox/one", &arguments, Some(&owner)).await.status.as_u16();
    assert_eq!(open().await, 404, "just signed in");
    let listed = call(&site, &Method::GET, "/fn/admin/outbox", "program=acme", Some(&owner)).await;
    assert!(listed.text().contains("\"sends_mail\":true"), "{}", listed.text());
    let later = "update sessions set confirmed_at = confirmed_at - interval '1 hour'";
    sqlx::query(later).execute(&pool).await.expect("an hour later");
    assert_eq!(open().await, 403);
}

#[sqlx::test(migrator = "engine::MIGRATIONS")]
async fn they_stand_where_other_sites_can_not_post(pool: PgPool) {
    let site = Site::start(pool).await;
    let foreign = [("origin", "https://evil.test"), ("sec-fetch-site", "cross-site")];
    for (path, method) in server_fn_paths() {
        assert!(path.starts_with("/fn/"), "{path} is not under /fn, where the guard stands");
        if method != Method::GET {
            assert_eq!(site.send(method, path, &foreign, "").await.status, 403, "{path}");
        }
    }
}

#[sqlx::test(migrator = "engine::MIGRATIONS")]
async fn signing_in_and_up_is_limited_by_address(pool: PgPool) {
    // All count against the same limit: what is refused is refused at each of them.
    let site = Site::start(pool).await;
    let knock =
        async |path: &str, arguments: &str| call(&site, &Method::POST, path, arguments, None).await.status.as_u16();
    let mut answers = Vec::new();
    while answers.len() < 100 && answers.last() != Some(&429) {
        answers.push(knock("/fn/sign-up", "program=acme&name=&email=a%40b.test").await);
    }
    assert_eq!(answers.last(), Some(&429), "refused at last");
    for (path, arguments) in [
        ("/fn/sign-in", "who=a%40b.test&password=x"),
        ("/fn/sign-up/confirm", "token=x&password=x"),
        ("/fn/account/email/confirm", "token=x"),
    ] {
        assert_eq!(knock(path, arguments).await, 429, "{path}");
    }
}

#[sqlx::test(migrator = "engine::MIGRATIONS")]
async fn signing_up_answers_the_same_whoever_has_the_e_mail(pool: PgPool) {
    let site = Site::start(pool).await;
    let answer = async |email: &str| {
        let arguments = format!("program=acme&name=X&email={email}");
        let answer = call(&site, &Method::POST, "/fn/sign-up", &arguments, None).await;
        (answer.status, answer.header("location").to_owned(), answer.text())
    };
    let stranger = answer("nobody%40acme.test").await;
    assert!(stranger.0.is_success(), "{stranger:?}");
    for known in ["owner%40acme.test", "ada%40partners.test"] {
        assert_eq!(answer(known).await, stranger, "{known}");
    }
}

#[sqlx::test(migrator = "engine::MIGRATIONS")]
async fn who_sees_the_portal_as_a_partner_changes_nothing(pool: PgPool) {
    let site = Site::start(pool.clone()).await;
    greet(&site).await;
    let owner = session(&pool, "owner@acme.test").await;
    let cookie = format!("tributary={owner}");
    let portal = async || site.send(Method::GET, "/p/acme", &[("cookie", &cookie), ("accept", "text/html")], "").await;
    assert_eq!(portal().await.status, 404, "an admin is no partner");
    let arguments = format!("program=acme&partner={}", site.ada);
    let begun = call(&site, &Method::POST, "/fn/admin/partners/see-as", &arguments, Some(&owner)).await;
    assert!(begun.status.is_success(), "{}", begun.text());
    let seen = portal().await;
    assert!(seen.status.is_success() && seen.text().contains("Nothing can be changed"), "{}", seen.text());
    for (path, status) in of_pages(&site, &owner).await {
        let posts = server_fn_paths().any(|(found, method)| found == path && method == Method::POST);
        assert_eq!(status, if posts { 409 } else { 200 }, "{path}");
    }
    let audited: i64 = sqlx::query_scalar("select count(*) from audit_log where action = 'partner.see_as'")
        .fetch_one(&pool)
        .await
        .expect("count");
    assert_eq!(audited, 1);
    let over = "update sessions set sees_until = created_at where sees_until is not null";
    sqlx::query(over).execute(&pool).await.expect("an hour later");
    assert_eq!(portal().await.status, 404, "it ends by itself");
    call(&site, &Method::POST, "/fn/admin/partners/see-as", &arguments, Some(&owner)).await;
    assert!(portal().await.status.is_success());
    call(&site, &Method::POST, "/fn/admin/partners/see-as/end", "program=acme", Some(&owner)).await;
    assert_eq!(portal().await.status, 404, "and where it is ended");
}
