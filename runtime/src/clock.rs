//! The clock that steps and timers go by: virtual, or the machine's.
//!
//! This is the only place below the command that reads the machine's wall clock. Handler code
//! between operations does not see either; its time comes from the record.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use durabox_model::Timestamp;

const NANOS_PER_MILLI: u64 = 1_000_000;

/// A handle on a clock; clones show the same time.
///
/// Keeps nanoseconds since the Unix epoch, which reach to the year 2554; later times stand still there.
#[derive(Clone, Debug)]
pub struct Clock(Source);

#[derive(Clone, Debug)]
enum Source {
    Virtual(Arc<AtomicU64>),
    Real,
    /// The machine's, and the nanoseconds that it is ahead of it.
    Skipping(Arc<AtomicU64>),
}

impl Clock {
    /// Returns a clock that stands at `start` until it is moved.
    pub fn virtual_at(start: Timestamp) -> Self {
        Self(Source::Virtual(Arc::new(AtomicU64::new(nanos(start)))))
    }

    /// Returns the machine's clock.
    pub const fn real() -> Self {
        Self(Source::Real)
    }

    /// Returns the machine's clock, which can be moved ahead: time that is skipped stays skipped.
    pub fn skipping() -> Self {
        Self(Source::Skipping(Arc::new(AtomicU64::new(0))))
    }

    /// Whether time moves only when told to.
    pub const fn is_virtual(&self) -> bool {
        matches!(self.0, Source::Virtual(_))
    }

    /// Returns the time, to the millisecond that Lambda keeps.
    pub fn now(&self) -> Timestamp {
        Timestamp::from_millis(self.now_nanos() / NANOS_PER_MILLI)
    }

    /// Returns nanoseconds since the Unix epoch.
    pub fn now_nanos(&self) -> u64 {
        match &self.0 {
            Source::Virtual(now) => now.load(Ordering::Acquire),
            Source::Real => real_nanos(),
            Source::Skipping(ahead) => real_nanos().saturating_add(ahead.load(Ordering::Acquire)),
        }
    }

    /// Moves a virtual or skipping clock forward; the machine's stays as it is.
    pub fn advance(&self, by: Duration) {
        if let Source::Virtual(now) | Source::Skipping(now) = &self.0 {
            let by = saturating_nanos(by);
            now.update(Ordering::AcqRel, Ordering::Acquire, |now| now.saturating_add(by));
        }
    }

    /// Moves a virtual clock to `time` unless it is past it.
    pub fn advance_to(&self, time: Timestamp) {
        self.advance_to_nanos(nanos(time));
    }

    /// Skips to `time` unless it is past; only the machine's own clock cannot.
    pub fn skip_to(&self, time: Timestamp) {
        match &self.0 {
            Source::Skipping(ahead) => {
                ahead.fetch_max(nanos(time).saturating_sub(real_nanos()), Ordering::AcqRel);
            }
            Source::Virtual(_) | Source::Real => self.advance_to(time),
        }
    }

    /// Goes to `time`: a virtual clock at once, the machine's by sleeping.
    pub async fn reach(&self, time: Timestamp) {
        self.advance_to(time);
        let left = time.since(self.now());
        if !left.is_zero() {
            tokio::time::sleep(left).await;
        }
    }

    /// Sets a virtual clock, backwards too; the machine's stays as it is.
    pub fn set(&self, time: Timestamp) {
        if let Source::Virtual(now) = &self.0 {
            now.store(nanos(time), Ordering::Release);
        }
    }

    /// Moves a virtual clock to these nanoseconds since the epoch unless it is past them.
    pub(crate) fn advance_to_nanos(&self, time: u64) {
        if let Source::Virtual(now) = &self.0 {
            now.fetch_max(time, Ordering::AcqRel);
        }
    }
}

fn real_nanos() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, saturating_nanos)
}

/// Returns nanoseconds since the Unix epoch.
pub(crate) const fn nanos(time: Timestamp) -> u64 {
    time.as_millis().saturating_mul(NANOS_PER_MILLI)
}

/// Returns nanoseconds, the most that fit if there are more.
pub(crate) fn saturating_nanos(duration: Duration) -> u64 {
    u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_virtual_clock_moves_only_when_told_and_for_all_its_handles() {
        let clock = Clock::virtual_at(Timestamp::from_millis(1_000));
        let other = clock.clone();
        clock.advance(Duration::from_micros(1_500));
        assert_eq!(other.now(), Timestamp::from_millis(1_001));
        assert_eq!(other.now_nanos(), 1_001_500_000);
    }

    #[test]
    fn advancing_to_a_past_time_changes_nothing_and_setting_does() {
        let clock = Clock::virtual_at(Timestamp::from_millis(5));
        clock.advance_to(Timestamp::from_millis(3));
        assert_eq!(clock.now(), Timestamp::from_millis(5));
        clock.set(Timestamp::from_millis(3));
        assert_eq!(clock.now(), Timestamp::from_millis(3));
    }

    #[test]
    fn the_far_future_stands_still_instead_of_wrapping() {
        let clock = Clock::virtual_at(Timestamp::from_millis(u64::MAX));
        clock.advance(Duration::from_secs(1));
        assert_eq!(clock.now_nanos(), u64::MAX);
    }

    #[test]
    fn the_real_clock_cannot_be_moved() {
        let clock = Clock::real();
        clock.set(Timestamp::from_millis(0));
        clock.advance(Duration::from_secs(1 << 30));
        assert!(clock.now() > Timestamp::from_millis(1_600_000_000_000));
        assert!(clock.now() < Timestamp::from_millis(1_600_000_000_000 + (1 << 40)));
    }
}
