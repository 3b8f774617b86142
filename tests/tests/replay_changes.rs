//! Small changes to the source of the example `order`, each replayed against a history that the
//! unchanged example recorded: what breaks executions in flight is found at the changed line.

use std::path::PathBuf;
use std::sync::OnceLock;

use durabox::handlers::{Build, CargoOutput};
use durabox::runtime::engine::replay::Divergence;
use durabox::runtime::sandbox::{InvokeOptions, Policy};
use durabox::runtime::verify::{self, Recorded, Report, Verdict};
use durabox_tests::handlers::{block_on, run, sandbox, workspace};

/// What replaces what. The first line that says `// changed` is where the build leaves the record.
struct Change {
    name: &'static str,
    from: &'static str,
    to: &'static str,
}

const WAIT: &str = r#"    ctx.wait(WARRANTY).name("warranty").await?;
"#;
const CHARGE: &str = r#"ctx.step(move |_| async move { charge(&reservation, amount) }).name("charge").await?;"#;
const CLOSE: &str = r#"    let closed = ctx.step(|_| async { Ok(true) }).name("close").await?;
"#;
const AMOUNT: &str = "    let amount = order.amount;\n";

const CHANGES: &[Change] = &[
    Change {
        name: "reordered",
        from: AMOUNT,
        to: "    ctx.wait(WARRANTY).name(\"warranty\").await?; // changed\n    let amount = order.amount;\n",
    },
    Change {
        name: "renamed",
        from: CHARGE,
        to: r#"ctx.step(move |_| async move { charge(&reservation, amount) }).name("bill").await?; // changed"#,
    },
    Change {
        name: "inserted",
        from: AMOUNT,
        to: "    ctx.step(|_| async { Ok(()) }).name(\"audit\").await?; // changed\n    let amount = order.amount;\n",
    },
    Change { name: "removed", from: WAIT, to: "" },
    Change { name: "removed_last", from: CLOSE, to: "    let closed = true;\n" },
    Change {
        name: "retyped",
        from: WAIT,
        to: "    ctx.step(|_| async { Ok(()) }).name(\"warranty\").await?; // changed\n",
    },
    Change {
        name: "wrapped",
        from: WAIT,
        to: "    ctx.run_in_child_context(|ctx| async move { Ok(ctx.wait(WARRANTY).await?) }).name(\"warranty\").await?; // changed\n",
    },
    Change {
        name: "appended",
        from: CLOSE,
        to: "    let closed = ctx.step(|_| async { Ok(true) }).name(\"close\").await?;\n    ctx.step(|_| async { Ok(()) }).name(\"archive\").await?; // changed\n",
    },
    Change {
        name: "clock",
        from: AMOUNT,
        to: "    if std::time::SystemTime::now() > std::time::SystemTime::UNIX_EPOCH + Duration::from_secs(1) {\n        ctx.wait(Duration::from_secs(1)).name(\"late\").await?; // changed\n    }\n    let amount = order.amount;\n",
    },
    Change {
        name: "random",
        from: AMOUNT,
        to: "    let id = std::hash::BuildHasher::hash_one(&std::hash::RandomState::new(), 1);\n    ctx.step(|_| async { Ok(()) }).name(format!(\"audit-{id}\")).await?; // changed\n    let amount = order.amount;\n",
    },
    Change {
        name: "log_line",
        from: AMOUNT,
        to: "    let amount = order.amount;\n    tracing::info!(\"one more line\");\n",
    },
    Change {
        name: "step_body",
        from: "Ok(format!(\"reservation-{}\", order.id))",
        to: "Ok(format!(\"a better reservation for {}\", order.id))",
    },
    Change { name: "unchanged", from: "", to: "" },
];

fn source(change: &Change) -> String {
    let original = std::fs::read_to_string(workspace().join("examples/src/bin/order.rs")).expect("the example");
    assert!(original.contains(change.from), "{}: the example no longer has {:?}", change.name, change.from);
    if change.from.is_empty() {
        return original;
    }
    let mut text = original.replacen(change.from, change.to, 1);
    if change.name == "reordered" {
        let last = text.rfind(WAIT).expect("the wait");
        text.replace_range(last..last + WAIT.len(), "");
    }
    text
}

