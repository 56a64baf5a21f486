//! Many partners at once: those whose boxes are ticked, or all that match the list's filter. What is done to them is asked
//! for in a dialog, which says first to how many.

use access::{Form, PostForm, Result};
use domain::ids::EnrollmentId;
use domain::partners::{Bulk, BulkAct, BulkDone, BulkLook, GroupName, PartnerFilter};
use leptos::prelude::*;
use leptos::server_fn::codec::Json;
use ui::{
    Button, ButtonKind, Checkbox, CloseButton, Dialog, Glyph, Menu, MenuButton, Select, TextInput, Textarea, grouped,
    icon, use_toasts,
};

use super::{group, letter};
use crate::boxes::Boxes;
use crate::show;

/// The boxes beside the partners.
pub(super) const BOXES: Boxes =
    Boxes { form: "bulk", name: "bulk[partners][]", every: "input[type='checkbox'][form='bulk']" };

/// The fields that tell themselves what is wrong with them.
pub(super) const BESIDE: &[&str] = &["subject", "body", "tag", "group", "reason"];

/// Does something to the partners that were chosen; where they are very many a job does it, whose page is gone to.
#[server(prefix = "/fn", endpoint = "admin/partners/bulk")]
pub async fn bulk_partners(program: String, bulk: Bulk) -> Result<BulkDone> {
    access::answer(async {
        let asking = access::admin(&program).await?;
        asking.may(domain::accounts::Power::ManagePartners)?;
        let access::Admin { state, conn, moment, actor, .. } = asking;
        // The use case takes connections of its own.
        drop(conn);
        let done = engine::partners::work::bulk(&state.pool, &moment, &actor, &bulk).await?;
        if let Some(job) = done.job {
            access::redirect(&format!("/admin/{program}/partners/jobs/{job}"));
        }
        Ok(done)
    })
    .await
}

/// To how many of the partners that were chosen it would be done.
#[server(prefix = "/fn", endpoint = "admin/partners/look", input = Json)]
pub async fn look_at_bulk(program: String, bulk: Bulk) -> Result<BulkLook> {
    access::answer(async {
        let mut asking = access::admin(&program).await?;
        asking.may(domain::accounts::Power::ManagePartners)?;
        Ok(engine::partners::work::look(&mut asking.conn, &asking.actor, &bulk).await?)
    })
    .await
}

/// What the bar posts to.
#[derive(Clone, Copy)]
pub(super) struct Forms {
    pub act: Form<BulkPartners>,
    look: Form<LookAtBulk>,
}

impl Forms {
    pub(super) fn new() -> Self {
        Self { act: Form::new(), look: Form::new() }
    }
}

/// Says what became of it.
pub(super) fn tell(form: Form<BulkPartners>) {
    let toasts = use_toasts();
    Effect::new(move |_| match form.answer() {
        // The job's page tells it.
        Some(Ok(done)) if done.job.is_some() => {}
        Some(Ok(done)) if done.done == 0 => toasts.note(done.words()),
        Some(Ok(done)) => toasts.say(done.words()),
        // What is wrong with a field stands beside it.
        Some(Err(error)) if BESIDE.iter().any(|field| error.of_field(field).is_some()) => {}
        Some(Err(error)) if error.leads_to("").is_none() => toasts.fail(error.words()),
        _ => {}
    });
}

/// Who is chosen by a box; in the browser only.
fn ticked() -> Vec<EnrollmentId> {
    BOXES.ticked().iter().filter_map(|id| id.parse().ok()).collect()
}

/// What can be given to those who are chosen.
pub(super) struct Offered<'a> {
    /// The program's tags.
    pub tags: &'a [String],
    /// Its groups.
    pub groups: &'a [GroupName],
}

/// What can be done to those who are chosen, each behind a dialog. Where the filter finds more than the page shows, so many
/// in all, they can be chosen together.
pub(super) fn bar(
    forms: Forms,
    count: RwSignal<usize>,
    filter: PartnerFilter,
    more: Option<i64>,
    offered: &Offered<'_>,
) -> AnyView {
    let (program, all) = (show::program(), RwSignal::new(false));
    // Without scripts nobody counts: then whoever is ticked may be sent.
    let counted = RwSignal::new(false);
    BOXES.begin(count);
    Effect::new(move |_| counted.set(true));
    let nobody = Signal::derive(move || counted.get() && !all.get() && count.get() == 0);
    let every = more.map(|total| {
        let label = format!("All {} that match", grouped(total));
        view! {
            {fields(filter.clone())}
            <input type="hidden" name="bulk[found]" value=total.to_string()/>
            <Checkbox id="bulk-all" name="bulk[all]" label=label bind=all/>
        }
    });
    let filter = StoredValue::new(filter);
    let look = move |act: BulkAct| {
        let all = all.get_untracked();
        let chosen = Bulk::of(act, if all { Vec::new() } else { ticked() });
        let bulk = Bulk { all, found: more.unwrap_or_default(), filter: filter.get_value(), ..chosen };
        forms.look.clear();
        forms.look.send(&LookAtBulk { program: program.get_untracked(), bulk });
    };
    let items = BulkAct::ALL.iter().map(|act| {
        let act = *act;
        view! {
            <MenuButton icon=glyph(act) opens=dialog_id(act) on_click=move |()| look(act)>
                {act.label()}
            </MenuButton>
        }
    });
    let items = items.collect_view();
    let words = move || match (all.get(), count.get()) {
        (true, _) => "All that match are chosen".to_owned(),
        (false, 0) => "Choose partners, then what to do".to_owned(),
        (false, chosen) => format!("{} chosen", grouped(i64::try_from(chosen).unwrap_or(0))),
    };
    let dialogs = BulkAct::ALL.iter().map(|act| dialog(forms, *act, offered)).collect_view();
    view! {
        <PostForm form=forms.act class="filters" id=BOXES.form>
            // Enter in a field presses the form's first button: this one does nothing.
            <button type="submit" disabled=true hidden=true></button>
            {show::program_field()}
            {every}
            <Menu id="bulk-acts" label="With the chosen partners" disabled=nobody button=|| view! { "Actions" {icon(Glyph::ChevronDown)} }>
                {items}
            </Menu>
            <span class="sub" role="status">{words}</span>
            {dialogs}
        </PostForm>
    }
    .into_any()
}

