use std::fmt;
use std::ops::{Add, Sub};
use std::time::Duration;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// A point in time: whole milliseconds since the Unix epoch, which is what Lambda keeps.
///
/// As JSON it is a number of epoch seconds, the spelling of Lambda's API; the invocation event
/// spells the same instant in milliseconds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp(u64);

impl Timestamp {
    /// Returns the instant `millis` milliseconds after the epoch.
    pub const fn from_millis(millis: u64) -> Self {
        Self(millis)
    }

    /// Reads ISO 8601 as the AWS SDKs write it: `2026-01-01T00:00:00Z`, with a fraction or without, and with
    /// `Z` or an offset such as `+00:00`.
    pub fn parse(text: &str) -> Option<Self> {
        let number = |from: usize, to: usize| text.get(from..to)?.parse::<u64>().ok();
        let separated = [(4, "-"), (7, "-"), (10, "T"), (13, ":"), (16, ":")];
        if !separated.iter().all(|(at, separator)| text.get(*at..at + 1) == Some(*separator)) {
            return None;
        }
        let (year, month, day) = (number(0, 4)?, number(5, 7)?, number(8, 10)?);
        let (hours, minutes, seconds) = (number(11, 13)?, number(14, 16)?, number(17, 19)?);
        let rest = text.get(19..)?;
        let zone_at = rest.find(['Z', '+', '-'])?;
        let (fraction, zone) = rest.split_at(zone_at);
        let millis = match fraction.strip_prefix('.') {
            Some(digits) if digits.bytes().all(|byte| byte.is_ascii_digit()) => {
                (format!("0.{digits}").parse::<f64>().ok()? * 1000.0).round() as u64
            }
            None if fraction.is_empty() => 0,
            _ => return None,
        };
        let in_range = (1970..=9999).contains(&year) && (1..=12).contains(&month) && (1..=31).contains(&day);
        if !in_range || hours > 23 || minutes > 59 || seconds > 60 {
            return None;
        }
        let days = days_since_epoch(year, month, day);
        if civil_date(days) != (year, month, day) {
            return None;
        }
        let local = ((days * 24 + hours) * 60 + minutes) * 60 + seconds;
        let utc = match zone.strip_prefix(['+', '-']) {
            None => (zone == "Z").then_some(local)?,
            Some(offset) => {
                let (hours, minutes) = offset.split_once(':').or_else(|| offset.split_at_checked(2))?;
                let (hours, minutes) = (hours.parse::<u64>().ok()?, minutes.parse::<u64>().ok()?);
                if hours > 23 || minutes > 59 {
                    return None;
                }
                let offset = (hours * 60 + minutes) * 60;
                if zone.starts_with('+') { local.checked_sub(offset)? } else { local + offset }
            }
        };
        Some(Self(utc * 1000 + millis))
    }

    /// Returns milliseconds since the epoch.
    pub const fn as_millis(self) -> u64 {
        self.0
    }

    /// Returns the time from `earlier` to here, zero when `earlier` is later.
    pub const fn since(self, earlier: Self) -> Duration {
        Duration::from_millis(self.0.saturating_sub(earlier.0))
    }

    /// Returns the instant `seconds` later.
    pub const fn plus_seconds(self, seconds: u64) -> Self {
        Self(self.0.saturating_add(seconds.saturating_mul(1000)))
    }
}

impl Add<Duration> for Timestamp {
    type Output = Self;
    fn add(self, duration: Duration) -> Self {
        Self(self.0.saturating_add(u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)))
    }
}

impl Sub for Timestamp {
    type Output = Duration;
    fn sub(self, earlier: Self) -> Duration {
        self.since(earlier)
    }
}

/// Writes `2026-01-01T00:00:00.000Z`.
impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (days, ms) = (self.0 / 86_400_000, self.0 % 86_400_000);
        let (year, month, day) = civil_date(days);
        let (h, m, s, ms) = (ms / 3_600_000, ms / 60_000 % 60, ms / 1000 % 60, ms % 1000);
        write!(f, "{year:04}-{month:02}-{day:02}T{h:02}:{m:02}:{s:02}.{ms:03}Z")
    }
}

/// Returns year, month and day of a day count since 1970-01-01, in the Gregorian calendar.
fn civil_date(days: u64) -> (u64, u64, u64) {
    // Counted from 0000-03-01, so that the leap day is the last of its year.
    let days = days + 719_468;
    let (era, day_of_era) = (days / 146_097, days % 146_097);
    let year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted_month = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * shifted_month + 2) / 5 + 1;
    let month = if shifted_month < 10 { shifted_month + 3 } else { shifted_month - 9 };
    (era * 400 + year_of_era + u64::from(month <= 2), month, day)
}

/// Returns the day count since 1970-01-01 of a date from then on.
fn days_since_epoch(year: u64, month: u64, day: u64) -> u64 {
    // Counted from 0000-03-01, as above.
    let year = year - u64::from(month <= 2);
    let (era, year_of_era) = (year / 400, year % 400);
    let shifted_month = (month + 9) % 12;
    let day_of_year = (153 * shifted_month + 2) / 5 + day - 1;
    let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    era * 146_097 + day_of_era - 719_468
}

impl Serialize for Timestamp {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if self.0.is_multiple_of(1000) {
            serializer.serialize_u64(self.0 / 1000)
        } else {
            serializer.serialize_f64(self.0 as f64 / 1000.0)
        }
    }
}

impl<'de> Deserialize<'de> for Timestamp {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let seconds = f64::deserialize(deserializer)?;
        if !(0.0..=1e15).contains(&seconds) {
            return Err(serde::de::Error::custom(format!("{seconds} is not a number of epoch seconds")));
        }
        Ok(Self((seconds * 1000.0).round() as u64))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_calendar_knows_leap_days_and_century_years() {
        for (millis, text) in [
            (0, "1970-01-01T00:00:00.000Z"),
            (951_782_400_000, "2000-02-29T00:00:00.000Z"),
            (1_767_225_600_123, "2026-01-01T00:00:00.123Z"),
            (4_107_542_399_000, "2100-02-28T23:59:59.000Z"),
            (4_107_542_400_000, "2100-03-01T00:00:00.000Z"),
        ] {
            assert_eq!(Timestamp::from_millis(millis).to_string(), text);
            assert_eq!(Timestamp::parse(text), Some(Timestamp::from_millis(millis)));
        }
    }

    #[test]
    fn a_time_is_read_with_an_offset_and_without_a_fraction() {
        for (text, millis) in [
            ("2026-01-01T00:00:00Z", Some(1_767_225_600_000)),
            ("2026-01-01T01:30:00.5+01:30", Some(1_767_225_600_500)),
            ("2025-12-31T23:00:00-0100", Some(1_767_225_600_000)),
            ("2026-02-30T00:00:00Z", None),
            ("2026-01-01", None),
            ("yesterday", None),
            ("2026-01-01T00:00:00", None),
            ("2026-01-01T00:00:00-24:00", None),
            ("2026-01-01T00:00:00-9999999999999999999:00", None),
            ("2026-01-01T00:00:00.5e300Z", None),
        ] {
            assert_eq!(Timestamp::parse(text), millis.map(Timestamp::from_millis), "{text}");
        }
    }

    #[test]
    fn seconds_survive_the_wire_to_the_millisecond() {
        for millis in [0, 1, 999, 1_767_225_600_001, 1_767_225_600_999] {
            let json = serde_json::to_string(&Timestamp::from_millis(millis)).expect("a number");
            assert_eq!(serde_json::from_str::<Timestamp>(&json).expect("a number").as_millis(), millis);
        }
    }
}
