//! Arbitrary bytes, made requests and checkpoints that are often almost right, and what holds whatever they are.
//!
//! `tests/fuzz` gives these functions to libFuzzer, and `tests/tests/fuzz.rs` draws bytes for them.

mod checkpoint;
mod http;

pub use checkpoint::checkpoint;
pub use http::http;

/// Bytes as decisions; when they are used up, every decision is the first one.
#[derive(Debug)]
struct Draw<'a>(&'a [u8]);

impl<'a> Draw<'a> {
    fn is_used_up(&self) -> bool {
        self.0.is_empty()
    }

    fn byte(&mut self) -> u8 {
        match self.0.split_first() {
            Some((first, rest)) => {
                self.0 = rest;
                *first
            }
            None => 0,
        }
    }

    fn bytes(&mut self, most: usize) -> &'a [u8] {
        let (taken, rest) = self.0.split_at(most.min(self.0.len()));
        self.0 = rest;
        taken
    }

    /// Returns an entry of a table.
    fn of<T: Copy>(&mut self, table: &[T]) -> T {
        table[usize::from(self.byte()) % table.len()]
    }

    /// Whether what happens once in `times` happens now.
    fn once_in(&mut self, times: u8) -> bool {
        self.byte() % times == times - 1
    }
}
