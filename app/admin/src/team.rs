//! The team: who may do what in the programs of the organization.

use access::{Form, LazyPage, PostForm, Read, Result, read_after};
use domain::accounts::{Member, Role};
use domain::ids::AccountId;
use leptos::prelude::*;
use leptos::server_fn::codec::GetUrl;
use leptos_meta::Title;
use serde::{Deserialize, Serialize};
use ui::{
    Button, ButtonKind, Card, Choice, CloseButton, Dialog, DialogButton, Drawer, Fact, Facts, Glyph, Menu, MenuButton,
    MenuLine, PageHead, Pill, Select, SkeletonTable, Table, TextInput, Th, Tone, icon,
};

use crate::show;

/// What the page shows.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Shown {
    members: Vec<Member>,
    /// Who asks.
    me: AccountId,
    may_manage: bool,
}

/// The members of the team.
#[server(prefix = "/fn", endpoint = "admin/team", input = GetUrl)]
pub async fn read_team(program: String) -> Result<Shown> {
    access::answer(async {
        let mut asking = access::admin(&program).await?;
        let members = engine::accounts::team::list(&mut asking.conn, &asking.actor).await?;
        let may_manage = asking.actor.may(domain::accounts::Power::ManageTeam);
        Ok(Shown { members, me: asking.session.account, may_manage })
    })
    .await
}

/// Adds a member, who gets an invitation by mail.
#[server(prefix = "/fn", endpoint = "admin/team/invite")]
pub async fn invite_member(program: String, email: String, name: String, role: Role) -> Result<()> {
    access::answer(async {
        let access::Admin { state, moment, actor, .. } = access::admin(&program).await?;
        let input = domain::accounts::Invite { email, name, role };
        engine::accounts::team::invite(&state.pool, &moment, &actor, &input).await?;
        Ok(())
    })
    .await
}

/// Sends an invitation again.
#[server(prefix = "/fn", endpoint = "admin/team/invite-again")]
pub async fn invite_member_again(program: String, account: AccountId) -> Result<()> {
    access::answer(async {
        let access::Admin { state, moment, actor, .. } = access::admin(&program).await?;
        Ok(engine::accounts::team::invite_again(&state.pool, &moment, &actor, account).await?)
    })
    .await
}

/// Changes a member's role.
#[server(prefix = "/fn", endpoint = "admin/team/change-role")]
pub async fn change_role(program: String, account: AccountId, role: Role) -> Result<()> {
    access::answer(async {
        let access::Admin { state, moment, actor, .. } = access::admin(&program).await?;
        Ok(engine::accounts::team::change_role(&state.pool, &moment, &actor, account, role).await?)
    })
    .await
}

/// Removes a member.
#[server(prefix = "/fn", endpoint = "admin/team/remove")]
pub async fn remove_member(program: String, account: AccountId) -> Result<()> {
    access::answer(async {
        let access::Admin { state, moment, actor, .. } = access::admin(&program).await?;
        Ok(engine::accounts::team::remove(&state.pool, &moment, &actor, account).await?)
    })
    .await
}

#[derive(Clone, Copy)]
struct Forms {
    invite: Form<InviteMember>,
    again: Form<InviteMemberAgain>,
    role: Form<ChangeRole>,
    remove: Form<RemoveMember>,
}

/// `/admin/{program}/team`.
pub struct TeamPage {
    found: Read<Shown>,
    forms: Forms,
}

impl LazyPage for TeamPage {
    fn data() -> Self {
        let program = show::program();
        let forms = Forms { invite: Form::new(), again: Form::new(), role: Form::new(), remove: Form::new() };
        let done = [show::done(forms.invite), show::done(forms.role), show::done(forms.remove)];
        let found =
            read_after(move || done.map(|done| done.get()).iter().sum(), move || ReadTeam { program: program.get() });
        Self { found, forms }
    }

    fn view(this: Self) -> AnyView {
        let TeamPage { found, forms } = this;
        show::tell(forms.invite, "Invitation sent");
        show::tell(forms.again, "Invitation sent again");
        show::tell(forms.role, "Role changed");
        show::tell(forms.remove, "Member removed");
        view! {
            <Title text="Team"/>
            {found.show(skeleton, move |shown| page(shown, forms))}
        }
        .into_any()
    }
}

fn skeleton() -> AnyView {
    view! {
        <PageHead title="Team"/>
        <Card><SkeletonTable rows=4 columns=4/></Card>
    }
    .into_any()
}

fn page(shown: Shown, forms: Forms) -> AnyView {
    let Shown { members, me, may_manage } = shown;
    let head = move || {
        view! {
            <Th label="Member"/>
            <Th label="Role"/>
            <Th label="Second factor" wide=true/>
            <Th label="Since" wide=true/>
            {may_manage.then(|| view! { <Th label="Actions" quiet=true/> })}
        }
    };
    let rows = members.into_iter().map(|member| row(member, me, may_manage, forms)).collect_view();
    let add = may_manage.then(|| {
        view! { <DialogButton opens="invite" kind=ButtonKind::Primary icon=Glyph::UserPlus>"Invite a member"</DialogButton> }
    });
    view! {
        <PageHead title="Team">{add}</PageHead>
        <Card>
            <Table caption="Members" head=head>{rows}</Table>
        </Card>
        <Card title="Roles">
            <Facts>
                {Role::ALL
                    .iter()
                    .map(|role| {
                        let (name, words) = role_words(*role);
                        view! { <Fact label=name>{words}</Fact> }
                    })
                    .collect_view()}
            </Facts>
            <p class="sub">"A role holds in every program of the organization."</p>
        </Card>
        {may_manage.then(|| invite(forms.invite))}
    }
    .into_any()
}

