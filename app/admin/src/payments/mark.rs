//! Payments of a batch that are marked together: those whose boxes are ticked, or all.

use access::{Form, PostForm, Result};
use domain::ids::BatchId;
use domain::payments::{Marked, Marking, PaymentStatus};
use leptos::prelude::*;
use ui::{Button, ButtonKind, Checkbox, CloseButton, Dialog, DialogButton, TextInput, grouped, use_toasts};

use crate::boxes::Boxes;
use crate::show;

/// The boxes beside the payments; with the one for all of the batch.
pub(super) const BOXES: Boxes =
    Boxes { form: "mark", name: "marking[payments][]", every: "input[type='checkbox'][form='mark'], #mark-all" };

/// Says what became of payments of a batch.
#[server(prefix = "/fn", endpoint = "admin/batch/mark")]
pub async fn mark_payments(program: String, marking: Marking) -> Result<Marked> {
    access::answer(async {
        let asking = access::admin(&program).await?;
        asking.may(domain::accounts::Power::Pay)?;
        let access::Admin { state, conn, moment, actor, .. } = asking;
        // The use case takes a connection of its own.
        drop(conn);
        Ok(engine::payments::mark(&state.pool, &moment, &actor, &marking).await?)
    })
    .await
}

/// Says what came of it; the dialog closes.
pub(super) fn tell(form: Form<MarkPayments>) {
    let toasts = use_toasts();
    Effect::new(move |_| match form.answer() {
        Some(Ok(marked)) => {
            ui::close_dialog("mark-back");
            if marked.changed == 0 { toasts.note(marked.words()) } else { toasts.say(marked.words()) }
        }
        // It stands beside its field.
        Some(Err(error)) if error.of_field("reason").is_some() => {}
        Some(Err(error)) if error.leads_to("").is_none() => toasts.fail(error.words()),
        _ => {}
    });
}

/// What can be said of those that are chosen. Where there are more than the page shows, so many in all, they can be chosen
/// together.
pub(super) fn bar(
    form: Form<MarkPayments>,
    count: RwSignal<usize>,
    batch: BatchId,
    status: Option<PaymentStatus>,
    more: Option<i64>,
) -> AnyView {
    let all = RwSignal::new(false);
    BOXES.begin(count);
    let every = more.map(|total| {
        let label = format!("All {} payments", grouped(total));
        let status = status.map(|status| view! { <input type="hidden" name="marking[status]" value=status.as_str()/> });
        view! {
            {status}
            <Checkbox id="mark-all" name="marking[all]" label=label bind=all/>
        }
    });
    let words = move || match (all.get(), count.get()) {
        (true, _) => "All are chosen".to_owned(),
        (false, 0) => "Choose payments, then what became of them".to_owned(),
        (false, chosen) => format!("{} chosen", grouped(i64::try_from(chosen).unwrap_or(0))),
    };
    view! {
        <PostForm form=form class="filters" id=BOXES.form>
            // Enter in a field presses the form's first button: this one does nothing.
            <button type="submit" disabled=true hidden=true></button>
            {show::program_field()}
            <input type="hidden" name="marking[batch]" value=batch.to_string()/>
            {every}
            <Button submit=true name="marking[becomes]" value=PaymentStatus::Sent.as_str() busy=form.pending()>"Mark sent"</Button>
            <Button submit=true name="marking[becomes]" value=PaymentStatus::Confirmed.as_str() busy=form.pending()>"Mark confirmed"</Button>
            <DialogButton opens="mark-back">"Mark failed or cancelled"</DialogButton>
            <span class="sub" role="status">{words}</span>
            <Dialog id="mark-back" title="Take the chosen payments back?">
                <p>"Their amounts are due again, and show on the Pay page. The partners are told by mail."</p>
                <TextInput id="mark-reason" name="marking[reason]" label="Reason" error=form.field("reason") help="For the team alone."/>
                <div class="dialog-actions">
                    <CloseButton closes="mark-back"/>
                    <Button submit=true kind=ButtonKind::Danger name="marking[becomes]" value=PaymentStatus::Cancelled.as_str() busy=form.pending()>"They were recorded by mistake"</Button>
                    <Button submit=true kind=ButtonKind::Danger name="marking[becomes]" value=PaymentStatus::Failed.as_str() busy=form.pending()>"They failed"</Button>
                </div>
            </Dialog>
        </PostForm>
    }
    .into_any()
}
