//! Ctrl-C in the middle of a run: says what is kept, and ends the process.

use crate::exit_code;

/// Ends the process with 130 at Ctrl-C, after what `last` does, which returns what to say.
///
/// A thread of its own waits, because a handler may keep the run's thread busy.
pub fn exit_after(last: impl FnOnce() -> String + Send + 'static) {
    let wait = move || {
        let Ok(runtime) = tokio::runtime::Builder::new_current_thread().enable_io().build() else { return };
        if runtime.block_on(tokio::signal::ctrl_c()).is_ok() {
            eprintln!("\n{}", last());
            std::process::exit(exit_code::INTERRUPTED.into());
        }
    };
    // Without the thread Ctrl-C ends the process as it would any other.
    let _ = std::thread::Builder::new().name("interrupt".into()).spawn(wait);
}
