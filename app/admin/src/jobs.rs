//! Work that failed for good, or recurs and fails each time; it may be tried again.

use access::{Form, LazyPage, PostForm, Read, Result, read_after};
use domain::jobs::FailedJob;
use leptos::prelude::*;
use leptos::server_fn::codec::GetUrl;
use leptos_meta::Title;
use ui::{Button, Card, EmptyState, Glyph, PageHead, SkeletonTable, Table, Th};

use crate::show;

/// A program's jobs that failed for good.
#[server(prefix = "/fn", endpoint = "admin/failed-jobs", input = GetUrl)]
pub async fn read_failed_jobs(program: String) -> Result<Vec<FailedJob>> {
    access::answer(async {
        let mut asking = access::admin(&program).await?;
        Ok(engine::jobs::failed(&mut asking.conn, &asking.actor).await?)
    })
    .await
}

/// Tries a job again.
#[server(prefix = "/fn", endpoint = "admin/failed-jobs/retry")]
pub async fn retry_job(program: String, id: i64) -> Result<()> {
    access::answer(async {
        let asking = access::admin(&program).await?;
        asking.may(domain::accounts::Power::Audit)?;
        let access::Admin { state, conn, moment, actor, .. } = asking;
        drop(conn);
        Ok(engine::jobs::retry(&state.pool, &moment, &actor, id).await?)
    })
    .await
}

/// `/admin/{program}/failed-jobs`.
pub struct JobsPage {
    found: Read<Vec<FailedJob>>,
    retry: Form<RetryJob>,
}

impl LazyPage for JobsPage {
    fn data() -> Self {
        let program = show::program();
        let retry = Form::<RetryJob>::new();
        show::tell(retry, "It is tried again");
        let found = read_after(move || retry.answered(), move || ReadFailedJobs { program: program.get() });
        Self { found, retry }
    }

    fn view(this: Self) -> AnyView {
        provide_context(this.retry);
        view! {
            <Title text="Failed jobs"/>
            <PageHead title="Failed jobs"/>
            {this.found.show(|| view! { <Card><SkeletonTable columns=4/></Card> }.into_any(), list)}
        }
        .into_any()
    }
}

fn list(jobs: Vec<FailedJob>) -> AnyView {
    if jobs.is_empty() {
        return view! {
            <Card>
                <EmptyState glyph=Glyph::CheckCircle title="All is well" words="Mail and other work that fails again and again shows here."/>
            </Card>
        }
        .into_any();
    }
    let retry = use_context::<Form<RetryJob>>();
    let head = || {
        view! {
            <Th label="What"/>
            <Th label="Error"/>
            <Th label="Tries" num=true wide=true/>
            <Th label="Failed" wide=true/>
            <Th label=""/>
        }
    };
    let rows = jobs
        .into_iter()
        .map(|job| {
            let label = format!("Try again: {}", job.what);
            let again = retry.map(|retry| {
                view! {
                    <PostForm form=retry>
                        {show::program_field()}
                        <input type="hidden" name="id" value=job.id.to_string()/>
                        <Button submit=true label=label>"Try again"</Button>
                    </PostForm>
                }
            });
            view! {
                <tr>
                    <td>{job.what}</td>
                    <td>{job.error}</td>
                    <td class="num wide">{job.attempts}</td>
                    <td class="wide">{show::time(job.failed_at)}</td>
                    <td class="row-actions">{again}</td>
                </tr>
            }
        })
        .collect_view();
    view! { <Card><Table caption="Failed jobs" head=head>{rows}</Table></Card> }.into_any()
}
