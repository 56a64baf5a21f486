-- Paying a group of partners: statements of closed months, drafts of batches and what becomes of payments.

-- Nothing may be posted, settled or closed between what is read here and what keeps it up from then on. In the order in which
-- posting takes them.
lock table periods, journals, ledger_months, entries, payment_items in share row exclusive mode;

-- Months before a closed one are closed too: what is frozen follows from all before it.
update periods p
set closed_at = (select n.closed_at from periods n
                 where n.program_id = p.program_id and n.month > p.month and n.closed_at is not null
                 order by n.month limit 1)
where closed_at is null
  and exists (select from periods n where n.program_id = p.program_id and n.month > p.month and n.closed_at is not null);

-- In which column of a statement, or of the report of ledgers, an entry of a payable stands: the one place that says so.
create type ledger_column as enum ('commissions', 'clawbacks', 'adjustments', 'payments');
create function column_of(kind journal_kind) returns ledger_column language sql immutable parallel safe as $$
    select case
        when kind = 'commission' or kind = 'hold_end' then 'commissions'::ledger_column
        when kind = 'clawback' then 'clawbacks'::ledger_column
        -- Bonuses, corrections and opening balances of an import.
        when kind = 'adjustment' or kind = 'opening_balance' then 'adjustments'::ledger_column
        -- Also those that failed or were cancelled.
        when kind = 'payment' or kind = 'payment_failed' then 'payments'::ledger_column
    end
$$;

-- What a closed month came to for a partner, frozen: sums of its payable by posting date. There is one wherever the month
-- moved anything of the partner's, or began with anything.
create table statements (
    program_id uuid not null,
    month date not null,
    enrollment_id uuid not null,
    opening numeric not null,
    commissions numeric not null,
    -- As posted: below zero.
    clawbacks numeric not null,
    -- Bonuses, corrections and opening balances of an import.
    adjustments numeric not null,
    -- As posted: below zero, but for payments that failed or were cancelled.
    payments numeric not null,
    closing numeric not null,
    -- What was held at the month's end.
    held numeric not null,
    primary key (program_id, month, enrollment_id),
    check (closing = opening + commissions + clawbacks + adjustments + payments),
    foreign key (program_id, month) references periods,
    foreign key (program_id, enrollment_id) references enrollments
);
create index statements_by_enrollment on statements (program_id, enrollment_id, month desc);

insert into statements (program_id, month, enrollment_id, opening, commissions, clawbacks, adjustments, payments, closing, held)
select program_id, month, enrollment_id, closing - moved, commissions, clawbacks, adjustments, payments, closing, held
from (
    select program_id, month, enrollment_id, movements, commissions, clawbacks, adjustments, payments, moved, held_moved,
           sum(moved) over running as closing, sum(held_moved) over running as held
    from (
        select p.program_id, p.month, a.enrollment_id, count(m.kind) as movements,
               coalesce(sum(amount) filter (where account = 'payable' and column_of(kind) = 'commissions'), 0) as commissions,
               coalesce(sum(amount) filter (where account = 'payable' and column_of(kind) = 'clawbacks'), 0) as clawbacks,
               coalesce(sum(amount) filter (where account = 'payable' and column_of(kind) = 'adjustments'), 0) as adjustments,
               coalesce(sum(amount) filter (where account = 'payable' and column_of(kind) = 'payments'), 0) as payments,
               coalesce(sum(amount) filter (where account = 'payable'), 0) as moved,
               coalesce(sum(amount) filter (where account = 'held'), 0) as held_moved
        from periods p
        join (select distinct program_id, enrollment_id from ledger_months) a on a.program_id = p.program_id
        left join ledger_months m
               on m.program_id = p.program_id and m.month = p.month and m.enrollment_id = a.enrollment_id
        where p.closed_at is not null
        group by p.program_id, p.month, a.enrollment_id
    ) as months
    window running as (partition by program_id, enrollment_id order by month)
) as sums
where movements > 0 or closing <> moved or held <> held_moved;

