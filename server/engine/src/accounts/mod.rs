//! Accounts: signing in, sessions, the second factor, who may act where, and the team.

mod actors;
pub mod email;
mod password;
mod reset;
pub mod see_as;
mod sessions;
pub mod setup;
pub mod sign_in_links;
pub mod team;
pub(crate) mod tokens;
mod totp;

pub use actors::{Which, admin_actor, partner_actor, places};
pub(crate) use password::hash_chosen;
pub use password::hash_password;
pub(crate) use reset::set_password;
pub use reset::{change_password, request_password_reset, reset_password, reset_token_holds};
pub use sessions::{
    SignIn, SignedIn, confirm_again, require_confirmed, second_factor, second_factor_due, session, settings, sign_in,
    sign_out, sign_out_everywhere, update,
};
pub(crate) use sessions::{account_of, check_password};
pub(crate) use team::members_who_may;
pub use totp::{begin_totp, confirm_totp, disable_totp, new_recovery_codes};

#[cfg(test)]
pub(crate) mod tests;
