//! All of one partner.

use access::{Form, LazyPage, Read, Result, read_after};
use domain::ids::AdjustmentId;
use domain::links::LinkRow;
use domain::offers::OfferRow;
use domain::page::Page;
#[cfg(feature = "ssr")]
use domain::partners::{Bulk, BulkAct};
use domain::partners::{BulkLook, EnrollmentStatus, GroupName, Kinds, PartnerDetail, Standing};
use domain::portal::Answer;
use domain::reports::{Balance, CommissionRow};
use leptos::prelude::*;
use leptos::server_fn::codec::GetUrl;
use leptos_meta::Title;
use serde::{Deserialize, Serialize};
use ui::{
    Amount, Avatar, ButtonKind, ButtonLink, Card, CopyButton, DialogButton, EmptyState, Fact, Facts, Glyph, Menu,
    MenuButton, MenuLine, PageHead, Pill, SkeletonCard, SkeletonTiles, Table, Th, Tile, Tiles, Tone, commission_tone,
    counted, grouped, icon,
};

use super::bulk::{self, BulkPartners};
use super::called;
use super::edit::{self, AddAccount, ChangeCode, UpdatePartner};
use super::group::{self, SetGroup};
use super::letter;
use super::offers::{self, SetOffers};
use super::privacy::{self, ErasePartner};
use super::standing::{self, SetStatus};
use super::work;
use crate::ledger::adjust::{self, AdjustBalance};
use crate::show;

/// What the page shows.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Shown {
    detail: PartnerDetail,
    /// The name of its country, or empty.
    country: String,
    balance: Balance,
    links: Page<LinkRow>,
    /// Its latest commissions.
    latest: Vec<CommissionRow>,
    /// All offers of the program.
    offers: Vec<OfferRow>,
    /// All groups of the program.
    groups: Vec<GroupName>,
    /// Whom a mail to it reaches; none where the asker may not write.
    letter: Option<BulkLook>,
    /// Where short links are, without a slash at the end.
    server: String,
    may_manage: bool,
    may_reveal: bool,
    may_erase: bool,
    may_see: bool,
    /// For the form of a bonus or correction, where the asker may post one.
    adjust: Option<AdjustmentId>,
}

/// All of the partner with a code.
#[server(prefix = "/fn", endpoint = "admin/partners/one", input = GetUrl)]
pub async fn read_partner(program: String, code: String) -> Result<Shown> {
    access::answer(async {
        let access::Admin { state, mut conn, moment, actor, program, .. } = access::admin(&program).await?;
        let detail = engine::partners::detail_by_code(&mut conn, &actor, &code).await?;
        let country = domain::countries::name(&detail.profile.country).to_owned();
        let partner = detail.partner.id;
        let balance = engine::reports::balance(&mut conn, &actor, partner).await?;
        let links = engine::links::list(&mut conn, &actor, partner, &domain::page::Paging::default()).await?;
        let filter =
            domain::reports::CommissionFilter { partner_code: Some(detail.partner.code.clone()), ..Default::default() };
        let ten = domain::page::Paging { cursor: None, limit: Some(10) };
        let latest = engine::reports::commissions_page(&mut conn, &actor, &filter, &ten).await?.data;
        let offers = engine::offers::list(&mut conn, &actor).await?;
        let groups = engine::partners::groups::names(&mut conn, &actor).await?;
        let may = |power| actor.may(power);
        let may_manage = may(domain::accounts::Power::ManagePartners);
        let letter = if may_manage {
            let letter = Bulk::of(BulkAct::Message, vec![partner]);
            Some(engine::partners::work::look(&mut conn, &actor, &letter).await?)
        } else {
            None
        };
        let may_reveal = may(domain::accounts::Power::RevealPayoutDetails);
        let may_erase = may(domain::accounts::Power::Erase);
        let may_see = may(domain::accounts::Power::SeeAsPartner);
        let adjust = may(domain::accounts::Power::Adjust).then(|| moment.id());
        let server = domain::portal::link_server(&state.public_url, &program.link_domain);
        Ok(Shown {
            detail,
            country,
            balance,
            links,
            latest,
            offers,
            groups,
            letter,
            server,
            may_manage,
            may_reveal,
            may_erase,
            may_see,
            adjust,
        })
    })
    .await
}

