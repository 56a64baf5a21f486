//! The group that a partner is in.

use access::{Form, PostForm, Result};
use domain::ids::EnrollmentId;
#[cfg(feature = "ssr")]
use domain::ids::PartnerGroupId;
use domain::partners::{GroupName, PartnerDetail};
use leptos::prelude::*;
use ui::{Button, ButtonKind, Choice, CloseButton, Dialog, Select};

use crate::show;

/// Puts a partner into a group, or, without one, into none.
#[server(prefix = "/fn", endpoint = "admin/partners/set-group")]
pub async fn set_group(program: String, partner: EnrollmentId, group: Option<String>) -> Result<()> {
    access::answer(async {
        let mut asking = access::admin(&program).await?;
        asking.may(domain::accounts::Power::ManagePartners)?;
        let group = chosen(group)?;
        let mut tx = access::begin(&mut asking.conn).await?;
        engine::partners::groups::put(&mut tx, &asking.moment, &asking.actor, partner, group).await?;
        Ok(tx.commit().await?)
    })
    .await
}

/// The group that was chosen, if one was.
#[cfg(feature = "ssr")]
pub(super) fn chosen(group: Option<String>) -> Result<Option<PartnerGroupId>> {
    let group = group.filter(|id| !id.is_empty()).map(|id| id.parse::<PartnerGroupId>()).transpose();
    group.map_err(|_| access::Error::field("group", "Choose a group."))
}

/// What can be chosen: none, or one of these.
pub(super) fn choices(groups: &[GroupName]) -> Vec<Choice> {
    std::iter::once(Choice::new("", "No group"))
        .chain(groups.iter().map(|group| Choice::new(group.id.to_string(), group.name.clone())))
        .collect()
}

/// The dialog in which the group is chosen: `group`.
pub(super) fn dialog(form: Form<SetGroup>, detail: &PartnerDetail, groups: &[GroupName]) -> AnyView {
    let choices = choices(groups);
    let partner = detail.partner.id.to_string();
    let now = detail.group.as_ref().map(|group| group.id.to_string()).unwrap_or_default();
    view! {
        <Dialog id="group" title="Group of the partner">
            {show::wrong(form.beside(&["group"]))}
            <PostForm form=form class="form">
                {show::program_field()}
                <input type="hidden" name="partner" value=partner/>
                <Select id="partner-group" name="group" label="Group" choices=choices value=now help="The group's offers come before the partner's own. Customers already attributed keep their terms." error=form.field("group")/>
                <div class="dialog-actions">
                    <CloseButton closes="group"/>
                    <Button kind=ButtonKind::Primary submit=true busy=form.pending()>"Save the group"</Button>
                </div>
            </PostForm>
        </Dialog>
    }
    .into_any()
}
