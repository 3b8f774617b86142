//! What a person sees on stderr while a run goes on: the handler's lines, and on a terminal a line
//! of progress when it takes long.

use std::io::{self, IsTerminal, Write};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use durabox::render::text::{clean, count, duration};
use durabox_runtime::local::{Observer, Progress};
use durabox_runtime::model::Timestamp;
use durabox_runtime::sandbox::{LogLine, Stream};

/// A run is shown as live when it takes longer than this.
const PATIENCE: Duration = Duration::from_millis(300);
/// How often the line is drawn.
const INTERVAL: Duration = Duration::from_millis(100);

/// The display of one run; dropping it removes the line of progress.
pub struct Display {
    state: Arc<Mutex<State>>,
}

#[derive(Default)]
struct State {
    start: Option<Timestamp>,
    now: Timestamp,
    /// What the run waits for, while nothing runs.
    until: Option<Timestamp>,
    function: String,
    invocation: u64,
    operations: usize,
    /// Whether the line is on the screen.
    drawn: bool,
    over: bool,
}

impl Display {
    /// Begins to show a run.
    pub fn start() -> Self {
        let state = Arc::new(Mutex::new(State::default()));
        if io::stderr().is_terminal() {
            let state = Arc::clone(&state);
            // Without the thread there is no line of progress, and nothing else is missing.
            let _ = std::thread::Builder::new().name("progress".into()).spawn(move || draw(&state));
        }
        Self { state }
    }

    /// Returns what tells the display how the run goes on.
    pub fn observer(&self) -> Observer {
        let state = Arc::clone(&self.state);
        Arc::new(move |progress| lock(&state).take(&progress))
    }
}

impl Drop for Display {
    fn drop(&mut self) {
        let mut state = lock(&self.state);
        state.over = true;
        state.erase();
    }
}

impl State {
    fn take(&mut self, progress: &Progress<'_>) {
        match progress {
            Progress::Invocation { function, number, now } => {
                self.start.get_or_insert(*now);
                if self.function != *function {
                    self.function = (*function).to_owned();
                }
                (self.invocation, self.now, self.until) = (*number, *now, None);
            }
            Progress::Checkpoint { operations, now } => (self.operations, self.now) = (*operations, *now),
            Progress::TimeSkip { to } => self.until = Some(*to),
            Progress::Log { line, chained } => {
                self.erase();
                eprintln!("{}", log_text(line, *chained, self.start.unwrap_or(line.timestamp)));
            }
        }
    }

    fn erase(&mut self) {
        if std::mem::take(&mut self.drawn) {
            eprint!("\r\u{1b}[2K");
        }
    }

    fn draw(&mut self) {
        let offset = |time: Timestamp| duration(time.since(self.start.unwrap_or(time)));
        let time = match self.until {
            Some(until) => format!("waiting until +{}", offset(until)),
            None => format!("at +{}", offset(self.now)),
        };
        let operations = count(self.operations, "operation");
        eprint!("\r\u{1b}[2K{}: invocation {}, {operations}, {time}", self.function, self.invocation);
        // The line is a courtesy; a closed stderr is no reason to stop.
        let _ = io::stderr().flush();
        self.drawn = true;
    }
}

fn draw(state: &Mutex<State>) {
    std::thread::sleep(PATIENCE);
    loop {
        {
            let mut state = lock(state);
            if state.over {
                return;
            }
            state.draw();
        }
        std::thread::sleep(INTERVAL);
    }
}

fn lock(state: &Mutex<State>) -> MutexGuard<'_, State> {
    state.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Returns `+10s WARN order: card declined attempt=2`, with `[pay]` before a line of a function that
/// the handler invoked.
fn log_text(line: &LogLine, chained: Option<&str>, start: Timestamp) -> String {
    let mut text = format!("+{} ", duration(line.timestamp.since(start)));
    if let Some(function) = chained {
        text.push_str(&format!("[{}] ", clean(function)));
    }
    match (line.stream, line.level) {
        (Stream::Stdout, _) => text.push_str("stdout: "),
        (Stream::Stderr, _) => text.push_str("stderr: "),
        (Stream::Log, Some(level)) => text.push_str(&format!("{} ", format!("{level:?}").to_uppercase())),
        (Stream::Log, None) => {}
    }
    if let Some(target) = line.target.as_deref().filter(|target| !target.is_empty()) {
        text.push_str(&format!("{target}: "));
    }
    text.push_str(&clean(&line.message));
    if let Some(fields) = line.fields.as_object() {
        for (name, value) in fields {
            text.push_str(&format!(" {name}={}", clean(&value.to_string())));
        }
    }
    text
}