#[derive(Clone, Copy)]
struct Forms {
    status: Form<SetStatus>,
    update: Form<UpdatePartner>,
    code: Form<ChangeCode>,
    account: Form<AddAccount>,
    offers: Form<SetOffers>,
    group: Form<SetGroup>,
    letter: Form<BulkPartners>,
    work: work::Forms,
    erase: Form<ErasePartner>,
    adjust: Form<AdjustBalance>,
    /// How many acts have worked so far.
    done: Signal<usize>,
}

/// `/admin/{program}/partners/{code}`.
pub struct PartnerPage {
    found: Read<Shown>,
    forms: Forms,
}

impl LazyPage for PartnerPage {
    fn data() -> Self {
        let (program, code) = (show::program(), show::parameter("code"));
        let (status, update, offers) = (Form::new(), Form::new(), Form::new());
        let (change_code, account, group, letter) = (Form::new(), Form::new(), Form::new(), Form::new());
        let adjust = Form::new();
        let each = [
            show::done(status),
            show::done(update),
            show::done(change_code),
            show::done(account),
            show::done(offers),
            show::done(group),
            show::done(letter),
            show::done(adjust),
        ];
        let work = work::Forms::new();
        let worked = work.done();
        let done = Signal::derive(move || each.iter().chain(&worked).map(|done| done.get()).sum());
        let found = read_after(move || done.get(), move || ReadPartner { program: program.get(), code: code.get() });
        let erase = Form::new();
        let forms =
            Forms { status, update, code: change_code, account, offers, group, letter, work, erase, adjust, done };
        Self { found, forms }
    }

    fn view(this: Self) -> AnyView {
        let PartnerPage { found, forms } = this;
        standing::tell(forms.status);
        show::tell(forms.update, "Partner saved");
        show::tell(forms.code, "Code changed");
        show::tell(forms.account, "Invitation sent");
        show::tell(forms.offers, "Offers saved");
        show::tell(forms.group, "Group saved");
        show::tell(forms.erase, "Personal data erased");
        show::tell(forms.adjust, "Bonus or correction posted");
        bulk::tell(forms.letter);
        forms.work.tell();
        found.show(skeleton, move |shown| page(shown, forms))
    }
}

fn skeleton() -> AnyView {
    view! {
        <PageHead title="Partner"/>
        <SkeletonTiles/>
        <div class="cols">
            <div class="col"><SkeletonCard lines=6/><SkeletonCard lines=6/></div>
            <div class="col"><SkeletonCard lines=5/><SkeletonCard lines=3/></div>
        </div>
    }
    .into_any()
}

