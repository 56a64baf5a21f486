//! What a company's developers see: API keys.

use crate::accounts::Scope;
use crate::ids::ApiKeyId;
use crate::partners::PartnerName;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

/// An API key in the list: never the key itself.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ApiKey {
    /// Its id.
    pub id: ApiKeyId,
    /// What it is for, by the person who made it.
    pub name: String,
    /// What it may be used for.
    pub scopes: Vec<Scope>,
    /// The one partner whose leads it submits.
    pub partner: Option<PartnerName>,
    /// Its first characters, by which people tell keys apart.
    pub prefix: String,
    /// Who made it; empty where the command line did.
    pub created_by: String,
    /// When it was made, UTC.
    pub created_at: DateTime<Utc>,
    /// When it was last used, UTC, to the hour or so.
    pub last_used_at: Option<DateTime<Utc>>,
    /// When it was revoked, UTC.
    pub revoked_at: Option<DateTime<Utc>>,
}

/// An API key to make.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct NewApiKey {
    /// What it is for.
    pub name: String,
    /// What it may be used for; at least one.
    #[serde(default)]
    pub scopes: Vec<Scope>,
    /// The code of the partner whose leads it submits; for `submit`, and for that alone.
    #[serde(default)]
    pub partner_code: String,
}

/// A key just made: the only time that it is seen.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MadeApiKey {
    /// Its id.
    pub id: ApiKeyId,
    /// The key.
    pub key: String,
    /// What it may do.
    pub scopes: Vec<Scope>,
}
