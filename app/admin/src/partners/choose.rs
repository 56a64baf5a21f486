//! A field in which a partner is chosen: by its code or its name.

use access::Result;
use domain::partners::PartnerName;
use leptos::prelude::*;
use leptos::server_fn::codec::GetUrl;
use ui::TextInput;

use crate::show;

/// The first few partners in whose name, company, code or e-mail a text is.
#[server(prefix = "/fn", endpoint = "admin/partners/find", input = GetUrl)]
pub async fn find_partners(program: String, text: String) -> Result<Vec<PartnerName>> {
    access::answer(async {
        let mut asking = access::admin(&program).await?;
        let filter = domain::partners::PartnerFilter { search: text, ..Default::default() };
        let paging = domain::page::Paging { cursor: None, limit: Some(10) };
        let found = engine::partners::list(&mut asking.conn, &asking.actor, &filter, &paging).await?;
        let names = found.data.into_iter().map(|partner| PartnerName {
            id: partner.id,
            name: super::called(&partner),
            code: partner.code,
        });
        Ok(names.collect())
    })
    .await
}

/// Whom the field means: the partner with that code, else the only one with that name, company or e-mail.
///
/// # Errors
/// What is wrong with the field.
#[cfg(feature = "ssr")]
pub(crate) async fn meant(asking: &mut access::Admin, field: &str, typed: &str) -> Result<PartnerName> {
    let typed = typed.trim();
    if typed.is_empty() {
        return Err(access::Error::field(field, "Choose a partner."));
    }
    let found = engine::partners::find_by_code(&mut asking.conn, &asking.actor, typed).await;
    match found.map_err(access::Error::from) {
        Err(access::Error::NotFound) => {}
        found => return found,
    }
    let filter = domain::partners::PartnerFilter { search: typed.to_owned(), ..Default::default() };
    let paging = domain::page::Paging { cursor: None, limit: Some(100) };
    let found = engine::partners::list(&mut asking.conn, &asking.actor, &filter, &paging).await?;
    // A part of a name finds whom nobody meant.
    let same = |text: &str| text.to_lowercase() == typed.to_lowercase();
    let mut called = found.data.into_iter().filter(|row| same(&row.name) || same(&row.company) || same(&row.email));
    match (called.next(), called.next()) {
        (Some(row), None) => Ok(PartnerName { id: row.id, name: super::called(&row), code: row.code }),
        (Some(_), Some(_)) => {
            Err(access::Error::field(field, "Several partners are called so. Choose one of those that are offered."))
        }
        (None, _) => {
            Err(access::Error::field(field, "No partner has this code or name. Choose one of those that are offered."))
        }
    }
}

/// The field; its value is the code, or a name that was typed in full. Whom it may be is offered once typing has paused.
pub(crate) fn partner_field(
    (id, name): (&'static str, &'static str),
    label: &'static str,
    error: Signal<Option<String>>,
) -> AnyView {
    let program = show::program();
    let typed = RwSignal::new(String::new());
    let found = RwSignal::new(Vec::<PartnerName>::new());
    let pause = show::Pause::new();
    Effect::new(move |_| {
        let text = typed.get();
        pause.forget();
        if text.trim().is_empty() {
            return;
        }
        let asked = FindPartners { program: program.get_untracked(), text: text.clone() };
        pause.then(150, move || {
            leptos::task::spawn_local(async move {
                // A search that fails offers nobody: the code can still be typed.
                let hits = access::ask(asked).await.unwrap_or_default();
                // Something else may have been typed since.
                if typed.try_with_untracked(|typed| *typed == text) == Some(true) {
                    found.try_set(hits);
                }
            });
        });
    });
    let list = format!("{id}-list");
    let offered = move || {
        let options = found.get().into_iter();
        options.map(|partner| view! { <option value=partner.code label=partner.name></option> }).collect_view()
    };
    view! {
        <TextInput
            id=id
            name=name
            label=label
            bind=typed
            list=list.clone()
            autocomplete="off"
            required=true
            help="Type a part of the name, the company, the e-mail or the code, and choose."
            error=error
        />
        <datalist id=list>{offered}</datalist>
    }
    .into_any()
}
