//! The date that a run writes into its orders.

use std::{fmt, str::FromStr};

use serde::{Serialize, Serializer};
use time::{OffsetDateTime, UtcOffset, format_description::well_known::Rfc3339};

/// An order date: an instant in UTC, to the whole second.
///
/// It is a part of each order's identity, so two spellings of one instant are one order date: it is converted to UTC, and
/// a fraction of a second is cut off.
///
/// # Format
/// Read from any RFC 3339 date and time of the years 0000 to 9999; written as `2023-10-15T14:30:00Z`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct OrderDate(OffsetDateTime);

/// The text is not an RFC 3339 date and time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("must be an RFC 3339 date and time, such as 2023-10-15T14:30:00Z")]
pub struct ParseOrderDateError;

impl FromStr for OrderDate {
    type Err = ParseOrderDateError;

    fn from_str(text: &str) -> Result<Self, ParseOrderDateError> {
        let utc = OffsetDateTime::parse(text, &Rfc3339)
            .ok()
            .and_then(|date| date.checked_to_offset(UtcOffset::UTC))
            .and_then(|date| date.replace_nanosecond(0).ok())
            .ok_or(ParseOrderDateError)?;
        // Near the ends of the calendar, UTC may be in a year that RFC 3339 cannot write.
        if (0..=9999).contains(&utc.year()) {
            Ok(Self(utc))
        } else {
            Err(ParseOrderDateError)
        }
    }
}

impl fmt::Display for OrderDate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.format(&Rfc3339).map_err(|_| fmt::Error)?)
    }
}

impl Serialize for OrderDate {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spellings_of_one_instant_are_one_order_date() {
        for text in [
            "2023-10-15T14:30:00Z",
            "2023-10-15t14:30:00z",
            "2023-10-15T14:30:00.999Z",
            "2023-10-15T14:30:00+00:00",
            "2023-10-15T16:30:00+02:00",
            "2023-10-14T23:30:00-15:00",
        ] {
            assert_eq!(
                text.parse::<OrderDate>().unwrap().to_string(),
                "2023-10-15T14:30:00Z",
                "{text}"
            );
        }
    }

    #[test]
    fn text_other_than_rfc_3339_is_refused() {
        for text in [
            "",
            "2023-10-15",
            "2023-10-15T14:30Z",
            "2023-10-15T14:30:00",
            "2023-13-15T14:30:00Z",
            "2023-02-30T14:30:00Z",
            "15/10/2023",
            "1697380200",
            " 2023-10-15T14:30:00Z",
            "2023-10-15T14:30:00Z[UTC]",
            "<aws.scheduler.scheduled-time>",
            "9999-12-31T23:59:59-01:00",
            "0000-01-01T00:00:00+01:00",
        ] {
            assert_eq!(text.parse::<OrderDate>(), Err(ParseOrderDateError), "{text:?}");
        }
    }
}
