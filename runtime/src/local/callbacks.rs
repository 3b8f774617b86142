//! The callbacks of a run: who is meant by which answer, and which of them hold the clock.

use std::collections::{BTreeSet, HashSet};

use durabox_engine::replay::CallSite;
use durabox_engine::service::{CallbackError, Execution};
use durabox_model::{EventDetails, Operation, OperationType, SmolStr, Timestamp, details, sub_type};

use super::{CallbackAction, CallbackAnswer, CallbackSelector};

/// A callback that nobody has answered yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OpenCallback {
    /// The id to answer with.
    pub id: String,
    /// Its name, or that of the `wait_for_callback` around it.
    pub name: Option<String>,
    /// The function whose execution waits for it.
    pub function_name: String,
    /// When it started.
    pub start: Timestamp,
    /// When it times out, whatever heartbeats come.
    pub timeout: Option<Timestamp>,
    /// When it times out unless a heartbeat comes first.
    pub heartbeat_timeout: Option<Timestamp>,
    /// Where in the handler's source.
    pub site: Option<CallSite>,
}

impl OpenCallback {
    /// Returns the name, or the id of a callback without one.
    pub fn title(&self) -> &str {
        self.name.as_deref().unwrap_or(&self.id)
    }
}

/// An answer that came too late, or was none that Lambda takes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RefusedAnswer {
    /// The answer.
    pub answer: CallbackAnswer,
    /// Why it was refused.
    pub reason: CallbackError,
    /// Where the callback was asked for.
    pub site: Option<CallSite>,
}

/// A callback of the run, open or not.
#[derive(Clone, Debug)]
pub(super) struct Callback {
    /// The execution, by its place in the run.
    pub(super) member: usize,
    pub(super) operation_id: SmolStr,
    /// The context that it belongs to.
    pub(super) context: Option<SmolStr>,
    pub(super) id: String,
    pub(super) name: Option<String>,
    pub(super) start: Timestamp,
    timeout: Option<u64>,
    heartbeat_timeout: Option<u64>,
    /// Its start, or the last heartbeat.
    heard: Timestamp,
    /// Whether time may go on while it is open.
    pub(super) released: bool,
    /// Answers that were given before the run and are still to come.
    scripted: usize,
}

impl Callback {
    pub(super) fn title(&self) -> &str {
        self.name.as_deref().unwrap_or(&self.id)
    }

    pub(super) fn timeout(&self) -> Option<Timestamp> {
        self.timeout.map(|seconds| self.start.plus_seconds(seconds))
    }

    pub(super) fn heartbeat_timeout(&self) -> Option<Timestamp> {
        self.heartbeat_timeout.map(|seconds| self.heard.plus_seconds(seconds))
    }

    /// Whether somebody has to say how it goes on.
    pub(super) const fn is_held(&self) -> bool {
        !self.released && self.scripted == 0
    }
}

/// An answer that is due, ordered by time, execution, and the order in which answers were given.
type Due = (Timestamp, usize, usize);

/// Every callback of a run, and the answers that were given before it.
#[derive(Debug, Default)]
pub(super) struct Callbacks {
    script: Vec<Scripted>,
    all: Vec<Callback>,
    ids: HashSet<String>,
    /// Those that may still be open, by index.
    open: Vec<usize>,
    due: BTreeSet<Due>,
    /// With the index of the callback.
    pub(super) refused: Vec<(usize, RefusedAnswer)>,
}

#[derive(Debug)]
struct Scripted {
    answer: CallbackAnswer,
    /// The callback that it is for, once one has started.
    target: Option<usize>,
    /// How many callbacks its selector has met.
    met: usize,
}

impl Callbacks {
    pub(super) fn new(answers: Vec<CallbackAnswer>) -> Self {
        let script = answers.into_iter().map(|answer| Scripted { answer, target: None, met: 0 }).collect();
        Self { script, ..Self::default() }
    }

    /// Takes note of the callbacks that have started in the execution at `member`.
    pub(super) fn note(&mut self, member: usize, execution: &Execution) {
        for operation in execution.open_callbacks() {
            let id = operation.callback_details.as_ref().and_then(|details| details.callback_id.as_ref());
            if id.is_none_or(|id| self.ids.contains(id)) {
                continue;
            }
            if let Some(callback) = callback(member, operation, execution) {
                self.ids.insert(callback.id.clone());
                self.add(callback);
            }
        }
    }

    fn add(&mut self, mut callback: Callback) {
        let target = self.all.len();
        let mut has_end = false;
        for (order, scripted) in self.script.iter_mut().enumerate() {
            if !scripted.answer.callback.matches(&callback.id, callback.name.as_deref()) {
                continue;
            }
            scripted.met += 1;
            if has_end || scripted.target.is_some() || scripted.answer.nth.is_some_and(|nth| nth != scripted.met) {
                continue;
            }
            scripted.target = Some(target);
            has_end = scripted.answer.action != CallbackAction::Heartbeat;
            self.due.insert((callback.start + scripted.answer.after, callback.member, order));
            callback.scripted += 1;
        }
        self.all.push(callback);
        self.open.push(target);
    }

    /// Returns time and execution of the next answer that is due.
    pub(super) fn next_due(&self) -> Option<(Timestamp, usize)> {
        self.due.first().map(|(at, member, _)| (*at, *member))
    }

