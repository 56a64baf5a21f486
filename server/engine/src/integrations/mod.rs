//! What a company's own systems use: API keys.

pub mod answers;
pub mod api_keys;
