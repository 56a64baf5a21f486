-- The rest of the partner center.

-- What a remittance advice names: who pays, and where the money went.
alter table organizations
    -- Of several lines.
    add column address text not null default '';

alter table payments
    -- The payout details then, masked.
    add column masked text not null default '';

-- Whether the team has put the steps of a new program away.
alter table programs add column checklist_hidden boolean not null default false;
-- A program that has partners is past them.
update programs set checklist_hidden = true where exists (select from enrollments where program_id = programs.id);

-- What the team sets up of the portal besides: a host of its own for links, words for single places to share on, where
-- partners write to, and which terms present partners are asked to accept.
alter table portals
    -- The host that the team wants for links. It counts (programs.link_domain) once it was found to lead here.
    add column link_host text not null default '',
    -- When that was last looked at, and what stood in the way; empty: nothing.
    add column link_host_checked_at timestamptz,
    add column link_host_trouble text not null default '',
    -- Words for single places, which win over share_text: a domain::portal::Sharing.
    add column share_texts jsonb not null default '{}',
    -- Where partners reach the team; empty: nowhere.
    add column contact_email text not null default '';
update portals o set link_host = p.link_domain from programs p where p.id = o.program_id and p.link_domain <> '';

-- Whether those who were partners already are asked to accept the version.
alter table terms_versions add column ask_partners boolean not null default true;

-- The version of the terms in force, for each partner that has yet to accept it: none has accepted as much as it was
-- asked to, or as was in force when it became a partner.
create view terms_due as
select e.program_id, e.id as enrollment_id, t.version
from enrollments e
join lateral (
    select version, body from terms_versions
    where program_id = e.program_id order by version desc limit 1
) t on t.body <> ''
where exists (
    select from terms_versions v
    where v.program_id = e.program_id and v.body <> '' and (v.ask_partners or v.published_at <= e.created_at)
      and not exists (
          select from terms_acceptances x
          where x.program_id = e.program_id and x.enrollment_id = e.id and x.version >= v.version));

-- A partner's leads that the team has judged, the latest first: among the latest events of its dashboard.
create index leads_by_outcome on leads (program_id, enrollment_id, stage_at desc, id desc) where stage <> 'new';

-- Lists that begin with the largest. The indexes by partner also answer what a partner's sales come to, for tiers.
create index sales_by_amount on sales (program_id, amount desc, id desc);
create index sales_amounts_by_enrollment on sales (program_id, enrollment_id, amount desc, id desc);
create index commissions_by_amount on commissions (program_id, amount desc, id desc);
create index commissions_amounts_by_enrollment on commissions (program_id, enrollment_id, amount desc, id desc);
-- What a link's referrals have earned.
drop index commissions_by_referral;
create index commissions_by_referral on commissions (program_id, referral_id) include (amount);
-- Partners by the name that lists show.
create index enrollments_by_name on enrollments (program_id, lower(coalesce(nullif(name, ''), company)), id);

-- How often it was shown in all: the sum of its asset_days, kept with them.
alter table assets add column views bigint not null default 0 check (views >= 0);
update assets a set views = d.views
from (select program_id, asset_id, sum(views) as views from asset_days group by program_id, asset_id) d
where d.program_id = a.program_id and d.asset_id = a.id;

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

-- Work on more partners than a request has time for: a job does it piece by piece, each in a transaction of its own.
create table partner_jobs (
    program_id uuid not null references programs,
    id uuid not null,
    -- What is done: an engine::partners::job::Task.
    task jsonb not null,
    total bigint not null,
    done bigint not null default 0,
    left_out bigint not null default 0,
    account_id uuid references accounts,
    created_at timestamptz not null,
    finished_at timestamptz,
    primary key (program_id, id)
);

-- What is still to be done, and what was left out. What is done is gone.
create table partner_job_rows (
    program_id uuid not null,
    job_id uuid not null,
    position bigint not null,
    -- The partner, or the row of a file: its line, and what stands in it.
    enrollment_id uuid,
    line bigint,
    record jsonb,
    -- Why it was left out; empty: it waits.
    problem text not null default '',
    primary key (program_id, job_id, position),
    foreign key (program_id, job_id) references partner_jobs on delete cascade,
    foreign key (program_id, enrollment_id) references enrollments
);
