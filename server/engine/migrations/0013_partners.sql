-- What partners tell of themselves, how they are paid and which mails they get; what the team notes of them; what makes a
-- commission suspicious; and erasure.
create type summary_rhythm as enum ('none', 'daily', 'weekly');

alter table enrollments
    add column address text not null default '',
    -- ISO 3166 code, or empty.
    add column country text not null default '' check (country ~ '^([A-Z]{2})?$'),
    add column phone text not null default '',
    -- In which days and hours are shown to the partner; empty: the program's.
    add column time_zone text not null default '',
    add column tax_id text not null default '',
    -- The payout details so far as they may be shown.
    add column payout_masked text not null default '',
    -- Keyed hash of the payout details, by which two partners with the same are found.
    add column payout_hash bytea,
    add column erased_at timestamptz;
create index enrollments_by_payout on enrollments (program_id, payout_hash) where payout_hash is not null;

-- A payout method that waits for the link in the mail; the next one takes its place.
create table payout_changes (
    program_id uuid not null,
    enrollment_id uuid not null,
    -- What the link in the mail names: that of an earlier change finds nothing.
    id uuid not null,
    kind payout_kind not null,
    -- Encrypted.
    details bytea not null,
    masked text not null,
    hash bytea,
    account_id uuid not null references accounts,
    created_at timestamptz not null,
    expires_at timestamptz not null,
    primary key (program_id, enrollment_id),
    foreign key (program_id, enrollment_id) references enrollments
);
create index payout_changes_by_expiry on payout_changes (expires_at);

-- Which mails a partner gets. One without a row gets those that are on by default.
create table notification_settings (
    program_id uuid not null,
    enrollment_id uuid not null,
    on_commission boolean not null default false,
    on_payment boolean not null default true,
    summary summary_rhythm not null default 'none',
    -- The last day that a summary has told of, in the program's time zone.
    summed_to date,
    -- What the links in mails that stop them bear.
    key text not null,
    primary key (program_id, enrollment_id),
    unique (program_id, key),
    foreign key (program_id, enrollment_id) references enrollments
);
create index notification_settings_by_summary on notification_settings (program_id, summary, enrollment_id)
    where summary <> 'none';

create table partner_tags (
    program_id uuid not null,
    enrollment_id uuid not null,
    tag text not null check (tag <> '' and tag = lower(tag)),
    primary key (program_id, enrollment_id, tag),
    foreign key (program_id, enrollment_id) references enrollments
);
create index partner_tags_by_tag on partner_tags (program_id, tag, enrollment_id);

create table partner_notes (
    program_id uuid not null,
    id uuid not null,
    enrollment_id uuid not null,
    note text not null,
    account_id uuid references accounts,
    created_at timestamptz not null,
    primary key (program_id, id),
    foreign key (program_id, enrollment_id) references enrollments
);
create index partner_notes_by_enrollment on partner_notes (program_id, enrollment_id, id desc);

-- A mail that the team writes to partners it has chosen.
create table partner_letters (
    program_id uuid not null references programs,
    id uuid not null,
    subject text not null check (subject <> ''),
    body text not null check (body <> ''),
    account_id uuid references accounts,
    created_at timestamptz not null,
    primary key (program_id, id)
);

-- A member of the team who sees the portal as a partner does, and until when.
alter table sessions
    add column sees_program uuid,
    add column sees_enrollment uuid,
    add column sees_until timestamptz,
    add foreign key (sees_program, sees_enrollment) references enrollments (program_id, id);
create index sessions_by_seen on sessions (sees_program, sees_enrollment) where sees_program is not null;

-- Which checks hold a commission for review: words of domain::commissions::Suspicion. Most visitors click and sign up at
-- one address, so that one is off.
alter table programs add column fraud_checks text[] not null
    default '{same_domain,ad_click,disposable_domain,shared_payout}';

-- What was suspicious about the click and the sign-up of a referral, whichever checks are on: clicks and addresses go.
alter table referrals add column suspicions text[] not null default '{}';

-- Which of them, and of what is found later, a person has approved: it holds no commission of the customer again.
alter table referrals add column judged text[] not null default '{}';

-- Whether it was ever out of review: its partner is told of it then, once.
alter table commissions add column cleared boolean not null default true;

-- The queue of commissions in review, the oldest first.
create index commissions_in_review on commissions (program_id, occurred_at, id) where status = 'review';

-- How many sign-ups an e-mail has had of late.
create index sign_ups_by_email on sign_ups (lower(email), created_at);