fn page(shown: Shown, forms: Forms) -> AnyView {
    let Shown {
        detail,
        country,
        balance,
        links,
        latest,
        offers,
        groups,
        letter,
        server,
        may_manage,
        may_reveal,
        may_erase,
        may_see,
        adjust,
    } = shown;
    let program = show::program().get_untracked();
    // Of who was erased there is nothing left to change.
    let erased = detail.erased_at.is_some();
    let may_manage = may_manage && !erased;
    let name = called(&detail.partner);
    let back = (format!("/admin/{program}/partners"), "Partners".to_owned());
    let generation = forms.done.get_untracked();
    let code = detail.partner.code.clone();
    let status = detail.partner.status;
    let acts = may_manage.then(|| actions(&detail, forms, may_see));
    let messages = may_manage.then(|| {
        let href = format!("/admin/{program}/messages/new?partner={code}");
        view! { <ButtonLink href=href icon=Glyph::Mail>"Message"</ButtonLink> }
    });
    let owed = balance.owed();
    let tiles = tiles(&detail, balance);
    let dialog = adjust.map(|key| adjust::dialog(forms.adjust, detail.partner.id, balance.due.currency, key));
    let side = view! {
        {ledger_card(&program, &code, dialog.is_some())}
        {facts(&detail, &program, country)}
        {work::payout(forms.work, &detail, may_reveal)}
        {answers(detail.answers.clone())}
        {accounts(&detail, may_manage)}
        {offers::card(&detail.offers, &offers, may_manage)}
        {work::cards(forms.work, &detail, may_manage)}
    };
    let personal = may_erase.then(|| privacy::card(forms.erase, &detail.partner, erased, owed));
    let dialogs = may_manage.then(|| {
        view! {
            {standing::dialogs(forms.status, &detail.partner)}
            {edit::particulars(forms.update, &detail)}
            {edit::code(forms.code, &detail)}
            {edit::account(forms.account, &detail)}
            {offers::editor(forms.offers, &detail, &offers, generation)}
            {group::dialog(forms.group, &detail, &groups)}
            {letter::dialog(forms.letter, detail.partner.id, letter)}
        }
    });
    view! {
        <Title text=name.clone()/>
        <PageHead title=name back=back>
            <Pill tone=show::standing_tone(status) text=show::standing_words(status)/>
            {messages}
            {acts}
        </PageHead>
        {tiles}
        <div class="cols">
            <div class="col">
                {latest_card(latest, &program, &code)}
                {links_card(links, &server, &program, erased)}
            </div>
            <div class="col">
                {side}
                {history(detail.history)}
                {personal}
            </div>
        </div>
        {dialogs}
        {dialog}
    }
    .into_any()
}

/// The ways to its entries and months, and to a bonus or correction.
fn ledger_card(program: &str, code: &str, may_adjust: bool) -> AnyView {
    let here = format!("/admin/{program}/partners/{code}");
    let (ledger, statements) = (format!("{here}/ledger"), format!("{here}/statements"));
    let adjust = may_adjust.then(|| {
        view! { <DialogButton opens="adjust" icon=Glyph::Plus>"Bonus or correction"</DialogButton> }
    });
    view! {
        <Card title="Balance">
            <div class="row">
                <ButtonLink href=ledger icon=Glyph::Book>"Ledger"</ButtonLink>
                <ButtonLink href=statements icon=Glyph::Calendar>"Statements"</ButtonLink>
                {adjust}
            </div>
        </Card>
    }
    .into_any()
}

fn actions(detail: &PartnerDetail, forms: Forms, may_see: bool) -> AnyView {
    let partner = &detail.partner;
    let waiting = partner.status == EnrollmentStatus::Pending;
    let approve = waiting.then(|| standing::approve_button(partner));
    let items = standing::items(partner);
    let see_as = may_see.then(|| work::see_as_item(forms.work, partner.id));
    view! {
        {approve}
        <DialogButton opens="write" icon=Glyph::Mail>"Message"</DialogButton>
        <Menu id="actions" label="Actions" button=|| view! { "Actions" {icon(Glyph::ChevronDown)} }>
            <MenuButton icon=Glyph::Edit opens="edit">"Edit"</MenuButton>
            <MenuButton icon=Glyph::Tag opens="change-code">"Change the code"</MenuButton>
            <MenuButton icon=Glyph::Gift opens="offers">"Change the offers"</MenuButton>
            <MenuButton icon=Glyph::Users opens="group">"Change the group"</MenuButton>
            <MenuButton icon=Glyph::UserPlus opens="add-account">"Invite a person"</MenuButton>
            {see_as}
            <MenuLine/>
            {items}
        </Menu>
    }
    .into_any()
}

