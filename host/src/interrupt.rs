//! Ctrl-C in the middle of a run: says what is kept, and ends the process.

use crate::exit_code;

/// Ends the process with 130 at Ctrl-C, after `message`.
///
/// A thread of its own waits, because a handler may keep the run's thread busy. What was
/// checkpointed is already in the store; nothing has to be finished.
pub fn exit_with(message: String) {
    let wait = move || {
        let Ok(runtime) = tokio::runtime::Builder::new_current_thread().enable_io().build() else { return };
        if runtime.block_on(tokio::signal::ctrl_c()).is_ok() {
            eprintln!("\n{message}");
            std::process::exit(exit_code::INTERRUPTED.into());
        }
    };
    // Without the thread Ctrl-C ends the process as it would any other, and the store is as whole.
    let _ = std::thread::Builder::new().name("interrupt".into()).spawn(wait);
}
