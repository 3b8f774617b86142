//! Operations of a result: by name, by type, by path, and as a tree.

use std::sync::Arc;

use durabox_runtime::model::{Operation, OperationType};

use super::TestResult;

/// An operation with those in its context.
#[derive(Clone, Debug)]
pub struct OperationNode<'a> {
    /// The operation.
    pub operation: &'a Operation,
    /// The operations in its context, in the order in which they started.
    pub children: Vec<OperationNode<'a>>,
}

impl TestResult {
    /// Returns the handler's operations in the order in which they started; the EXECUTION itself
    /// is not among them.
    pub fn operations(&self) -> &[Arc<Operation>] {
        match self.recorded().operations.split_first() {
            Some((first, rest)) if first.operation_type == OperationType::Execution => rest,
            _ => &self.recorded().operations,
        }
    }

    /// Returns the first operation of this name.
    pub fn operation(&self, name: &str) -> Option<&Operation> {
        let found = self.operations().iter().find(|operation| operation.name.as_deref() == Some(name));
        found.map(|operation| &**operation)
    }

    /// Returns the operations of this name, in the order in which they started.
    pub fn operations_named<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a Operation> {
        self.operations().iter().map(|operation| &**operation).filter(move |one| one.name.as_deref() == Some(name))
    }

    /// Returns the operations of this type, in the order in which they started.
    pub fn operations_of(&self, operation_type: OperationType) -> impl Iterator<Item = &Operation> {
        self.operations().iter().map(|operation| &**operation).filter(move |one| one.operation_type == operation_type)
    }

    /// Returns the operation at a path such as `trip/hotel/book-room`: names from the outermost
    /// context inwards. `name#2` is the second of that name in its context, and `#2` the second of all.
    pub fn operation_at(&self, path: &str) -> Option<&Operation> {
        let mut found: Option<&Operation> = None;
        for part in path.split('/') {
            let (name, ordinal) = match part.rsplit_once('#') {
                Some((name, ordinal)) => (name, ordinal.parse::<usize>().ok()?),
                None => (part, 1),
            };
            let context = found.map(|operation| operation.id.as_str());
            let mut fitting = self.operations().iter().map(|operation| &**operation).filter(|one| {
                one.parent_id.as_deref() == context && (name.is_empty() || one.name.as_deref() == Some(name))
            });
            found = Some(fitting.nth(ordinal.checked_sub(1)?)?);
        }
        found
    }

    /// Returns the operations in the context of this one.
    pub fn children<'a>(&'a self, parent: &'a Operation) -> impl Iterator<Item = &'a Operation> {
        let children = self.operations().iter().filter(|child| child.parent_id.as_deref() == Some(&parent.id));
        children.map(|operation| &**operation)
    }

    /// Returns the operations of the handler's own context, each with those in its context.
    pub fn tree(&self) -> Vec<OperationNode<'_>> {
        self.nodes(None)
    }

    fn nodes<'a>(&'a self, context: Option<&str>) -> Vec<OperationNode<'a>> {
        let operations = self.operations().iter().filter(|one| one.parent_id.as_deref() == context);
        operations.map(|operation| OperationNode { operation, children: self.nodes(Some(&operation.id)) }).collect()
    }
}
