//! Handlers built for `wasm32-wasip1`: a core module runs as the component of the same source does,
//! under the same rules, and is known by its own bytes.

use durabox::runtime::Form;
use durabox::runtime::local::{Run, RunOptions};
use durabox::runtime::model::ExecutionStatus::{Failed, Succeeded};
use durabox::runtime::sandbox::Policy;
use durabox::runtime::verify::{self, Recorded, Verdict};
use durabox_tests::handlers::{artifact, block_on, module_artifact, run_artifact, sandbox};

/// Runs both forms of a handler, the component first.
fn both(name: &str, input: &str, options: &RunOptions) -> [Run; 2] {
    [artifact(name), module_artifact(name)].map(|artifact| run_artifact(&artifact, name, input, options.clone()))
}

/// Returns what a run leaves for others to see.
fn seen(run: &Run) -> String {
    let logs: Vec<_> = run.invocations.iter().map(|invocation| &invocation.logs).collect();
    let shadow = run.shadow.as_ref().map(|shadow| &shadow.verdict);
    format!("{:#?}\n{logs:#?}\n{:#?}\n{shadow:#?}", run.execution.events(), run.ambient_reads)
}

/// Runs both forms and expects them to do the same; returns the module's run.
fn alike(name: &str, input: &str, options: &RunOptions) -> Run {
    let [component, module] = both(name, input, options);
    let (of_component, of_module) = (seen(&component), seen(&module));
    let difference = of_component.lines().zip(of_module.lines()).find(|(component, module)| component != module);
    assert_eq!(difference, None, "{name}: the first line that differs, the component's first");
    assert_eq!(of_component.lines().count(), of_module.lines().count(), "{name}");
    module
}

#[test]
fn every_example_has_the_same_history_in_both_forms() {
    let order = r#"{"id":"42","amount":1299}"#;
    let examples = [
        ("hello_world", r#"{"name":"Ada"}"#),
        ("retries", "{}"),
        ("order", order),
        ("nested_contexts", "{}"),
        ("concurrent", "{}"),
    ];
    for (name, input) in examples {
        let run = alike(name, input, &RunOptions::default());
        assert_eq!(run.execution.status(), Succeeded, "{name}: {:?}", run.execution.error());
        assert_eq!(run.shadow.expect("a shadow replay").verdict, Verdict::Follows, "{name}");
    }
}

#[test]
fn a_history_of_one_form_is_replayed_with_the_other() {
    let input = r#"{"id":"42","amount":1299}"#;
    for (recorder, replayer) in
        [(artifact("order"), module_artifact("order")), (module_artifact("order"), artifact("order"))]
    {
        let run = run_artifact(&recorder, "order", input, RunOptions::default());
        let report = block_on(verify::replay(sandbox(), &replayer, &Recorded::from(&run), Default::default()));
        assert_eq!(report.verdict, Verdict::Follows);
    }
}

#[test]
fn clocks_random_numbers_output_and_exits_are_the_same_in_both_forms() {
    let names = [
        "reads_clock",
        "draws_random",
        "prints_lines",
        "sleeps",
        "opens_file",
        "exits",
        "reorders_steps",
        "drops_step_on_replay",
        "swallows_mismatch",
    ];
    for name in names {
        for policy in [Policy::Stabilise, Policy::Warn, Policy::Deny] {
            alike(name, "{}", &RunOptions { policy, ..RunOptions::default() });
        }
    }
    alike(
        "sleeps_in_step",
        "{}",
        &RunOptions { timeout: std::time::Duration::from_secs(7200), ..RunOptions::default() },
    );
}

#[test]
fn a_panic_of_a_module_has_its_message_and_place() {
    let [component, module] = both("panics", "{}", &RunOptions::default());
    let message = |run: &Run| run.execution.error().and_then(|error| error.error_message.clone());
    assert_eq!(message(&component), message(&module));
    let trace = &module.execution.error().expect("an error").stack_trace;
    assert!(trace.iter().any(|function| function == "panics::main"), "{trace:?}");
}

#[test]
fn the_order_of_a_modules_hash_maps_is_the_same_on_replay_and_caught_by_the_shadow_replay() {
    for name in ["iterates_hash_map", "iterates_hash_map_into_result"] {
        let module = module_artifact(name);
        let run = || run_artifact(&module, name, "{}", RunOptions::default());
        let first = run();
        assert_eq!(first.execution.status(), Succeeded, "{name}: {:?}", first.execution.error());
        assert_eq!(seen(&first), seen(&run()), "{name}: the same seed, the same order");
        assert_ne!(first.shadow.expect("a shadow replay").verdict, Verdict::Follows, "{name}");
    }
}

#[test]
fn making_a_hash_map_reads_nothing_that_a_policy_speaks_of() {
    let module = module_artifact("iterates_hash_map");
    for policy in [Policy::Warn, Policy::Deny] {
        let options = RunOptions { policy, ..RunOptions::default() };
        let run = run_artifact(&module, "iterates_hash_map", "{}", options);
        assert_eq!(run.execution.status(), Succeeded, "{:?}", run.execution.error());
        assert!(run.ambient_reads.is_empty(), "{:?}", run.ambient_reads);
    }
}

#[test]
fn a_module_is_held_to_the_same_limits() {
    let options = RunOptions { memory_limit: 64 * 1024 * 1024, ..RunOptions::default() };
    for (name, word) in [("grows_memory", "memory limit of 64 MiB"), ("overflows_stack", "call stack is exhausted")] {
        let run = run_artifact(&module_artifact(name), name, "{}", options.clone());
        assert_eq!(run.execution.status(), Failed, "{name}");
        let error = run.execution.error().expect("an error");
        let message = error.error_message.as_deref().unwrap_or_default();
        assert!(message.contains(word), "{name}: {message}");
    }
    let run = run_artifact(&module_artifact("opens_socket"), "opens_socket", "{}", RunOptions::default());
    let answer = run.execution.result().unwrap_or_default();
    assert!(answer.contains("not supported"), "{answer}");
}

#[test]
fn each_form_is_known_by_its_own_bytes() {
    let [component, module] = [artifact("order"), module_artifact("order")];
    assert_eq!([component.form(), module.form()], [Form::Component, Form::Module]);
    assert_ne!(component.sha256(), module.sha256());
    let size = |artifact: &durabox::runtime::Artifact| {
        artifact.path().and_then(|path| std::fs::metadata(path).ok()).expect("its file").len()
    };
    assert_eq!([component.size() as u64, module.size() as u64], [size(&component), size(&module)]);
}
