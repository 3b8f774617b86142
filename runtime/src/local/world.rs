//! The executions of a run side by side, in one order and one time: the first of them, in start
//! order, that has something to do does it; when none has, time goes on.

use std::sync::{Arc, Mutex};

use durabox_engine::service::{ChainedInvokeEnd, Effect};
use durabox_model::Timestamp;

use super::callbacks::Callbacks;
use super::client::Surroundings;
use super::control::Waiter;
use super::faults::Faults;
use super::invocation::Invoker;
use super::invokes::{Invokes, StartedInvoke, Target};
use super::member::{Member, NewMember, Parent};
use super::{Commands, LocalError, MockCall, OpenCallback, Outside, RefusedAnswer, Run, RunOptions, lock};
use crate::artifact::Artifact;
use crate::clock::Clock;
use crate::store::{Background, Store};

/// A run under way.
pub(super) struct World<'a, I> {
    pub(super) invoker: I,
    pub(super) options: &'a RunOptions,
    /// What keeps the run, if it is kept.
    store: Option<Arc<Background>>,
    pub(super) surroundings: Arc<Surroundings>,
    /// Every execution in start order, the run's own first.
    pub(super) members: Vec<Member>,
    /// What is not over, in start order.
    pub(super) active: Vec<Task>,
    calls: Vec<MockCall>,
    pub(super) commands: Commands,
    pub(super) waiters: Vec<Waiter>,
}

/// What a run goes by.
pub(super) struct Setting {
    pub(super) clock: Clock,
    pub(super) faults: Arc<Mutex<Faults>>,
}

/// Something that goes on until it closes.
pub(super) enum Task {
    /// The execution at this place.
    Execution(usize),
    /// A plain function, or an invoke that fails.
    Call(Box<StartedInvoke>),
}

/// What there is to do at once.
enum Work {
    /// Of the execution at this place.
    Effect(usize, Effect),
    /// The call at this place among the active tasks.
    Call(usize),
}

impl<'a, I: Invoker> World<'a, I> {
    /// Returns a world in which nothing has started.
    pub(super) fn new(
        invoker: I,
        setting: Setting,
        options: &'a RunOptions,
        store: Option<&'a Store>,
        commands: Commands,
    ) -> Result<Self, LocalError> {
        let invokes = Invokes::new(options.functions.clone(), options.seed, options.max_chained_executions);
        let surroundings = Surroundings {
            clock: setting.clock,
            faults: setting.faults,
            observer: options.observer.clone(),
            callbacks: Mutex::new(Callbacks::new(options.callbacks.clone())),
            invokes: Mutex::new(invokes),
            store_error: Mutex::default(),
        };
        Ok(Self {
            invoker,
            options,
            store: store.map(Background::of).transpose()?,
            surroundings: Arc::new(surroundings),
            members: Vec::new(),
            active: Vec::new(),
            calls: Vec::new(),
            commands,
            waiters: Vec::new(),
        })
    }

    /// Starts an execution.
    pub(super) fn start(&mut self, new: NewMember) -> Result<(), LocalError> {
        let index = self.members.len();
        self.members.push(Member::start(index, new, self.options, &self.surroundings, self.store.as_ref())?);
        self.active.push(Task::Execution(index));
        Ok(())
    }

    /// Performs effects; when idle, lets time go on. Ends when everything has closed, or waits for
    /// an answer that nobody will give.
    pub(super) async fn drive(&mut self) -> Result<(), LocalError> {
        self.go_on().await?;
        self.obey_rest()?;
        match &self.store {
            Some(store) => Ok(store.finish()?),
            None => Ok(()),
        }
    }

    /// Waits until the run is kept so far, before it waits for something that may take long.
    pub(super) fn settle(&self) -> Result<(), LocalError> {
        match &self.store {
            Some(store) => Ok(store.settle()?),
            None => Ok(()),
        }
    }

    async fn go_on(&mut self) -> Result<(), LocalError> {
        loop {
            match self.next_work() {
                Some(Work::Effect(index, Effect::Invoke { request_id, input })) => {
                    self.members[index].invoke(&self.invoker, request_id, input).await?;
                    self.start_invoked()?;
                }
                Some(Work::Effect(index, Effect::Closed)) => self.close(index)?,
                Some(Work::Call(position)) => self.call(position)?,
                None if self.active.is_empty() => return Ok(()),
                None => {
                    if !self.pass_time().await? {
                        return Ok(());
                    }
                }
            }
        }
    }

