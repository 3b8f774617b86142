//! What holds of both machines whatever is done to them. A failure prints the case and its seed.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use durabox_engine::replay::{
    CallSite, Claim, Jitter, Mode, Outcome, Replay, Request, RetryDecision, RetryStrategy, State, StepSemantics,
};
use durabox_engine::service::{
    CallbackError, ChainedInvokeEnd, CheckpointError, Effect, Execution, ExecutionConfig, InvocationEnd, Metering,
    StartExecution,
};
use durabox_engine::{CheckpointRequest, history};
use durabox_model::{
    CallbackOptions, ChainedInvokeOptions, ContextOptions, ErrorObject, Event, EventDetails, ExecutionStatus,
    InvocationOutput, Operation, OperationAction, OperationStatus, OperationType, OperationUpdate, SmolStr,
    StepOptions, Timestamp, WaitOptions, sub_type,
};
use proptest::prelude::*;

const START: Timestamp = Timestamp::from_millis(1_767_225_600_000);

fn execution(config: ExecutionConfig) -> Execution {
    let arn = "arn:aws:lambda:us-east-1:123456789012:function:f:1/durable-execution/n/e1";
    Execution::start(StartExecution { arn: arn.into(), input: Some("1".into()), config }, START)
}

/// Any update at all, of few ids so that they meet.
fn any_update() -> impl Strategy<Value = OperationUpdate> {
    use {OperationAction as A, OperationType as T};
    let action = prop::sample::select(vec![A::Start, A::Succeed, A::Fail, A::Retry, A::Cancel]);
    let kind =
        prop::sample::select(vec![T::Step, T::Step, T::Wait, T::Context, T::Execution, T::Callback, T::ChainedInvoke]);
    let parent = prop::option::weighted(0.2, prop::sample::select(vec!["a", "b", "c"]));
    (action, kind, prop::sample::select(vec!["a", "b", "c", "d"]), parent, any::<bool>(), any::<bool>(), 0u64..4)
        .prop_map(|(action, kind, id, parent, payload, error, seconds)| {
            let mut update = OperationUpdate::new(id, kind, action);
            update.parent_id = parent.map(Into::into);
            update.payload = payload.then(|| "1".to_owned());
            update.error = error.then(|| ErrorObject::new("E", "e").into());
            update.step_options = (seconds > 0).then_some(StepOptions { next_attempt_delay_seconds: seconds });
            update.wait_options = (seconds > 0).then_some(WaitOptions { wait_seconds: seconds });
            update.context_options = Some(ContextOptions { replay_children: payload });
            update.callback_options =
                Some(CallbackOptions { timeout_seconds: seconds * 2, heartbeat_timeout_seconds: seconds });
            update.chained_invoke_options = (seconds > 0)
                .then(|| ChainedInvokeOptions { function_name: "f".into(), ..ChainedInvokeOptions::default() }.into());
            update
        })
}