/// Builds every change as a binary of one package, once.
fn builds() -> &'static PathBuf {
    static BUILDS: OnceLock<PathBuf> = OnceLock::new();
    BUILDS.get_or_init(|| {
        let root = workspace();
        let package = root.join("target/replay-changes");
        let binaries = package.join("src/bin");
        std::fs::create_dir_all(&binaries).expect("a directory");
        for change in CHANGES {
            let path = binaries.join(format!("{}.rs", change.name));
            let text = source(change);
            // Left alone when it is the same, so that Cargo does not build it again.
            if std::fs::read_to_string(&path).ok().as_deref() != Some(&text) {
                std::fs::write(&path, text).expect("a source file");
            }
        }
        let sdk = root.join("guest-sdk");
        let manifest = format!(
            "[package]\nname = \"replay-changes\"\nversion = \"0.0.0\"\nedition = \"2024\"\n\n[workspace]\n\n\
             [dependencies]\ndurabox-sdk = {{ path = {sdk:?} }}\n\
             serde = {{ version = \"1\", features = [\"derive\"] }}\n\
             tracing = {{ version = \"0.1\", default-features = false, features = [\"std\", \"attributes\"] }}\n"
        );
        std::fs::write(package.join("Cargo.toml"), manifest).expect("a manifest");
        std::fs::copy(root.join("Cargo.lock"), package.join("Cargo.lock")).expect("the same versions");
        let target = format!("--target-dir={}", root.join("target").display());
        let build = Build::of_packages(&package, ["replay-changes"], CargoOutput::Captured).with_argument(&target);
        let outcome = build.run();
        outcome.result.unwrap_or_else(|error| panic!("{error}"));
        outcome.built.values().next().and_then(|built| built.path.parent()).expect("a build").to_owned()
    })
}

fn replay(name: &str) -> (Report, Option<u32>) {
    static RECORDED: OnceLock<Recorded> = OnceLock::new();
    let recorded = RECORDED.get_or_init(|| Recorded::from(&run("order", r#"{"id":"42","amount":1299}"#)));
    let artifact = sandbox().load(&builds().join(format!("{name}.wasm"))).expect("a component");
    let options = InvokeOptions { policy: Policy::Warn, ..InvokeOptions::default() };
    let report = block_on(verify::replay(sandbox(), &artifact, recorded, options));
    let change = CHANGES.iter().find(|change| change.name == name).expect("a change");
    let line = source(change).lines().position(|line| line.ends_with("// changed"));
    (report, line.map(|line| u32::try_from(line + 1).expect("a line")))
}

#[test]
fn what_breaks_an_execution_is_found_at_the_changed_line() {
    for name in ["reordered", "renamed", "inserted", "retyped", "wrapped", "appended", "clock", "random"] {
        let (report, line) = replay(name);
        let claimed = match &report.verdict {
            Verdict::Diverges(Divergence::Mismatch { claimed, .. } | Divergence::Unrecorded { claimed }) => claimed,
            other => panic!("{name}: {other:?}"),
        };
        let site = claimed.site.as_ref().expect("a call site");
        assert_eq!(Some(site.line), line, "{name}: {claimed}");
        assert!(site.file.ends_with(&format!("{name}.rs")), "{site}");
    }
}

#[test]
fn a_removed_operation_is_found_where_the_next_one_takes_its_place() {
    let (report, _) = replay("removed");
    let Verdict::Diverges(Divergence::Mismatch { recorded, claimed }) = &report.verdict else {
        panic!("{:?}", report.verdict)
    };
    assert_eq!(recorded.name.as_deref(), Some("warranty"));
    assert_eq!(claimed.name.as_deref(), Some("close"));
}

#[test]
fn a_removed_last_operation_is_found_when_the_handler_ends_without_it() {
    let (report, _) = replay("removed_last");
    let Verdict::Diverges(Divergence::Unclaimed { recorded }) = &report.verdict else { panic!("{:?}", report.verdict) };
    assert_eq!(recorded.len(), 1);
    assert_eq!(recorded[0].name.as_deref(), Some("close"));
}

#[test]
fn a_branch_on_the_clock_is_reported_with_its_read() {
    let (report, _) = replay("clock");
    assert!(!report.ambient_reads.is_empty(), "the read before the divergence is named");
}

#[test]
fn what_changes_no_operation_follows_the_history() {
    for name in ["log_line", "step_body", "unchanged"] {
        let (report, _) = replay(name);
        assert_eq!(report.verdict, Verdict::Follows, "{name}");
    }
}
