-- Conversations between a partner and the program's team: about a lead, or in general.
alter type file_purpose add value 'message';
alter table notification_settings add column on_message boolean not null default true;

create table conversations (
    program_id uuid not null references programs,
    id uuid not null,
    enrollment_id uuid not null,
    -- What it is about; one that is about a lead has no subject of its own.
    lead_id uuid,
    subject text not null default '',
    -- Who of the team answers.
    assignee_id uuid references accounts,
    -- When each side has written last.
    partner_at timestamptz,
    team_at timestamptz,
    last_at timestamptz not null,
    -- Up to when the partner has read, and when it was mailed last.
    partner_read_at timestamptz,
    partner_mailed_at timestamptz,
    created_at timestamptz not null,
    primary key (program_id, id),
    foreign key (program_id, enrollment_id) references enrollments,
    foreign key (program_id, lead_id) references leads
);
create unique index conversations_by_lead on conversations (program_id, lead_id) where lead_id is not null;
create index conversations_by_enrollment on conversations (program_id, enrollment_id, last_at desc, id desc);
create index conversations_latest on conversations (program_id, last_at desc, id desc);
create index conversations_written_to on conversations (program_id, partner_at);
create index conversations_by_assignee on conversations (program_id, assignee_id, last_at desc, id desc);

create table conversation_messages (
    program_id uuid not null,
    conversation_id uuid not null,
    -- The form's own: what is pressed twice is written once.
    id uuid not null,
    account_id uuid references accounts,
    by_partner boolean not null,
    body text not null,
    file_id uuid,
    created_at timestamptz not null,
    primary key (program_id, conversation_id, id),
    foreign key (program_id, conversation_id) references conversations,
    foreign key (program_id, file_id) references files
);
create index conversation_messages_in_order on conversation_messages (program_id, conversation_id, created_at desc, id desc);
create index conversation_messages_by_file on conversation_messages (program_id, file_id) where file_id is not null;
create index conversation_messages_words on conversation_messages using gin (to_tsvector('simple', body));

-- Up to when each member of the team has read, and when they were mailed last.
create table conversation_readers (
    program_id uuid not null,
    conversation_id uuid not null,
    account_id uuid not null references accounts,
    read_at timestamptz,
    mailed_at timestamptz,
    primary key (program_id, conversation_id, account_id),
    foreign key (program_id, conversation_id) references conversations
);

-- Answers that the team gives often.
create table saved_replies (
    program_id uuid not null references programs,
    id uuid not null,
    name text not null check (name <> ''),
    body text not null,
    created_at timestamptz not null,
    primary key (program_id, id)
);
create unique index saved_replies_by_name on saved_replies (program_id, lower(name));
