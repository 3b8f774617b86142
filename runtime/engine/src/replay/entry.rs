use std::sync::Arc;

use durabox_model::{Operation, OperationAction, OperationType, OperationUpdate, SmolStr, Timestamp, sub_type};

use super::{CallSite, Identity, Request};

/// An operation that the handler claimed in this invocation.
#[derive(Clone, Debug)]
pub(super) struct Entry {
    pub(super) id: SmolStr,
    pub(super) path: SmolStr,
    /// What it belongs to: the context that it was claimed in, or its batch; 0 is the top.
    pub(super) parent: u32,
    pub(super) name: Option<SmolStr>,
    pub(super) request: Request,
    pub(super) site: CallSite,
    pub(super) phase: Phase,
    /// What the service last said of it.
    pub(super) record: Option<Arc<Operation>>,
    /// Whether the guest gave it up before its end.
    pub(super) abandoned: bool,
    /// Of a context: what goes on inside it.
    pub(super) inside: Inside,
}

/// What a context keeps of the code that runs in it.
#[derive(Clone, Debug, Default)]
pub(super) struct Inside {
    /// The highest index claimed.
    pub(super) claimed: u32,
    /// The latest time that its handler code may know.
    pub(super) now: Timestamp,
    /// Whether its body has returned.
    pub(super) ended: bool,
}

/// How far an operation has come in this invocation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Phase {
    /// Claimed, not polled.
    Claimed,
    /// A START must be durable before the body may run, or the callback's id is known.
    Starting,
    /// The START is durable.
    Startable,
    /// The guest runs the body.
    Running,
    /// The guest has reported; the report is not durable yet.
    Reporting,
    /// The report is durable.
    Reported,
    /// Only the service can move it.
    Waiting,
    /// It ended outside this invocation's body.
    Ended,
    /// The guest knows its outcome.
    Settled,
}

impl Entry {
    pub(super) fn operation_type(&self) -> OperationType {
        match self.request {
            Request::Step(_) | Request::Condition => OperationType::Step,
            Request::Wait { .. } => OperationType::Wait,
            Request::Callback(_) => OperationType::Callback,
            Request::Invoke(_) => OperationType::ChainedInvoke,
            Request::Context { .. } | Request::VirtualContext { .. } => OperationType::Context,
        }
    }

    pub(super) fn sub_type(&self) -> &str {
        match &self.request {
            Request::Step(_) => sub_type::STEP,
            Request::Condition => sub_type::WAIT_FOR_CONDITION,
            Request::Wait { .. } => sub_type::WAIT,
            Request::Callback(_) => sub_type::CALLBACK,
            Request::Invoke(_) => sub_type::CHAINED_INVOKE,
            Request::Context { sub_type } | Request::VirtualContext { sub_type } => sub_type,
        }
    }

    pub(super) fn identity(&self) -> Identity {
        Identity {
            path: self.path.clone(),
            operation_type: self.operation_type(),
            sub_type: Some(self.sub_type().into()),
            name: self.name.clone(),
            site: Some(self.site.clone()),
        }
    }

    /// Attempts that have finished, as far as the service said.
    pub(super) fn finished_attempts(&self) -> u32 {
        self.record.as_ref().and_then(|record| record.step_details.as_ref()).map_or(0, |step| step.attempt)
    }

    /// Returns what stands in the record in place of a result that the children rebuild.
    pub(super) fn summary(&self) -> Option<String> {
        let record = self.record.as_ref().filter(|record| record.replays_children())?;
        record.result().filter(|summary| !summary.is_empty()).map(str::to_owned)
    }

    /// Returns an update of this operation; `parent_id` is that of the context or batch that it belongs to.
    pub(super) fn update(&self, action: OperationAction, parent_id: Option<SmolStr>) -> OperationUpdate {
        let mut update = OperationUpdate::new(self.id.clone(), self.operation_type(), action);
        update.parent_id = parent_id;
        update.name.clone_from(&self.name);
        update.sub_type = Some(self.sub_type().into());
        update
    }
}

/// A claim, for reports.
#[derive(Clone, Copy, Debug)]
pub struct ClaimView<'a> {
    /// The wire id.
    pub id: &'a SmolStr,
    /// The position, such as `2-1`.
    pub path: &'a str,
    /// The kind.
    pub operation_type: OperationType,
    /// The finer kind.
    pub sub_type: &'a str,
    /// The name.
    pub name: Option<&'a str>,
    /// Where in the source.
    pub site: &'a CallSite,
}

impl<'a> From<&'a Entry> for ClaimView<'a> {
    fn from(entry: &'a Entry) -> Self {
        Self {
            id: &entry.id,
            path: &entry.path,
            operation_type: entry.operation_type(),
            sub_type: entry.sub_type(),
            name: entry.name.as_deref(),
            site: &entry.site,
        }
    }
}
