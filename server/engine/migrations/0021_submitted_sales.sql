-- Sales that partners submit; approved by the team, each becomes a sale like any other.
create type submitted_sale_status as enum ('new', 'approved', 'declined', 'withdrawn');
alter type file_purpose add value 'sale';
alter table lead_settings add column sales boolean not null default false;

create table submitted_sales (
    program_id uuid not null references programs,
    id uuid not null,
    enrollment_id uuid not null,
    -- The customer, as the partner tells it.
    email text not null,
    name text not null,
    amount numeric not null check (amount > 0),
    currency text not null,
    -- In the program's time zone.
    sold_on date not null,
    product text not null default '',
    invoice_id text not null default '',
    note text not null default '',
    -- The proof; null once the personal data was erased.
    file_id uuid,
    status submitted_sale_status not null default 'new',
    -- Why it was declined, for the partner.
    reason text not null default '',
    sale_id uuid,
    judged_by uuid references accounts,
    judged_at timestamptz,
    erased_at timestamptz,
    created_at timestamptz not null,
    primary key (program_id, id),
    foreign key (program_id, enrollment_id) references enrollments,
    foreign key (program_id, file_id) references files,
    foreign key (program_id, sale_id) references sales,
    check ((status = 'approved') = (sale_id is not null)),
    check ((file_id is null) = (erased_at is not null))
);
create index submitted_sales_by_enrollment on submitted_sales (program_id, enrollment_id, id desc);
create index submitted_sales_waiting on submitted_sales (program_id, id) where status = 'new';
create unique index submitted_sales_by_sale on submitted_sales (program_id, sale_id) where sale_id is not null;
create index submitted_sales_by_file on submitted_sales (program_id, file_id);
create index submitted_sales_by_email on submitted_sales (program_id, lower(email));
