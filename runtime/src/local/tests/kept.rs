//! Runs that are kept, and a store that fails under one.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use super::support::{Scripts, done, drive_kept, now, pending};
use crate::local::{Commands, LocalError, RunOptions};
use crate::store::{Store, StoreError};

#[test]
fn all_of_a_run_is_kept_when_it_is_over() {
    let store = Store::in_memory().expect("a store");
    let script = Scripts::default().handler("order", |turn| match turn.number {
        1 => {
            turn.wait("warranty", 60);
            pending()
        }
        _ => done("1"),
    });
    let told = now(drive_kept(script, RunOptions::default(), Commands::none(), Some(&store))).expect("a run");
    let recorded = store.find(told.run.execution.arn()).expect("the run");
    assert_eq!(recorded.events, told.run.execution.events());
    assert_eq!(recorded.operations, told.run.execution.operations());
}

#[test]
fn a_store_that_fails_ends_the_run_with_its_error_and_nothing_more_is_invoked() {
    let store = Store::in_memory().expect("a store");
    // It takes the start, and nothing after it.
    store.execute(
        "CREATE TRIGGER full BEFORE INSERT ON events WHEN NEW.event_id > 1 BEGIN SELECT RAISE(ABORT, 'full'); END",
    );
    let invocations = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&invocations);
    let script = Scripts::default().handler("order", move |turn| {
        counted.fetch_add(1, Ordering::Relaxed);
        // The failure is heard of by one of the next checkpoints.
        for number in 0..2_000 {
            if turn.try_wait(&format!("w{number}"), 1).is_err() {
                return pending();
            }
            std::thread::sleep(Duration::from_millis(1));
        }
        panic!("nobody heard of the failure");
    });
    let told = now(drive_kept(script, RunOptions::default(), Commands::none(), Some(&store)));
    match told.err() {
        Some(LocalError::Store(StoreError::Io { problem, .. })) => assert_eq!(problem, "full"),
        other => panic!("expected the store's error, got {other:?}"),
    }
    assert_eq!(invocations.load(Ordering::Relaxed), 1);
}