create trigger append_only before update or delete or truncate on statements
    for each statement execute function append_only();

-- What each account of a program came to at a closed month's end, frozen.
create table trial_balances (
    program_id uuid not null,
    month date not null,
    account ledger_account not null,
    balance numeric not null,
    primary key (program_id, month, account),
    foreign key (program_id, month) references periods
);

insert into trial_balances (program_id, month, account, balance)
with moved as (
    select p.program_id, p.month, e.account, sum(e.amount) as amount
    from periods p
    join entries e on e.program_id = p.program_id and e.posted_at >= p.starts_at and e.posted_at < p.ends_at
    where p.closed_at is not null
    group by p.program_id, p.month, e.account
)
select p.program_id, p.month, a.account,
       sum(coalesce(m.amount, 0)) over (partition by p.program_id, a.account order by p.month)
from periods p
cross join unnest(enum_range(null::ledger_account)) as a (account)
left join moved m on m.program_id = p.program_id and m.month = p.month and m.account = a.account
where p.closed_at is not null;

create trigger append_only before update or delete or truncate on trial_balances
    for each statement execute function append_only();

-- The journal of a program in the order of posting, and what its accounts moved since a month was closed.
create index entries_by_time on entries (program_id, posted_at, id) include (account, amount);

-- A month's sums are read across partners.
create index ledger_months_by_month on ledger_months (program_id, month, enrollment_id);
-- So are the entries of part of a month.
create index entries_payable_by_time on entries (program_id, posted_at) include (id, enrollment_id, amount, journal_id)
    where account = 'payable';

-- The entries of payables that no payment has settled, kept with the entries and with what settles them: a batch reads what
-- is open, and not all that ever was. A payment's own entry is never open.
create table open_entries (
    program_id uuid not null,
    entry_id uuid not null,
    enrollment_id uuid not null,
    amount numeric not null,
    posted_at timestamptz not null,
    kind journal_kind not null,
    commission_id uuid,
    -- Of a payment taken back.
    payment_id uuid,
    primary key (program_id, entry_id)
);
create index open_entries_by_enrollment on open_entries (program_id, enrollment_id);

insert into open_entries (program_id, entry_id, enrollment_id, amount, posted_at, kind, commission_id, payment_id)
select e.program_id, e.id, e.enrollment_id, e.amount, e.posted_at, j.kind, j.commission_id, j.payment_id
from entries e
join journals j on j.program_id = e.program_id and j.id = e.journal_id and j.kind <> 'payment'
where e.account = 'payable'
  and not exists (select from payment_items i where i.program_id = e.program_id and i.entry_id = e.id);

create function entries_open() returns trigger language plpgsql as $$
begin
    insert into open_entries (program_id, entry_id, enrollment_id, amount, posted_at, kind, commission_id, payment_id)
    select a.program_id, a.id, a.enrollment_id, a.amount, a.posted_at, j.kind, j.commission_id, j.payment_id
    from added a
    join journals j on j.program_id = a.program_id and j.id = a.journal_id and j.kind <> 'payment'
    where a.account = 'payable';
    return null;
end $$;
create trigger entries_open after insert on entries referencing new table as added
    for each statement execute function entries_open();

create function entries_settled() returns trigger language plpgsql as $$
begin
    delete from open_entries o using added a where o.program_id = a.program_id and o.entry_id = a.entry_id;
    return null;
end $$;
create trigger entries_settled after insert on payment_items referencing new table as added
    for each statement execute function entries_settled();

alter type payment_status rename value 'paid' to 'recorded';
alter type payment_status add value 'sent' after 'recorded';
alter type payment_status add value 'confirmed' after 'sent';
alter table payments
    -- The provider's own number for it.
    add column provider_number text not null default '',
    add column status_at timestamptz,
    -- The kind of payout method; null for methods in other words.
    add column method_kind payout_kind,
    -- Of payout_targets when it was reviewed; null where it is paid in another way than the partner's own.
    add column details_hash bytea;