    /// Takes the answers that were due by `until` to callbacks of the execution at `member`.
    fn take_due(&mut self, member: usize, until: Timestamp) -> Vec<DueAnswer> {
        let ready: Vec<Due> =
            self.due.iter().take_while(|(at, ..)| *at <= until).filter(|due| due.1 == member).copied().collect();
        ready
            .into_iter()
            .filter_map(|due| {
                self.due.remove(&due);
                let scripted = &self.script[due.2];
                let callback = scripted.target?;
                self.all[callback].scripted -= 1;
                Some(DueAnswer { at: due.0, callback, answer: scripted.answer.clone() })
            })
            .collect()
    }

    /// Gives `execution` an answer to the callback at `index`.
    pub(super) fn answer(
        &mut self,
        index: usize,
        action: CallbackAction,
        execution: &mut Execution,
        now: Timestamp,
    ) -> Result<(), CallbackError> {
        let callback = &mut self.all[index];
        let answered = match action {
            CallbackAction::Success(result) => execution.succeed_callback(&callback.id, result, now),
            CallbackAction::Failure(error) => execution.fail_callback(&callback.id, error, now),
            CallbackAction::Heartbeat => {
                execution.heartbeat_callback(&callback.id, now).inspect(|()| callback.heard = now)
            }
        };
        answered.map_err(|reason| with_title(reason, callback.title()))
    }

    /// Gives `execution`, the one at `member`, every answer that was due by `until`, each at its own
    /// time, and keeps those refused.
    pub(super) fn answer_due(&mut self, member: usize, execution: &mut Execution, until: Timestamp) {
        for DueAnswer { at, callback, answer } in self.take_due(member, until) {
            // A history does not go back in time.
            let now = execution.events().last().map_or(at, |event| event.event_timestamp.max(at));
            if let Err(reason) = self.answer(callback, answer.action.clone(), execution, now) {
                self.refused.push((callback, RefusedAnswer { answer, reason, site: None }));
            }
        }
    }

    /// Forgets those that are no longer open.
    pub(super) fn retain_open(&mut self, is_open: impl Fn(&Callback) -> bool) {
        self.open.retain(|index| is_open(&self.all[*index]));
    }

    /// Returns the callbacks that were open when [`Callbacks::retain_open`] was last called, and
    /// later ones, each with its index, in start order.
    pub(super) fn open(&self) -> impl Iterator<Item = (usize, &Callback)> {
        self.open.iter().map(|index| (*index, &self.all[*index]))
    }

    /// Returns the callbacks that a selector means, open or not, the latest first.
    pub(super) fn named<'a>(&'a self, selector: &'a CallbackSelector) -> impl Iterator<Item = (usize, &'a Callback)> {
        let all = self.all.iter().enumerate().rev();
        all.filter(|(_, callback)| selector.matches(&callback.id, callback.name.as_deref()))
    }

    pub(super) fn get(&self, index: usize) -> &Callback {
        &self.all[index]
    }

    pub(super) fn release(&mut self, index: usize) {
        self.all[index].released = true;
    }

    /// Returns the answers that no callback has taken, or that are still to come.
    pub(super) fn unused(&self) -> Vec<CallbackAnswer> {
        let is_due = |order: usize| self.due.iter().any(|due| due.2 == order);
        let script = self.script.iter().enumerate();
        let unused = script.filter(|(order, scripted)| scripted.target.is_none() || is_due(*order));
        unused.map(|(_, scripted)| scripted.answer.clone()).collect()
    }

    /// Returns title of every callback that has started, in start order.
    pub(super) fn titles(&self) -> Vec<String> {
        self.all.iter().map(|callback| callback.title().to_owned()).collect()
    }
}

/// An answer whose time has come.
struct DueAnswer {
    at: Timestamp,
    callback: usize,
    answer: CallbackAnswer,
}

fn callback(member: usize, operation: &Operation, execution: &Execution) -> Option<Callback> {
    let started = started(execution, &operation.id)?;
    Some(Callback {
        member,
        operation_id: operation.id.clone(),
        context: operation.parent_id.clone(),
        id: started.callback_id.clone(),
        name: name_of(operation, execution),
        start: operation.start_timestamp,
        timeout: started.timeout,
        heartbeat_timeout: started.heartbeat_timeout,
        heard: operation.start_timestamp,
        released: false,
        scripted: 0,
    })
}

/// Returns what was recorded of a callback's start; it is one of the latest events.
fn started<'a>(execution: &'a Execution, operation_id: &str) -> Option<&'a details::CallbackStarted> {
    execution.events().iter().rev().find_map(|event| match &event.details {
        EventDetails::CallbackStarted(started) if event.id.as_deref() == Some(operation_id) => Some(&started.details),
        _ => None,
    })
}

/// Returns a callback's name, or that of the `wait_for_callback` that it belongs to.
pub(super) fn name_of(operation: &Operation, execution: &Execution) -> Option<String> {
    operation.name.as_ref().or_else(|| waiting_name(operation, execution)).map(ToString::to_string)
}

fn waiting_name<'a>(operation: &Operation, execution: &'a Execution) -> Option<&'a SmolStr> {
    let parent = operation.parent_id.as_deref()?;
    let context = execution.operations().iter().rev().find(|context| context.id == parent)?;
    let waits = context.operation_type == OperationType::Context
        && context.sub_type.as_deref() == Some(sub_type::WAIT_FOR_CALLBACK);
    context.name.as_ref().filter(|_| waits)
}

/// Names the callback as the author does, where the engine knows only the operation.
fn with_title(reason: CallbackError, title: &str) -> CallbackError {
    match reason {
        CallbackError::Closed { status, end, .. } => CallbackError::Closed { name: title.to_owned(), status, end },
        CallbackError::ExecutionClosed { status, end, .. } => {
            CallbackError::ExecutionClosed { name: title.to_owned(), status, end }
        }
        other => other,
    }
}
