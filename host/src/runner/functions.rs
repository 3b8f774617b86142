//! What chained invokes of a test find by name: the components beside a component, or the handlers
//! of the workspace.

use std::error::Error;
use std::sync::Arc;

use durabox_runtime::Artifact;
use durabox_runtime::local::{Resolver, UnknownFunction};

use super::{HandlerRef, artifacts};
use crate::siblings::Siblings;

/// Returns what finds the functions that a handler invokes and no test has registered.
pub(super) fn resolver(handler: &HandlerRef) -> Arc<dyn Resolver> {
    match handler {
        HandlerRef::Name(_) => Arc::new(Handlers),
        HandlerRef::Path(path) => Arc::new(Components(Siblings::of(path))),
    }
}

/// The handlers of the workspace around the test.
struct Handlers;

impl Resolver for Handlers {
    fn find(&self, name: &str) -> Result<(), UnknownFunction> {
        // A workspace that cannot be read has no handlers; the run's own was found all the same.
        let known = artifacts::names().unwrap_or_default();
        match known.iter().any(|known| known == name) {
            true => Ok(()),
            false => Err(UnknownFunction { asked: name.to_owned(), known }),
        }
    }

    fn load(&self, name: &str) -> Result<Artifact, Box<dyn Error + Send + Sync>> {
        Ok(artifacts::by_name(name)?)
    }
}

struct Components(Siblings);

impl Resolver for Components {
    fn find(&self, name: &str) -> Result<(), UnknownFunction> {
        self.0.find(name).map(drop)
    }

    fn load(&self, name: &str) -> Result<Artifact, Box<dyn Error + Send + Sync>> {
        Ok(artifacts::by_path(&self.0.path(name))?)
    }
}
