use crate::money::Money;
use crate::time::DayRange;
use crate::words;
use serde::{Deserialize, Serialize};

words! {
    /// What a "Top 10" counts by.
    pub enum TopKind in "top_kind" {
        /// The partner's links.
        Links = "links",
        /// The pages that visitors were sent to.
        Pages = "pages",
        /// The sites that visitors came from.
        Referrers = "referrers",
        /// Their countries.
        Countries = "countries",
        /// The partner's own marks.
        SubIds = "sub_ids",
        /// Customers, by what they paid.
        Customers = "customers",
    }
}

impl TopKind {
    /// In a word or two for people.
    #[must_use]
    pub fn label(self) -> &'static str {
        match self {
            Self::Links => "Links",
            Self::Pages => "Landing pages",
            Self::Referrers => "Referrers",
            Self::Countries => "Countries",
            Self::SubIds => "Sub-ids",
            Self::Customers => "Customers",
        }
    }

    /// What one line stands for.
    #[must_use]
    pub fn singular(self) -> &'static str {
        match self {
            Self::Links => "Link",
            Self::Pages => "Page",
            Self::Referrers => "Referrer",
            Self::Countries => "Country",
            Self::SubIds => "Sub-id",
            Self::Customers => "Customer",
        }
    }

    /// The facet of clicks that it counts by, where it is one.
    #[must_use]
    pub fn facet(self) -> Option<ClickFacet> {
        match self {
            Self::Pages => Some(ClickFacet::Page),
            Self::Referrers => Some(ClickFacet::Referrer),
            Self::Countries => Some(ClickFacet::Country),
            Self::SubIds => Some(ClickFacet::SubId),
            Self::Links | Self::Customers => None,
        }
    }
}

words! {
    /// What a click is counted by, beside its link and day.
    pub enum ClickFacet in "click_facet" {
        /// The site that the visitor came from.
        Referrer = "referrer",
        /// The page that the visitor was sent to.
        Page = "page",
        /// The visitor's country.
        Country = "country",
        /// The partner's own mark.
        SubId = "sub_id",
    }
}

impl ClickFacet {
    /// How clicks are called of which it is not known.
    #[must_use]
    pub fn unknown(self) -> &'static str {
        match self {
            Self::Referrer => "Direct or unknown",
            Self::Page | Self::Country => "Unknown",
            Self::SubId => "Without a sub-id",
        }
    }
}

/// A line of a "Top 10".
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TopRow {
    /// The link's code, the page, the site, the country, the mark or the customer, as the asker may see it.
    pub label: String,
    /// Clicks; 0 for a customer.
    pub clicks: i64,
    /// The first ones of a visitor on a link and day; 0 for a customer.
    pub unique_clicks: i64,
    /// How often the customer bought; 0 for clicks.
    pub sales: i64,
    /// What the customer paid, refunds taken off; `None` for clicks.
    pub amount: Option<Money>,
}

/// A "Top 10".
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TopList {
    /// What it counts by.
    pub kind: TopKind,
    /// The most first.
    pub rows: Vec<TopRow>,
}

/// All "Top 10s" of a period.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tops {
    /// The period's days.
    pub range: DayRange,
    /// One list for each kind, in their order.
    pub lists: Vec<TopList>,
}
