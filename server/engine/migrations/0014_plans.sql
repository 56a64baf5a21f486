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
