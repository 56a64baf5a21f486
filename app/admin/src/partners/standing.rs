//! A partner's standing: let in, declined, paused, banned.

use access::{Form, PostForm, Result};
use domain::ids::EnrollmentId;
use domain::partners::{EnrollmentStatus, PartnerRow};
use leptos::prelude::*;
use ui::{Button, ButtonKind, CloseButton, Dialog, DialogButton, Glyph, MenuButton, Textarea, use_toasts};

use super::called;
use crate::show;

/// Changes a partner's standing, and answers what was done.
#[server(prefix = "/fn", endpoint = "admin/partners/set-status")]
pub async fn set_status(
    program: String,
    partner: EnrollmentId,
    status: EnrollmentStatus,
    reason: String,
) -> Result<String> {
    access::answer(async {
        let mut asking = access::admin(&program).await?;
        asking.may(domain::accounts::Power::ManagePartners)?;
        let mut tx = access::begin(&mut asking.conn).await?;
        let (moment, actor) = (&asking.moment, &asking.actor);
        let done = engine::partners::set_status(&mut tx, moment, actor, partner, status, &reason).await?;
        tx.commit().await?;
        Ok(done)
    })
    .await
}

/// Says what was done.
pub(super) fn tell(form: Form<SetStatus>) {
    let toasts = use_toasts();
    Effect::new(move |_| match form.answer() {
        Some(Ok(done)) => toasts.say(done),
        Some(Err(access::Error::Invalid(_))) | None => {}
        Some(Err(error)) if error.leads_to("").is_none() => toasts.fail(error.words()),
        Some(Err(_)) => {}
    });
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

/// What follows when a partner is moved from one standing to another.
fn follows(from: EnrollmentStatus, to: EnrollmentStatus) -> &'static str {
    match (from, to) {
        (EnrollmentStatus::Paused, EnrollmentStatus::Active) => {
            "The partner earns again from now on, and is told by mail. It gets nothing for what happened in the pause."
        }
        (EnrollmentStatus::Banned, EnrollmentStatus::Active) => {
            "The partner earns again from now on, and is told by mail. What was taken back stays so."
        }
        (_, EnrollmentStatus::Active) => "The partner earns from now on, and is told by mail.",
        (_, EnrollmentStatus::Paused) => {
            "The partner earns nothing for what happens in the pause, and is told by mail."
        }
        (_, EnrollmentStatus::Banned) => {
            "Commissions that are held are taken back for good, and what is due is frozen. The partner is not told."
        }
        (_, EnrollmentStatus::Declined | EnrollmentStatus::Pending) => {
            "The partner is not let in, and is told by mail. You can still approve it later."
        }
    }
}

fn dialog_id(to: EnrollmentStatus) -> String {
    format!("become-{to}")
}

/// The button that asks whether a partner shall be let in.
pub(super) fn approve_button(partner: &PartnerRow) -> AnyView {
    let (words, _) = act(partner.status, EnrollmentStatus::Active);
    let opens = dialog_id(EnrollmentStatus::Active);
    view! { <DialogButton opens=opens kind=ButtonKind::Primary>{words}</DialogButton> }.into_any()
}

/// What can become of a partner, as items of a menu; each opens one of the [`dialogs`].
pub(super) fn items(partner: &PartnerRow) -> AnyView {
    let from = partner.status;
    let items = from.moves().iter().map(|to| {
        let (to, (words, glyph)) = (*to, act(from, *to));
        let danger = to == EnrollmentStatus::Banned;
        view! { <MenuButton icon=glyph danger=danger opens=dialog_id(to)>{words}</MenuButton> }
    });
    items.collect_view().into_any()
}

/// The dialogs that ask, and in which a reason may be given.
pub(super) fn dialogs(form: Form<SetStatus>, partner: &PartnerRow) -> AnyView {
    let from = partner.status;
    let each = from.moves().iter().map(|to| {
        let (id, (words, _)) = (dialog_id(*to), act(from, *to));
        let title = format!("{words} {}?", called(partner));
        let whose = partner.id.to_string();
        view! {
            <Dialog id=id.clone() title=title>
                {question(form, id, (from, *to), Signal::stored(whose))}
            </Dialog>
        }
    });
    each.collect_view().into_any()
}

/// What a dialog says and asks.
fn question(
    form: Form<SetStatus>,
    id: String,
    (from, to): (EnrollmentStatus, EnrollmentStatus),
    partner: Signal<String>,
) -> AnyView {
    let (words, _) = act(from, to);
    let kind = if to == EnrollmentStatus::Banned { ButtonKind::Danger } else { ButtonKind::Primary };
    view! {
        <p>{follows(from, to)}</p>
        {show::wrong(form.beside(&["reason"]))}
        <PostForm form=form class="form">
            {show::program_field()}
            <input type="hidden" name="partner" value={move || partner.get()}/>
            <input type="hidden" name="status" value=to.as_str()/>
            <Textarea id=format!("{id}-reason") name="reason" label="Reason" help="For your team; it stays in the partner's history and in the audit log." optional=true error=form.field("reason")/>
            <div class="dialog-actions">
                <CloseButton closes=id/>
                <Button kind=kind submit=true busy=form.pending()>{words}</Button>
            </div>
        </PostForm>
    }
    .into_any()
}

/// Who of a list shall be let in or not: a dialog for each of the two asks first, whoever it is.
#[derive(Clone, Copy)]
pub(super) struct Judging {
    form: Form<SetStatus>,
    /// The partner's id and name.
    asked: RwSignal<(String, String)>,
    approve: RwSignal<bool>,
    decline: RwSignal<bool>,
}

impl Judging {
    /// For a list.
    pub(super) fn new(form: Form<SetStatus>) -> Self {
        let asked = RwSignal::new((String::new(), String::new()));
        Self { form, asked, approve: RwSignal::new(false), decline: RwSignal::new(false) }
    }

    /// The buttons of a partner who waits.
    pub(super) fn buttons(self, partner: &PartnerRow) -> AnyView {
        let Self { asked, approve, decline, .. } = self;
        let name = called(partner);
        let (to_approve, to_decline) = (format!("Approve {name}"), format!("Decline {name}"));
        let who = StoredValue::new((partner.id.to_string(), name));
        let ask = move |open: RwSignal<bool>| {
            asked.set(who.get_value());
            open.set(true);
        };
        view! {
            <div class="row">
                <Button label=to_approve on_click=move |()| ask(approve)>"Approve"</Button>
                <Button kind=ButtonKind::Quiet label=to_decline on_click=move |()| ask(decline)>"Decline"</Button>
            </div>
        }
        .into_any()
    }

    /// The two dialogs.
    pub(super) fn dialogs(self) -> AnyView {
        let Self { form, asked, approve, decline } = self;
        let whose = Signal::derive(move || asked.with(|(id, _)| id.clone()));
        let name = move || asked.with(|(_, name)| name.clone());
        let from = EnrollmentStatus::Pending;
        view! {
            <Dialog id="approve-one" title="Approve this partner?" open=approve>
                <p><b>{name}</b></p>
                {question(form, "approve-one".to_owned(), (from, EnrollmentStatus::Active), whose)}
            </Dialog>
            <Dialog id="decline-one" title="Decline this partner?" open=decline>
                <p><b>{name}</b></p>
                {question(form, "decline-one".to_owned(), (from, EnrollmentStatus::Declined), whose)}
            </Dialog>
        }
        .into_any()
    }
}
