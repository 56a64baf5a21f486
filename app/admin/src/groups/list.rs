//! The program's groups of partners.

use access::{Form, LazyPage, PostForm, Read, Result, read_after};
use domain::ids::PartnerGroupId;
use domain::partners::PartnerGroup;
use leptos::prelude::*;
use leptos::server_fn::codec::GetUrl;
use leptos_meta::Title;
use serde::{Deserialize, Serialize};
use ui::{Button, ButtonKind, ButtonLink, Card, EmptyState, Glyph, PageHead, SkeletonCard, grouped};

use crate::show;

/// What the page shows.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Shown {
    groups: Vec<PartnerGroup>,
    may_edit: bool,
}

/// The program's groups.
#[server(prefix = "/fn", endpoint = "admin/groups", input = GetUrl)]
pub async fn read_groups(program: String) -> Result<Shown> {
    access::answer(async {
        let mut asking = access::admin(&program).await?;
        let groups = engine::partners::groups::list(&mut asking.conn, &asking.actor).await?;
        Ok(Shown { groups, may_edit: asking.actor.may(domain::accounts::Power::EditProgram) })
    })
    .await
}

/// Removes a group that nobody is in.
#[server(prefix = "/fn", endpoint = "admin/groups/remove")]
pub async fn remove_group(program: String, id: PartnerGroupId) -> Result<()> {
    access::answer(async {
        let mut asking = access::admin(&program).await?;
        asking.may(domain::accounts::Power::EditProgram)?;
        let mut tx = access::begin(&mut asking.conn).await?;
        engine::partners::groups::remove(&mut tx, &asking.moment, &asking.actor, id).await?;
        Ok(tx.commit().await?)
    })
    .await
}

/// `/admin/{program}/groups`.
pub struct GroupsPage {
    found: Read<Shown>,
    form: Form<RemoveGroup>,
}

impl LazyPage for GroupsPage {
    fn data() -> Self {
        let program = show::program();
        let form = Form::new();
        let done = show::done(form);
        let found = read_after(move || done.get(), move || ReadGroups { program: program.get() });
        Self { found, form }
    }

    fn view(this: Self) -> AnyView {
        let GroupsPage { found, form } = this;
        show::tell(form, "Group removed");
        view! {
            <Title text="Groups"/>
            {found.show(skeleton, move |shown| page(shown, form))}
        }
        .into_any()
    }
}

fn skeleton() -> AnyView {
    view! {
        <PageHead title="Groups"/>
        <SkeletonCard/>
    }
    .into_any()
}

fn page(shown: Shown, form: Form<RemoveGroup>) -> AnyView {
    let Shown { groups, may_edit } = shown;
    let program = show::program().get_untracked();
    let new = format!("/admin/{program}/groups/new");
    let add = may_edit
        .then(|| view! { <ButtonLink href=new kind=ButtonKind::Primary icon=Glyph::Plus>"New group"</ButtonLink> });
    let list = if groups.is_empty() {
        view! {
            <Card>
                <EmptyState
                    glyph=Glyph::Users
                    title="No groups yet"
                    words="The partners of a group have its offers before their own, at the group's rates."
                />
            </Card>
        }
        .into_any()
    } else {
        groups.into_iter().map(|group| card(group, &program, may_edit, form)).collect_view().into_any()
    };
    view! {
        <PageHead title="Groups">{add}</PageHead>
        {show::wrong(form.beside(&[]))}
        {list}
    }
    .into_any()
}

/// How many partners are in a group.
fn members_words(members: i64) -> String {
    match members {
        0 => "No partner is in it".to_owned(),
        1 => "1 partner".to_owned(),
        members => format!("{} partners", grouped(members)),
    }
}

fn card(group: PartnerGroup, program: &str, may_edit: bool, form: Form<RemoveGroup>) -> AnyView {
    let href = format!("/admin/{program}/groups/{}", group.id);
    let (remove_label, edit_label) = (format!("Remove {}", group.name), format!("Edit {}", group.name));
    let (id, empty) = (group.id.to_string(), group.members == 0);
    let actions = move || {
        may_edit.then(|| {
            let remove = empty.then(|| {
                view! {
                    <PostForm form=form>
                        {show::program_field()}
                        <input type="hidden" name="id" value=id/>
                        <Button submit=true kind=ButtonKind::Quiet label=remove_label>"Remove"</Button>
                    </PostForm>
                }
            });
            view! {
                <div class="row">
                    {remove}
                    <ButtonLink href=href label=edit_label icon=Glyph::Edit>"Edit"</ButtonLink>
                </div>
            }
        })
    };
    let offers = group
        .offers
        .into_iter()
        .map(|offer| {
            let rewards = offer.rewards.into_iter().map(|words| {
                view! {
                    <div class="reward">
                        <span>{words.sentence}</span>
                        <span class="sub">{words.conditions}</span>
                    </div>
                }
            });
            view! { <li><b>{offer.name}</b>{rewards.collect_view()}</li> }
        })
        .collect_view();
    view! {
        <Card title=group.name actions=actions>
            <ol class="list">{offers}</ol>
            <p class="sub">{members_words(group.members)}</p>
        </Card>
    }
    .into_any()
}
