-- Leads that a program's team works: forms, stages, duplicates, and what happened to each.
create type lead_key as enum ('email', 'phone', 'domain');
create type duplicate_scope as enum ('program', 'partner');
create type duplicate_rule as enum ('refuse', 'flag', 'accept');
create type lead_mails as enum ('none', 'outcomes', 'every');
create type stage_colour as enum ('grey', 'blue', 'purple', 'amber', 'green', 'red');
create type lead_event_kind as enum
    ('submitted', 'edited', 'moved', 'assigned', 'withdrawn', 'deal_value', 'customer', 'attached');

-- Of which stages of its leads a partner gets mails.
alter table notification_settings add column on_lead lead_mails not null default 'outcomes';

create table lead_settings (
    program_id uuid primary key references programs,
    -- What partners may do.
    submission boolean not null default true,
    importing boolean not null default false,
    -- By what a lead is known again, how long, among whose, and what follows.
    duplicate_by lead_key[] not null default '{email}',
    duplicate_days integer not null default 90 check (duplicate_days between 1 and 3650),
    duplicate_scope duplicate_scope not null default 'partner',
    duplicate_rule duplicate_rule not null default 'refuse',
    -- For partners, in words: what makes a good lead.
    good_lead text not null default ''
);
insert into lead_settings (program_id) select id from programs;

alter table lead_groups
    -- For partners, in words: which leads belong here.
    add column description text not null default '',
    -- The form in force; earlier versions stay.
    add column version integer not null default 1,
    add column position integer not null default 0,
    -- Takes no further leads.
    add column closed_at timestamptz,
    add constraint lead_groups_default_open check (not (is_default and closed_at is not null));
create unique index lead_groups_by_name on lead_groups (program_id, lower(name));

-- A lead form of a group, in every version there was: old leads are read with the one they were filled in on.
create table lead_forms (
    program_id uuid not null,
    group_id uuid not null,
    version integer not null check (version >= 1),
    -- A domain::leads::LeadForm.
    form jsonb not null,
    created_by uuid references accounts,
    created_at timestamptz not null,
    primary key (program_id, group_id, version),
    foreign key (program_id, group_id) references lead_groups
);
insert into lead_forms (program_id, group_id, version, form, created_at)
select program_id, id, 1, '{"name": "optional", "fields": []}', created_at from lead_groups;
alter table lead_groups add foreign key (program_id, id, version) references lead_forms (program_id, group_id, version)
    deferrable initially deferred;

create table lead_stages (
    program_id uuid not null references programs,
    id uuid not null,
    name text not null check (name <> ''),
    kind lead_stage not null,
    colour stage_colour not null default 'grey',
    position integer not null,
    -- Whether a move here needs a reason, which the partner sees.
    needs_reason boolean not null default false,
    -- For the partner, in words: what happens next.
    next_step text not null default '',
    -- No lead is there any more, nor moves there; its name stays for what happened.
    archived_at timestamptz,
    created_at timestamptz not null,
    primary key (program_id, id)
);
create unique index lead_stages_by_name on lead_stages (program_id, lower(name)) where archived_at is null;

-- From which stage to which a lead may move.
create table lead_moves (
    program_id uuid not null,
    from_id uuid not null,
    to_id uuid not null check (to_id <> from_id),
    primary key (program_id, from_id, to_id),
    foreign key (program_id, from_id) references lead_stages,
    foreign key (program_id, to_id) references lead_stages
);
insert into lead_stages (program_id, id, name, kind, colour, position, needs_reason, created_at)
select p.id, gen_random_uuid(), s.name, s.kind::lead_stage, s.colour::stage_colour, s.position, s.kind in ('unqualified', 'closed_lost'), p.created_at
from programs p cross join (values
    ('New', 'new', 'grey', 0), ('Qualified', 'qualified', 'blue', 1), ('Unqualified', 'unqualified', 'amber', 2),
    ('Closed Won', 'closed_won', 'green', 3), ('Closed Lost', 'closed_lost', 'red', 4)) as s (name, kind, colour, position);
insert into lead_moves (program_id, from_id, to_id)
select f.program_id, f.id, t.id from lead_stages f join lead_stages t on t.program_id = f.program_id and t.id <> f.id;

alter table leads
    add column stage_id uuid,
    -- With which version of its group's form it was filled in.
    add column form_version integer not null default 1,
    -- By the keys of the form's fields, each as domain::leads writes it.
    add column answers jsonb not null default '{}',
    -- As they are compared; empty where there is none, or once it is erased.
    add column phone_key text not null default '',
    add column domain_key text not null default '',
    -- Who of the team works it.
    add column assignee_id uuid references accounts,
    add column deal_value numeric check (deal_value >= 0),
    -- The reason given at the last move.
    add column reason text not null default '',
    -- When anything about it changed.
    add column updated_at timestamptz,
    -- The lead that it repeats, where duplicates are flagged.
    add column duplicate_of uuid,
    -- Taken back by its partner: nobody works it any more.
    add column withdrawn_at timestamptz,
    add column erased_at timestamptz,
    add constraint leads_duplicate_of foreign key (program_id, duplicate_of) references leads (program_id, id);
