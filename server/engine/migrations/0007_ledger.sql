create table commissions (
    program_id uuid not null,
    id uuid not null,
    enrollment_id uuid not null,
    referral_id uuid not null,
    customer_id uuid not null,
    -- The sale; null for a sign-up.
    sale_id uuid,
    trigger trigger_kind not null,
    -- The event that it is paid for: the sale, or the customer who signed up.
    cause_id uuid not null,
    offer_id uuid not null,
    offer_version integer not null,
    -- The place of the reward in the offer.
    reward integer not null,
    base numeric,
    rate numeric,
    amount numeric not null check (amount > 0),
    currency text not null,
    -- Proved against the ledger by verify-ledger.
    status commission_status not null,
    why jsonb not null,
    occurred_at timestamptz not null,
    -- When the hold ends; counts once it is out of review.
    available_at timestamptz not null,
    created_at timestamptz not null,
    primary key (program_id, id),
    -- One event pays once, for ever.
    unique (program_id, cause_id, trigger, offer_id, reward),
    foreign key (program_id, enrollment_id) references enrollments,
    foreign key (program_id, referral_id) references referrals,
    foreign key (program_id, customer_id) references customers,
    foreign key (program_id, sale_id) references sales,
    foreign key (program_id, offer_id, offer_version) references offer_versions
);
create index commissions_by_enrollment on commissions (program_id, enrollment_id, occurred_at desc, id desc);
create index commissions_by_time on commissions (program_id, occurred_at desc, id desc);
create index commissions_by_status on commissions (program_id, status, occurred_at desc, id desc);
create index commissions_by_sale on commissions (program_id, sale_id);
create index commissions_by_customer on commissions (program_id, customer_id);
create index commissions_by_referral on commissions (program_id, referral_id);
-- The job that releases holds looks over all programs.
create index commissions_held on commissions (available_at) where status = 'held';

create table payment_batches (
    program_id uuid not null references programs,
    id uuid not null,
    code text not null check (code <> ''),
    code_key text not null,
    payment_date date not null,
    note text not null default '',
    created_by uuid references accounts,
    created_at timestamptz not null,
    primary key (program_id, id),
    unique (program_id, code_key)
);
create index payment_batches_by_time on payment_batches (program_id, created_at desc);

create table payments (
    program_id uuid not null,
    id uuid not null,
    batch_id uuid not null,
    enrollment_id uuid not null,
    amount numeric not null check (amount > 0),
    currency text not null,
    -- The payout method then, in words.
    method text not null default '',
    status payment_status not null,
    -- Which entries it paid, and why that amount.
    why jsonb not null,
    created_at timestamptz not null,
    primary key (program_id, id),
    unique (program_id, batch_id, enrollment_id),
    foreign key (program_id, batch_id) references payment_batches,
    foreign key (program_id, enrollment_id) references enrollments
);
create index payments_by_enrollment on payments (program_id, enrollment_id, created_at desc, id desc);

create table journals (
    program_id uuid not null references programs,
    id uuid not null,
    kind journal_kind not null,
    -- `commission:{id}`, `hold_end:{id}`, `clawback:{refund}:{commission}` …: the same effect posts once.
    idempotency_key text not null,
    -- A word, never free text: that is a note beside the ledger.
    reason_code text not null default '',
    commission_id uuid,
    payment_id uuid,
    refund_id uuid,
    account_id uuid references accounts,
    occurred_at timestamptz not null,
    posted_at timestamptz not null,
    primary key (program_id, id),
    unique (program_id, idempotency_key),
    foreign key (program_id, commission_id) references commissions,
    foreign key (program_id, payment_id) references payments,
    foreign key (program_id, refund_id) references refunds
);
create index journals_by_commission on journals (program_id, commission_id);
-- What was taken back of commissions: few journals among many.
create index journals_clawbacks on journals (program_id, commission_id) where kind = 'clawback';
create index journals_by_payment on journals (program_id, payment_id);
create index journals_by_refund on journals (program_id, refund_id);

create table journal_notes (
    program_id uuid not null,
    journal_id uuid not null,
    note text not null,
    primary key (program_id, journal_id),
    foreign key (program_id, journal_id) references journals
);

create table entries (
    program_id uuid not null,
    id uuid not null,
    journal_id uuid not null,
    account ledger_account not null,
    -- Whose held or payable; null for the program's own accounts.
    enrollment_id uuid,
    amount numeric not null check (amount <> 0),
    currency text not null,
    -- As its journal's: ranges go by it.
    posted_at timestamptz not null,
    primary key (program_id, id),
    check ((account in ('held', 'payable')) = (enrollment_id is not null)),
    foreign key (program_id, journal_id) references journals,
    foreign key (program_id, enrollment_id) references enrollments
);
create index entries_by_journal on entries (program_id, journal_id);
create index entries_by_account on entries (program_id, enrollment_id, account, posted_at, id) include (amount)
    where enrollment_id is not null;

-- A payable entry is settled at most once: its primary key is the entry.
create table payment_items (
    program_id uuid not null,
    entry_id uuid not null,
    payment_id uuid not null,
    primary key (program_id, entry_id),
    foreign key (program_id, entry_id) references entries,
    foreign key (program_id, payment_id) references payments
);
create index payment_items_by_payment on payment_items (program_id, payment_id);

-- Sums per enrollment account and month of posting, by kind, kept in the posting's transaction.
create table ledger_months (
    program_id uuid not null,
    enrollment_id uuid not null,
    account ledger_account not null,
    -- The month's first day in the program's time zone, as its period's.
    month date not null,
    kind journal_kind not null,
    amount numeric not null,
    primary key (program_id, enrollment_id, account, month, kind),
    foreign key (program_id, enrollment_id) references enrollments,
    foreign key (program_id, month) references periods
) with (fillfactor = 70);

create function entries_balance() returns trigger language plpgsql as $$
begin
    if exists (select from added group by program_id, journal_id, currency having sum(amount) <> 0) then
        raise exception 'the entries of a journal must sum to zero per currency' using errcode = 'check_violation';
    end if;
    return null;
end $$;
create trigger entries_balance after insert on entries referencing new table as added
    for each statement execute function entries_balance();

create function append_only() returns trigger language plpgsql as $$
begin
    raise exception '% is append-only', tg_table_name using errcode = 'restrict_violation';
end $$;
create trigger append_only before update or delete or truncate on journals for each statement execute function append_only();
create trigger append_only before update or delete or truncate on entries for each statement execute function append_only();
create trigger append_only before update or delete or truncate on payment_items for each statement execute function append_only();
