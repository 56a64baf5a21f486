create table links (
    program_id uuid not null,
    id uuid not null,
    enrollment_id uuid not null,
    -- The code as it is written now.
    code text not null,
    name text not null default '',
    destination text not null,
    -- The partner's first link, which bears the partner's code.
    is_default boolean not null default false,
    created_at timestamptz not null,
    disabled_at timestamptz,
    primary key (program_id, id),
    foreign key (program_id, enrollment_id) references enrollments
);
create index links_by_enrollment on links (program_id, enrollment_id, id);
create unique index links_one_default on links (program_id, enrollment_id) where is_default;

-- Codes present and past: an old code still leads on.
create table link_codes (
    program_id uuid not null,
    code_key text not null check (code_key = lower(code_key)),
    link_id uuid not null,
    primary key (program_id, code_key),
    foreign key (program_id, link_id) references links
);
create index link_codes_by_link on link_codes (program_id, link_id);

-- Tells every server process that a link, its partner's standing or its program has changed, as
-- `{program} link {id}`, `{program} partner {id}` or `{program}`: it reads that again.
create function notify_links() returns trigger language plpgsql as $$
begin
    perform pg_notify('links', concat_ws(' ', new.program_id, tg_argv[0], to_jsonb(new) ->> tg_argv[1]));
    return null;
end $$;
create trigger link_changed after insert or update on links
    for each row execute function notify_links('link', 'id');
create trigger link_code_changed after insert or update on link_codes
    for each row execute function notify_links('link', 'link_id');
create trigger enrollment_changed after update of status on enrollments for each row
    when (old.status is distinct from new.status) execute function notify_links('partner', 'id');
create function notify_program() returns trigger language plpgsql as $$
begin
    perform pg_notify('links', new.id::text);
    return null;
end $$;
create trigger program_changed after insert or update on programs for each row execute function notify_program();

-- The time of a click is the time in its id. No foreign keys: old partitions can go.
create table clicks (
    program_id uuid not null,
    clicked_at timestamptz not null,
    id uuid not null,
    link_id uuid not null,
    enrollment_id uuid not null,
    -- The first on that link that day by the visitor's cookies alone: an approximation.
    is_unique boolean not null,
    -- Where it led.
    target text not null,
    referrer text not null default '',
    sub_id text not null default '',
    country text not null default '',
    -- Keyed hash; blanked after 90 days.
    ip_hash bytea,
    primary key (program_id, clicked_at, id)
) partition by range (clicked_at);
-- What the job that blanks hashes has still to do, over all programs: a click leaves it when its hash is blanked.
create index clicks_with_ip_hash on clicks (clicked_at) where ip_hash is not null;
-- Whatever no month's partition takes; the job that makes partitions keeps it empty.
create table clicks_default partition of clicks default;

-- Makes the partition of a month (its first day, in UTC) where it is missing, with what the default one has of it.
create function ensure_clicks_month(month date) returns void language plpgsql as $$
declare
    name text := to_char(month, '"clicks_"YYYY_MM');
    starts timestamptz := month::timestamp at time zone 'UTC';
    ends timestamptz := (month + interval '1 month') at time zone 'UTC';
begin
    perform pg_advisory_xact_lock(hashtext('ensure_clicks_month'));
    if to_regclass(name) is not null then
        return;
    end if;
    -- No click may slip into the default partition between the move and the attachment.
    lock table clicks_default in access exclusive mode;
    execute format('create table %I (like clicks including all)', name);
    execute format('with moved as (delete from clicks_default where clicked_at >= %L and clicked_at < %L returning *)
                    insert into %I select * from moved', starts, ends, name);
    execute format('alter table clicks attach partition %I for values from (%L) to (%L)', name, starts, ends);
end $$;

create table click_days (
    program_id uuid not null,
    link_id uuid not null,
    -- In the program's time zone.
    day date not null,
    enrollment_id uuid not null,
    clicks bigint not null,
    unique_clicks bigint not null,
    primary key (program_id, link_id, day),
    foreign key (program_id, link_id) references links
) with (fillfactor = 70);
create index click_days_by_enrollment on click_days (program_id, enrollment_id, day);
-- The program's clicks by day: rows are written in the order of days, and this index costs a click next to nothing.
create index click_days_by_day on click_days using brin (day) with (pages_per_range = 32);
