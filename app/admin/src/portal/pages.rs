//! Which pages show, for each kind of partner.

use access::{Form, PostForm, Result};
use domain::portal::{Portal, PortalPage};
use leptos::prelude::*;
use ui::{Card, Table, Th};

use crate::show;

/// Changes which pages show. What is ticked shows; the rest is hidden.
#[server(prefix = "/fn", endpoint = "admin/portal/pages")]
pub async fn set_pages(
    program: String,
    #[server(default)] affiliate: Vec<PortalPage>,
    #[server(default)] introducer: Vec<PortalPage>,
    #[server(default)] buyer: Vec<PortalPage>,
) -> Result<()> {
    access::answer(async {
        let mut asking = access::admin(&program).await?;
        asking.may(domain::accounts::Power::EditProgram)?;
        let others = |shown: Vec<PortalPage>| -> Vec<PortalPage> {
            PortalPage::ALL.iter().copied().filter(|page| !shown.contains(page)).collect()
        };
        let hidden = domain::portal::Hidden {
            affiliate: others(affiliate),
            introducer: others(introducer),
            buyer: others(buyer),
        };
        let mut tx = access::begin(&mut asking.conn).await?;
        engine::portal::set_hidden(&mut tx, &asking.moment, &asking.actor, &hidden).await?;
        tx.commit().await?;
        Ok(())
    })
    .await
}

pub(super) fn card(portal: &Portal, form: Form<SetPages>, may_edit: bool) -> AnyView {
    let head = || {
        view! {
            <Th label="Page"/>
            <Th label="Affiliates"/>
            <Th label="Introducers"/>
            <Th label="Buyers"/>
        }
    };
    let hidden = &portal.hidden;
    let kinds = [
        ("affiliate", "affiliates", &hidden.affiliate),
        ("introducer", "introducers", &hidden.introducer),
        ("buyer", "buyers", &hidden.buyer),
    ];
    let rows = PortalPage::ALL
        .iter()
        .map(|page| {
            let always = *page == PortalPage::Dashboard;
            let boxes = kinds
                .iter()
                .map(|(field, people, hidden)| {
                    let label = format!("{} for {people}", page.label());
                    let name = format!("{field}[]");
                    let checked = always || !hidden.contains(page);
                    view! {
                        <td>
                            <input type="checkbox" name=name value=page.as_str() checked=checked disabled=always aria-label=label/>
                        </td>
                    }
                })
                .collect_view();
            view! {
                <tr>
                    <td>{page.label()}<small>{page.section().label()}</small></td>
                    {boxes}
                </tr>
            }
        })
        .collect_view();
    view! {
        <Card title="Menu">
            {show::wrong(form.beside(&[]))}
            <PostForm form=form class="form">
                {show::program_field()}
                <fieldset class="stack" disabled=!may_edit>
                    <p class="sub">"What isn't ticked is hidden, and refused by its address too. A partner of several kinds sees what one of them sees."</p>
                    <Table caption="Pages that show" head=head>{rows}</Table>
                    {super::save(form.pending(), may_edit, "Save the menu")}
                </fieldset>
            </PostForm>
        </Card>
    }
    .into_any()
}
