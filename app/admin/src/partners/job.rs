//! Work on very many partners, which a job does: how far it is, and who was left out.

use access::{LazyPage, Read, Result, read};
use domain::ids::PartnerJobId;
use domain::partners::{LeftOut, PartnerJob};
use leptos::prelude::*;
use leptos::server_fn::codec::GetUrl;
use leptos_meta::Title;
use std::time::Duration;
use ui::{ButtonLink, Card, Glyph, Note, PageHead, SkeletonCard, Table, Th, Tone, grouped};

use crate::show;

/// How far a job is.
#[server(prefix = "/fn", endpoint = "admin/partners/job", input = GetUrl)]
pub async fn read_partner_job(program: String, id: String) -> Result<PartnerJob> {
    access::answer(async {
        let mut asking = access::admin(&program).await?;
        asking.may(domain::accounts::Power::ManagePartners)?;
        let id = id.parse::<PartnerJobId>().map_err(|_| access::Error::NotFound)?;
        Ok(engine::partners::job::get(&mut asking.conn, &asking.actor, id).await?)
    })
    .await
}

/// `/admin/{program}/partners/jobs/{id}`.
pub struct PartnerJobPage(Read<PartnerJob>);

impl LazyPage for PartnerJobPage {
    fn data() -> Self {
        let (program, id) = (show::program(), show::parameter("id"));
        Self(read(move || ReadPartnerJob { program: program.get(), id: id.get() }))
    }

    fn view(this: Self) -> AnyView {
        this.0.show(skeleton, page)
    }
}

fn skeleton() -> AnyView {
    view! {
        <PageHead title="Partners"/>
        <SkeletonCard lines=4/>
    }
    .into_any()
}

fn page(job: PartnerJob) -> AnyView {
    let (program, title, id) = (show::program().get_untracked(), job.title(), job.id);
    let back = (format!("/admin/{program}/partners"), "Partners".to_owned());
    let by = if job.by.is_empty() { String::new() } else { format!("by {}, ", job.by) };
    let begun = job.created_at;
    let file = format!("/admin/{program}/partners/jobs/{id}/left-out.csv");
    let job = RwSignal::new(job);
    follow(program, id, job);
    let now = move || job.with(state);
    let listed = Memo::new(move |_| job.with(|job| job.problems.clone()));
    let others = move || listed.with(|listed| (!listed.is_empty()).then(|| left_out(listed, file.clone())));
    view! {
        <Title text=title.clone()/>
        <PageHead title=title back=back/>
        <Card>
            {now}
            <p class="sub">"Begun "{by}{show::time(begun)}</p>
        </Card>
        {others}
    }
    .into_any()
}

/// Asks each second how far it is, until it is over.
fn follow(program: String, id: PartnerJobId, job: RwSignal<PartnerJob>) {
    let over = Memo::new(move |_| job.with(|job| job.finished_at.is_some()));
    Effect::new(move |_| {
        if over.get() {
            return;
        }
        let program = program.clone();
        let look = move || {
            let request = ReadPartnerJob { program: program.clone(), id: id.to_string() };
            leptos::task::spawn_local(async move {
                // What can't be asked now is asked again in a second.
                if let Ok(found) = access::ask(request).await {
                    let _ = job.try_set(found);
                }
            });
        };
        let again = set_interval_with_handle(look, Duration::from_secs(1)).ok();
        on_cleanup(move || {
            if let Some(again) = again {
                again.clear();
            }
        });
    });
}

/// How far it is, or what became of it.
fn state(job: &PartnerJob) -> AnyView {
    let words = job.words();
    if job.finished_at.is_some() {
        let tone = if job.done > 0 { Tone::Good } else { Tone::Warn };
        return view! { <div role="status"><Note tone=tone>{words}</Note></div> }.into_any();
    }
    let (past, total) = (job.done + job.left_out, job.total);
    view! {
        <progress class="progress" max=total.to_string() value=past.to_string() aria-label="Progress"></progress>
        <p>{words}" done."</p>
        <p class="sub">"It goes on when you leave this page. Without scripts, load the page again to see how far it is."</p>
    }
    .into_any()
}

fn left_out(listed: &[LeftOut], file: String) -> AnyView {
    let of_file = listed.iter().any(|row| row.line.is_some());
    let head = move || {
        view! {
            {of_file.then(|| view! { <Th label="Line" num=true/> })}
            <Th label="Who"/>
            <Th label="Why"/>
        }
    };
    let rows = listed.iter().map(|row| {
        let LeftOut { line, who, words } = row.clone();
        let line = of_file.then(|| view! { <td class="num">{line.map(grouped)}</td> });
        view! { <tr>{line}<td>{who}</td><td>{words}</td></tr> }
    });
    let rows = rows.collect_view();
    let first = (listed.len() >= 100).then(|| view! { <p class="sub">"These are the first."</p> });
    view! {
        <Card
            title="Left out"
            actions=move || view! { <ButtonLink href=file icon=Glyph::Download download=true>"Download"</ButtonLink> }
        >
            {first}
            <Table caption="Left out" head=head>{rows}</Table>
        </Card>
    }
    .into_any()
}
