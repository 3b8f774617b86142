use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread::{self, Thread};
use std::time::Duration;

use wasmtime::Engine;

/// How late a running guest may learn that its time is up.
const TICK: Duration = Duration::from_millis(10);

/// Ticks without an invocation after which the thread sleeps until the next one.
const IDLE_TICKS: u32 = 100;

/// Moves the engine's epoch while invocations run, so that guests come up for air.
///
/// One thread to a sandbox. It goes on ticking for a second after the last invocation, because
/// waking it costs more than a short invocation.
pub(crate) struct Ticker {
    state: Arc<State>,
    thread: Thread,
}

#[derive(Default)]
struct State {
    running: AtomicUsize,
    parked: AtomicBool,
    stopped: AtomicBool,
}

/// Keeps the epoch moving as long as it lives.
pub(crate) struct Ticking<'a>(&'a State);

impl Ticker {
    pub(crate) fn start(engine: &Engine) -> std::io::Result<Self> {
        let state = Arc::new(State::default());
        let (shared, engine) = (Arc::clone(&state), engine.clone());
        let handle = thread::Builder::new().name("durabox-ticker".into()).spawn(move || shared.run(&engine))?;
        Ok(Self { state, thread: handle.thread().clone() })
    }

    pub(crate) fn tick(&self) -> Ticking<'_> {
        self.state.running.fetch_add(1, Ordering::SeqCst);
        if self.state.parked.load(Ordering::SeqCst) {
            self.thread.unpark();
        }
        Ticking(&self.state)
    }
}

impl Drop for Ticking<'_> {
    fn drop(&mut self) {
        self.0.running.fetch_sub(1, Ordering::SeqCst);
    }
}

impl Drop for Ticker {
    fn drop(&mut self) {
        self.state.stopped.store(true, Ordering::SeqCst);
        self.thread.unpark();
    }
}

impl State {
    fn run(&self, engine: &Engine) {
        let mut idle = IDLE_TICKS;
        while !self.stopped.load(Ordering::SeqCst) {
            if self.running.load(Ordering::SeqCst) > 0 {
                idle = 0;
            } else {
                idle += 1;
            }
            if idle > IDLE_TICKS {
                // Said before looking: an invocation that starts now either sees it or is seen.
                self.parked.store(true, Ordering::SeqCst);
                if self.running.load(Ordering::SeqCst) == 0 && !self.stopped.load(Ordering::SeqCst) {
                    thread::park();
                }
                self.parked.store(false, Ordering::SeqCst);
                continue;
            }
            // An unpark left over from starting makes this one tick short, which is harmless.
            thread::park_timeout(TICK);
            engine.increment_epoch();
        }
    }
}
