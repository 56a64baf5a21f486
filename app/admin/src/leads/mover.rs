//! The move of one lead to another stage, and the dialog that asks for what it needs: a reason, or what the deal is worth.

use access::{Form, PostForm};
use domain::ids::LeadId;
use domain::leads::{LeadRow, MoveTo, Stage};
use domain::money::Currency;
use leptos::prelude::*;
use rust_decimal::Decimal;
use ui::{Button, ButtonKind, CloseButton, Dialog, MoneyInput, TextInput, Textarea, use_toasts};

use super::acts::MoveLead;
use super::called;
use crate::show;

/// A lead that is to move.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Going {
    pub id: LeadId,
    pub to: MoveTo,
    called: String,
    deal_value: String,
    currency: Currency,
}

impl Going {
    pub(super) fn new(lead: &LeadRow, to: &MoveTo) -> Self {
        Self {
            id: lead.id,
            to: to.clone(),
            called: called(lead),
            deal_value: lead.deal_value.map(|value| value.amount.to_string()).unwrap_or_default(),
            currency: lead.commission.currency,
        }
    }

    fn is_won(&self) -> bool {
        self.to.stage.kind == Stage::ClosedWon
    }
}

/// How leads move from a page: one at a time.
#[derive(Clone, Copy)]
pub(super) struct Mover {
    pub form: Form<MoveLead>,
    /// How many moves have worked.
    pub done: RwSignal<usize>,
    /// With a number of its own for each move, so that nothing typed for one stands under the next.
    going: RwSignal<Option<(usize, Going)>>,
    /// What is typed as the deal's value.
    deal: RwSignal<String>,
    open: RwSignal<bool>,
}

impl Mover {
    /// At the top of a page.
    pub(super) fn new() -> Self {
        let form = Form::new();
        let (going, deal, open) = (RwSignal::new(None), RwSignal::new(String::new()), RwSignal::new(false));
        let mover = Self { form, done: show::done(form), going, deal, open };
        let toasts = use_toasts();
        form.settled(move |outcome| {
            let Some(going) = mover.going() else { return };
            match outcome {
                Ok(()) => {
                    mover.open.set(false);
                    toasts.say(format!("{} is now at {}", going.called, going.to.stage.name));
                }
                // What is missing is asked for.
                Err(access::Error::Invalid(_)) => mover.open.set(true),
                Err(error) if error.leads_to("").is_none() => {
                    mover.open.set(false);
                    toasts.fail(format!("{} was not moved. {}", going.called, error.words()));
                }
                Err(_) => {}
            }
        });
        mover
    }

    /// Which lead moves, or has moved last.
    pub(super) fn going(self) -> Option<Going> {
        self.going.get_untracked().map(|(_, going)| going)
    }

    /// What the deal is worth by the move, where that was typed.
    pub(super) fn deal_value(self) -> Option<Decimal> {
        let won = self.going().is_some_and(|going| going.is_won());
        if won { self.deal.get_untracked().trim().parse().ok() } else { None }
    }

    /// Whether a move is under way.
    pub(super) fn is_busy(self) -> bool {
        self.form.pending().get_untracked()
    }

    /// Begins a move: tells whether it is under way; else a dialog asks for more, or another move is.
    pub(super) fn go(self, program: String, going: Going) -> bool {
        if self.is_busy() {
            return false;
        }
        self.form.clear();
        let asks = going.to.needs_reason || going.to.pays || going.is_won();
        let (id, stage) = (going.id, going.to.stage.id);
        self.deal.set(going.deal_value.clone());
        self.going.update(|last| *last = Some((last.as_ref().map_or(0, |(turn, _)| turn + 1), going)));
        if asks {
            self.open.set(true);
            return false;
        }
        let (reason, deal_value, customer) = Default::default();
        self.form.send_fields(&MoveLead { program, id, stage, reason, deal_value, customer });
        true
    }

    /// The dialog; once on the page, outside of what is read anew.
    pub(super) fn dialog(self) -> AnyView {
        view! {
            <Dialog id="move-lead" title="Move the lead" open=self.open>
                <For each=move || self.going.get() key=|(turn, _)| *turn children=move |(_, going)| self.fields(going)/>
            </Dialog>
        }
        .into_any()
    }

    fn fields(self, going: Going) -> AnyView {
        let form = self.form;
        let won = going.is_won().then(|| {
            view! {
                <MoneyInput
                    id="move-deal-value"
                    name="deal_value"
                    label="Deal value"
                    currency=going.currency
                    bind=self.deal
                    optional=true
                    help="What the customer pays by this deal. Rewards for won leads go by it."
                    error=form.field("deal_value")
                />
                <TextInput
                    id="move-customer"
                    name="customer"
                    label="Customer id"
                    optional=true
                    autocomplete="off"
                    help="Your own id of the customer: one that there is, or a new one."
                    error=form.field("customer")
                />
            }
        });
        let needed = going.to.needs_reason;
        let words = format!("{} moves to {}.", going.called, going.to.stage.name);
        let pays = going.to.pays.then(|| {
            view! { <p class="sub">"Offers pay for qualified leads. What the partner earns by this stays when the lead moves on."</p> }
        });
        view! {
            <PostForm form=form class="form">
                <p>{words}</p>
                {pays}
                {show::wrong(form.beside(&["reason", "deal_value", "customer"]))}
                {show::program_field()}
                <input type="hidden" name="id" value=going.id.to_string()/>
                <input type="hidden" name="stage" value=going.to.stage.id.to_string()/>
                <Textarea
                    id="move-reason"
                    name="reason"
                    label="Reason"
                    help="The partner sees it."
                    required=needed
                    optional={!needed}
                    error=form.field("reason")
                />
                {won}
                <div class="dialog-actions">
                    <CloseButton closes="move-lead"/>
                    <Button kind=ButtonKind::Primary submit=true busy=form.pending()>"Move"</Button>
                </div>
            </PostForm>
        }
        .into_any()
    }
}
