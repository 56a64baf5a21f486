-- What a remittance advice names: who pays, and where the money went.
alter table organizations
    -- Of several lines.
    add column address text not null default '';

alter table payments
    -- The payout details then, masked.
    add column masked text not null default '';
