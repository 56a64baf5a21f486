-- The types of a group's leads, and how they are referred to buyers.
create type referral_method as enum ('immediately', 'manually', 'appointment', 'transfer');
create type selection_rule as enum ('priority', 'longest_waiting', 'round_robin', 'weighted', 'highest_price');

create table lead_types (
    program_id uuid not null,
    id uuid not null,
    group_id uuid not null,
    name text not null check (name <> ''),
    method referral_method not null,
    -- What a buyer pays that has chosen it by itself.
    default_price numeric not null check (default_price >= 0),
    -- To how many buyers one lead is referred at the most.
    scope integer not null check (scope between 1 and 20),
    self_service boolean not null,
    needs_authorisation boolean not null,
    duplicate_days integer not null check (duplicate_days >= 0),
    selection selection_rule not null,
    wait_hours integer not null check (wait_hours > 0),
    -- Takes no further leads.
    closed_at timestamptz,
    created_at timestamptz not null,
    primary key (program_id, id),
    -- So that a lead is of a type of its own group.
    unique (program_id, group_id, id),
    foreign key (program_id, group_id) references lead_groups
);
create unique index lead_types_by_name on lead_types (program_id, group_id, lower(name));

alter table leads
    add column lead_type_id uuid,
    add foreign key (program_id, group_id, lead_type_id) references lead_types (program_id, group_id, id);
create index leads_by_type on leads (program_id, lead_type_id, id desc) where lead_type_id is not null;
