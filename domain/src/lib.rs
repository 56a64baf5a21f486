//! The vocabulary and the rules of Tributary, without I/O: compiled for the browser and the server alike.
//!
//! The rooms bear the same names on every floor of the house; see ARCHITECTURE.md.

pub mod accounts;
pub mod assets;
pub mod attribution;
pub mod buyers;
pub mod colour;
pub mod commissions;
pub mod conversations;
pub mod countries;
pub mod customers;
pub mod files;
pub mod ids;
pub mod integrations;
pub mod jobs;
pub mod leads;
pub mod ledger;
pub mod links;
pub mod messages;
pub mod money;
pub mod offers;
pub mod page;
pub mod partners;
pub mod payments;
pub mod places;
pub mod portal;
pub mod programs;
pub mod qr;
pub mod reports;
pub mod sales;
pub mod text;
pub mod time;
pub mod why;

/// Derives what every closed word of the vocabulary needs: its snake-case name in JSON, in Postgres and as text.
#[macro_export]
macro_rules! words {
    ($(#[$meta:meta])* $vis:vis enum $name:ident in $sql:literal { $($(#[$vmeta:meta])* $variant:ident = $word:literal),+ $(,)? }) => {
        $(#[$meta])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
        #[cfg_attr(feature = "sqlx", derive(sqlx::Type))]
        #[cfg_attr(feature = "sqlx", sqlx(type_name = $sql))]
        $vis enum $name {
            $($(#[$vmeta])* #[serde(rename = $word)] #[cfg_attr(feature = "sqlx", sqlx(rename = $word))] $variant,)+
        }
        impl $name {
            /// Every value, in the order of declaration.
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];
            /// The word as it stands in JSON, in Postgres and in addresses.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $word),+ }
            }
        }
        // By hand: the derive does not see through the macro to the words.
        #[cfg(feature = "openapi")]
        impl utoipa::PartialSchema for $name {
            fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::schema::Schema> {
                utoipa::openapi::ObjectBuilder::new()
                    .schema_type(utoipa::openapi::Type::String)
                    .enum_values(Some([$($word),+]))
                    .into()
            }
        }
        #[cfg(feature = "openapi")]
        impl utoipa::ToSchema for $name {
            fn name() -> std::borrow::Cow<'static, str> {
                stringify!($name).into()
            }
        }
        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(self.as_str())
            }
        }
        impl std::str::FromStr for $name {
            type Err = $crate::text::UnknownWord;
            fn from_str(s: &str) -> Result<Self, Self::Err> {
                match s { $($word => Ok(Self::$variant),)+ _ => Err($crate::text::UnknownWord) }
            }
        }
    };
}
