//! `#[durable::main]`: what it makes of an entry, and what it says to those that it refuses.

/// Stands in for `durabox_sdk`: the attribute names no crate.
mod durable {
    use std::cell::Cell;

    pub use durabox_sdk_macros::main;

    thread_local! {
        pub static LOG: Cell<Vec<&'static str>> = const { Cell::new(Vec::new()) };
    }

    pub fn note(line: &'static str) {
        LOG.with(|log| log.set([log.take(), vec![line]].concat()));
    }

    pub fn run(handler: &'static str) {
        note("run");
        note(handler);
    }

    pub fn run_with_options(handler: &'static str, options: &'static str) {
        run(handler);
        note(options);
    }

    pub mod lambda_runtime {
        pub type Error = Box<dyn std::error::Error + Send + Sync>;
    }
}

#[path = "accepted/bare_path.rs"]
mod bare_path;
#[path = "accepted/official.rs"]
mod official;
#[path = "accepted/options.rs"]
mod options;
#[path = "accepted/question_mark.rs"]
mod question_mark;

/// Calls a `main` and returns what it did.
fn did(main: fn() -> Result<(), durable::lambda_runtime::Error>) -> Vec<&'static str> {
    durable::LOG.take();
    main().expect("a main that succeeds");
    durable::LOG.take()
}

#[test]
fn the_official_entry_runs_the_handler_after_its_set_up() {
    assert_eq!(did(official::MAIN), ["set up", "run", "handler"]);
}

#[test]
fn the_entry_with_options_passes_them_on() {
    assert_eq!(did(options::MAIN), ["run", "handler", "options"]);
}

#[test]
fn the_result_of_run_may_be_passed_on_with_a_question_mark() {
    assert_eq!(did(question_mark::MAIN), ["run", "handler", "after"]);
}

#[test]
fn run_may_be_imported_and_main_be_documented_and_public() {
    assert_eq!(did(bare_path::main), ["set up", "run", "handler"]);
}

#[test]
fn a_misuse_is_answered_with_what_to_write() {
    trybuild::TestCases::new().compile_fail("tests/refused/*.rs");
}
