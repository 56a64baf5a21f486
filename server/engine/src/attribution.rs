//! Attribution: what points to a partner, and the referral that it makes.
