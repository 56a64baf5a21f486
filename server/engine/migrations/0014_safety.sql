-- Mail in the outbox holds links that sign in: its text is encrypted. What lies there in plain words goes.
delete from outbox;
alter table outbox
    drop column body,
    add column body bytea not null;

-- Persons who were erased and are still looked for in words beside the data of others: what is sought goes once that is
-- done.
create table erasures (
    program_id uuid not null references programs,
    -- The partner or the customer.
    id uuid not null,
    -- privacy::Sought.
    sought jsonb not null,
    erased_at timestamptz not null,
    primary key (program_id, id)
);

-- When the account asked for another e-mail, of late: each time a stranger may get a mail.
alter table accounts add column email_asked_at timestamptz[] not null default '{}';
