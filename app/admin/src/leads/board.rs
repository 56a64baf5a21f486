//! The board: a column of cards for each stage. A card is dragged to another column, or moved by its menu.

use access::Read;
use chrono::NaiveDate;
use domain::ids::{LeadId, LeadStageId};
use domain::leads::{BoardColumn, LeadRow, MoveTo};
use leptos::ev::DragEvent;
use leptos::prelude::*;
use leptos::wasm_bindgen::JsCast;
use ui::{
    Address, Amount, Avatar, Choice, Glyph, Menu, MenuButton, Pill, Select, Tone, counted, grouped, icon, stage_pill,
};

use super::list::Shown;
use super::mover::{Going, Mover};
use super::shift::shift;
use super::{called, link};
use crate::show;

/// The board of a page.
#[derive(Clone, Copy)]
pub(super) struct Board {
    pub mover: Mover,
    columns: RwSignal<Vec<BoardColumn>>,
    /// As it was before the move that is under way: where that is refused, the card returns.
    before: StoredValue<Option<Vec<BoardColumn>>>,
    /// The card that is dragged, and to which stages it may go.
    dragged: RwSignal<Option<(LeadRow, Vec<MoveTo>)>>,
    /// Whose menu was used last: the focus goes with the card.
    pressed: StoredValue<Option<LeadId>>,
    /// The column that a phone shows.
    shown: RwSignal<String>,
}

impl Board {
    /// At the top of the page; `found` is read anew where somebody else was faster.
    pub(super) fn new(mover: Mover, found: Read<Shown>) -> Self {
        let board = Self {
            mover,
            columns: RwSignal::new(Vec::new()),
            before: StoredValue::new(None),
            dragged: RwSignal::new(None),
            pressed: StoredValue::new(None),
            shown: RwSignal::new(String::new()),
        };
        mover.form.settled(move |outcome| {
            let Some(going) = mover.going() else { return };
            let before = board.before.try_update_value(Option::take).flatten();
            match outcome {
                Ok(()) => {
                    if before.is_none() {
                        board.columns.update(|columns| shift(columns, going.id, going.to.stage.id, mover.deal_value()));
                    }
                    board.focus(going.id);
                }
                Err(error) => {
                    if let Some(before) = before {
                        board.columns.set(before);
                    }
                    board.focus(going.id);
                    if matches!(error, access::Error::Conflict(_) | access::Error::NotFound) {
                        found.again();
                    }
                }
            }
        });
        board
    }

    /// Puts the focus on the card's menu, where that was used.
    fn focus(self, lead: LeadId) {
        if self.pressed.try_update_value(Option::take).flatten() != Some(lead) {
            return;
        }
        request_animation_frame(move || {
            let button = document().query_selector(&format!("[popovertarget='move-{lead}']")).ok().flatten();
            if let Some(button) = button {
                drop(button.unchecked_into::<web_sys::HtmlElement>().focus());
            }
        });
    }

    fn go(self, program: &str, lead: &LeadRow, to: &MoveTo) {
        if !self.mover.go(program.to_owned(), Going::new(lead, to)) {
            return;
        }
        self.before.set_value(Some(self.columns.get_untracked()));
        self.columns.update(|columns| shift(columns, lead.id, to.stage.id, None));
    }

    /// Where a card that is dragged may be let go.
    fn takes(self, stage: LeadStageId) -> Option<MoveTo> {
        self.dragged.with(|dragged| {
            let (_, moves) = dragged.as_ref()?;
            moves.iter().find(|to| to.stage.id == stage).cloned()
        })
    }

    /// The columns.
    pub(super) fn view(
        self,
        columns: Vec<BoardColumn>,
        today: NaiveDate,
        may_judge: bool,
        address: &Address,
    ) -> AnyView {
        let first = columns.first().map(|column| column.stage.id.to_string()).unwrap_or_default();
        let is_there = |id: &str| columns.iter().any(|column| column.stage.id.to_string() == id);
        if !self.shown.with_untracked(|shown| is_there(shown)) {
            self.shown.set(first);
        }
        let choices =
            columns.iter().map(|column| Choice::new(column.stage.id.to_string(), &column.stage.name)).collect();
        let program = show::program().get_untracked();
        let plain = address.without("view").without("cursor");
        let lanes = columns.iter().enumerate().map(|(at, column)| {
            let all = plain.with("stage", &column.stage.id.to_string()).href();
            let lane =
                Lane { board: self, at, stage: column.stage.id, today, may_judge, program: program.clone(), all };
            lane.view(column)
        });
        let lanes = lanes.collect_view();
        self.columns.set(columns);
        view! {
            <div class="board-choice">
                <Select id="board-stage" label="Stage" choices=choices bind=self.shown/>
            </div>
            <div class="board" role="region" aria-label="Board" tabindex="0">{lanes}</div>
        }
        .into_any()
    }
}

/// A column of the board.
#[derive(Clone)]
struct Lane {
    board: Board,
    at: usize,
    stage: LeadStageId,
    today: NaiveDate,
    may_judge: bool,
    program: String,
    /// Where the table shows all of it.
    all: String,
}

