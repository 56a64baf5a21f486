-- Who signs in. These tables are global: they belong to no program.
create table organizations (
    id uuid primary key,
    name text not null check (name <> ''),
    created_at timestamptz not null
);

create table accounts (
    id uuid primary key,
    email text not null,
    -- The lower-case e-mail, by which an account is found.
    email_key text not null unique,
    name text not null,
    language text not null default 'en',
    -- Argon2id; null until the person has chosen one.
    password_hash text,
    email_verified_at timestamptz,
    -- Encrypted; a second factor counts once it is confirmed.
    totp_secret bytea,
    totp_confirmed_at timestamptz,
    -- The last time step that was used: a code works once.
    totp_last_step bigint,
    -- Wrong codes in a row, and when the last was given: after five no more are taken for a while.
    wrong_codes integer not null default 0,
    wrong_code_at timestamptz,
    created_at timestamptz not null
);

create table recovery_codes (
    account_id uuid not null references accounts on delete cascade,
    code_hash bytea not null,
    used_at timestamptz,
    primary key (account_id, code_hash)
);

create table memberships (
    organization_id uuid not null references organizations on delete cascade,
    account_id uuid not null references accounts on delete cascade,
    role role not null,
    created_at timestamptz not null,
    primary key (organization_id, account_id)
);
create index memberships_by_account on memberships (account_id);

create table sessions (
    -- SHA-256 of the cookie's token.
    token_hash bytea primary key,
    account_id uuid not null references accounts on delete cascade,
    created_at timestamptz not null,
    expires_at timestamptz not null,
    -- False while the second factor is still to be given.
    complete boolean not null,
    -- When the password or second factor was last given: acts that ask again look here.
    confirmed_at timestamptz not null,
    -- Whether it lasts 30 days instead of 12 hours.
    keep boolean not null,
    -- Set where a company's link signed in: it opens that program's portal alone.
    only_program uuid,
    user_agent text not null default ''
);
create index sessions_by_account on sessions (account_id);
create index sessions_by_expiry on sessions (expires_at);

-- Links sent by mail or printed: reset a password, accept an invitation, sign in, set up.
create table one_time_tokens (
    token_hash bytea primary key,
    purpose text not null check (purpose in ('setup', 'password_reset', 'invitation', 'sign_in')),
    account_id uuid references accounts on delete cascade,
    -- Where it leads, a path.
    target text not null default '',
    created_at timestamptz not null,
    expires_at timestamptz not null,
    used_at timestamptz
);
create index one_time_tokens_by_account on one_time_tokens (account_id);
