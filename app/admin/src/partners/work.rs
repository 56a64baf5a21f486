//! The team's work on one partner: tags, notes, its payout details, and the portal as it sees it.

use access::{Form, PostForm, Result};
use domain::ids::{EnrollmentId, PartnerNoteId};
use domain::partners::{PartnerDetail, PartnerNote};
use leptos::prelude::*;
use ui::{
    Button, ButtonKind, Card, CloseButton, Dialog, DialogButton, Fact, Facts, Glyph, MenuButton, Pill, TextInput,
    Textarea,
};

use crate::show;

/// Gives a partner these tags and no others.
#[server(prefix = "/fn", endpoint = "admin/partners/tags")]
pub async fn set_tags(program: String, partner: EnrollmentId, tags: String) -> Result<()> {
    access::answer(async {
        let mut asking = access::admin(&program).await?;
        asking.may(domain::accounts::Power::ManagePartners)?;
        let mut tx = access::begin(&mut asking.conn).await?;
        engine::partners::work::set_tags(&mut tx, &asking.moment, &asking.actor, partner, &tags).await?;
        Ok(tx.commit().await?)
    })
    .await
}

/// Notes something on a partner.
#[server(prefix = "/fn", endpoint = "admin/partners/note")]
pub async fn add_note(program: String, partner: EnrollmentId, note: String) -> Result<()> {
    access::answer(async {
        let mut asking = access::admin(&program).await?;
        asking.may(domain::accounts::Power::ManagePartners)?;
        let mut tx = access::begin(&mut asking.conn).await?;
        engine::partners::work::add_note(&mut tx, &asking.moment, &asking.actor, partner, &note).await?;
        Ok(tx.commit().await?)
    })
    .await
}

/// Takes a note away.
#[server(prefix = "/fn", endpoint = "admin/partners/remove-note")]
pub async fn remove_note(program: String, note: PartnerNoteId) -> Result<()> {
    access::answer(async {
        let mut asking = access::admin(&program).await?;
        asking.may(domain::accounts::Power::ManagePartners)?;
        let mut tx = access::begin(&mut asking.conn).await?;
        engine::partners::work::remove_note(&mut tx, &asking.moment, &asking.actor, note).await?;
        Ok(tx.commit().await?)
    })
    .await
}

/// Shows a partner's payout details in full, by name.
#[server(prefix = "/fn", endpoint = "admin/partners/reveal")]
pub async fn reveal_payout(program: String, partner: EnrollmentId) -> Result<Vec<(String, String)>> {
    access::answer(async {
        let mut asking = access::admin(&program).await?;
        asking.may(domain::accounts::Power::RevealPayoutDetails)?;
        let mut tx = access::begin(&mut asking.conn).await?;
        let secrets = &asking.state.secrets;
        let lines = engine::payments::details::reveal(&mut tx, secrets, &asking.moment, &asking.actor, partner).await?;
        tx.commit().await?;
        Ok(lines)
    })
    .await
}

/// Sees the portal as a partner does, for an hour, and goes there.
#[server(prefix = "/fn", endpoint = "admin/partners/see-as")]
pub async fn see_as(program: String, partner: EnrollmentId) -> Result<()> {
    access::answer(async {
        let mut asking = access::admin(&program).await?;
        asking.may(domain::accounts::Power::SeeAsPartner)?;
        let token = access::session_token().ok_or(access::Error::SignIn)?;
        let mut tx = access::begin(&mut asking.conn).await?;
        engine::accounts::see_as::begin(&mut tx, &asking.moment, &asking.actor, &token, partner).await?;
        tx.commit().await?;
        access::redirect(&format!("/p/{program}"));
        Ok(())
    })
    .await
}

/// Ends that, and goes back to the partners.
#[server(prefix = "/fn", endpoint = "admin/partners/see-as/end")]
pub async fn end_see_as(program: String) -> Result<()> {
    access::answer(async {
        let mut asking = access::admin(&program).await?;
        let token = access::session_token().ok_or(access::Error::SignIn)?;
        engine::accounts::see_as::end(&mut asking.conn, &token).await?;
        access::redirect(&format!("/admin/{program}/partners"));
        Ok(())
    })
    .await
}

/// What the cards post to.
#[derive(Clone, Copy)]
pub(super) struct Forms {
    pub tags: Form<SetTags>,
    pub note: Form<AddNote>,
    pub remove: Form<RemoveNote>,
    pub reveal: Form<RevealPayout>,
    pub see_as: Form<SeeAs>,
}

impl Forms {
    pub(super) fn new() -> Self {
        Self { tags: Form::new(), note: Form::new(), remove: Form::new(), reveal: Form::new(), see_as: Form::new() }
    }

    /// How often one of them has changed what the page shows.
    pub(super) fn done(self) -> [RwSignal<usize>; 3] {
        [show::done(self.tags), show::done(self.note), show::done(self.remove)]
    }

