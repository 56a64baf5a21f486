-- Ten million entries of a program with 100,000 partners: for each partner and month three commissions, in closed months due
-- at once and paid in the month after, but for the last one's; in the running month two of three are on hold.
--
-- Triggers and foreign keys sleep: what they would keep is filled by set. Commissions whose entries were paid are left away:
-- nothing that is measured reads them. `:program` is the program.
set session_replication_role = replica;
set synchronous_commit = off;
set work_mem = '256MB';
set maintenance_work_mem = '1GB';

-- Ids that begin with their time, as ours do.
create function bench_id(at timestamptz, n bigint) returns uuid language sql stable parallel safe as $$
    select (lpad(to_hex((extract(epoch from at) * 1000)::bigint), 12, '0') || '70008' || lpad(to_hex(n), 15, '0'))::uuid
$$;
create function bench_amount(n bigint, i int, k int) returns numeric language sql immutable parallel safe as $$
    select 20.25 + (n * 7 + i * 5 + k * 13) % 40
$$;

-- Indexes are made anew at the end, which is quicker.
create table bench_indexes as
select indexrelid::regclass::text as name, pg_get_indexdef(indexrelid) as definition from pg_index
where not indisunique
  and indrelid = any ('{entries,journals,commissions,payments,payment_items,ledger_months,statements}'::regclass[]);
do $$ declare found text; begin
    for found in select name from bench_indexes loop execute 'drop index ' || found; end loop;
end $$;

-- The demo's story may have begun late.
insert into periods (program_id, month, starts_at, ends_at, time_zone, closed_at)
select g.id, m::date, m at time zone g.time_zone, ends, g.time_zone, case when ends <= now() then ends end
from programs g
cross join generate_series(date_trunc('month', now() at time zone g.time_zone) - interval '12 months',
                           date_trunc('month', now() at time zone g.time_zone), interval '1 month') as m
cross join lateral (select (m + interval '1 month') at time zone g.time_zone as ends) e
where g.id = :program on conflict do nothing;

create table bench_months as
select row_number() over (order by month)::int - 1 as i, month, starts_at, least(ends_at, now()) as ends_at
from periods where program_id = :program and starts_at < now();

create table bench_partners as
select row_number() over (order by id) as n, id as enrollment_id, created_at
from enrollments where program_id = :program and code like 'partner-%';

-- What happens, in the order of time: k is 0 for payments.
create unlogged table bench_events as
select *, bench_id(at, seq) as id
from (
    select row_number() over (order by at, n) as seq, *
    from (
        select n, enrollment_id, i, month, k, 'commission'::journal_kind as kind,
               date_trunc('milliseconds', starts_at + (ends_at - starts_at)
                          * ((n * 7919 + k * 333331) % 1000000 / 1000000.0)::float8) as at,
               'commission_expense'::ledger_account as source,
               (case when i = 12 and k > 1 then 'held' else 'payable' end)::ledger_account as target,
               bench_amount(n, i, k) as amount
        from bench_partners cross join bench_months cross join generate_series(1, 3) as k
        union all
        select n, enrollment_id, i, month, 0, 'payment', starts_at + interval '106 hours', 'payable', 'paid_out',
               bench_amount(n, i - 1, 1) + bench_amount(n, i - 1, 2) + bench_amount(n, i - 1, 3)
        from bench_partners cross join bench_months where i between 1 and 11
    ) e
) e;
analyze bench_events;

insert into customers (program_id, id, external_id, signed_up_at, created_at, enrollment_id)
select :program, enrollment_id, 'bench-' || n, created_at, created_at, enrollment_id from bench_partners;
insert into referrals (program_id, id, customer_id, enrollment_id, source, terms, why, attributed_at, created_at)
select :program, enrollment_id, enrollment_id, enrollment_id, 'partner_code', '[]', '[]', created_at, created_at
from bench_partners;
-- No hold ends meanwhile.
insert into commissions (program_id, id, enrollment_id, referral_id, customer_id, trigger, cause_id, offer_id, offer_version,
                         reward, amount, currency, status, why, occurred_at, available_at, created_at)