/// A role's name, and what it may do.
fn role_words(role: Role) -> (&'static str, &'static str) {
    match role {
        Role::Owner => ("Owner", "Everything, the team and API keys included."),
        Role::Manager => ("Manager", "Partners, offers, customers and settings. No payments, no keys, no team."),
        Role::Finance => ("Finance", "Commissions and payments. Reads the rest."),
        Role::Viewer => ("Viewer", "Reads, and changes nothing."),
    }
}

fn invite(form: Form<InviteMember>) -> AnyView {
    let roles = Role::ALL
        .iter()
        .map(|role| {
            let (name, words) = role_words(*role);
            Choice::new(role.as_str(), format!("{name}: {words}"))
        })
        .collect();
    view! {
        <Drawer id="invite" title="Invite a member">
            {show::wrong(form.beside(&["email", "name"]))}
            <PostForm form=form class="form">
                {show::program_field()}
                <TextInput id="invite-email" name="email" label="E-mail" kind="email" required=true error=form.field("email")/>
                <TextInput id="invite-name" name="name" label="Name" required=true error=form.field("name")/>
                <Select id="invite-role" name="role" label="Role" choices=roles value=Role::Manager.as_str()/>
                <p class="sub">"They get a mail with a link to choose a password."</p>
                <div class="form-actions">
                    <CloseButton closes="invite"/>
                    <Button kind=ButtonKind::Primary submit=true busy=form.pending()>"Send the invitation"</Button>
                </div>
            </PostForm>
        </Drawer>
    }
    .into_any()
}

fn row(member: Member, me: AccountId, may_manage: bool, forms: Forms) -> AnyView {
    let (role, _) = role_words(member.role);
    let own = member.account == me;
    let actions = may_manage.then(|| view! { <td class="row-actions">{actions(&member, own, forms)}</td> });
    view! {
        <tr>
            <td>
                {member.name}
                {own.then_some(" (you)")}
                <small>{member.email}</small>
            </td>
            <td>
                {role}
                {member.invited.then(|| view! { " " <Pill tone=Tone::Warn text="Invited"/> })}
            </td>
            <td class="wide">
                {if member.second_factor {
                    view! { <Pill tone=Tone::Good text="On"/> }
                } else {
                    view! { <Pill text="Off"/> }
                }}
            </td>
            <td class="wide">{show::day(member.since.date_naive())}</td>
            {actions}
        </tr>
    }
    .into_any()
}

fn account_field(account: AccountId) -> impl IntoView {
    view! { <input type="hidden" name="account" value=account.to_string()/> }
}

fn actions(member: &Member, own: bool, forms: Forms) -> AnyView {
    let account = member.account;
    let (remove, opens) = (format!("remove-{account}"), format!("remove-{account}"));
    let again = member.invited.then(|| {
        view! {
            <PostForm form=forms.again>
                {show::program_field()}
                {account_field(account)}
                <MenuButton icon=Glyph::Mail submit=true>"Send the invitation again"</MenuButton>
            </PostForm>
            <MenuLine/>
        }
    });
    // One's own role is another owner's to change.
    let roles = (!own).then(|| {
        let others = Role::ALL.iter().filter(|role| **role != member.role);
        let buttons = others
            .map(|role| {
                let (name, _) = role_words(*role);
                view! {
                    <PostForm form=forms.role>
                        {show::program_field()}
                        {account_field(account)}
                        <input type="hidden" name="role" value=role.as_str()/>
                        <MenuButton icon=Glyph::Switch submit=true>"Make "{name.to_lowercase()}</MenuButton>
                    </PostForm>
                }
            })
            .collect_view();
        view! { {buttons} <MenuLine/> }
    });
    let words = if own {
        "You lose the admin area at once, in every program of the organization.".to_owned()
    } else {
        format!("{} loses the admin area at once, in every program of the organization.", member.name)
    };
    view! {
        <Menu id=format!("member-{account}") label=format!("Actions for {}", member.name) bare=true button=|| icon(Glyph::Dots)>
            {again}
            {roles}
            <MenuButton icon=Glyph::Trash danger=true opens=opens>"Remove"</MenuButton>
        </Menu>
        <Dialog id=remove.clone() title=format!("Remove {}?", member.name)>
            <p>{words}" What they did stays in the audit log."</p>
            <PostForm form=forms.remove>
                {show::program_field()}
                {account_field(account)}
                <div class="dialog-actions">
                    <CloseButton closes=remove/>
                    <Button kind=ButtonKind::Danger submit=true busy=forms.remove.pending()>"Remove"</Button>
                </div>
            </PostForm>
        </Dialog>
    }
    .into_any()
}