-- A batch's payments by status, and what they come to, which the list of batches reads from here alone; without a status its
-- unique constraint lists them.
create index payments_by_status on payments (program_id, batch_id, status, enrollment_id) include (amount);
update payments set method_kind = case method
    when 'PayPal' then 'paypal'
    when 'Bank account (IBAN)' then 'iban'
    when 'Bank account (account and routing number)' then 'us_bank'
    when 'Cheque by post' then 'cheque'
    when 'Other' then 'other'
end::payout_kind;

-- Where a payment to a partner goes: the e-mail at which a provider asks for the account, and a hash by which any change of
-- the payout method, its details or, where a provider writes to it, that e-mail is noticed. Details are sealed each time with
-- a nonce of its own: the hash tells nothing of them, and nobody makes the same again.
create view payout_targets as
select e.program_id, e.id as enrollment_id, m.email,
       sha256(
           convert_to(lower(coalesce(e.payout_method, '')), 'UTF8')
           || coalesce(
               '\x00'::bytea || e.payout_details
               || case when lower(e.payout_method) in ('iban', 'us_bank') then convert_to(m.email, 'UTF8') else '' end,
               ''
           )
       ) as details_hash
from enrollments e
cross join lateral (
    select coalesce(nullif(e.email, ''), (
        select a.email from enrollment_accounts ea join accounts a on a.id = ea.account_id
        where ea.program_id = e.program_id and ea.enrollment_id = e.id
        order by ea.created_at, a.id limit 1
    ), '') as email
) m;

-- Which files for a provider were taken of a batch, and by whom the last time: what is handed in twice is paid twice.
create table payment_files (
    program_id uuid not null,
    batch_id uuid not null,
    method_kind payout_kind not null,
    part bigint not null,
    -- Whatever has stood in it.
    payments uuid[] not null,
    taken_by uuid references accounts,
    taken_at timestamptz not null,
    primary key (program_id, batch_id, method_kind, part),
    foreign key (program_id, batch_id) references payment_batches
);

create type payment_basis as enum ('earned', 'opening_and_earned', 'ending');
-- What may be overridden stands in the order of its weight.
create type left_out as enum
    ('zero', 'negative', 'already_paid', 'below_minimum', 'no_payout_details', 'no_payout_method', 'unconfirmed_method',
     'frozen', 'excluded');

-- Why a partner to whom something is due is left out; null: it is paid. What a person may override comes last: an override of
-- what weighs more covers what weighs less, and not the other way round. A method whose file asks for details is nothing without
-- them.
create function why_left_out(
    amount numeric, minimum numeric, status enrollment_status, unconfirmed boolean, method text, has_details boolean
)
returns left_out language sql immutable parallel safe as $$
    select case
        when status = 'banned' then 'frozen'::left_out
        when unconfirmed then 'unconfirmed_method'::left_out
        when method = '' then 'no_payout_method'::left_out
        when not has_details and lower(method) in ('paypal', 'iban', 'us_bank') then 'no_payout_details'::left_out
        when amount < minimum then 'below_minimum'::left_out
    end
$$;

-- Whether a second person must agree to a batch: its total is above the lower of the limits of when it was made and of now.
create function asks_for_two(total numeric, limit_then numeric, limit_now numeric)
returns boolean language sql immutable parallel safe as $$
    select coalesce(total > least(limit_then, limit_now), false)
$$;

create type draft_status as enum ('open', 'processing', 'processed', 'failed', 'cancelled');
create type draft_source as enum ('report', 'export', 'schedule');