fn tiles(detail: &PartnerDetail, balance: Balance) -> AnyView {
    let customers = grouped(detail.partner.customers);
    let partner = &detail.partner;
    let funnel = format!("{} from {}", counted(partner.sign_ups, "sign-up"), counted(partner.clicks, "click"));
    let earned = format!("{} earned", partner.earned);
    view! {
        <Tiles>
            <Tile label="Customers" value=customers note=funnel/>
            <Tile label="Held" value=balance.held.to_string()/>
            <Tile label="Awaiting payout" value=balance.due.to_string()/>
            <Tile label="Paid" value=balance.paid.to_string() note=earned/>
        </Tiles>
    }
    .into_any()
}

/// What the partner does in the program, in words.
fn kinds_words(kinds: Kinds) -> String {
    let each = [(kinds.affiliate, "Affiliate"), (kinds.introducer, "Introducer"), (kinds.buyer, "Buyer")];
    let words = each.iter().filter(|(is, _)| *is).map(|(_, word)| *word).collect::<Vec<_>>();
    if words.is_empty() { "Not set".to_owned() } else { words.join(", ") }
}

fn facts(detail: &PartnerDetail, program: &str, country: String) -> AnyView {
    let PartnerDetail { partner, website, profile, photo, group, old_codes, .. } = detail.clone();
    let name = called(&partner);
    let photo = photo.map(|file| domain::files::file_path(program, file, "photo"));
    let given = |text: String| if text.is_empty() { "Not given".to_owned() } else { text };
    let old = (!old_codes.is_empty()).then(|| view! { <Fact label="Old codes">{old_codes.join(", ")}</Fact> });
    let company = (!partner.company.is_empty()).then(|| view! { <Fact label="Company">{partner.company}</Fact> });
    let more = [
        ("Address", profile.address.replace('\n', ", ")),
        ("Country", country),
        ("Phone", profile.phone),
        ("Tax ID", profile.tax_id),
        ("Time zone", profile.time_zone),
    ];
    let more = more.into_iter().filter(|(_, value)| !value.is_empty());
    let more = more.map(|(label, value)| view! { <Fact label=label>{value}</Fact> }).collect_view();
    view! {
        <Card title="Partner">
            <div class="profile">
                <Avatar name=name large=true photo=photo/>
                <span class="sub">"Partner since "{show::day_of(partner.created_at)}</span>
            </div>
            <Facts>
                <Fact label="Code">{partner.code}</Fact>
                {old}
                {company}
                <Fact label="E-mail">{given(partner.email)}</Fact>
                <Fact label="Website">{given(website)}</Fact>
                <Fact label="Does">{kinds_words(partner.kinds)}</Fact>
                <Fact label="Group">{group.map_or_else(|| "None".to_owned(), |group| group.name)}</Fact>
                {more}
            </Facts>
        </Card>
    }
    .into_any()
}

/// What it answered when it signed up.
fn answers(answers: Vec<Answer>) -> AnyView {
    if answers.is_empty() {
        return ().into_any();
    }
    let facts = answers.into_iter().map(|Answer { question, answer }| view! { <Fact label=question>{answer}</Fact> });
    let facts = facts.collect_view();
    view! { <Card title="Answers on signing up"><Facts>{facts}</Facts></Card> }.into_any()
}

fn accounts(detail: &PartnerDetail, may_manage: bool) -> AnyView {
    let add = move || {
        may_manage.then(|| view! { <DialogButton opens="add-account" kind=ButtonKind::Quiet>"Invite"</DialogButton> })
    };
    let rows = detail
        .accounts
        .iter()
        .map(|account| {
            let name = if account.name.is_empty() { account.email.clone() } else { account.name.clone() };
            view! {
                <li>
                    <span>
                        {name}
                        {(!account.ready).then(|| view! { " " <Pill tone=Tone::Warn text="Invited"/> })}
                    </span>
                    <span class="sub">{account.email.clone()}</span>
                </li>
            }
        })
        .collect_view();
    let nobody = detail.accounts.is_empty();
    view! {
        <Card title="Who signs in" actions=add>
            {if nobody {
                view! { <p class="sub">"Nobody yet."</p> }.into_any()
            } else {
                view! { <ul class="list">{rows}</ul> }.into_any()
            }}
        </Card>
    }
    .into_any()
}

