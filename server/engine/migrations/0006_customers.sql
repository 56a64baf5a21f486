create table customers (
    program_id uuid not null references programs,
    id uuid not null,
    -- The company's own id.
    external_id text not null check (external_id <> ''),
    email text not null default '',
    name text not null default '',
    signed_up_at timestamptz,
    -- The earliest sale's occurred_at.
    first_sale_at timestamptz,
    created_at timestamptz not null,
    -- Whose customer it is now: the standing referral's, kept by referral_stands.
    enrollment_id uuid,
    primary key (program_id, id),
    unique (program_id, external_id),
    foreign key (program_id, enrollment_id) references enrollments
);
-- Reports count referred customers by the day on which they signed up and first paid.
create index customers_by_enrollment on customers (program_id, enrollment_id, id);
create index customers_signed_up on customers (program_id, enrollment_id, signed_up_at) where signed_up_at is not null;
create index customers_paid on customers (program_id, enrollment_id, first_sale_at) where first_sale_at is not null;
create index customers_by_sign_up on customers (program_id, signed_up_at) where enrollment_id is not null;
create index customers_by_first_sale on customers (program_id, first_sale_at) where enrollment_id is not null;
create index customers_by_email on customers (program_id, lower(email)) where email <> '';

create table referrals (
    program_id uuid not null,
    id uuid not null,
    customer_id uuid not null,
    enrollment_id uuid not null,
    source referral_source not null,
    -- What is needed of the click, copied: old clicks go.
    click_id uuid,
    clicked_at timestamptz,
    link_id uuid,
    promo_code_id uuid,
    -- The terms as they stood: a list of domain::offers::Terms.
    terms jsonb not null,
    -- Commissions wait for a person, by the self-referral rule.
    review boolean not null default false,
    why jsonb not null,
    -- When the event happened that attributed the customer.
    attributed_at timestamptz not null,
    created_at timestamptz not null,
    -- Set when an admin reassigned the customer.
    ended_at timestamptz,
    primary key (program_id, id),
    foreign key (program_id, customer_id) references customers,
    foreign key (program_id, enrollment_id) references enrollments,
    foreign key (program_id, link_id) references links,
    foreign key (program_id, promo_code_id) references promo_codes
);
create unique index referrals_one_standing on referrals (program_id, customer_id) where ended_at is null;
create index referrals_by_enrollment on referrals (program_id, enrollment_id, attributed_at, id) where ended_at is null;
create index referrals_by_customer on referrals (program_id, customer_id);
create index referrals_by_link on referrals (program_id, link_id);
create index referrals_by_promo_code on referrals (program_id, promo_code_id);

create function referral_stands() returns trigger language plpgsql as $$
begin
    update customers
    set enrollment_id = (select enrollment_id from referrals
                         where program_id = new.program_id and customer_id = new.customer_id and ended_at is null)
    where program_id = new.program_id and id = new.customer_id;
    return null;
end $$;
create trigger referral_stands after insert or update of enrollment_id, ended_at on referrals
    for each row execute function referral_stands();

create table sales (
    program_id uuid not null,
    id uuid not null,
    customer_id uuid not null,
    referral_id uuid,
    -- Copied from the referral: reports by partner and day.
    enrollment_id uuid,
    event_id text not null,
    amount numeric not null check (amount > 0),
    currency text not null,
    product text not null default '',
    invoice_id text not null default '',
    why jsonb not null,
    occurred_at timestamptz not null,
    created_at timestamptz not null,
    primary key (program_id, id),
    unique (program_id, event_id),
    foreign key (program_id, customer_id) references customers,
    foreign key (program_id, referral_id) references referrals,
    foreign key (program_id, enrollment_id) references enrollments
);
create index sales_by_customer on sales (program_id, customer_id, occurred_at);
create index sales_by_enrollment on sales (program_id, enrollment_id, occurred_at);
create index sales_by_time on sales (program_id, occurred_at desc, id desc);
create index sales_by_referral on sales (program_id, referral_id);

create table refunds (
    program_id uuid not null,
    id uuid not null,
    sale_id uuid not null,
    event_id text not null,
    amount numeric not null check (amount > 0),
    reason text not null default '',
    why jsonb not null,
    occurred_at timestamptz not null,
    created_at timestamptz not null,
    primary key (program_id, id),
    unique (program_id, event_id),
    foreign key (program_id, sale_id) references sales
);
create index refunds_by_sale on refunds (program_id, sale_id);
