create table enrollments (
    program_id uuid not null references programs,
    id uuid not null,
    status enrollment_status not null,
    affiliate boolean not null default true,
    introducer boolean not null default false,
    buyer boolean not null default false,
    code text not null,
    name text not null default '',
    company text not null default '',
    email text not null default '',
    website text not null default '',
    -- Which of the program's ways to be paid; null until chosen.
    payout_method text,
    -- Encrypted details of the payout method.
    payout_details bytea,
    created_at timestamptz not null,
    activated_at timestamptz,
    primary key (program_id, id),
    check (name <> '' or company <> '')
);
create index enrollments_by_status on enrollments (program_id, status, id);
create index enrollments_by_time on enrollments (program_id, id desc);
create index enrollments_by_email on enrollments (program_id, lower(email));

-- Every standing with its beginning: what counted at an instant.
create table enrollment_statuses (
    program_id uuid not null,
    enrollment_id uuid not null,
    at timestamptz not null,
    status enrollment_status not null,
    account_id uuid references accounts,
    reason text not null default '',
    primary key (program_id, enrollment_id, at),
    foreign key (program_id, enrollment_id) references enrollments
);

-- Codes present and past: an old code stays an alias.
create table enrollment_codes (
    program_id uuid not null,
    code_key text not null check (code_key = lower(code_key)),
    enrollment_id uuid not null,
    created_at timestamptz not null,
    primary key (program_id, code_key),
    foreign key (program_id, enrollment_id) references enrollments
);
create index enrollment_codes_by_enrollment on enrollment_codes (program_id, enrollment_id);

create table enrollment_accounts (
    program_id uuid not null,
    enrollment_id uuid not null,
    account_id uuid not null references accounts,
    created_at timestamptz not null,
    primary key (program_id, enrollment_id, account_id),
    foreign key (program_id, enrollment_id) references enrollments
);
create index enrollment_accounts_by_account on enrollment_accounts (account_id);

create table offers (
    program_id uuid not null references programs,
    id uuid not null,
    name text not null check (name <> ''),
    description text not null default '',
    -- The version in force; earlier ones stay.
    version integer not null,
    -- New partners get the default offers, in this order; null: not a default.
    default_position integer,
    archived_at timestamptz,
    created_at timestamptz not null,
    primary key (program_id, id)
);

create table offer_versions (
    program_id uuid not null,
    offer_id uuid not null,
    version integer not null check (version >= 1),
    -- A list of domain::offers::Reward.
    rewards jsonb not null,
    created_by uuid references accounts,
    created_at timestamptz not null,
    primary key (program_id, offer_id, version),
    foreign key (program_id, offer_id) references offers
);
alter table offers add foreign key (program_id, id, version) references offer_versions (program_id, offer_id, version)
    deferrable initially deferred;

-- The offers of an enrollment, in order: the first that matches pays.
create table enrollment_offers (
    program_id uuid not null,
    enrollment_id uuid not null,
    offer_id uuid not null,
    position integer not null,
    -- Rates of the enrollment's own: a list of {"reward": place in the offer, "rate": domain::offers::Rate}.
    overrides jsonb not null default '[]',
    primary key (program_id, enrollment_id, offer_id),
    unique (program_id, enrollment_id, position) deferrable initially deferred,
    foreign key (program_id, enrollment_id) references enrollments,
    foreign key (program_id, offer_id) references offers
);
create index enrollment_offers_by_offer on enrollment_offers (program_id, offer_id);

create table promo_codes (
    program_id uuid not null,
    id uuid not null,
    enrollment_id uuid not null,
    code text not null,
    code_key text not null check (code_key = lower(code_key)),
    -- What it gives the customer, in words.
    description text not null default '',
    created_at timestamptz not null,
    disabled_at timestamptz,
    primary key (program_id, id),
    unique (program_id, code_key),
    foreign key (program_id, enrollment_id) references enrollments
);
create index promo_codes_by_enrollment on promo_codes (program_id, enrollment_id);