fn latest_card(latest: Vec<CommissionRow>, program: &str, code: &str) -> AnyView {
    if latest.is_empty() {
        return view! {
            <Card title="Latest commissions">
                <EmptyState
                    glyph=Glyph::Gift
                    title="No commissions yet"
                    words="When a customer of this partner signs up or pays, what it earns shows here."
                />
            </Card>
        }
        .into_any();
    }
    let all = format!("/admin/{program}/commissions?partner_code={}", access::escape(code));
    let head = || {
        view! {
            <Th label="Customer"/>
            <Th label="Status" under=true/>
            <Th label="Base" num=true wide=true/>
            <Th label="Amount" num=true/>
        }
    };
    let rows = latest
        .into_iter()
        .map(|row| {
            let who = show::who_link(program, &row);
            view! {
                <tr>
                    <td>
                        {who}
                        <small>{show::day(row.day)}</small>
                    </td>
                    <td class="under"><Pill tone=commission_tone(row.status) text=row.status.label()/></td>
                    <td class="num wide">{row.base.map(|base| view! { <Amount value=base/> })}</td>
                    <td class="num"><Amount value=row.amount strong=true/></td>
                </tr>
            }
        })
        .collect_view();
    view! {
        <Card
            title="Latest commissions"
            actions=move || view! { <ButtonLink href=all kind=ButtonKind::Quiet>"All commissions"</ButtonLink> }
        >
            <Table caption="Latest commissions" head=head phone_columns=2>{rows}</Table>
        </Card>
    }
    .into_any()
}

/// The links; those of who was erased lead nowhere.
fn links_card(links: Page<LinkRow>, server: &str, program: &str, erased: bool) -> AnyView {
    let head = move || {
        view! {
            <Th label="Link"/>
            <Th label="Clicks" num=true/>
            <Th label="Customers" num=true wide=true/>
            <Th label="Earned" num=true wide=true/>
            {(!erased).then(|| view! { <Th label="Copy" quiet=true/> })}
        }
    };
    let title = if links.next_cursor.is_some() { "Latest links" } else { "Links" };
    let rows = links
        .data
        .into_iter()
        .map(|link| {
            let url = format!("{server}/r/{program}/{}", link.code);
            let copy = (!erased).then(|| {
                view! {
                    <td class="row-actions"><CopyButton text=url what="link" kind=ButtonKind::Quiet/></td>
                }
            });
            let name = if link.name.is_empty() { link.code } else { link.name };
            view! {
                <tr>
                    <td>
                        {name}
                        {link.disabled.then(|| view! { " " <Pill text="Disabled"/> })}
                        <small>{link.destination}</small>
                    </td>
                    <td class="num">{grouped(link.clicks)}</td>
                    <td class="num wide">{grouped(link.customers)}</td>
                    <td class="num wide"><Amount value=link.earned/></td>
                    {copy}
                </tr>
            }
        })
        .collect_view();
    view! { <Card title=title><Table caption=title head=head phone_columns={if erased { 2 } else { 3 }}>{rows}</Table></Card> }.into_any()
}

fn history(history: Vec<Standing>) -> AnyView {
    let rows = history
        .into_iter()
        .map(|standing| {
            let by = if standing.by.is_empty() { String::new() } else { format!(" by {}", standing.by) };
            let reason = (!standing.reason.is_empty()).then(|| view! { <span class="sub">{standing.reason}</span> });
            view! {
                <li>
                    <span>{show::standing_words(standing.status)}{by}</span>
                    {reason}
                    <span class="sub">{show::time(standing.at)}</span>
                </li>
            }
        })
        .collect_view();
    view! { <Card title="History"><ol class="list">{rows}</ol></Card> }.into_any()
}
