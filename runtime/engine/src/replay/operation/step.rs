use durabox_model::{Operation, OperationStatus};

use super::super::StepSemantics;
use super::{Begun, Phase, State};

/// Decides how a step goes on from its record. A step that is STARTED without an outcome was cut
/// off: it runs again without a second START, or counts as interrupted.
pub(super) fn begin(semantics: StepSemantics, status: Option<OperationStatus>, finished: u32) -> Begun {
    use StepSemantics::{AtLeastOncePerRetry, AtMostOncePerRetry};
    let attempt = finished + 1;
    match (status, semantics) {
        (Some(OperationStatus::Started), AtLeastOncePerRetry) => Begun::running(attempt, None, false),
        (Some(OperationStatus::Started), AtMostOncePerRetry) => {
            Begun { phase: Phase::Running, state: State::Interrupted(attempt), start: false }
        }
        (None | Some(OperationStatus::Ready), AtLeastOncePerRetry) => Begun::running(attempt, None, true),
        (None | Some(OperationStatus::Ready), AtMostOncePerRetry) => {
            Begun { phase: Phase::Starting, state: State::Pending, start: true }
        }
        (Some(_), _) => Begun::waiting(false),
    }
}

/// Decides how a condition goes on: each poll gets the state that the last one left.
pub(super) fn begin_condition(status: Option<OperationStatus>, record: Option<&Operation>) -> Begun {
    let step = record.and_then(|record| record.step_details.as_ref());
    let attempt = step.map_or(0, |step| step.attempt) + 1;
    let carried = step.and_then(|step| step.result.clone());
    match status {
        Some(OperationStatus::Started) => Begun::running(attempt, carried, false),
        None | Some(OperationStatus::Ready) => Begun::running(attempt, carried, true),
        Some(_) => Begun::waiting(false),
    }
}