fn glyph(act: BulkAct) -> Glyph {
    match act {
        BulkAct::Approve => Glyph::Check,
        BulkAct::Decline => Glyph::Cross,
        BulkAct::Pause => Glyph::Pause,
        BulkAct::Resume => Glyph::Play,
        BulkAct::AddTag => Glyph::Tag,
        BulkAct::SetGroup => Glyph::Users,
        BulkAct::Message => Glyph::Mail,
    }
}

fn dialog_id(act: BulkAct) -> String {
    format!("bulk-{act}")
}

/// The dialog that says to how many it is done, and asks.
fn dialog(forms: Forms, act: BulkAct, offered: &Offered<'_>) -> AnyView {
    let Forms { act: form, look } = forms;
    let told = Memo::new(move |_| match look.answer() {
        Some(Ok(told)) if told.act == act => Some(Ok(told)),
        Some(Ok(_)) | None => None,
        Some(Err(error)) => Some(Err(error.words())),
    });
    let words = move || match told.get() {
        Some(Ok(told)) => told.words(),
        Some(Err(words)) => words,
        // Until the server has answered, and where no script asks it.
        None => "Chosen partners to whom this does not apply are left out.".to_owned(),
    };
    let nobody = Signal::derive(move || told.with(|told| told.as_ref().is_some_and(|told| !is_for_somebody(told))));
    let fields = match act {
        BulkAct::AddTag => {
            let tags = offered.tags.iter().map(|tag| view! { <option value=tag.clone()></option> }).collect_view();
            view! {
                <TextInput id="bulk-tag" name="bulk[tag]" label="Tag" list="bulk-tags" autocomplete="off" error=form.field("tag")/>
                <datalist id="bulk-tags">{tags}</datalist>
            }
            .into_any()
        }
        BulkAct::SetGroup => {
            let choices = group::choices(offered.groups);
            view! { <Select id="bulk-group" name="bulk[group]" label="Group" choices=choices error=form.field("group")/> }
                .into_any()
        }
        BulkAct::Pause => view! {
            <Textarea id="bulk-reason" name="bulk[reason]" label="Reason" help="For your team; it stays in each partner's history and in the audit log." optional=true error=form.field("reason")/>
        }
        .into_any(),
        BulkAct::Message => {
            let to = Signal::derive(move || told.with(|told| told.as_ref()?.as_ref().ok()?.first.clone()));
            letter::fields(form, to)
        }
        _ => ().into_any(),
    };
    let title = match act {
        BulkAct::Message => "Write to the chosen partners".to_owned(),
        BulkAct::AddTag => "Tag the chosen partners".to_owned(),
        BulkAct::SetGroup => "Move the chosen partners to a group".to_owned(),
        _ => format!("{} the chosen partners?", act.label()),
    };
    let button = if act == BulkAct::Message { "Send the mail" } else { act.label() };
    let id = dialog_id(act);
    view! {
        <Dialog id=id.clone() title=title>
            <p><b role="status">{words}</b></p>
            <p>{act.follows()}</p>
            {show::wrong(form.beside(BESIDE))}
            <div class="form">
                {fields}
                <div class="dialog-actions">
                    <CloseButton closes=id/>
                    <Button kind=ButtonKind::Primary submit=true name="bulk[act]" value=act.as_str() busy=form.pending() disabled=nobody>{button}</Button>
                </div>
            </div>
        </Dialog>
    }
    .into_any()
}

fn is_for_somebody(told: &std::result::Result<BulkLook, String>) -> bool {
    told.as_ref().is_ok_and(|told| told.fits > 0)
}

/// The list's filter, as the form passes it on.
fn fields(filter: PartnerFilter) -> AnyView {
    let PartnerFilter { search, status, tag, group, sort: _ } = filter;
    let each = [
        ("bulk[filter][search]", Some(search)),
        ("bulk[filter][status]", status.map(|status| status.to_string())),
        ("bulk[filter][tag]", tag),
        ("bulk[filter][group]", group.map(|group| group.to_string())),
    ];
    let set = each.into_iter().filter_map(|(name, value)| Some((name, value.filter(|value| !value.is_empty())?)));
    set.map(|(name, value)| view! { <input type="hidden" name=name value=value/> }).collect_view().into_any()
}
