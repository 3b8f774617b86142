use std::fmt;
use std::pin::Pin;

use crate::BoxError;
use crate::context::DurableContext;

/// What runs in a branch.
pub(super) type Running<O> = Pin<Box<dyn Future<Output = Result<O, BoxError>>>>;
pub(super) type BranchBody<O> = Box<dyn FnOnce(DurableContext) -> Running<O>>;

/// A branch of a parallel: a name and a body.
pub struct Branch<O> {
    name: String,
    body: BranchBody<O>,
}

impl<O: 'static> Branch<O> {
    /// Returns a branch; 1 to 256 printable ASCII characters name it, an empty name is none.
    pub fn new<F, Fut>(name: impl Into<String>, body: F) -> Self
    where
        F: FnOnce(DurableContext) -> Fut + 'static,
        Fut: Future<Output = Result<O, BoxError>> + 'static,
    {
        Self { name: name.into(), body: Box::new(move |context| Box::pin(body(context))) }
    }
}

impl<O> Branch<O> {
    pub(super) fn into_parts(self) -> (String, BranchBody<O>) {
        (self.name, self.body)
    }
}

impl<O> fmt::Debug for Branch<O> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Branch").field("name", &self.name).finish_non_exhaustive()
    }
}
