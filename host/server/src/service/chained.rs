//! Chained invokes: what each calls, and how its end comes back.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use durabox_runtime::engine::service::{ChainedInvoke, ChainedInvokeEnd, Execution};
use durabox_runtime::model::{ErrorObject, EventDetails};
use uuid::Uuid;

use super::start::NewExecution;
use super::{Service, ServiceError};
use crate::function::FunctionVersion;
use crate::hosted::{Hosted, Parent};
use crate::invoke::{Call, NoResult, call_function};
use crate::names::{FunctionName, LATEST};

/// A chained invoke, and what it calls.
pub(super) struct Plan {
    invoke: ChainedInvoke,
    target: Target,
}

enum Target {
    /// A durable function, in an execution of its own.
    Durable { function: Arc<FunctionVersion>, function_arn: String, arn: String, name: String },
    /// A plain function.
    Plain { function: Arc<FunctionVersion>, function_arn: String },
    /// Nothing: the invoke fails.
    Refused(ErrorObject),
}

/// A plain function that runs for an execution.
struct Calling(Arc<Hosted>);

impl Calling {
    fn of(hosted: &Arc<Hosted>) -> Self {
        hosted.calls.fetch_add(1, Ordering::AcqRel);
        Self(Arc::clone(hosted))
    }
}

impl Drop for Calling {
    fn drop(&mut self) {
        self.0.calls.fetch_sub(1, Ordering::AcqRel);
    }
}

impl Service {
    /// Decides what the chained invokes call that an execution has just started, and completes their events.
    pub(super) fn plan_chained(&self, execution: &mut Execution) -> Vec<Plan> {
        let invokes = execution.take_chained_invokes();
        let plan = |invoke: ChainedInvoke| {
            let plan = Plan { target: self.resolve(execution, &invoke), invoke };
            let (version, arn) = match &plan.target {
                Target::Durable { function, arn, .. } => (Some(function.version.clone()), Some(arn.clone())),
                Target::Plain { function, .. } => (Some(function.version.clone()), None),
                Target::Refused(_) => (None, None),
            };
            execution.chained_invoke_started(&plan.invoke.operation_id, version, arn);
            plan
        };
        invokes.into_iter().map(plan).collect()
    }

    fn resolve(&self, execution: &Execution, invoke: &ChainedInvoke) -> Target {
        let refused = |error: ServiceError| Target::Refused(error.error_object());
        let function = match FunctionName::parse(&invoke.function_name, None) {
            Ok(function) => function,
            Err(problem) => return refused(ServiceError::InvalidParameter(problem)),
        };
        let Some(version) = self.registry.find(&function) else {
            // An invoke that names no version means this one, and is told so.
            let qualifier = function.qualifier.or_else(|| Some(LATEST.to_owned()));
            return refused(self.function_not_found(&FunctionName { qualifier, ..function }));
        };
        let qualifier = function.qualifier.as_deref().unwrap_or(&version.version);
        let function_arn = self.options.account.qualified_arn(&version.name, qualifier);
        if !version.is_durable() {
            return Target::Plain { function: version, function_arn };
        }
        // What an earlier start of the server decided stands in the history.
        let (arn, name) = match decided(execution, &invoke.operation_id) {
            Some(arn) => {
                let name = arn.rsplit('/').nth(1).unwrap_or_default().to_owned();
                (arn, name)
            }
            None => {
                let name = Uuid::new_v4().to_string();
                (self.new_arn(&version, &name), name)
            }
        };
        Target::Durable { function: version, function_arn, arn, name }
    }

    /// Starts what was planned, once the plan is kept.
    pub(super) fn run_chained(self: &Arc<Self>, parent: &Arc<Hosted>, plans: Vec<Plan>) {
        if parent.is_forgotten() {
            return;
        }
        for Plan { mut invoke, target } in plans {
            // What is invoked belongs to the invoker's trace unless the invoke says otherwise.
            invoke.x_amzn_trace_id = invoke.x_amzn_trace_id.or_else(|| parent.metadata.trace_header.clone());
            match target {
                Target::Refused(error) => self.complete(parent, &invoke.operation_id, ChainedInvokeEnd::Failed(error)),
                Target::Durable { function, function_arn, arn, name } => {
                    let operation_id = invoke.operation_id.clone();
                    let new = NewExecution {
                        arn,
                        name,
                        function,
                        input: invoke.payload.unwrap_or_else(|| "null".into()),
                        function_arn,
                        is_sync: false,
                        wants_log: false,
                        trace_header: invoke.x_amzn_trace_id,
                        tenant_id: invoke.tenant_id,
                        parent: Some((
                            parent.number(),
                            Parent { arn: parent.arn.clone(), operation_id: invoke.operation_id.to_string() },
                        )),
                        timeline: parent.member.timeline().clone(),
                    };
                    if let Err(error) = self.start(new) {
                        self.complete(parent, &operation_id, ChainedInvokeEnd::Failed(error.error_object()));
                    }
                }
                Target::Plain { function, function_arn } => {
                    let (service, calling) = (Arc::clone(self), Calling::of(parent));
                    tokio::spawn(async move {
                        tokio::select! {
                            biased;
                            // It is made again when the server is started again.
                            () = service.ended() => {}
                            () = service.call_chained(&calling.0, &function, function_arn, invoke) => {}
                        }
                    });
                }
            }
        }
    }

