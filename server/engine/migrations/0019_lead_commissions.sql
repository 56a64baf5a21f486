-- Commissions of leads: what becomes of a lead earns for its partner, without a customer or a referral.
alter table commissions
    -- The lead; null for a sign-up or a sale.
    add column lead_id uuid,
    alter column referral_id drop not null,
    alter column customer_id drop not null,
    add foreign key (program_id, lead_id) references leads (program_id, id),
    add constraint commissions_of_whom check (
        case when lead_id is null then referral_id is not null and customer_id is not null
             else referral_id is null and customer_id is null and sale_id is null and cause_id = lead_id end);
create index commissions_by_lead on commissions (program_id, lead_id) where lead_id is not null;

-- What was reckoned when a lead was qualified or won, whether anything was earned or not.
create table lead_earnings (
    program_id uuid not null,
    lead_id uuid not null,
    trigger trigger_kind not null,
    -- The partner's terms as they stood: a list of domain::offers::Terms.
    terms jsonb not null,
    why jsonb not null,
    -- When it was reckoned last.
    at timestamptz not null,
    primary key (program_id, lead_id, trigger),
    foreign key (program_id, lead_id) references leads (program_id, id)
);

-- Whether every sale of a customer was refunded in full: it has signed up again, and paid nothing.
alter table customers add column refunded boolean not null default false;
update customers c set refunded = true
where c.first_sale_at is not null
  and not exists (select from sales s
                  where s.program_id = c.program_id and s.customer_id = c.id
                    and s.amount > (select coalesce(sum(r.amount), 0) from refunds r
                                    where r.program_id = s.program_id and r.sale_id = s.id));

-- A partner's customers are listed with the won leads of whom nobody has signed up yet.
create index leads_won_alone on leads (program_id, enrollment_id, id desc)
    where stage = 'closed_won' and customer_id is null and withdrawn_at is null;
