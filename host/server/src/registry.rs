//! The functions, their versions and their aliases.

use std::collections::BTreeMap;
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use crate::function::FunctionVersion;
use crate::names::{FunctionName, LATEST};

/// A function: its unpublished version, and what was published of it.
#[derive(Clone, Debug)]
pub struct Function {
    /// `$LATEST`.
    pub latest: Arc<FunctionVersion>,
    /// By number.
    pub published: BTreeMap<u64, Arc<FunctionVersion>>,
    /// Numbers, or `$LATEST`, by name.
    pub aliases: BTreeMap<String, String>,
}

impl Function {
    /// Returns the version that a qualifier means; none is `$LATEST`.
    pub fn version(&self, qualifier: Option<&str>) -> Option<&Arc<FunctionVersion>> {
        let qualifier = qualifier.unwrap_or(LATEST);
        if qualifier == LATEST {
            return Some(&self.latest);
        }
        match self.aliases.get(qualifier) {
            Some(target) if target == LATEST => Some(&self.latest),
            Some(target) => self.published.get(&target.parse().ok()?),
            None => self.published.get(&qualifier.parse().ok()?),
        }
    }
}

/// All functions, by name.
#[derive(Debug, Default)]
pub struct Registry(RwLock<BTreeMap<String, Function>>);

impl Registry {
    pub fn read(&self) -> RwLockReadGuard<'_, BTreeMap<String, Function>> {
        self.0.read().unwrap_or_else(PoisonError::into_inner)
    }

    pub fn write(&self) -> RwLockWriteGuard<'_, BTreeMap<String, Function>> {
        self.0.write().unwrap_or_else(PoisonError::into_inner)
    }

    /// Adds a function, or replaces its `$LATEST`.
    pub fn put(&self, version: FunctionVersion) -> Arc<FunctionVersion> {
        let latest = Arc::new(version);
        self.write()
            .entry(latest.name.clone())
            .and_modify(|function| function.latest = Arc::clone(&latest))
            .or_insert_with(|| Function {
                latest: Arc::clone(&latest),
                published: BTreeMap::new(),
                aliases: BTreeMap::new(),
            });
        latest
    }

    /// Returns the version that a request names.
    pub fn find(&self, function: &FunctionName) -> Option<Arc<FunctionVersion>> {
        self.read().get(&function.name)?.version(function.qualifier.as_deref()).cloned()
    }
}
