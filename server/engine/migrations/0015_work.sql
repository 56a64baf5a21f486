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
