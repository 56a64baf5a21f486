//! Programs: their settings and their audit log.

pub mod audit;
