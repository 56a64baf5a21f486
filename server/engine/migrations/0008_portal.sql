-- The portal as the team sets it up, signing up, mail as the team words it, and what a program offers for paying.
create type sign_up_rule as enum ('closed', 'approve', 'open');
create type lands_on as enum ('dashboard', 'welcome');
create type payout_kind as enum ('paypal', 'iban', 'us_bank', 'cheque', 'other');

create table portals (
    program_id uuid primary key references programs,
    sign_up sign_up_rule not null default 'approve',
    -- The name that partners see; empty: the program's.
    brand text not null default '',
    -- Markdown.
    welcome text not null default '',
    lands_on lands_on not null default 'dashboard',
    -- Pages that don't show, for each kind of partner: words of domain::portal::PortalPage.
    hidden_affiliate text[] not null default '{}',
    hidden_introducer text[] not null default '{}',
    hidden_buyer text[] not null default '{}',
    -- A list of domain::portal::Question.
    questions jsonb not null default '[]',
    share_text text not null default ''
);
-- A program that is there already opens its sign-up page when its team says so.
insert into portals (program_id, sign_up) select id, 'closed' from programs;

-- What partners accept; a version stays as it was published.
create table terms_versions (
    program_id uuid not null references programs,
    version integer not null check (version >= 1),
    -- Markdown.
    body text not null,
    published_at timestamptz not null,
    published_by uuid references accounts,
    primary key (program_id, version)
);

create table terms_acceptances (
    program_id uuid not null,
    enrollment_id uuid not null,
    version integer not null,
    account_id uuid references accounts,
    accepted_at timestamptz not null,
    primary key (program_id, enrollment_id, version),
    foreign key (program_id, enrollment_id) references enrollments,
    foreign key (program_id, version) references terms_versions
);
create index terms_acceptances_by_version on terms_acceptances (program_id, version);
create index terms_acceptances_by_time on terms_acceptances (program_id, accepted_at desc, enrollment_id desc);

-- Who wants to become a partner and has yet to open the link in the mail: a partner is made only then.
create table sign_ups (
    program_id uuid not null references programs,
    id uuid not null,
    email text not null,
    name text not null,
    website text not null default '',
    -- A list of domain::portal::Answer.
    answers jsonb not null default '[]',
    -- The version of the terms that was accepted, and when.
    terms_version integer,
    created_at timestamptz not null,
    expires_at timestamptz not null,
    primary key (program_id, id),
    foreign key (program_id, terms_version) references terms_versions
);
create index sign_ups_by_expiry on sign_ups (expires_at);

-- What was answered to the program's questions when signing up: a list of domain::portal::Answer.
alter table enrollments add column answers jsonb not null default '[]';

-- A new e-mail of an account, until both addresses have confirmed it.
create table email_changes (
    account_id uuid primary key references accounts on delete cascade,
    email text not null,
    old_confirmed_at timestamptz,
    new_confirmed_at timestamptz,
    created_at timestamptz not null,
    expires_at timestamptz not null
);

-- The purposes are those of accounts::tokens::Purpose, which alone writes them.
alter table one_time_tokens drop constraint one_time_tokens_purpose_check;

-- Mail as the team words it; a kind that is not here has the words that come with Tributary.
create table mail_templates (
    program_id uuid not null references programs,
    -- A word of domain::messages::MailKind.
    kind text not null,
    subject text not null check (subject <> ''),
    body text not null check (body <> ''),
    updated_at timestamptz not null,
    primary key (program_id, kind)
);

-- Mail of a server that has no mail server, for 30 days. It belongs to a program, or to an account alone.
create table outbox (
    id uuid primary key,
    program_id uuid references programs,
    account_id uuid references accounts on delete cascade,
    -- What kind of mail it is, in words.
    title text not null,
    email text not null,
    name text not null,
    subject text not null,
    body text not null,
    created_at timestamptz not null
);
create index outbox_by_program on outbox (program_id, id desc);
create index outbox_by_account on outbox (account_id, id desc);
create index outbox_by_time on outbox (created_at);

alter table programs
    -- A copy for tests.
    add column sandbox boolean not null default false,
    -- Whether partners see customers masked.
    add column mask_customers boolean not null default true,
    -- The host under which links are shown; empty: the server's own.
    add column link_domain text not null default '',
    drop constraint programs_accent_check,
    -- The name of an accent, or a colour of the company's own.
    add constraint programs_accent_check check (accent ~ '^([a-z]*|#[0-9a-f]{6})$');

-- How a program pays, and from what amount on.
create table payout_methods (
    program_id uuid not null references programs,
    kind payout_kind not null,
    offered boolean not null default true,
    -- ISO 3166 codes of the countries in which it is offered; none: everywhere.
    countries text[] not null default '{}',
    -- Smallest payment by this method; null: the program's.
    minimum numeric check (minimum >= 0),
    primary key (program_id, kind)
);
insert into payout_methods (program_id, kind)
select p.id, k.kind from programs p cross join unnest(enum_range(null::payout_kind)) as k(kind);
