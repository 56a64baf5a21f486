-- Files of leads that are imported: sent in slices, worked slice by slice, each in one transaction that takes it away.
create type lead_import_status as enum ('receiving', 'ready', 'working', 'done', 'cancelled');

create table lead_imports (
    program_id uuid not null references programs,
    id uuid not null,
    enrollment_id uuid not null,
    group_id uuid not null,
    -- By which version of the group's form its rows are checked.
    form_version integer not null,
    -- The file's name.
    name text not null,
    -- The names of its columns; for each the key of the form's question that it answers, or an empty text.
    head text[] not null,
    keys text[] not null check (cardinality(keys) = cardinality(head)),
    status lead_import_status not null default 'receiving',
    -- How many rows it has, and how many of them are here, with how many bytes.
    rows bigint not null check (rows > 0),
    received bigint not null default 0 check (received <= rows),
    bytes bigint not null default 0,
    accepted bigint not null default 0,
    refused bigint not null default 0,
    -- Of the answers in all rows: the same again is known by it.
    digest bytea,
    -- Who began it, and from which address; neither for a program through the API.
    account_id uuid references accounts,
    by_partner boolean not null,
    ip text not null default '',
    created_at timestamptz not null,
    finished_at timestamptz,
    primary key (program_id, id),
    foreign key (program_id, enrollment_id) references enrollments,
    foreign key (program_id, group_id, form_version) references lead_forms (program_id, group_id, version),
    check (accepted + refused <= rows),
    check ((status in ('done', 'cancelled')) = (finished_at is not null))
);
create index lead_imports_by_enrollment on lead_imports (program_id, enrollment_id, id desc);
create unique index lead_imports_once on lead_imports (program_id, enrollment_id, group_id, digest)
    where digest is not null and status <> 'cancelled';

-- Rows that wait, as CSV.
create table lead_import_slices (
    program_id uuid not null,
    import_id uuid not null,
    number integer not null check (number >= 0),
    rows text not null,
    primary key (program_id, import_id, number),
    foreign key (program_id, import_id) references lead_imports on delete cascade
);

-- Rows that were refused, for the file with which they are mended.
create table lead_import_rows (
    program_id uuid not null,
    import_id uuid not null,
    -- Its place in the file, from 1.
    position bigint not null,
    -- As CSV.
    cells text not null,
    reason text not null,
    primary key (program_id, import_id, position),
    foreign key (program_id, import_id) references lead_imports on delete cascade
);

-- A slice claims its keys before it is known which of its rows become leads.
alter table lead_keys alter constraint lead_keys_program_id_lead_id_fkey deferrable initially immediate;
