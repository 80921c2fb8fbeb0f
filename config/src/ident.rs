//! Names that identify: of apps and of namespaces.

use std::borrow::Borrow;
use std::fmt;

use serde::{Deserialize, Serialize};

/// The longest name that is accepted, in bytes. File names derived from it must fit in 255.
pub const NAME_LEN_MAX: usize = 200;

/// Why a text cannot be a name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BadName {
    /// It is empty or only blanks.
    Empty,
    /// It is longer than [`NAME_LEN_MAX`] bytes.
    TooLong,
    /// It holds a control character.
    Control(char),
}

impl fmt::Display for BadName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Empty => write!(f, "a name must not be empty"),
            Self::TooLong => write!(f, "a name has at most {NAME_LEN_MAX} bytes"),
            Self::Control(c) => write!(f, "a name must not contain the control character {c:?}"),
        }
    }
}

impl std::error::Error for BadName {}

fn checked(text: String) -> Result<String, BadName> {
    if text.trim().is_empty() {
        return Err(BadName::Empty);
    }
    if text.len() > NAME_LEN_MAX {
        return Err(BadName::TooLong);
    }
    match text.chars().find(|c| c.is_control()) {
        Some(c) => Err(BadName::Control(c)),
        None => Ok(text),
    }
}

macro_rules! name_type {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(try_from = "String", into = "String")]
        pub struct $name(String);

        impl $name {
            /// Takes a name in.
            ///
            /// # Errors
            /// [`BadName`] where the text is empty, too long, or holds a control character.
            pub fn new(text: impl Into<String>) -> Result<Self, BadName> {
                checked(text.into()).map(Self)
            }

            /// The name as text.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl TryFrom<String> for $name {
            type Error = BadName;
            fn try_from(text: String) -> Result<Self, BadName> {
                Self::new(text)
            }
        }

        impl From<$name> for String {
            fn from(name: $name) -> Self {
                name.0
            }
        }

        impl Borrow<str> for $name {
            fn borrow(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
    };
}

name_type! {
    /// The name of an app, unique in the fleet.
    AppName
}
name_type! {
    /// The namespace of an app: a group that can be named wherever an app can.
    Namespace
}

impl Default for Namespace {
    fn default() -> Self {
        Self("default".to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_not_empty_not_endless_and_printable() {
        assert_eq!(AppName::new("  "), Err(BadName::Empty));
        assert_eq!(AppName::new("x".repeat(201)), Err(BadName::TooLong));
        assert_eq!(AppName::new("a\nb"), Err(BadName::Control('\n')));
        assert!(AppName::new("workscript-api ✓").is_ok());
    }
}
