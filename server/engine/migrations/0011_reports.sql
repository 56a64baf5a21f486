-- What a click is counted by, beside its link and day.
create type click_facet as enum ('referrer', 'page', 'country', 'sub_id');

-- The site that a visitor came from: its host without `www.`; empty where it is not known.
create function click_referrer(address text) returns text language sql immutable parallel safe as $$
    select left(coalesce(substring(lower(address) from '^[a-z][a-z0-9+.-]*://(?:[^/?#@]*@)?(?:www\.)?([^/?#:]+)'), ''), 200)
$$;

-- The page that a visitor was sent to: host and path. What a query holds may be personal, and is left out.
create function click_page(address text) returns text language sql immutable parallel safe as $$
    select left(coalesce(substring(address from '^[A-Za-z]+://(?:[^/?#@]*@)?([^?#]+)'), ''), 200)
$$;

-- Clicks by what they have in common, kept by a job: the first 1,000 values of an enrollment's day, and all others as
-- one row.
create table click_tops (
    program_id uuid not null,
    enrollment_id uuid not null,
    -- In the program's time zone.
    day date not null,
    facet click_facet not null,
    other boolean not null default false,
    -- Empty where it is not known, and for the row of the others.
    value text not null,
    clicks bigint not null check (clicks > 0),
    unique_clicks bigint not null check (unique_clicks between 0 and clicks),
    primary key (program_id, enrollment_id, day, facet, other, value),
    check (not other or value = ''),
    foreign key (program_id, enrollment_id) references enrollments
);
-- What the job has done of a day: each click has one country.
create index click_tops_by_day on click_tops (program_id, day, enrollment_id) include (clicks) where facet = 'country';

-- How far the job has come: the day of its last round. Days well before it are done for good.
create table click_rollups (
    program_id uuid not null primary key references programs,
    rolled_to date not null
);

-- A program's refunds by day.
create index refunds_by_time on refunds (program_id, occurred_at);
-- The payments of a whole program, newest first.
create index payments_by_time on payments (program_id, created_at desc, id desc);