#[derive(Clone, Debug)]
enum Act {
    Checkpoint(Vec<OperationUpdate>),
    Suspend,
    Crash,
    Return,
    Sleep(u64),
    Next,
    Stale,
    SucceedCallback(&'static str),
    FailCallback(&'static str),
    Heartbeat(&'static str),
    CompleteInvoke(&'static str, ChainedInvokeEnd),
}

fn any_id() -> impl Strategy<Value = &'static str> {
    prop::sample::select(vec!["a", "b", "c", "d"])
}

fn any_end() -> impl Strategy<Value = ChainedInvokeEnd> {
    let error = || ErrorObject::new("E", "e");
    prop::sample::select(vec![
        ChainedInvokeEnd::Succeeded(Some("1".into())),
        ChainedInvokeEnd::Succeeded(None),
        ChainedInvokeEnd::Failed(error()),
        ChainedInvokeEnd::TimedOut(error()),
        ChainedInvokeEnd::Stopped(error()),
    ])
}

fn any_act() -> impl Strategy<Value = Act> {
    prop_oneof![
        6 => prop::collection::vec(any_update(), 0..4).prop_map(Act::Checkpoint),
        2 => Just(Act::Suspend),
        1 => Just(Act::Crash),
        1 => Just(Act::Return),
        1 => (0u64..5).prop_map(Act::Sleep),
        3 => Just(Act::Next),
        1 => Just(Act::Stale),
        1 => any_id().prop_map(Act::SucceedCallback),
        1 => any_id().prop_map(Act::FailCallback),
        1 => any_id().prop_map(Act::Heartbeat),
        1 => (any_id(), any_end()).prop_map(|(id, end)| Act::CompleteInvoke(id, end)),
    ]
}

/// Returns the callback id of an operation, or one that is no id at all.
fn callback_id(execution: &Execution, operation_id: &str) -> String {
    let operation = execution.operations().iter().find(|operation| operation.id == operation_id);
    let details = operation.and_then(|operation| operation.callback_details.clone());
    details.and_then(|details| details.callback_id).unwrap_or_default()
}

/// Answers a callback, which is accepted while it is open and refused from then on.
fn check_answer(
    execution: &mut Execution,
    operation_id: &str,
    answer: impl FnOnce(&mut Execution, &str) -> Result<(), CallbackError>,
) {
    let is_open = |execution: &Execution| execution.open_callbacks().any(|operation| operation.id == operation_id);
    let callback_id = callback_id(execution, operation_id);
    let was_open = is_open(execution);
    match answer(execution, &callback_id) {
        Ok(()) => assert!(was_open),
        Err(refused) => assert!(!is_open(execution), "{refused}"),
    }
}

/// Recomputes what an execution is metered for from its history.
fn metered(events: &[Event], operations: usize) -> Metering {
    let mut metering = Metering { operations: operations as u64, bytes: 0 };
    for (position, event) in events.iter().enumerate() {
        let retried = |next: Option<u64>| u64::from(next.is_some());
        let (payload, error) = match &event.details {
            EventDetails::ExecutionStarted(event) => (event.details.input.payload.clone(), None),
            EventDetails::ExecutionSucceeded(event) => (event.details.result.payload.clone(), None),
            EventDetails::ExecutionFailed(event) => (None, event.details.error.payload.clone()),
            EventDetails::ExecutionTimedOut(event) => (None, event.details.error.clone().and_then(|it| it.payload)),
            EventDetails::ContextSucceeded(event) => (event.details.result.payload.clone(), None),
            EventDetails::ContextFailed(event) => (None, event.details.error.payload.clone()),
            EventDetails::StepSucceeded(event) => {
                metering.operations += retried(event.details.retry_details.next_attempt_delay_seconds);
                (event.details.result.payload.clone(), None)
            }
            EventDetails::StepFailed(event) => {
                metering.operations += retried(event.details.retry_details.next_attempt_delay_seconds);
                (None, event.details.error.payload.clone())
            }
            EventDetails::CallbackSucceeded(event) => (event.details.result.payload.clone(), None),
            EventDetails::CallbackFailed(event) => (None, event.details.error.payload.clone()),
            EventDetails::CallbackTimedOut(event) => (None, event.details.error.payload.clone()),
            EventDetails::ChainedInvokeStarted(event) => (event.details.input.clone().and_then(|it| it.payload), None),
            EventDetails::ChainedInvokeSucceeded(event) => (event.details.result.payload.clone(), None),
            EventDetails::ChainedInvokeFailed(event) => (None, event.details.error.payload.clone()),
            EventDetails::ChainedInvokeTimedOut(event) => (None, event.details.error.payload.clone()),
            EventDetails::ChainedInvokeStopped(event) => (None, event.details.error.payload.clone()),
            EventDetails::InvocationCompleted(event) => {
                // A crash that ends the execution is not retried.
                let last = matches!(
                    events.get(position + 1).map(|next| &next.details),
                    Some(EventDetails::ExecutionFailed(_) | EventDetails::ExecutionSucceeded(_))
                );
                let crash = event.details.error.clone().filter(|_| !last);
                metering.operations += u64::from(crash.is_some());
                (None, crash.and_then(|crash| crash.payload))
            }
            _ => (None, None),
        };
        metering.bytes += payload.map_or(0, |text| text.len()) as u64 + error.map_or(0, |error| error.size()) as u64;
    }
    metering
}

/// Drives an execution through `acts`, and calls `check` after each.
fn drive(acts: Vec<Act>, mut check: impl FnMut(&Execution)) -> Execution {
    let mut execution = execution(ExecutionConfig { execution_timeout_seconds: 40, ..ExecutionConfig::default() });
    let (mut now, mut token) = (START, String::new());
    for act in acts {
        while let Some(effect) = execution.poll_effect(now) {
            if let Effect::Invoke { input, .. } = effect {
                token = input.checkpoint_token;
            }
        }
        match act {
            Act::Checkpoint(updates) => {
                let request = CheckpointRequest { token: token.clone(), updates };
                if let Ok(output) = execution.checkpoint(request, now) {
                    token = output.token.unwrap_or_default();
                }
            }
            Act::Stale => {
                let request = CheckpointRequest { token: "stale".into(), updates: vec![] };
                assert_eq!(execution.checkpoint(request, now), Err(CheckpointError::InvalidToken));
            }
            Act::SucceedCallback(id) => {
                check_answer(&mut execution, id, |execution, id| execution.succeed_callback(id, Some("1".into()), now))
            }
            Act::FailCallback(id) => check_answer(&mut execution, id, |execution, id| {
                execution.fail_callback(id, ErrorObject::new("E", "e"), now)
            }),
            Act::Heartbeat(id) => {
                check_answer(&mut execution, id, |execution, id| execution.heartbeat_callback(id, now))
            }
            Act::CompleteInvoke(id, end) => execution.complete_chained_invoke(id, end, now),
            Act::Suspend => execution.complete_invocation(InvocationEnd::Answered(InvocationOutput::pending()), now),
            Act::Crash => {
                execution.complete_invocation(InvocationEnd::Crashed(ErrorObject::new("Runtime.ExitError", "x")), now);
            }
            Act::Return => {
                let output = InvocationOutput::succeeded(Some("1".into()));
                execution.complete_invocation(InvocationEnd::Answered(output), now);
            }
            Act::Sleep(seconds) => now = now.plus_seconds(seconds),
            Act::Next => {
                if let Some(deadline) = execution.poll_timeout() {
                    now = now.max(deadline);
                    execution.handle_timeout(now);
                }
            }
        }
        check(&execution);
    }
    execution
}

fn is_closing(event: &Event) -> bool {
    let name = event.details.event_type();
    name.starts_with("Execution") && name != "ExecutionStarted"
}

fn acts() -> impl Strategy<Value = Vec<Act>> {
    prop::collection::vec(any_act(), 1..30)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_rejected_checkpoint_changes_nothing(before in acts(), updates in prop::collection::vec(any_update(), 1..6)) {
        let mut execution = drive(before, |_| {});
        let mut token = String::new();
        let now = START.plus_seconds(1);
        if let Some(Effect::Invoke { input, .. }) = execution.poll_effect(now) {
            token = input.checkpoint_token;
        }
        // Timers that are due fire first whatever the batch holds; none are, after this.
        execution.handle_timeout(now);
        let snapshot = format!("{execution:?}");
        if execution.checkpoint(CheckpointRequest { token, updates }, now).is_err() {
            prop_assert_eq!(format!("{execution:?}"), snapshot);
        }
    }

    #[test]
    fn a_terminal_operation_never_changes_again(acts in acts()) {
        let mut ended: HashMap<SmolStr, Arc<Operation>> = HashMap::new();
        drive(acts, |execution| {
            for operation in execution.operations() {
                if let Some(known) = ended.get(&operation.id) {
                    assert_eq!(known, operation);
                } else if operation.status.is_terminal() {
                    assert!(operation.end_timestamp.is_some(), "an end has its time");
                    ended.insert(operation.id.clone(), Arc::clone(operation));
                }
            }
        });
    }

    #[test]
    fn event_ids_are_dense_and_times_never_go_back(acts in acts()) {
        let execution = drive(acts, |_| {});
        for (index, event) in execution.events().iter().enumerate() {
            prop_assert_eq!(event.event_id, index as u64 + 1);
        }
        prop_assert!(execution.events().is_sorted_by_key(|event| event.event_timestamp));
    }

    #[test]
    fn events_are_only_appended_and_nothing_follows_the_closing_one(acts in acts()) {
        let mut seen = Vec::new();
        drive(acts, |execution| {
            assert!(execution.events().starts_with(&seen));
            seen = execution.events().to_vec();
        });
        if let Some(position) = seen.iter().position(is_closing) {
            prop_assert_eq!(position, seen.len() - 1);
        }
    }

    #[test]
    fn a_closed_execution_has_no_timer_and_invokes_nothing(acts in acts()) {
        let mut execution = drive(acts, |_| {});
        if execution.status().is_terminal() {
            prop_assert_eq!(execution.poll_timeout(), None);
            let effects: Vec<_> = std::iter::from_fn(|| execution.poll_effect(START.plus_seconds(99))).collect();
            prop_assert!(effects.iter().all(|effect| *effect == Effect::Closed), "{:?}", effects);
            prop_assert!(effects.len() <= 1);
        }
    }

    #[test]
    fn one_invocation_runs_at_a_time(acts in acts()) {
        let execution = drive(acts, |_| {});
        let completed = execution.events().iter()
            .filter(|event| matches!(event.details, EventDetails::InvocationCompleted(_)))
            .count() as u64;
        prop_assert!(execution.invocation_count() - completed <= 1);
    }

    #[test]
    fn a_history_folds_to_the_operations_it_came_from(acts in acts()) {
        let execution = drive(acts, |_| {});
        let folded = history::operations(execution.events(), "e1");
        // A settled execution whose invocation still runs has no closing event yet.
        let mut kept: Vec<Operation> = execution.operations().iter().map(|operation| (**operation).clone()).collect();
        let mut folded = folded;
        for operation in kept.iter_mut().chain(&mut folded) {
            if operation.operation_type == OperationType::Execution {
                operation.status = OperationStatus::Started;
                operation.end_timestamp = None;
            }
            if operation.status == OperationStatus::Ready {
                operation.status = OperationStatus::Pending;
            }
            // Lambda has no event for a chained invoke that is cancelled.
            if operation.status == OperationStatus::Cancelled && operation.operation_type == OperationType::ChainedInvoke {
                operation.status = OperationStatus::Started;
                operation.end_timestamp = None;
            }
            if let Some(step) = &mut operation.step_details {
                step.next_attempt_timestamp = None;
            }
            if let Some(context) = &mut operation.context_details {
                context.replay_children = false;
            }
        }
        prop_assert_eq!(folded, kept);
    }

    #[test]
    fn metering_never_goes_down_and_is_what_the_history_says(acts in acts()) {
        let mut before = Metering::default();
        drive(acts, |execution| {
            let now = execution.metering();
            assert!(now.operations >= before.operations && now.bytes >= before.bytes, "{before:?} then {now:?}");
            before = now;
            // The closing event follows the invocation that checkpointed the end.
            let closing = execution.events().last().is_some_and(is_closing);
            if closing || !execution.status().is_terminal() {
                assert_eq!(now, metered(execution.events(), execution.operations().len()));
            }
        });
    }

    #[test]
    fn limits_hold_whatever_is_checkpointed(acts in acts(), max_operations in 1u64..8, max_bytes in 1u64..12) {
        let config = ExecutionConfig { max_operations, max_bytes, ..ExecutionConfig::default() };
        let mut execution = execution(config);
        let Some(Effect::Invoke { input, .. }) = execution.poll_effect(START) else { panic!("no invocation") };
        let mut token = input.checkpoint_token;
        for act in acts {
            let Act::Checkpoint(updates) = act else { continue };
            let before = execution.metering();
            match execution.checkpoint(CheckpointRequest { token: token.clone(), updates }, START) {
                Ok(output) => {
                    let after = execution.metering();
                    prop_assert!(after.operations <= max_operations || after.operations == before.operations);
                    prop_assert!(after.bytes <= max_bytes || after.bytes == before.bytes);
                    token = output.token.unwrap_or_default();
                }
                Err(error @ (CheckpointError::TooManyOperations(_) | CheckpointError::TooManyBytes(_))) => {
                    prop_assert!(error.operation_id().is_some());
                    prop_assert_eq!(execution.metering(), before);
                }
                Err(_) => prop_assert_eq!(execution.metering(), before),
            }
        }
    }

    #[test]
    fn the_open_callbacks_are_those_that_are_started_while_the_execution_runs(acts in acts()) {
        drive(acts, |execution| {
            let started = |operation: &&Arc<Operation>| {
                operation.operation_type == OperationType::Callback
                    && operation.status == OperationStatus::Started
                    && !execution.status().is_terminal()
            };
            assert!(execution.open_callbacks().eq(execution.operations().iter().filter(started)));
        });
    }

    #[test]
    fn every_chained_invoke_that_starts_is_run_once(acts in acts()) {
        let mut execution = drive(acts, |_| {});
        let run: Vec<_> = execution.take_chained_invokes().into_iter().map(|invoke| invoke.operation_id).collect();
        let started: Vec<_> = execution.operations().iter()
            .filter(|operation| operation.operation_type == OperationType::ChainedInvoke)
            .map(|operation| operation.id.clone())
            .collect();
        prop_assert_eq!(run, started);
    }

    #[test]
    fn whatever_moves_by_time_moves_no_earlier_than_its_deadline(acts in acts()) {
        let execution = drive(acts, |_| {});
        for operation in execution.operations() {
            let due = operation.wait_details.as_ref().and_then(|wait| wait.scheduled_end_timestamp);
            if let (Some(due), OperationStatus::Succeeded, Some(end)) = (due, operation.status, operation.end_timestamp) {
                prop_assert!(end >= due);
            }
        }
    }
}

/// A program of operations that are awaited one after the other, some inside child contexts.
#[derive(Clone, Debug)]
enum Op {
    Step { fails: u32, once: bool },
    Wait(u64),
    Child(Vec<Op>),
}

fn any_program() -> impl Strategy<Value = Vec<Op>> {
    let leaf = prop_oneof![
        (0u32..3, any::<bool>()).prop_map(|(fails, once)| Op::Step { fails, once }),
        (1u64..100).prop_map(Op::Wait),
    ];
    let op = leaf.prop_recursive(3, 12, 4, |inner| prop::collection::vec(inner, 0..4).prop_map(Op::Child));
    prop::collection::vec(op, 1..6)
}

/// How a guest's run of a program ends.
enum Ran {
    Suspended,
    Crashed,
}

/// A guest that runs a program against both machines, and dies when its fuel is spent.
struct Guest<'a> {
    replay: Replay,
    execution: Option<&'a mut Execution>,
    now: Timestamp,
    fuel: u32,
    /// Bodies that ran, by position.
    ran: Vec<String>,
}

impl Guest<'_> {
    fn run(&mut self, program: &[Op], context: u32, path: &str) -> Result<(), Ran> {
        for (op, index) in program.iter().zip(1..) {
            let path = format!("{path}/{index}");
            let request = match op {
                Op::Step { once: true, .. } => Request::Step(StepSemantics::AtMostOncePerRetry),
                Op::Step { .. } => Request::Step(StepSemantics::AtLeastOncePerRetry),
                Op::Wait(seconds) => Request::Wait { seconds: *seconds },
                Op::Child(_) => Request::Context { sub_type: sub_type::RUN_IN_CHILD_CONTEXT.into() },
            };
            let claim = Claim {
                context,
                index,
                batch: None,
                name: Some(format!("op {index}").into()),
                request,
                site: CallSite::default(),
            };
            let claimed = self.replay.claim(claim).expect("a program that follows its record");
            if let Some(outcome) = claimed.settled {
                assert!(matches!(outcome, Outcome::Succeeded(_)), "{outcome:?}");
                continue;
            }
            loop {
                self.burn()?;
                match self.replay.poll(claimed.handle).expect("a state") {
                    State::Opened(_) | State::Pending => self.wait_any()?,
                    State::Acknowledged | State::Settled(Outcome::Succeeded(_)) => break,
                    State::Settled(other) => panic!("{other:?}"),
                    State::Run { attempt, .. } | State::Interrupted(attempt) => match op {
                        Op::Child(inner) => {
                            self.run(inner, claimed.handle, &path)?;
                            self.replay.succeed(claimed.handle, None, None).expect("a report");
                        }
                        Op::Step { fails, .. } if attempt <= *fails => self.fail(claimed.handle),
                        _ => {
                            self.ran.push(path.clone());
                            self.replay.succeed(claimed.handle, Some(attempt.to_string()), None).expect("a report");
                        }
                    },
                }
            }
        }
        Ok(())
    }

    fn fail(&mut self, handle: u32) {
        let strategy = RetryStrategy {
            max_attempts: 100,
            initial_delay_seconds: 1.0,
            max_delay_seconds: 10.0,
            backoff_rate: 2.0,
            jitter: Jitter::Full,
        };
        let error = ErrorObject::new("E", "not yet");
        self.replay.fail(handle, error, RetryDecision::ByStrategy(strategy), 0.5).expect("a report");
    }

    fn burn(&mut self) -> Result<(), Ran> {
        self.fuel = self.fuel.checked_sub(1).ok_or(Ran::Crashed)?;
        Ok(())
    }

    fn wait_any(&mut self) -> Result<(), Ran> {
        loop {
            if !self.replay.take_ready().is_empty() {
                return Ok(());
            }
            let Some(request) = self.replay.poll_checkpoint() else { return Err(Ran::Suspended) };
            self.burn()?;
            let execution = self.execution.as_mut().expect("only a live run checkpoints");
            let mut output = execution.checkpoint(request, self.now).expect("a legal batch");
            if let (Some(token), marker) = (&output.token, output.next_marker.take()) {
                output.operations.extend(rest_of_state(execution, token, marker));
            }
            self.replay.handle_checkpoint(output).expect("an answer");
        }
    }
}

/// Runs a program to its end, crashing where `fuels` says; afterwards without limit.
fn run_program(program: &[Op], mut fuels: Vec<u32>, page_size: usize) -> (Execution, Vec<String>) {
    let mut execution =
        execution(ExecutionConfig { page_size, max_crash_retries: u32::MAX, ..ExecutionConfig::default() });
    let (mut now, mut bodies) = (START, Vec::new());
    loop {
        match execution.poll_effect(now) {
            Some(Effect::Closed) => return (execution, bodies),
            Some(Effect::Invoke { input, .. }) => {
                let mut operations = input.operations;
                operations.extend(rest_of_state(&mut execution, &input.checkpoint_token, input.next_marker));
                let replay = Replay::new(input.checkpoint_token, operations, Mode::Live);
                let fuel = fuels.pop().unwrap_or(u32::MAX);
                let mut guest = Guest { replay, execution: Some(&mut execution), now, fuel, ran: Vec::new() };
                let ran = guest.run(program, 0, "");
                bodies.append(&mut guest.ran);
                let end = match ran {
                    Ok(()) => InvocationEnd::Answered(InvocationOutput::succeeded(Some("\"done\"".into()))),
                    Err(Ran::Suspended) => InvocationEnd::Answered(InvocationOutput::pending()),
                    Err(Ran::Crashed) => InvocationEnd::Crashed(ErrorObject::new("Runtime.ExitError", "fuel")),
                };
                execution.complete_invocation(end, now);
            }
            None => {
                now = now.max(execution.poll_timeout().expect("a suspended execution has a deadline"));
                execution.handle_timeout(now);
            }
        }
    }
}

fn rest_of_state(execution: &mut Execution, token: &str, mut marker: Option<String>) -> Vec<Arc<Operation>> {
    let mut operations = Vec::new();
    while let Some(from) = marker {
        let page = execution.state(token, Some(&from), 0).expect("a page");
        operations.extend(page.operations);
        marker = page.next_marker;
    }
    operations
}

/// What a run leaves, apart from how often it was cut off.
fn essence(execution: &Execution) -> Vec<(SmolStr, OperationStatus, Option<SmolStr>)> {
    let mut all: Vec<_> = execution.operations()[1..]
        .iter()
        .map(|operation| (operation.id.clone(), operation.status, operation.name.clone()))
        .collect();
    all.sort_by(|a, b| a.0.cmp(&b.0));
    all
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 500, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_program_ends_the_same_wherever_it_crashes(program in any_program(), fuels in prop::collection::vec(0u32..30, 0..6)) {
        let (calm, _) = run_program(&program, vec![], usize::MAX);
        let (crashed, _) = run_program(&program, fuels, usize::MAX);
        prop_assert_eq!(calm.status(), ExecutionStatus::Succeeded);
        prop_assert_eq!(crashed.status(), ExecutionStatus::Succeeded);
        prop_assert_eq!(essence(&calm), essence(&crashed));
    }

    #[test]
    fn without_a_crash_every_body_runs_to_its_success_once(program in any_program()) {
        let (_, bodies) = run_program(&program, vec![], usize::MAX);
        let distinct: HashSet<_> = bodies.iter().collect();
        prop_assert_eq!(distinct.len(), bodies.len());
    }

    #[test]
    fn pages_of_one_operation_give_the_same_history_as_whole_ones(program in any_program()) {
        let (whole, _) = run_program(&program, vec![], usize::MAX);
        let (paged, _) = run_program(&program, vec![], 1);
        prop_assert_eq!(whole.events(), paged.events());
    }

    #[test]
    fn a_finished_record_is_claimed_whole_without_running_anything(program in any_program(), fuels in prop::collection::vec(0u32..30, 0..3)) {
        let (execution, _) = run_program(&program, fuels, usize::MAX);
        let replay = Replay::new(String::new(), execution.operations().to_vec(), Mode::Recorded { complete: true });
        let mut guest = Guest { replay, execution: None, now: START, fuel: u32::MAX, ran: Vec::new() };
        prop_assert!(guest.run(&program, 0, "").is_ok());
        prop_assert_eq!(&guest.ran, &Vec::<String>::new());
        prop_assert_eq!(guest.replay.check_claimed_whole(), Ok(()));
    }

    #[test]
    fn dropping_the_last_operation_of_a_program_is_always_noticed(program in any_program()) {
        let (execution, _) = run_program(&program, vec![], usize::MAX);
        let replay = Replay::new(String::new(), execution.operations().to_vec(), Mode::Recorded { complete: true });
        let mut guest = Guest { replay, execution: None, now: START, fuel: u32::MAX, ran: Vec::new() };
        prop_assert!(guest.run(&program[..program.len() - 1], 0, "").is_ok());
        prop_assert!(guest.replay.check_claimed_whole().is_err());
    }
}
