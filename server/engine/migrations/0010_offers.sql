-- Rewards for leads can be set; they are paid once leads are worked on.
alter type trigger_kind add value 'lead_qualified';
alter type trigger_kind add value 'lead_won';

-- What the program is, for its partners.
alter table programs add description text not null default '';

create table partner_groups (
    program_id uuid not null references programs,
    id uuid not null,
    name text not null check (name <> ''),
    created_at timestamptz not null,
    primary key (program_id, id)
);
create unique index partner_groups_by_name on partner_groups (program_id, lower(name));

-- The offers of a group, in order, with rates of the group's own in the form of enrollment_offers.
create table partner_group_offers (
    program_id uuid not null,
    group_id uuid not null,
    offer_id uuid not null,
    position integer not null,
    overrides jsonb not null default '[]',
    primary key (program_id, group_id, offer_id),
    unique (program_id, group_id, position) deferrable initially deferred,
    foreign key (program_id, group_id) references partner_groups,
    foreign key (program_id, offer_id) references offers
);
create index partner_group_offers_by_offer on partner_group_offers (program_id, offer_id);

alter table enrollments add group_id uuid;
alter table enrollments add foreign key (program_id, group_id) references partner_groups (program_id, id);
create index enrollments_by_group on enrollments (program_id, group_id, id) where group_id is not null;

-- What a partner has, in the order in which it is tried: its group's offers, then its own. An offer that both have
-- stands where the group has it, with both sets of rates.
create view partner_offers as
select e.program_id, e.id as enrollment_id, g.offer_id, true as by_group, g.position,
       n.name as group_name, g.overrides as group_overrides, coalesce(o.overrides, '[]') as overrides
from enrollments e
join partner_groups n on n.program_id = e.program_id and n.id = e.group_id
join partner_group_offers g on g.program_id = e.program_id and g.group_id = e.group_id
left join enrollment_offers o
       on o.program_id = e.program_id and o.enrollment_id = e.id and o.offer_id = g.offer_id
union all
select o.program_id, o.enrollment_id, o.offer_id, false, o.position, '', '[]', o.overrides
from enrollment_offers o
join enrollments e on e.program_id = o.program_id and e.id = o.enrollment_id
where not exists (select from partner_group_offers g
                  where g.program_id = o.program_id and g.group_id = e.group_id and g.offer_id = o.offer_id);
