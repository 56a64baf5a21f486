-- Uploaded files, what the team gives its partners to share, links of one's own making, and images of the brand.
create type file_purpose as enum ('asset', 'logo', 'favicon', 'photo');
create type asset_kind as enum ('banner', 'email', 'social', 'page', 'file');

-- What is known of an uploaded file; its bytes lie in the store, under program and id. A row is made before its bytes
-- are, and goes after them: so the store holds nothing that is not here.
create table files (
    program_id uuid not null references programs,
    id uuid not null,
    purpose file_purpose not null,
    name text not null check (name <> ''),
    content_type text not null,
    bytes bigint not null check (bytes >= 0),
    sha256 bytea not null,
    -- Of images.
    width integer check (width > 0),
    height integer check (height > 0),
    created_at timestamptz not null,
    primary key (program_id, id),
    check ((width is null) = (height is null))
);
-- Those that nothing uses are sought among the old ones.
create index files_by_time on files (created_at);

create table assets (
    program_id uuid not null references programs,
    id uuid not null,
    kind asset_kind not null,
    name text not null check (name <> ''),
    -- ISO 639-1, or empty: for all.
    language text not null default '' check (language ~ '^([a-z]{2})?$'),
    -- Of e-mail copy.
    subject text not null default '',
    -- Text with merge fields; of a page, Markdown.
    body text not null default '',
    file_id uuid,
    -- The page of the program's site that a banner leads to; empty: where the link leads.
    destination text not null default '',
    -- Among those of its kind.
    position integer not null,
    created_at timestamptz not null,
    archived_at timestamptz,
    primary key (program_id, id),
    foreign key (program_id, file_id) references files (program_id, id),
    check (kind not in ('banner', 'file') or file_id is not null)
);
create index assets_in_order on assets (program_id, (archived_at is not null), kind, position, id);
create index assets_by_file on assets (program_id, file_id) where file_id is not null;

-- The groups of partners that see an asset; none: all partners do.
create table asset_groups (
    program_id uuid not null,
    asset_id uuid not null,
    group_id uuid not null,
    primary key (program_id, asset_id, group_id),
    foreign key (program_id, asset_id) references assets (program_id, id),
    foreign key (program_id, group_id) references partner_groups (program_id, id)
);
create index asset_groups_by_group on asset_groups (program_id, group_id);

-- How often a banner was shown on a partner's pages.
create table asset_days (
    program_id uuid not null,
    asset_id uuid not null,
    enrollment_id uuid not null,
    -- In the program's time zone.
    day date not null,
    views bigint not null check (views > 0),
    primary key (program_id, asset_id, enrollment_id, day),
    foreign key (program_id, asset_id) references assets (program_id, id),
    foreign key (program_id, enrollment_id) references enrollments (program_id, id)
);
create index asset_days_by_enrollment on asset_days (program_id, enrollment_id);

alter table links
    -- The partner's own mark, kept with each click that brings none.
    add column sub_id text not null default '',
    -- domain::links::Utm: what is added to the destination's query.
    add column utm jsonb not null default '{}',
    -- Who switched it off, where it is: what the team did the partner doesn't undo.
    add column disabled_by_team boolean not null default false;

alter table programs
    add column logo_file_id uuid,
    add column favicon_file_id uuid,
    add foreign key (id, logo_file_id) references files (program_id, id),
    add foreign key (id, favicon_file_id) references files (program_id, id);

alter table enrollments
    add column photo_file_id uuid,
    add foreign key (program_id, photo_file_id) references files (program_id, id);
create index enrollments_by_photo on enrollments (program_id, photo_file_id) where photo_file_id is not null;