impl Lane {
    fn view(self, column: &BoardColumn) -> AnyView {
        let Lane { board, at, stage, .. } = self;
        let at_first = column.clone();
        // Once the board is read anew, others may stand there.
        let column = Memo::new(move |_| {
            let now = board.columns.with(|columns| columns.get(at).filter(|now| now.stage.id == stage).cloned());
            now.unwrap_or_else(|| at_first.clone())
        });
        let pill = stage_pill(&column.get_untracked().stage);
        let (id, named) = (format!("lane-{stage}"), format!("lane-{stage}"));
        let over = move |event: DragEvent| {
            if untrack(|| board.takes(stage)).is_some() {
                event.prevent_default();
            }
        };
        let program = self.program.clone();
        let let_go = move |event: DragEvent| {
            event.prevent_default();
            let to = untrack(|| board.takes(stage));
            let dragged = board.dragged.get_untracked();
            board.dragged.set(None);
            if let (Some(to), Some((lead, _))) = (to, dragged) {
                board.go(&program, &lead, &to);
            }
        };
        let class = move || {
            let here = board.shown.with(|shown| *shown == stage.to_string());
            match (here, board.takes(stage).is_some()) {
                (true, true) => "lane here takes",
                (true, false) => "lane here",
                (false, true) => "lane takes",
                (false, false) => "lane",
            }
        };
        view! {
            <section class=class aria-labelledby=named on:dragover=over on:drop=let_go>
                <div class="lane-head">
                    <h2 id=id>{pill}" "<span class="count">{move || grouped(column.with(|column| column.total))}</span></h2>
                    {move || {
                        let value = column.with(|column| column.value);
                        view! { <span class="sub"><Amount value=value/></span> }
                    }}
                </div>
                {move || self.cards(&column.get())}
            </section>
        }
        .into_any()
    }

    fn cards(&self, column: &BoardColumn) -> AnyView {
        if column.leads.is_empty() {
            return view! { <p class="lane-empty sub">"No leads"</p> }.into_any();
        }
        let cards = column.leads.iter().map(|lead| self.card(lead, &column.moves)).collect_view();
        let more = column.total > i64::try_from(column.leads.len()).unwrap_or(i64::MAX);
        let more = more.then(|| {
            let words = format!("All {} in the table", grouped(column.total));
            view! { <p class="lane-more"><a class="link" href=self.all.clone()>{words}</a></p> }
        });
        view! {
            <ul class="lane-cards">{cards}</ul>
            {more}
        }
        .into_any()
    }

    fn card(&self, lead: &LeadRow, moves: &[MoveTo]) -> AnyView {
        let board = self.board;
        let moves = if self.may_judge && !lead.withdrawn { moves.to_vec() } else { Vec::new() };
        let can = !moves.is_empty();
        let menu = can.then(|| {
            let items = moves.iter().map(|to| {
                let (lead, to) = (lead.clone(), to.clone());
                let (words, program) = (to.stage.name.clone(), self.program.clone());
                let press = move |()| {
                    board.pressed.set_value(Some(lead.id));
                    board.go(&program, &lead, &to);
                };
                view! { <MenuButton on_click=press>{words}</MenuButton> }
            });
            let items = items.collect_view();
            let label = format!("Move {}", called(lead));
            view! { <Menu id=format!("move-{}", lead.id) label=label bare=true button=|| icon(Glyph::Dots)>{items}</Menu> }
        });
        let carried = lead.clone();
        let begin = move |event: DragEvent| {
            if !can || board.mover.is_busy() {
                event.prevent_default();
                return;
            }
            if let Some(data) = event.data_transfer() {
                // Without data, some browsers drag nothing.
                drop(data.set_data("text/plain", &called(&carried)));
                data.set_effect_allowed("move");
            }
            board.dragged.set(Some((carried.clone(), moves.clone())));
        };
        let value = lead.deal_value.map(|value| view! { <Amount value=value strong=true/> });
        let duplicate = lead.duplicate.then(|| view! { <Pill tone=Tone::Warn text="Duplicate"/> });
        let assignee = lead.assignee.as_ref().map(|member| {
            let (words, name) = (format!("Assigned to {}", member.name), member.name.clone());
            let title = words.clone();
            view! {
                <span class="lane-by" title=title>
                    <Avatar name=name/>
                    <span class="visually-hidden">{words}</span>
                </span>
            }
        });
        view! {
            <li class="lane-card" draggable=if can { "true" } else { "false" } on:dragstart=begin on:dragend=move |_| board.dragged.set(None)>
                <div class="lane-card-head">
                    {link(&self.program, lead)}
                    {menu}
                </div>
                <span class="sub">{lead.partner.name.clone()}</span>
                <div class="row">
                    {value}
                    <span class="sub">{age(lead.stage_day, self.today)}</span>
                    {duplicate}
                    {assignee}
                </div>
            </li>
        }
        .into_any()
    }
}

/// How long a lead is at its stage.
fn age(since: NaiveDate, today: NaiveDate) -> String {
    match (today - since).num_days() {
        ..=0 => "Since today".to_owned(),
        days => format!("For {}", counted(days, "day")),
    }
}