update leads l set updated_at = stage_at,
    domain_key = '',
    stage_id = (select id from lead_stages s where s.program_id = l.program_id and s.kind = l.stage);
alter table leads
    alter column stage_id set not null,
    alter column updated_at set not null,
    add foreign key (program_id, stage_id) references lead_stages (program_id, id),
    add foreign key (program_id, group_id, form_version) references lead_forms (program_id, group_id, version);
-- What repeats another is told by lead_keys.
drop index leads_open;
create index leads_by_stage_id on leads (program_id, stage_id, id desc);
create index leads_by_assignee on leads (program_id, assignee_id, id desc) where assignee_id is not null;
create index leads_by_update on leads (program_id, updated_at desc, id desc);
create index leads_by_enrollment_stage on leads (program_id, enrollment_id, stage_id, id desc);
create index leads_duplicates on leads (program_id, id desc) where duplicate_of is not null;

-- By what a lead is known again: the last lead with each e-mail, phone number or company domain, of the program (its id
-- is the scope) or of each partner. Written in the order of its key: of twins at the same instant one waits for the other.
create table lead_keys (
    program_id uuid not null,
    scope_id uuid not null,
    kind lead_key not null,
    key text not null check (key <> ''),
    lead_id uuid not null,
    at timestamptz not null,
    primary key (program_id, scope_id, kind, key),
    foreign key (program_id, lead_id) references leads
);
create index lead_keys_by_lead on lead_keys (program_id, lead_id);
insert into lead_keys (program_id, scope_id, kind, key, lead_id, at)
select distinct on (program_id, enrollment_id, email_key) program_id, enrollment_id, 'email', email_key, id, created_at
from leads where email_key <> '' order by program_id, enrollment_id, email_key, id desc;

-- The history of a lead.
create table lead_events (
    program_id uuid not null,
    lead_id uuid not null,
    id uuid not null,
    at timestamptz not null,
    kind lead_event_kind not null,
    -- Who did it; neither: Tributary, or a program through the API.
    account_id uuid references accounts,
    by_partner boolean not null default false,
    from_stage_id uuid,
    to_stage_id uuid,
    -- For the partner too.
    reason text not null default '',
    -- What else is told of it: a domain::leads::EventDetails.
    details jsonb not null default '{}',
    primary key (program_id, lead_id, id),
    foreign key (program_id, lead_id) references leads,
    foreign key (program_id, from_stage_id) references lead_stages (program_id, id),
    foreign key (program_id, to_stage_id) references lead_stages (program_id, id)
);

-- What the team notes of a lead, for itself.
create table lead_notes (
    program_id uuid not null,
    lead_id uuid not null,
    id uuid not null,
    account_id uuid references accounts,
    note text not null,
    created_at timestamptz not null,
    primary key (program_id, lead_id, id),
    foreign key (program_id, lead_id) references leads
);

create table lead_tasks (
    program_id uuid not null,
    id uuid not null,
    lead_id uuid not null,
    task text not null check (task <> ''),
    -- A day in the program's time zone.
    due_on date,
    assignee_id uuid references accounts,
    created_by uuid references accounts,
    created_at timestamptz not null,
    done_at timestamptz,
    primary key (program_id, id),
    foreign key (program_id, lead_id) references leads
);
create index lead_tasks_by_lead on lead_tasks (program_id, lead_id, id);
create index lead_tasks_open on lead_tasks (program_id, due_on, id) where done_at is null;

-- What somebody agreed to when a lead was filled in, as evidence: never changed, only blanked.
create table lead_consents (
    program_id uuid not null,
    lead_id uuid not null,
    -- The form's field, and its text then.
    field text not null,
    form_version integer not null,
    body text not null,
    given_at timestamptz not null,
    -- From where; empty where it isn't known.
    ip text not null default '',
    primary key (program_id, lead_id, field, given_at),
    foreign key (program_id, lead_id) references leads
);

-- Files that its partner or the team attached to a lead.
alter type file_purpose add value 'lead';
create table lead_files (
    program_id uuid not null,
    lead_id uuid not null,
    file_id uuid not null,
    account_id uuid references accounts,
    by_partner boolean not null default false,
    created_at timestamptz not null,
    primary key (program_id, lead_id, file_id),
    foreign key (program_id, lead_id) references leads,
    foreign key (program_id, file_id) references files
);
create index lead_files_by_file on lead_files (program_id, file_id);

-- The page of leads has another word.
update portals set
    hidden_affiliate = array_replace(hidden_affiliate, 'lead-tracking', 'leads'),
    hidden_introducer = array_replace(hidden_introducer, 'lead-tracking', 'leads'),
    hidden_buyer = array_replace(hidden_buyer, 'lead-tracking', 'leads');