-- A batch that is prepared: whom it would pay how much, by which entries.
create table payment_drafts (
    program_id uuid not null references programs,
    id uuid not null,
    source draft_source not null,
    basis payment_basis not null,
    -- The range in the program's days, the last one included, and its instants.
    from_day date not null,
    to_day date not null check (to_day >= from_day),
    from_at timestamptz not null,
    to_at timestamptz not null,
    -- What was open then is paid.
    reviewed_at timestamptz not null,
    code text not null,
    payment_date date not null,
    -- One payment type for all, in words; empty: each partner's own payout method.
    method text not null default '',
    note text not null default '',
    status draft_status not null,
    -- How many its lines pay, and what they come to.
    partners bigint not null default 0,
    total numeric not null default 0,
    -- Why it was not processed, in words.
    problem text not null default '',
    created_by uuid references accounts,
    created_at timestamptz not null,
    -- From which total on a second person had to agree when it was made: changing that limit frees no batch of it.
    approval_above numeric,
    -- Who changed last what it says or whom it pays.
    changed_by uuid references accounts,
    -- The second person, where two must agree: neither who made it nor who changed it last.
    approved_by uuid references accounts,
    approved_at timestamptz,
    -- What it came to then: no more is paid.
    approved_total numeric,
    -- When those who may agree to it were told, since anybody did.
    asked_at timestamptz,
    processed_by uuid references accounts,
    batch_id uuid,
    primary key (program_id, id),
    foreign key (program_id, batch_id) references payment_batches
);
create index payment_drafts_by_time on payment_drafts (program_id, created_at desc, id desc);
-- Those that wait: exports that were never recorded are listed apart.
create index payment_drafts_waiting on payment_drafts (program_id, (source = 'export'), created_at desc, id desc)
    where status in ('open', 'processing', 'failed');

create table payment_draft_lines (
    program_id uuid not null,
    draft_id uuid not null,
    enrollment_id uuid not null,
    -- What the basis says by the report's columns.
    figure numeric not null,
    -- What is open of it: paid, unless left out.
    amount numeric not null,
    -- What was taken back of it and not paid: zero or below.
    taken_back numeric not null default 0,
    -- The whole balance at the review.
    balance numeric not null,
    -- Clawbacks of what is paid, and bonuses, corrections and opening balances, that are open and stay so.
    clawbacks_stay numeric not null default 0,
    adjustments_stay numeric not null default 0,
    -- The entries that make the amount.
    entries uuid[] not null,
    -- Of an export: all that was open when the file was made, among which another basis chooses.
    kept uuid[],
    -- What came later and is paid with it, on the basis ending.
    added numeric not null default 0,
    -- Of payout_targets at the review.
    details_hash bytea not null,
    left_out left_out,
    -- What a person has overridden to pay it: what weighs less doesn't leave it out either.
    overridden left_out check (overridden in ('below_minimum', 'no_payout_details', 'no_payout_method', 'unconfirmed_method')),
    -- Why it is paid all the same, or left out by a person.
    reason text not null default '',
    primary key (program_id, draft_id, enrollment_id),
    foreign key (program_id, draft_id) references payment_drafts on delete cascade,
    foreign key (program_id, enrollment_id) references enrollments
) with (fillfactor = 60);
-- Who is erased is sought in the drafts that name it.
create index payment_draft_lines_by_enrollment on payment_draft_lines (program_id, enrollment_id);

-- How far a batch is: written and read beside the transaction that makes it.
create table payment_progress (
    program_id uuid not null,
    draft_id uuid not null,
    done integer not null default 0,
    total integer not null,
    cancel_requested_at timestamptz,
    primary key (program_id, draft_id),
    foreign key (program_id, draft_id) references payment_drafts on delete cascade
);

-- A batch that is prepared by itself each month.
create table payment_schedules (
    program_id uuid not null references programs,
    day integer not null check (day between 1 and 28),
    basis payment_basis not null,
    -- Processed without a person.
    automatic boolean not null default false,
    -- The last month that it was prepared for.
    prepared_month date,
    primary key (program_id)
);

-- From which total on a second person must agree; null: never.
alter table programs add column approval_above numeric check (approval_above >= 0);
