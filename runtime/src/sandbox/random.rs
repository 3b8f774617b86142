//! Random numbers: the same on every replay for handler code, per attempt for steps.
//!
//! Every number is a SHA-256 of where it was drawn, so that no draw moves another scope's.

use std::collections::HashMap;

use durabox_engine::replay::{Replay, Scope};
use sha2::{Digest, Sha256};
use wasmtime_wasi::p2::bindings::random::{insecure, insecure_seed, random};

use super::host::Host;
use super::report::Ambient;
use super::stop::Stop;
use super::{InvokeOptions, RandomSource};

/// Most bytes in one draw. Source: wasmtime-wasi's own limit.
const MAX_DRAW: u64 = 64 << 20;

/// What is drawn from, and how often it was.
pub(super) struct Randomness {
    source: RandomSource,
    hash_seed: u64,
    /// Draws by scope: a context's handle and 0, or a step's and its attempt.
    draws: HashMap<(u32, u32), u64>,
}

impl Randomness {
    pub(super) fn new(options: &InvokeOptions) -> Self {
        Self { source: options.random, hash_seed: options.hash_seed, draws: HashMap::new() }
    }

    /// Fills `bytes` with the next draw of the scope whose code runs.
    fn fill(&mut self, arn: &str, replay: &Replay, bytes: &mut [u8]) -> wasmtime::Result<()> {
        let operation = replay.scope_operation().unwrap_or_default().as_bytes();
        let (scope, key) = match (replay.scope(), self.source) {
            (Scope::Handler { context }, _) => ((context, 0), Key::new("handler").with(arn.as_bytes()).with(operation)),
            (Scope::Step { handle, attempt }, RandomSource::Seeded(seed)) => {
                ((handle, attempt), step_key("step", seed, arn, operation, attempt))
            }
            (Scope::Step { .. }, RandomSource::Os) => return Ok(getrandom::fill(bytes)?),
        };
        let draw = self.draws.entry(scope).or_default();
        key.fill(*draw, bytes);
        *draw += 1;
        Ok(())
    }
}

impl Host {
    fn draw<const N: usize>(&mut self) -> wasmtime::Result<[u8; N]> {
        let mut bytes = [0; N];
        self.read(Ambient::Random)?;
        self.random.fill(&self.info.execution_arn, &self.replay, &mut bytes)?;
        Ok(bytes)
    }

    fn draw_bytes(&mut self, length: u64) -> wasmtime::Result<Vec<u8>> {
        self.read(Ambient::Random)?;
        if length > MAX_DRAW {
            let message = format!("the handler asked for {length} random bytes at once, {MAX_DRAW} is the most");
            return Err(Stop::refused(message).into());
        }
        let mut bytes = vec![0; length as usize];
        self.random.fill(&self.info.execution_arn, &self.replay, &mut bytes)?;
        Ok(bytes)
    }

    /// Returns a number in 0..1 that spreads the delay before the next attempt of this step.
    pub(super) fn spread(&self, operation: u32, attempt: u32) -> wasmtime::Result<f64> {
        let mut bytes = [0; 8];
        match self.random.source {
            RandomSource::Os => getrandom::fill(&mut bytes)?,
            RandomSource::Seeded(seed) => {
                let id = self.replay.operation_id(operation).unwrap_or_default().as_bytes();
                step_key("retry", seed, &self.info.execution_arn, id, attempt).fill(0, &mut bytes);
            }
        }
        // The 53 bits that a double holds.
        Ok((u64::from_le_bytes(bytes) >> 11) as f64 / (1_u64 << 53) as f64)
    }
}

impl random::Host for Host {
    fn get_random_bytes(&mut self, length: u64) -> wasmtime::Result<Vec<u8>> {
        self.draw_bytes(length)
    }

    fn get_random_u64(&mut self) -> wasmtime::Result<u64> {
        Ok(u64::from_le_bytes(self.draw()?))
    }
}

impl insecure::Host for Host {
    fn get_insecure_random_bytes(&mut self, length: u64) -> wasmtime::Result<Vec<u8>> {
        self.draw_bytes(length)
    }

    fn get_insecure_random_u64(&mut self) -> wasmtime::Result<u64> {
        Ok(u64::from_le_bytes(self.draw()?))
    }
}

impl insecure_seed::Host for Host {
    /// The keys of std's hash maps: fixed in an invocation, and no read of anything.
    fn insecure_seed(&mut self) -> wasmtime::Result<(u64, u64)> {
        let mut bytes = [0; 16];
        let key = Key::new("hash").with(self.info.execution_arn.as_bytes()).with(&self.random.hash_seed.to_le_bytes());
        key.fill(0, &mut bytes);
        let seed = u128::from_le_bytes(bytes);
        Ok((seed as u64, (seed >> 64) as u64))
    }
}

fn step_key(purpose: &str, seed: u64, arn: &str, operation: &[u8], attempt: u32) -> Key {
    Key::new(purpose).with(&seed.to_le_bytes()).with(arn.as_bytes()).with(operation).with(&attempt.to_le_bytes())
}

/// A place that numbers are drawn at.
struct Key(Sha256);

impl Key {
    fn new(purpose: &str) -> Self {
        Self(Sha256::new()).with(b"durabox random 1").with(purpose.as_bytes())
    }

    /// Adds a part, and its length so that parts cannot run together.
    fn with(mut self, part: &[u8]) -> Self {
        self.0.update((part.len() as u64).to_le_bytes());
        self.0.update(part);
        self
    }

    fn fill(self, draw: u64, bytes: &mut [u8]) {
        let draw = self.with(&draw.to_le_bytes());
        for (index, chunk) in (0_u64..).zip(bytes.chunks_mut(32)) {
            let block = draw.0.clone().chain_update(index.to_le_bytes()).finalize();
            chunk.copy_from_slice(&block[..chunk.len()]);
        }
    }
}