    async fn call_chained(
        self: &Arc<Self>,
        parent: &Arc<Hosted>,
        function: &FunctionVersion,
        function_arn: String,
        invoke: ChainedInvoke,
    ) {
        // Time stands while the function runs.
        let member = parent.member.timeline().join();
        let turn = self.turn(function).await;
        let call = Call {
            request_id: Uuid::new_v4().to_string(),
            payload: invoke.payload.unwrap_or_else(|| "null".into()).into_bytes(),
            function_arn,
            trace_id: invoke.x_amzn_trace_id,
            client_context: None,
            tenant_id: invoke.tenant_id,
            is_durable: false,
            room: turn.room,
        };
        let end = match call_function(function, call).await {
            Ok(answer) => ChainedInvokeEnd::Succeeded(Some(String::from_utf8_lossy(&answer).into_owned())),
            Err(NoResult::Failed(failure)) if failure.error.error_type.as_deref() == Some("Sandbox.Timedout") => {
                ChainedInvokeEnd::TimedOut(failure.error)
            }
            Err(NoResult::Failed(failure)) => ChainedInvokeEnd::Failed(failure.error),
            Err(NoResult::Refused(error)) => ChainedInvokeEnd::Failed(error.error_object()),
        };
        self.goes_on().await;
        self.complete(parent, &invoke.operation_id, end);
        drop(member);
    }

    /// Tells the execution that invoked this one how it ended.
    pub(super) fn tell_parent(self: &Arc<Self>, hosted: &Hosted) {
        let Some(Parent { arn, operation_id }) = &hosted.parent else { return };
        let end = hosted.execution().chained_invoke_end();
        // A parent that has closed does not care.
        if let (Some(parent), Some(end)) = (self.find_open(arn), end) {
            self.complete(&parent, operation_id, end);
        }
    }

    /// Takes the chained invokes of an execution up again that had not ended: most have an execution of
    /// their own, which goes on or closed meanwhile; the rest are started.
    pub(super) fn resume_chained(self: &Arc<Self>, parent: &Arc<Hosted>) {
        let invokes = parent.execution().take_chained_invokes();
        for invoke in invokes {
            match self.store.hosted_by_invoke(parent.number(), &invoke.operation_id) {
                Ok(Some(child)) if !child.status.is_terminal() => {}
                Ok(Some(child)) => match self.store.hosted_execution(child.number) {
                    Ok(execution) => {
                        if let Some(end) = execution.chained_invoke_end() {
                            self.complete(parent, &invoke.operation_id, end);
                        }
                    }
                    Err(error) => self.log_error(parent, &error.to_string()),
                },
                Ok(None) => {
                    let target = self.resolve(&parent.execution(), &invoke);
                    self.run_chained(parent, vec![Plan { invoke, target }]);
                }
                Err(error) => self.log_error(parent, &error.to_string()),
            }
        }
    }

    fn complete(&self, parent: &Hosted, operation_id: &str, end: ChainedInvokeEnd) {
        let completed = parent.change(|execution, now| execution.complete_chained_invoke(operation_id, end, now));
        if let Err(error) = completed {
            self.log_error(parent, &error.to_string());
        }
    }
}

/// Returns the execution that the history says an invoke started.
fn decided(execution: &Execution, operation_id: &str) -> Option<String> {
    execution.events().iter().find_map(|event| match &event.details {
        EventDetails::ChainedInvokeStarted(started) if event.id.as_deref() == Some(operation_id) => {
            started.details.durable_execution_arn.clone()
        }
        _ => None,
    })
}
