create table programs (
    id uuid primary key,
    organization_id uuid not null references organizations,
    slug text not null unique check (slug = lower(slug)),
    name text not null check (name <> ''),
    currency text not null check (currency ~ '^[A-Z]{3}$'),
    time_zone text not null,
    -- A new zone applies from the next month.
    next_time_zone text,
    accent text not null default '' check (accent ~ '^[a-z]*$'),
    website text not null,
    allowed_hosts text[] not null default '{}',
    window_days integer not null default 60 check (window_days between 1 and 400),
    click_model click_model not null default 'last',
    self_referral self_referral_rule not null default 'review',
    review_commissions boolean not null default false,
    consent_required boolean not null default false,
    minimum_payment numeric not null default 0 check (minimum_payment >= 0),
    payment_day integer not null default 1 check (payment_day between 1 and 28),
    created_at timestamptz not null
);
create index programs_by_organization on programs (organization_id);
alter table sessions add foreign key (only_program) references programs on delete cascade;

create table api_keys (
    program_id uuid not null references programs on delete cascade,
    id uuid not null,
    name text not null,
    scopes scope[] not null,
    -- The first characters, by which people tell keys apart.
    prefix text not null,
    -- SHA-256 of the key, which tells the program as well.
    key_hash bytea not null unique,
    created_by uuid references accounts,
    created_at timestamptz not null,
    last_used_at timestamptz,
    revoked_at timestamptz,
    primary key (program_id, id)
);
create index api_keys_by_program on api_keys (program_id, created_at);

-- Months of the ledger. Posting takes a share lock on its row, closing takes it alone; closing is never undone.
create table periods (
    program_id uuid not null references programs,
    -- The month's first day in the program's time zone.
    month date not null check (extract(day from month) = 1),
    starts_at timestamptz not null,
    ends_at timestamptz not null check (ends_at > starts_at),
    -- Its days are reckoned in this zone: the program's may change from one month to the next.
    time_zone text not null,
    closed_at timestamptz,
    primary key (program_id, month)
);

create table audit_log (
    program_id uuid not null references programs,
    id uuid not null,
    at timestamptz not null,
    account_id uuid references accounts,
    -- What was done: `commission.reverse`, `partner.ban`.
    action text not null,
    -- What it was done to, as people know it, and where a page shows it.
    subject text not null default '',
    subject_path text not null default '',
    details jsonb not null default '{}',
    primary key (program_id, id)
);
create index audit_log_by_time on audit_log (program_id, at desc, id desc);

-- The body and the answer of every write that was answered with 2xx, so that the same again gets the same.
create table api_answers (
    program_id uuid not null references programs,
    -- The call: `signup`, `sale` … for event ids, which are kept for ever; `key` for Idempotency-Key.
    call text not null,
    event_id text not null,
    -- Keyed hash of the parsed body.
    body_hash bytea not null,
    -- Null only inside the transaction that works on it.
    answer jsonb,
    created_at timestamptz not null,
    primary key (program_id, call, event_id)
);
create index api_answers_by_time on api_answers (created_at) where call = 'key';
