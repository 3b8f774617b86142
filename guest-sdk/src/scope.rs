//! Whose code runs: the host's clock, randomness, sleep and log follow it.

use std::cell::Cell;
use std::future::poll_fn;
use std::pin::pin;

use crate::bindings::host;

thread_local! {
    static CURRENT: Cell<u32> = const { Cell::new(0) };
}

/// Tells the host that code of `scope` runs from here, unless it does already.
pub(crate) fn enter(scope: u32) {
    if CURRENT.replace(scope) != scope {
        host::enter(scope);
    }
}

/// Runs `body` in `scope`, and the code around it in its own again whenever `body` is not polled.
pub(crate) async fn within<F: Future>(scope: u32, body: F) -> F::Output {
    let mut body = pin!(body);
    poll_fn(|cx| {
        let outer = CURRENT.get();
        enter(scope);
        let poll = body.as_mut().poll(cx);
        enter(outer);
        poll
    })
    .await
}

/// Runs what a serdes does, which the host lets use files.
pub(crate) async fn serdes<F: Future>(serdes: F) -> F::Output {
    let mut serdes = pin!(serdes);
    poll_fn(|cx| {
        host::serdes(true);
        let poll = serdes.as_mut().poll(cx);
        host::serdes(false);
        poll
    })
    .await
}
