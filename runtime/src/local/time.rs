//! When a run's time goes on, and how far: nothing is ready, so it is the turn of whoever answers
//! callbacks, and then of the earliest of all timers and answers.

use std::collections::HashSet;

use durabox_engine::replay::CallSite;
use durabox_engine::service::CallbackError;
use durabox_model::{MAX_EXECUTION_TIMEOUT_SECONDS, SmolStr, Timestamp};

use super::callbacks::Callback;
use super::control::{Command, Waiter};
use super::invocation::Invoker;
use super::world::{Task, World};
use super::{CallbackAction, CallbackSelector, ControlError, LocalError, OpenCallback, Progress};

/// The next thing that time brings: by time, by execution, answers before timers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Due {
    at: Timestamp,
    member: usize,
    what: What,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum What {
    Answer,
    Timer,
}

impl<I: Invoker> World<'_, I> {
    /// Obeys a command, or goes to what is due next; false when nothing is and nobody will answer.
    pub(super) async fn pass_time(&mut self) -> Result<bool, LocalError> {
        if let Some(command) = self.commands.poll() {
            self.obey(command).await?;
            return Ok(true);
        }
        let due = self.next_due();
        if self.commands.is_connected() {
            self.refresh_open();
            self.serve_waiters();
            let is_held = self.is_held();
            let waits_for_answer = match self.surroundings.clock.is_virtual() {
                true => is_held && self.waiters.is_empty(),
                false => is_held && due.is_none(),
            };
            if waits_for_answer {
                self.settle()?;
                if let Some(command) = self.commands.next().await {
                    self.obey(command).await?;
                }
                return Ok(true);
            }
            if is_held && self.surroundings.clock.is_virtual() && !due.is_some_and(|due| self.leaves_held_open(due)) {
                self.fail_waiters();
                return Ok(true);
            }
        }
        match due {
            Some(due) => self.go_to(due).await.map(|()| true),
            None => Ok(false),
        }
    }

    /// Goes to what is due; in real time a command may come first.
    async fn go_to(&mut self, due: Due) -> Result<(), LocalError> {
        let clock = self.surroundings.clock.clone();
        if due.at > clock.now() {
            self.options.report(Progress::TimeSkip { to: due.at });
        }
        if !clock.is_virtual() {
            self.settle()?;
        }
        if !clock.is_virtual() && self.commands.is_connected() {
            let command = tokio::select! {
                biased;
                command = self.commands.next() => Some(command),
                () = clock.reach(due.at) => None,
            };
            if let Some(command) = command {
                return match command {
                    Some(command) => self.obey(command).await,
                    None => Ok(()),
                };
            }
        } else {
            clock.reach(due.at).await;
        }
        match due.what {
            What::Answer => self.give_answers(due.member, clock.now()),
            What::Timer => self.fire_timers(due.member, clock.now()),
        }
    }

    /// Returns the earliest of all timers and answers.
    ///
    /// An execution timeout that nobody asked for, a year away, is none while a callback is open:
    /// the run would end by it only because an answer is missing.
    fn next_due(&self) -> Option<Due> {
        let answers = self.surroundings.callbacks().next_due();
        let answer = answers.map(|(at, member)| Due { at, member, what: What::Answer });
        let due = self.timers().chain(answer).min()?;
        if self.is_default_timeout(due) {
            self.refresh_open();
            if self.surroundings.callbacks().open().next().is_some() {
                return self.timers().filter(|due| !self.is_default_timeout(*due)).min();
            }
        }
        Some(due)
    }

    fn timers(&self) -> impl Iterator<Item = Due> {
        self.active.iter().filter_map(|task| match task {
            Task::Execution(member) => {
                let at = self.members[*member].shared.execution().poll_timeout()?;
                Some(Due { at, member: *member, what: What::Timer })
            }
            Task::Call(_) => None,
        })
    }

    fn is_default_timeout(&self, due: Due) -> bool {
        self.options.execution_timeout_seconds == MAX_EXECUTION_TIMEOUT_SECONDS
            && due.what == What::Timer
            && due.at == self.members[due.member].execution_deadline(self.options)
    }

    /// Whether going to `due` ends no callback that somebody means to answer.
    fn leaves_held_open(&self, due: Due) -> bool {
        let ends = |callback: &Callback| {
            callback.member == due.member && [callback.timeout(), callback.heartbeat_timeout()].contains(&Some(due.at))
        };
        due.what == What::Answer || !self.held().any(|callback| ends(&callback))
    }

    /// Forgets callbacks that are no longer open.
    pub(super) fn refresh_open(&self) {
        let mut open: HashSet<(usize, SmolStr)> = HashSet::new();
        for task in &self.active {
            if let Task::Execution(member) = task {
                let execution = self.members[*member].shared.execution();
                open.extend(execution.open_callbacks().map(|operation| (*member, operation.id.clone())));
            }
        }
        let is_open = |callback: &Callback| open.contains(&(callback.member, callback.operation_id.clone()));
        self.surroundings.callbacks().retain_open(is_open);
    }

    /// Returns the callbacks that hold the clock.
    fn held(&self) -> impl Iterator<Item = Callback> {
        let callbacks = self.surroundings.callbacks();
        let held: Vec<Callback> =
            callbacks.open().filter(|(_, callback)| callback.is_held()).map(|(_, callback)| callback.clone()).collect();
        held.into_iter()
    }

    fn is_held(&self) -> bool {
        self.surroundings.callbacks().open().any(|(_, callback)| callback.is_held())
    }

    pub(super) fn open_callbacks(&self) -> Vec<OpenCallback> {
        self.surroundings.callbacks().open().map(|(_, callback)| self.describe(callback)).collect()
    }

    fn describe(&self, callback: &Callback) -> OpenCallback {
        let member = &self.members[callback.member];
        OpenCallback {
            id: callback.id.clone(),
            name: callback.name.clone(),
            function_name: member.function.name.clone(),
            start: callback.start,
            timeout: callback.timeout(),
            heartbeat_timeout: callback.heartbeat_timeout(),
            site: self.site(callback),
        }
    }

    /// Returns where the callback was asked for, or the operation that it is part of.
    pub(super) fn site(&self, callback: &Callback) -> Option<CallSite> {
        let sites = &self.members[callback.member].sites;
        let ids = [Some(&callback.operation_id), callback.context.as_ref()];
        ids.into_iter().flatten().find_map(|id| sites.get(id)).cloned()
    }

    /// Tells those who wait for a callback that it is open.
    fn serve_waiters(&mut self) {
        let held: Vec<OpenCallback> = self.held().map(|callback| self.describe(&callback)).collect();
        self.waiters.retain(|waiter| !waiter.reply.is_closed());
        for waiter in std::mem::take(&mut self.waiters) {
            let found = held.iter().find(|open| waiter.callback.matches(&open.id, open.name.as_deref()));
            match found {
                // Nobody waits for it any more if this fails.
                Some(found) => drop(waiter.reply.send(Ok(found.clone()))),
                None => self.waiters.push(waiter),
            }
        }
    }

    fn fail_waiters(&mut self) {
        let held: Vec<String> = self.held().map(|callback| callback.title().to_owned()).collect();
        for Waiter { callback, reply } in std::mem::take(&mut self.waiters) {
            let error = ControlError::NotStarted { asked: callback.as_str().to_owned(), held: held.clone() };
            drop(reply.send(Err(error)));
        }
    }

    /// Obeys a command, and lets whoever sent it go on first: the next may already be for this instant.
    async fn obey(&mut self, command: Command) -> Result<(), LocalError> {
        self.perform_command(command)?;
        tokio::task::yield_now().await;
        Ok(())
    }

    /// Obeys what was sent before the run was over; callbacks no longer open.
    pub(super) fn obey_rest(&mut self) -> Result<(), LocalError> {
        while let Some(command) = self.commands.poll() {
            self.perform_command(command)?;
        }
        self.waiters.clear();
        Ok(())
    }

    fn perform_command(&mut self, command: Command) -> Result<(), LocalError> {
        match command {
            Command::Wait(waiter) => self.waiters.push(waiter),
            Command::Answer { callback, action, reply } => {
                let answered = match self.find(&callback) {
                    Ok(index) => self.answer(index, action)?.map_err(|reason| {
                        let callback = self.surroundings.callbacks().get(index).clone();
                        ControlError::Refused { reason, site: self.site(&callback) }
                    }),
                    Err(error) => Err(error),
                };
                drop(reply.send(answered));
            }
            Command::Release { callback, reply } => {
                let found = self.find(&callback);
                let released = found.map(|index| self.surroundings.callbacks().release(index));
                drop(reply.send(released));
            }
            Command::Stop { error, reply } => {
                let now = self.surroundings.clock.now();
                self.members[0].shared.change(|execution| execution.stop(error, now))?;
                drop(reply.send(Ok(())));
            }
        }
        Ok(())
    }

    /// Returns the callback that is meant: the first that is open, else the last that was.
    fn find(&self, selector: &CallbackSelector) -> Result<usize, ControlError> {
        self.refresh_open();
        let callbacks = self.surroundings.callbacks();
        let is_meant = |callback: &Callback| selector.matches(&callback.id, callback.name.as_deref());
        let open = callbacks.open().find(|(_, callback)| is_meant(callback));
        open.or_else(|| callbacks.named(selector).next())
            .map(|(index, _)| index)
            .ok_or_else(|| ControlError::Unknown { asked: selector.as_str().to_owned(), started: callbacks.titles() })
    }

    fn answer(&self, index: usize, action: CallbackAction) -> Result<Result<(), CallbackError>, LocalError> {
        let now = self.surroundings.clock.now();
        let member = self.surroundings.callbacks().get(index).member;
        let surroundings = &self.surroundings;
        self.members[member].shared.change(|execution| surroundings.callbacks().answer(index, action, execution, now))
    }
}
