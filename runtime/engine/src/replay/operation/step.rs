use durabox_model::OperationStatus;

use super::super::StepSemantics;
use super::{Begun, Phase, State};

/// Decides how a step goes on from its record. A step that is STARTED without an outcome was cut
/// off: it runs again without a second START, or counts as interrupted.
pub(super) fn begin(semantics: StepSemantics, status: Option<OperationStatus>, finished: u32) -> Begun {
    use StepSemantics::{AtLeastOncePerRetry, AtMostOncePerRetry};
    let attempt = finished + 1;
    match (status, semantics) {
        (Some(OperationStatus::Started), AtLeastOncePerRetry) => Begun::running(attempt, false),
        (Some(OperationStatus::Started), AtMostOncePerRetry) => {
            Begun { phase: Phase::Running, state: State::Interrupted(attempt), start: false }
        }
        (None | Some(OperationStatus::Ready), AtLeastOncePerRetry) => Begun::running(attempt, true),
        (None | Some(OperationStatus::Ready), AtMostOncePerRetry) => {
            Begun { phase: Phase::Starting, state: State::Pending, start: true }
        }
        (Some(_), _) => Begun::waiting(false),
    }
}