    fn next_work(&self) -> Option<Work> {
        let now = self.surroundings.clock.now();
        self.active.iter().enumerate().find_map(|(position, task)| match task {
            Task::Call(_) => Some(Work::Call(position)),
            Task::Execution(index) => {
                let effect = self.members[*index].shared.execution().poll_effect(now)?;
                Some(Work::Effect(*index, effect))
            }
        })
    }

    /// Starts what the last invocation invoked.
    fn start_invoked(&mut self) -> Result<(), LocalError> {
        let started = self.surroundings.invokes().take();
        for mut invoke in started {
            match invoke.target {
                Target::Handler { function, names, artifact } => {
                    let artifact = match artifact {
                        Some(artifact) => artifact,
                        None => self
                            .surroundings
                            .invokes()
                            .functions()
                            .load(&function)
                            .map_err(|source| LocalError::Function { name: function.to_string(), source })?,
                    };
                    let parent = &self.members[invoke.member];
                    let invoked_by = Some(Parent {
                        member: invoke.member,
                        execution_arn: parent.shared.execution().arn().to_owned(),
                        number: parent.number(),
                        operation_id: invoke.invoke.operation_id,
                    });
                    let input = invoke.invoke.payload.take();
                    self.start(NewMember { artifact, function, names, input, invoked_by })?;
                }
                Target::Mock { .. } | Target::Refused(_) => self.active.push(Task::Call(Box::new(invoke))),
            }
        }
        Ok(())
    }

    /// Tells the execution that invoked this one how it ended.
    fn close(&mut self, index: usize) -> Result<(), LocalError> {
        self.active.retain(|task| !matches!(task, Task::Execution(other) if *other == index));
        let member = &self.members[index];
        let end = member.shared.execution().chained_invoke_end();
        match (&member.invoked_by, end) {
            (Some(parent), Some(end)) => self.complete(parent.member, &parent.operation_id, end),
            _ => Ok(()),
        }
    }

    /// Calls a plain function.
    fn call(&mut self, position: usize) -> Result<(), LocalError> {
        let Task::Call(started) = self.active.remove(position) else { return Ok(()) };
        let StartedInvoke { member, invoke, target } = *started;
        let end = match target {
            Target::Mock { mock, .. } => {
                let call = MockCall {
                    function_name: invoke.function_name,
                    payload: invoke.payload,
                    tenant_id: invoke.tenant_id,
                };
                let answer = mock(&call);
                self.calls.push(call);
                answer.map_or_else(ChainedInvokeEnd::Failed, ChainedInvokeEnd::Succeeded)
            }
            Target::Refused(error) => ChainedInvokeEnd::Failed(error),
            Target::Handler { .. } => return Ok(()),
        };
        self.complete(member, &invoke.operation_id, end)
    }

    fn complete(&self, member: usize, operation_id: &str, end: ChainedInvokeEnd) -> Result<(), LocalError> {
        let now = self.surroundings.clock.now();
        self.members[member].shared.change(|execution| execution.complete_chained_invoke(operation_id, end, now))
    }

    /// Fires the timers of the execution at `index`.
    pub(super) fn fire_timers(&self, index: usize, now: Timestamp) -> Result<(), LocalError> {
        self.members[index].shared.change(|execution| execution.handle_timeout(now))
    }

    /// Gives the execution at `index` the answers that are due.
    pub(super) fn give_answers(&self, index: usize, now: Timestamp) -> Result<(), LocalError> {
        let surroundings = &self.surroundings;
        self.members[index].shared.change(|execution| surroundings.callbacks().answer_due(index, execution, now))
    }

    /// Returns what came of every execution, with its handler, and what came from outside.
    pub(super) fn finish(self) -> (Vec<(Run, Artifact)>, Outside) {
        self.refresh_open();
        let open_callbacks: Vec<OpenCallback> = self.open_callbacks();
        let mut callbacks = self.surroundings.callbacks();
        let refused = std::mem::take(&mut callbacks.refused).into_iter();
        let refused = refused
            .map(|(index, refused)| RefusedAnswer { site: self.site(callbacks.get(index)), ..refused })
            .collect();
        let unused_faults = lock(&self.surroundings.faults).unused();
        let outside = Outside {
            calls: self.calls,
            unknown_functions: std::mem::take(&mut self.surroundings.invokes().unknown),
            refused_answers: refused,
            unused_answers: callbacks.unused(),
            open_callbacks,
            unused_faults,
        };
        drop(callbacks);
        (self.members.into_iter().map(Member::into_run).collect(), outside)
    }
}
