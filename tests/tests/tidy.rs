//! What holds of the tree: format, lints, docs, and texts that must agree.

use durabox_tests::handlers::workspace;

fn cargo(arguments: &[&str], environment: &[(&str, &str)]) {
    let mut cargo = durabox_tests::handlers::cargo(arguments);
    let output = cargo.envs(environment.iter().copied()).output().expect("cargo starts");
    let text = String::from_utf8_lossy(&output.stderr);
    let printed = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "cargo {}:\n{printed}\n{text}", arguments.join(" "));
}

fn read(path: &str) -> String {
    std::fs::read_to_string(workspace().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

#[test]
fn the_tree_is_formatted() {
    cargo(&["fmt", "--all", "--check"], &[]);
}

#[test]
fn clippy_has_nothing_to_say() {
    cargo(&["clippy", "--release", "--workspace", "--all-targets", "--quiet", "--", "-D", "warnings"], &[]);
}

#[test]
fn the_documentation_builds_without_a_warning() {
    cargo(&["doc", "--release", "--no-deps", "--lib", "--workspace", "--quiet"], &[("RUSTDOCFLAGS", "-D warnings")]);
}

#[test]
fn both_copies_of_the_contract_are_equal() {
    for file in ["durable.wit", "deps/io.wit"] {
        assert_eq!(read(&format!("runtime/wit/{file}")), read(&format!("guest-sdk/wit/{file}")));
    }
}

#[test]
fn every_example_is_in_the_readme_and_is_tested() {
    let files = std::fs::read_dir(workspace().join("tests/tests/examples")).expect("the tests of the examples");
    let tests = files.map(|file| std::fs::read_to_string(file.expect("an entry").path()).expect("a file"));
    let (readme, tests) = (read("README.md"), tests.collect::<String>());
    let directory = std::fs::read_dir(workspace().join("examples/src/bin")).expect("the examples");
    for entry in directory {
        let file = entry.expect("an entry").file_name();
        let name = file.to_str().expect("a name").trim_end_matches(".rs").to_owned();
        assert!(readme.contains(&format!("`{name}`")), "{name} is not in the README");
        assert!(tests.contains(&format!("handler = \"{name}\"")), "{name} has no test");
    }
}

/// Handlers of conformance ids, of benchmarks and of drawn batches, by their first word.
const SUITES: [&str; 11] = [
    "step_",
    "wait_",
    "child_",
    "callback_",
    "invoke_",
    "parallel_",
    "map_",
    "nondeterminism_",
    "combinator_",
    "bench_",
    "drawn_",
];

#[test]
fn every_misbehaving_handler_is_tested() {
    // Some are run beside the official SDK.
    let files = ["tests/hostile", "tests/http", "tests/files", "tests/bootstrap", "native/src/cases"];
    let tests = files.map(|name| read(&format!("tests/{name}.rs"))).concat();
    for entry in std::fs::read_dir(workspace().join("tests/handlers/src/bin")).expect("the handlers") {
        let file = entry.expect("an entry").file_name();
        let name = file.to_str().expect("a name").trim_end_matches(".rs").to_owned();
        let of_the_suite = SUITES.iter().any(|prefix| name.starts_with(prefix));
        assert!(of_the_suite || tests.contains(&format!("\"{name}\"")), "{name} has no test");
    }
}

#[test]
fn the_engine_names_no_clock_and_no_randomness() {
    let mut left = vec![workspace().join("runtime/engine/src"), workspace().join("runtime/model/src")];
    while let Some(directory) = left.pop() {
        for entry in std::fs::read_dir(directory).expect("a directory") {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                left.push(path);
                continue;
            }
            let text = std::fs::read_to_string(&path).expect("a file");
            for word in ["Instant", "SystemTime", "thread::", "std::fs", "std::net", "rand::"] {
                assert!(!text.contains(word), "{} names {word}", path.display());
            }
        }
    }
}