select :program, e.id, enrollment_id, enrollment_id, enrollment_id, 'sign_up', e.id, o.id, o.version, 0, amount, 'USD',
       (case target when 'held' then 'held' else 'due' end)::commission_status, '[]', at,
       at + case target when 'held' then interval '60 days' else interval '0' end, at
from bench_events e
cross join (select id, version from offers where program_id = :program order by id limit 1) o
where k > 0 and i >= 11;

insert into payment_batches (program_id, id, code, code_key, payment_date, created_at)
select :program, bench_id(at, i), 'Bench-' || i, 'bench-' || i, month + 4, at
from (select distinct i, month, at from bench_events where k = 0) b;
insert into payments (program_id, id, batch_id, enrollment_id, amount, currency, method, method_kind, status, why, created_at)
select :program, id, bench_id(at, i), enrollment_id, amount, 'USD', 'PayPal', 'paypal', 'confirmed', '[]', at
from bench_events where k = 0;

insert into journals (program_id, id, kind, idempotency_key, commission_id, payment_id, occurred_at, posted_at)
select :program, id, kind, kind::text || ':' || id, case when k > 0 and i >= 11 then id end, case when k = 0 then id end,
       at, at
from bench_events;
insert into entries (program_id, id, journal_id, account, enrollment_id, amount, currency, posted_at)
select :program, bench_id(e.at, e.seq * 2 + s.side), e.id, s.account,
       case when s.account in ('held', 'payable') then e.enrollment_id end, s.amount, 'USD', e.at
from bench_events e
cross join lateral (values (0, e.source, -e.amount), (1, e.target, e.amount)) as s (side, account, amount);

insert into payment_items (program_id, entry_id, payment_id)
select :program, bench_id(c.at, c.seq * 2 + 1), p.id
from bench_events c join bench_events p on p.n = c.n and p.i = c.i + 1 and p.k = 0
where c.k > 0;
insert into open_entries (program_id, entry_id, enrollment_id, amount, posted_at, kind, commission_id)
select :program, bench_id(at, seq * 2 + 1), enrollment_id, amount, at, kind, id
from bench_events where k > 0 and i >= 11 and target = 'payable';

-- By month, as they fill in time.
insert into ledger_months (program_id, enrollment_id, account, month, kind, amount)
select :program, enrollment_id, account, month, kind, sum(amount)
from (
    select enrollment_id, target as account, month, kind, amount from bench_events where k > 0
    union all
    select enrollment_id, source, month, kind, -amount from bench_events where k = 0
) m
group by month, enrollment_id, account, kind order by month, enrollment_id;
insert into statements (program_id, month, enrollment_id, opening, commissions, clawbacks, adjustments, payments, closing, held)
select :program, month, enrollment_id, closing - commissions - payments, commissions, 0, 0, payments, closing, 0
from (
    select *, sum(commissions + payments) over (partition by enrollment_id order by month) as closing
    from (
        select enrollment_id, month, sum(case when k > 0 then amount else 0 end) as commissions,
               sum(case when k = 0 then -amount else 0 end) as payments
        from bench_events where i < 12 group by enrollment_id, month
    ) m
) m
order by month, enrollment_id;
-- Beside what the story froze.
insert into trial_balances as t (program_id, month, account, balance)
select :program, p.month, a.account, coalesce(sum(m.amount), 0)
from bench_months p
cross join unnest(enum_range(null::ledger_account)) as a (account)
left join (
    select source as account, month, sum(-amount) as amount from bench_events group by 1, 2
    union all
    select target, month, sum(amount) from bench_events group by 1, 2
) m on m.account = a.account and m.month <= p.month
where p.i < 12 group by p.month, a.account
on conflict (program_id, month, account) do update set balance = t.balance + excluded.balance;

do $$ declare found text; begin
    for found in select definition from bench_indexes loop execute found; end loop;
end $$;
