//! A field in which a partner is chosen: by its code, which is found by the name too.

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

/// The field; its value is the code. Whom it may be is offered once typing has paused.
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
