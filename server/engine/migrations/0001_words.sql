-- The closed words of the vocabulary, as in `domain`.
create type role as enum ('owner', 'manager', 'finance', 'viewer');
create type scope as enum ('track', 'read', 'manage');
create type click_model as enum ('first', 'last');
create type self_referral_rule as enum ('refuse', 'review', 'allow');
create type enrollment_status as enum ('pending', 'active', 'paused', 'banned', 'declined');
create type referral_source as enum ('manual', 'promo_code', 'partner_code', 'lead', 'click', 'cookie');
create type trigger_kind as enum ('sign_up', 'sale');
create type commission_status as enum ('review', 'held', 'due', 'paid', 'reversed');
create type journal_kind as enum ('commission', 'hold_end', 'clawback', 'adjustment', 'payment', 'payment_failed', 'opening_balance');
create type ledger_account as enum ('held', 'payable', 'commission_expense', 'paid_out', 'opening_balances');
create type payment_status as enum ('paid', 'failed', 'cancelled');