    /// Says what has worked.
    pub(super) fn tell(self) {
        show::tell(self.tags, "Tags saved");
        show::tell(self.note, "Note added");
        show::tell(self.remove, "Note removed");
        show::tell(self.see_as, "You see the portal as this partner");
    }
}

fn whose(partner: EnrollmentId) -> AnyView {
    view! {
        {show::program_field()}
        <input type="hidden" name="partner" value=partner.to_string()/>
    }
    .into_any()
}

/// The tags, and the notes of the team.
pub(super) fn cards(forms: Forms, detail: &PartnerDetail, may_manage: bool) -> AnyView {
    let tags = detail.tags.iter().map(|tag| view! { <Pill text=tag.clone()/> " " }).collect_view();
    let none = detail.tags.is_empty() && !may_manage;
    let partner = detail.partner.id;
    let text = detail.tags.join(", ");
    let change = may_manage.then(|| {
        let whose = whose(partner);
        view! {
            <PostForm form=forms.tags class="form">
                {whose}
                <TextInput id="tags" label="Tags" value=text help="Between commas." optional=true error=forms.tags.field("tags")/>
                <div class="form-actions">
                    <Button submit=true busy=forms.tags.pending()>"Save the tags"</Button>
                </div>
            </PostForm>
        }
    });
    let notes = detail.notes.clone().into_iter().map(|note| note_line(forms, note, may_manage)).collect_view();
    let add = may_manage.then(|| {
        let whose = whose(partner);
        view! {
            <PostForm form=forms.note class="form">
                {whose}
                <Textarea id="note" label="A new note" help="For the team alone." error=forms.note.field("note")/>
                <div class="form-actions">
                    <Button submit=true busy=forms.note.pending()>"Add the note"</Button>
                </div>
            </PostForm>
        }
    });
    let no_notes = detail.notes.is_empty() && !may_manage;
    view! {
        <Card title="Tags">
            <p>{tags}</p>
            {none.then(|| view! { <p class="sub">"None."</p> })}
            {change}
        </Card>
        <Card title="Notes">
            <ul class="list">{notes}</ul>
            {no_notes.then(|| view! { <p class="sub">"None."</p> })}
            {add}
        </Card>
    }
    .into_any()
}

fn note_line(forms: Forms, note: PartnerNote, may_manage: bool) -> AnyView {
    let PartnerNote { id, note, by, at } = note;
    let by = if by.is_empty() { String::new() } else { format!("{by}, ") };
    let remove = may_manage.then(|| {
        view! {
            <PostForm form=forms.remove>
                {show::program_field()}
                <input type="hidden" name="note" value=id.to_string()/>
                <Button kind=ButtonKind::Quiet icon=Glyph::Trash submit=true label="Remove the note"/>
            </PostForm>
        }
    });
    view! {
        <li class="between">
            <span>
                <span class="mail-text">{note}</span>
                <span class="sub">" "{by}{show::time(at)}</span>
            </span>
            {remove}
        </li>
    }
    .into_any()
}

/// The menu's way to see the portal as the partner does.
pub(super) fn see_as_item(forms: Forms, partner: EnrollmentId) -> AnyView {
    let whose = whose(partner);
    view! {
        <PostForm form=forms.see_as>
            {whose}
            <MenuButton icon=Glyph::Eye submit=true>"See the portal as this partner"</MenuButton>
        </PostForm>
    }
    .into_any()
}

/// How the partner is paid, with the way to its details in full.
pub(super) fn payout(forms: Forms, detail: &PartnerDetail, may_reveal: bool) -> AnyView {
    let method = detail.payout_method.as_deref().map(domain::payments::method_words);
    let method = method.unwrap_or_else(|| "Not chosen yet".to_owned());
    let masked = detail.payout_masked.clone();
    let partner = detail.partner.id;
    let reveal = (may_reveal && detail.has_payout_details).then(|| {
        let form = forms.reveal;
        let lines = move || {
            form.answer().and_then(Result::ok).map(|lines| {
                let facts = lines.into_iter().map(|(name, value)| view! { <Fact label=name>{value}</Fact> });
                view! { <Facts>{facts.collect_view()}</Facts> }
            })
        };
        let whose = whose(partner);
        view! {
            <DialogButton opens="reveal" kind=ButtonKind::Quiet icon=Glyph::Eye>"Show in full"</DialogButton>
            <Dialog id="reveal" title="Payout details">
                <p>"It is noted in the audit log that you looked at them."</p>
                {show::wrong(form.beside(&[]))}
                {lines}
                <PostForm form=form class="form">
                    {whose}
                    <div class="dialog-actions">
                        <CloseButton closes="reveal" label="Close"/>
                        <Button kind=ButtonKind::Primary submit=true busy=form.pending()>"Show them"</Button>
                    </div>
                </PostForm>
            </Dialog>
        }
    });
    view! {
        <Card title="Payout">
            <Facts>
                <Fact label="Payout method">{method}</Fact>
                {(!masked.is_empty()).then(|| view! { <Fact label="Details">{masked}</Fact> })}
            </Facts>
            {reveal}
        </Card>
    }
    .into_any()
}
