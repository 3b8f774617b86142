use wasmtime::ResourceLimiter;

use super::stop::Stop;

/// Most elements of one table. Handlers have a few thousand: a table is as long as the functions
/// that are called through pointers.
const MAX_TABLE_ELEMENTS: usize = 1_000_000;

/// Most core instances, memories and tables: one handler has about six, a composed one more.
const MAX_OF_EACH: usize = 100;

/// What a guest may take, counted over all its memories.
pub(super) struct Limits {
    memory_limit: u64,
    memory: u64,
    pub(super) peak_memory: u64,
}

impl Limits {
    pub(super) const fn new(memory_limit: u64) -> Self {
        Self { memory_limit, memory: 0, peak_memory: 0 }
    }
}

impl ResourceLimiter for Limits {
    /// Traps beyond the limit: a guest that is told "no" aborts without saying why.
    fn memory_growing(&mut self, current: usize, desired: usize, maximum: Option<usize>) -> wasmtime::Result<bool> {
        if maximum.is_some_and(|maximum| desired > maximum) {
            return Ok(false);
        }
        let memory = self.memory.saturating_add(desired.saturating_sub(current) as u64);
        if memory > self.memory_limit {
            return Err(Stop::OutOfMemory { limit: self.memory_limit }.into());
        }
        self.memory = memory;
        self.peak_memory = self.peak_memory.max(memory);
        Ok(true)
    }

    fn table_growing(&mut self, _current: usize, desired: usize, _maximum: Option<usize>) -> wasmtime::Result<bool> {
        if desired > MAX_TABLE_ELEMENTS {
            return Err(Stop::TableFull { limit: MAX_TABLE_ELEMENTS }.into());
        }
        Ok(true)
    }

    fn instances(&self) -> usize {
        MAX_OF_EACH
    }

    fn tables(&self) -> usize {
        MAX_OF_EACH
    }

    fn memories(&self) -> usize {
        MAX_OF_EACH
    }
}
