use durabox_model::{MAX_WAIT_SECONDS, OperationUpdate, WaitOptions};

pub(super) fn check(seconds: u64) -> Result<(), String> {
    match seconds {
        1..=MAX_WAIT_SECONDS => Ok(()),
        _ => Err(format!("a wait takes 1 to {MAX_WAIT_SECONDS} seconds (366 days), got {seconds}")),
    }
}

pub(super) fn complete_start(seconds: u64, update: &mut OperationUpdate) {
    update.wait_options = Some(WaitOptions { wait_seconds: seconds });
}
