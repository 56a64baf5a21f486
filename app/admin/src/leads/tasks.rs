//! The open tasks of the member who looks.

use access::{LazyPage, Read, Result, read_after};
use domain::ids::LeadId;
use domain::leads::LeadTask;
use leptos::prelude::*;
use leptos::server_fn::codec::GetUrl;
use leptos_meta::Title;
use serde::{Deserialize, Serialize};
use ui::{ButtonLink, Card, EmptyState, Glyph, PageHead, SkeletonCard};

use super::work;
use crate::show;

/// What the page shows.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Shown {
    /// Each with its lead: its id, and what it is called.
    tasks: Vec<(LeadId, String, LeadTask)>,
    may_judge: bool,
}

/// The open tasks of who asks, the most urgent first.
#[server(prefix = "/fn", endpoint = "admin/tasks", input = GetUrl)]
pub async fn read_tasks(program: String) -> Result<Shown> {
    access::answer(async {
        let mut asking = access::admin(&program).await?;
        let tasks = engine::leads::my_tasks(&mut asking.conn, &asking.moment, &asking.actor).await?;
        Ok(Shown { tasks, may_judge: asking.actor.may(domain::accounts::Power::JudgeLeads) })
    })
    .await
}

/// `/admin/{program}/tasks`.
pub struct TasksPage {
    found: Read<Shown>,
    forms: work::Forms,
}

impl LazyPage for TasksPage {
    fn data() -> Self {
        let program = show::program();
        let forms = work::Forms::new();
        let done = forms.done();
        let found =
            read_after(move || done.iter().map(|done| done.get()).sum(), move || ReadTasks { program: program.get() });
        Self { found, forms }
    }

    fn view(this: Self) -> AnyView {
        let TasksPage { found, forms } = this;
        forms.tell();
        view! {
            <Title text="My tasks"/>
            <PageHead title="My tasks"/>
            {found.show(|| view! { <SkeletonCard lines=6/> }.into_any(), move |shown| list(shown, forms))}
        }
        .into_any()
    }
}

fn list(shown: Shown, forms: work::Forms) -> AnyView {
    let program = show::program().get_untracked();
    if shown.tasks.is_empty() {
        let leads = format!("/admin/{program}/leads");
        return view! {
            <Card>
                <EmptyState glyph=Glyph::CheckCircle title="No open tasks" words="Tasks that are given to you on a lead's page show here, the most urgent first.">
                    <ButtonLink href=leads>"Leads"</ButtonLink>
                </EmptyState>
            </Card>
        }
        .into_any();
    }
    let each = shown.tasks.iter().map(|(id, called, task)| {
        let href = format!("/admin/{program}/leads/{id}");
        let lead = view! { <a class="link" href=href>{called.clone()}</a> }.into_any();
        work::line(*id, task, Some(lead), shown.may_judge, forms)
    });
    let each = each.collect_view();
    view! { <Card><ul class="list">{each}</ul></Card> }.into_any()
}
