//! A partner's standing: let in, declined, paused, banned.

use access::{Form, PostForm, Result};
use domain::ids::EnrollmentId;
use domain::partners::{EnrollmentStatus, PartnerRow};
use leptos::prelude::*;
use ui::{Button, ButtonKind, CloseButton, Dialog, Glyph, MenuButton, Textarea};

use super::called;
use crate::show;

/// Changes a partner's standing.
#[server(prefix = "/fn", endpoint = "admin/partners/set-status")]
pub async fn set_status(
    program: String,
    partner: EnrollmentId,
    status: EnrollmentStatus,
    reason: String,
) -> Result<()> {
    access::answer(async {
        let mut asking = access::admin(&program).await?;
        asking.may(domain::accounts::Power::ManagePartners)?;
        let mut tx = access::begin(&mut asking.conn).await?;
        engine::partners::set_status(&mut tx, &asking.moment, &asking.actor, partner, status, &reason).await?;
        Ok(tx.commit().await?)
    })
    .await
}

/// What moving a partner from one standing to another is called.
fn act(from: EnrollmentStatus, to: EnrollmentStatus) -> (&'static str, Glyph) {
    match (from, to) {
        (EnrollmentStatus::Paused, EnrollmentStatus::Active) => ("Resume", Glyph::Play),
        (EnrollmentStatus::Banned, EnrollmentStatus::Active) => ("Lift the ban", Glyph::Undo),
        (_, EnrollmentStatus::Active) => ("Approve", Glyph::Check),
        (_, EnrollmentStatus::Paused) => ("Pause", Glyph::Pause),
        (_, EnrollmentStatus::Banned) => ("Ban", Glyph::Ban),
        (_, EnrollmentStatus::Declined | EnrollmentStatus::Pending) => ("Decline", Glyph::Cross),
    }
}

fn fields(partner: EnrollmentId, status: EnrollmentStatus) -> AnyView {
    view! {
        {show::program_field()}
        <input type="hidden" name="partner" value=partner.to_string()/>
        <input type="hidden" name="status" value=status.as_str()/>
    }
    .into_any()
}

/// A button that changes the standing at once, without a reason.
pub(super) fn at_once(form: Form<SetStatus>, partner: &PartnerRow, to: EnrollmentStatus, kind: ButtonKind) -> AnyView {
    let (words, _) = act(partner.status, to);
    let label = format!("{words} {}", called(partner));
    let partner = partner.id;
    view! {
        <PostForm form=form>
            {fields(partner, to)}
            <input type="hidden" name="reason" value=""/>
            <Button submit=true kind=kind label=label busy=form.pending()>{words}</Button>
        </PostForm>
    }
    .into_any()
}

/// What can become of a partner, as items of a menu; those that ask for a reason open a dialog of [`dialogs`].
pub(super) fn items(form: Form<SetStatus>, partner: &PartnerRow) -> AnyView {
    let (id, from) = (partner.id, partner.status);
    let items = from.moves().iter().map(|to| {
        let (to, (words, glyph)) = (*to, act(from, *to));
        if to == EnrollmentStatus::Active {
            view! {
                <PostForm form=form>
                    {fields(id, to)}
                    <input type="hidden" name="reason" value=""/>
                    <MenuButton icon=glyph submit=true>{words}</MenuButton>
                </PostForm>
            }
            .into_any()
        } else {
            let danger = to == EnrollmentStatus::Banned;
            view! { <MenuButton icon=glyph danger=danger opens=dialog_id(to)>{words}</MenuButton> }.into_any()
        }
    });
    items.collect_view().into_any()
}

fn dialog_id(to: EnrollmentStatus) -> String {
    format!("become-{to}")
}

/// The dialogs in which a reason is given.
pub(super) fn dialogs(form: Form<SetStatus>, partner: &PartnerRow) -> AnyView {
    let asked = partner.status.moves().iter().filter(|to| **to != EnrollmentStatus::Active);
    asked.map(|to| dialog(form, partner, *to)).collect_view().into_any()
}

fn dialog(form: Form<SetStatus>, partner: &PartnerRow, to: EnrollmentStatus) -> AnyView {
    let (words, _) = act(partner.status, to);
    let kind = if to == EnrollmentStatus::Banned { ButtonKind::Danger } else { ButtonKind::Primary };
    let follows = match to {
        EnrollmentStatus::Paused => "The partner earns nothing for what happens in the pause, and is told by mail.",
        EnrollmentStatus::Banned => {
            "Commissions that are held are taken back for good, and what is due is frozen. The partner is not told."
        }
        _ => "The partner is not let in. You can still approve it later.",
    };
    let id = dialog_id(to);
    let title = format!("{words} {}?", called(partner));
    let partner = partner.id;
    view! {
        <Dialog id=id.clone() title=title>
            <p>{follows}</p>
            <PostForm form=form class="form">
                {fields(partner, to)}
                <Textarea id=format!("{id}-reason") name="reason" label="Reason" help="For your team; it stays in the partner's history." optional=true error=form.field("reason")/>
                <div class="dialog-actions">
                    <CloseButton closes=id/>
                    <Button kind=kind submit=true busy=form.pending()>{words}</Button>
                </div>
            </PostForm>
        </Dialog>
    }
    .into_any()
}
