-- Leads: potential customers whom a partner introduces.
create type lead_stage as enum ('new', 'qualified', 'unqualified', 'closed_won', 'closed_lost');

-- How long after it was added a lead still counts for its partner.
alter table programs add lead_window_days integer not null default 90 check (lead_window_days between 1 and 400);

create table lead_groups (
    program_id uuid not null references programs,
    id uuid not null,
    name text not null check (name <> ''),
    -- The group that leads are in where none is named.
    is_default boolean not null default false,
    created_at timestamptz not null,
    primary key (program_id, id)
);
create unique index lead_groups_one_default on lead_groups (program_id) where is_default;
insert into lead_groups (program_id, id, name, is_default, created_at)
select id, gen_random_uuid(), 'Leads', true, created_at from programs;

create table leads (
    program_id uuid not null,
    id uuid not null,
    -- Who introduced it.
    enrollment_id uuid not null,
    group_id uuid not null,
    -- Empty once it is erased, as its key.
    email text not null,
    email_key text not null check (email_key = lower(email_key)),
    name text not null default '',
    stage lead_stage not null default 'new',
    created_at timestamptz not null,
    -- Since when it is at its stage.
    stage_at timestamptz not null,
    -- Who signed up with its e-mail.
    customer_id uuid,
    primary key (program_id, id),
    foreign key (program_id, enrollment_id) references enrollments,
    foreign key (program_id, group_id) references lead_groups,
    foreign key (program_id, customer_id) references customers
);
-- A partner has an e-mail as an open lead once, whoever adds it at the same instant.
create unique index leads_open on leads (program_id, enrollment_id, email_key)
    where stage in ('new', 'qualified') and email_key <> '';
create index leads_by_time on leads (program_id, id desc);
create index leads_by_enrollment on leads (program_id, enrollment_id, id desc);
create index leads_by_day on leads (program_id, enrollment_id, created_at);
create index leads_by_stage on leads (program_id, stage, id desc);
create index leads_by_group on leads (program_id, group_id, id desc);
create index leads_by_email on leads (program_id, email_key) where email_key <> '';
create index leads_by_customer on leads (program_id, customer_id) where customer_id is not null;
