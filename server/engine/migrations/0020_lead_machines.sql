-- Leads by programs and by visitors: keys that are bound to a partner, and forms that partners share.
alter type scope add value 'submit';

alter table api_keys
    -- The partner whose leads it submits, and no others'.
    add column enrollment_id uuid,
    add foreign key (program_id, enrollment_id) references enrollments,
    -- As text: the word is new in this transaction.
    add constraint api_keys_of_partner check (
        case when enrollment_id is null then 'submit' <> all (scopes::text[]) else scopes::text[] = '{submit}' end);
create index api_keys_by_enrollment on api_keys (program_id, enrollment_id) where enrollment_id is not null;

-- A partner's form for a group of leads, which visitors fill in.
create table capture_forms (
    program_id uuid not null,
    enrollment_id uuid not null,
    group_id uuid not null,
    -- In its address.
    code text not null check (code <> ''),
    -- Whether it takes leads.
    is_open boolean not null default true,
    -- The sites that may frame it and post to it, each with its scheme.
    sites text[] not null default '{}',
    -- For who has filled it in, in words; where there is an address, that instead.
    thanks text not null default '',
    redirect text not null default '',
    created_at timestamptz not null,
    primary key (program_id, enrollment_id, group_id),
    unique (program_id, code),
    foreign key (program_id, enrollment_id) references enrollments,
    foreign key (program_id, group_id) references lead_groups
);
