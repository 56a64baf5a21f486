//! Answers that the team gives often.

use access::{Form, LazyPage, PostForm, Read, Result, read_after};
use domain::conversations::SavedReply;
use domain::ids::SavedReplyId;
use leptos::prelude::*;
use leptos::server_fn::codec::GetUrl;
use leptos_meta::Title;
use ui::{
    Button, ButtonKind, Card, CloseButton, Dialog, EmptyState, Glyph, PageHead, SkeletonTable, Table, TextInput,
    Textarea, Th, use_toasts,
};

use crate::show;

/// The program's saved replies.
#[server(prefix = "/fn", endpoint = "admin/saved-replies", input = GetUrl)]
pub async fn read_replies(program: String) -> Result<Vec<SavedReply>> {
    access::answer(async {
        let mut asking = access::admin(&program).await?;
        Ok(engine::conversations::replies(&mut asking.conn, &asking.actor).await?)
    })
    .await
}

/// Saves a reply: a new one where no id is sent.
#[server(prefix = "/fn", endpoint = "admin/saved-replies/save")]
pub async fn save_reply(program: String, #[server(default)] id: String, name: String, body: String) -> Result<()> {
    access::answer(async {
        let mut asking = access::admin(&program).await?;
        asking.may(domain::accounts::Power::JudgeLeads)?;
        let id = match id.as_str() {
            "" => None,
            id => Some(id.parse().map_err(|_| access::Error::NotFound)?),
        };
        let body = body.replace("\r\n", "\n");
        let mut tx = access::begin(&mut asking.conn).await?;
        engine::conversations::save_reply(&mut tx, &asking.moment, &asking.actor, id, &name, &body).await?;
        Ok(tx.commit().await?)
    })
    .await
}

/// Deletes a saved reply.
#[server(prefix = "/fn", endpoint = "admin/saved-replies/delete")]
pub async fn delete_reply(program: String, id: SavedReplyId) -> Result<()> {
    access::answer(async {
        let mut asking = access::admin(&program).await?;
        asking.may(domain::accounts::Power::JudgeLeads)?;
        let mut tx = access::begin(&mut asking.conn).await?;
        engine::conversations::delete_reply(&mut tx, &asking.moment, &asking.actor, id).await?;
        Ok(tx.commit().await?)
    })
    .await
}

/// What is edited, in a dialog.
#[derive(Clone, Copy)]
struct Editing {
    save: Form<SaveReply>,
    delete: Form<DeleteReply>,
    /// What was deleted last: it can be put back.
    deleted: StoredValue<Option<SavedReply>>,
    id: RwSignal<String>,
    name: RwSignal<String>,
    body: RwSignal<String>,
    open: RwSignal<bool>,
}

impl Editing {
    /// Opens the dialog with a reply, or for a new one.
    fn begin(self, reply: Option<&SavedReply>) {
        self.save.clear();
        self.id.set(reply.map(|reply| reply.id.to_string()).unwrap_or_default());
        self.name.set(reply.map(|reply| reply.name.clone()).unwrap_or_default());
        self.body.set(reply.map(|reply| reply.body.clone()).unwrap_or_default());
        self.open.set(true);
    }
}

/// `/admin/{program}/saved-replies`.
pub struct SavedRepliesPage(Read<Vec<SavedReply>>, Editing);

impl LazyPage for SavedRepliesPage {
    fn data() -> Self {
        let program = show::program();
        let text = || RwSignal::new(String::new());
        let (save, delete) = (Form::new(), Form::new());
        let (deleted, open) = (StoredValue::new(None), RwSignal::new(false));
        let editing = Editing { save, delete, deleted, id: text(), name: text(), body: text(), open };
        let (saved, deleted) = (show::done(save), show::done(delete));
        Self(read_after(move || saved.get() + deleted.get(), move || ReadReplies { program: program.get() }), editing)
    }

    fn view(this: Self) -> AnyView {
        let Self(found, editing) = this;
        show::tell(editing.save, "Reply saved");
        let toasts = use_toasts();
        editing.delete.settled(move |outcome| {
            if outcome.is_ok()
                && let Some(reply) = editing.deleted.try_update_value(Option::take).flatten()
            {
                let program = show::program().get_untracked();
                let back = SaveReply { program, id: String::new(), name: reply.name, body: reply.body };
                toasts.say_with_undo("Reply deleted", Callback::new(move |()| editing.save.send_fields(&back)));
            }
        });
        editing.save.settled(move |outcome| {
            if outcome.is_ok() {
                editing.open.set(false);
            }
        });
        let program = show::program();
        let new = Callback::new(move |()| editing.begin(None));
        view! {
            <Title text="Saved replies"/>
            {move || {
                let back = (format!("/admin/{}/messages", program.get()), "Messages".to_owned());
                view! {
                    <PageHead title="Saved replies" back=back>
                        <Button kind=ButtonKind::Primary icon=Glyph::Plus on_click=new>"New reply"</Button>
                    </PageHead>
                }
            }}
            {show::wrong(editing.delete.beside(&[]))}
            {found.show(|| view! { <Card><SkeletonTable columns=2/></Card> }.into_any(), move |replies| list(replies, editing))}
            {dialog(editing)}
        }
        .into_any()
    }
}

fn list(replies: Vec<SavedReply>, editing: Editing) -> AnyView {
    if replies.is_empty() {
        return view! {
            <Card>
                <EmptyState glyph=Glyph::List title="No saved replies yet" words="Keep what you answer often here. Beside each reply to a partner it is one choice away."/>
            </Card>
        }
        .into_any();
    }
    let head = || {
        view! {
            <Th label="Reply"/>
            <Th label="Actions" quiet=true/>
        }
    };
    let rows = replies.into_iter().map(|reply| {
        let (id, name, body) = (reply.id.to_string(), reply.name.clone(), reply.body.clone());
        let (edit, delete) = (format!("Edit {name}"), format!("Delete {name}"));
        let gone = reply.clone();
        let open = Callback::new(move |()| editing.begin(Some(&reply)));
        let note = Callback::new(move |()| editing.deleted.set_value(Some(gone.clone())));
        view! {
            <tr>
                <td><strong>{name}</strong><small class="conversation-latest">{body}</small></td>
                <td class="row-actions">
                    <div class="row">
                    <Button kind=ButtonKind::Quiet icon=Glyph::Edit label=edit on_click=open/>
                    <PostForm form=editing.delete>
                        {show::program_field()}
                        <input type="hidden" name="id" value=id/>
                        <Button kind=ButtonKind::Quiet icon=Glyph::Trash label=delete submit=true on_click=note/>
                    </PostForm>
                    </div>
                </td>
            </tr>
        }
    });
    let rows = rows.collect_view();
    view! { <Card><Table caption="Saved replies" head=head phone_columns=2>{rows}</Table></Card> }.into_any()
}

fn dialog(editing: Editing) -> AnyView {
    let form = editing.save;
    view! {
        <Dialog id="reply" title="Saved reply" open=editing.open>
            <PostForm form=form class="form">
                {show::program_field()}
                <input type="hidden" name="id" prop:value=move || editing.id.get()/>
                <TextInput id="name" label="Name" bind=editing.name required=true help="By which the team finds it." error=form.field("name")/>
                <Textarea id="body" label="Text" bind=editing.body rows=6 required=true error=form.field("body")/>
                <div class="dialog-actions">
                    <CloseButton closes="reply"/>
                    <Button kind=ButtonKind::Primary submit=true busy=form.pending()>"Save"</Button>
                </div>
            </PostForm>
        </Dialog>
    }
    .into_any()
}
