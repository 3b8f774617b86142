//! Makes a module of each compared handler: its source without its `main`, and a function that runs it.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::{env, fs};

#[allow(dead_code, missing_docs)]
#[path = "src/cases.rs"]
mod cases;

/// Where handlers are, from this package.
const SOURCES: [&str; 2] = ["../../examples/src/bin", "../handlers/src/bin"];

fn main() {
    let package = PathBuf::from(env::var_os("CARGO_MANIFEST_DIR").expect("cargo sets it"));
    let out = PathBuf::from(env::var_os("OUT_DIR").expect("cargo sets it"));
    let mut modules = String::new();
    let mut arms = String::new();
    for case in cases::COMPARED {
        let name = case.handler;
        let source = source(&package, name);
        println!("cargo::rerun-if-changed={}", source.display());
        let text = fs::read_to_string(&source).unwrap_or_else(|error| panic!("{}: {error}", source.display()));
        let module = out.join(format!("{name}.rs"));
        fs::write(&module, native_module(&source, &text)).unwrap_or_else(|e| panic!("{}: {e}", module.display()));
        let _ = writeln!(modules, "#[path = {:?}]\nmod {name};", module.display().to_string());
        let _ = writeln!(arms, "        {name:?} => {name}::run_officially(case),");
    }
    let list = format!(
        "{modules}\npub(crate) fn run(case: &crate::cases::Case) -> crate::record::Records {{\n    \
         match case.handler {{\n{arms}        other => panic!(\"{{other}} is not in COMPARED\"),\n    }}\n}}\n"
    );
    fs::write(out.join("handlers.rs"), list).expect("OUT_DIR takes files");
    println!("cargo::rerun-if-changed=src/cases.rs");
}

fn source(package: &Path, name: &str) -> PathBuf {
    let candidates = SOURCES.map(|directory| package.join(directory).join(format!("{name}.rs")));
    candidates
        .iter()
        .find(|candidate| candidate.is_file())
        .unwrap_or_else(|| panic!("there is no handler {name:?} in {SOURCES:?}: see COMPARED in src/cases.rs"))
        .clone()
}

/// Returns the source for the official SDK.
///
/// An official entry stays, with its attribute as it was before durabox: it must compile too.
fn native_module(path: &Path, text: &str) -> String {
    let entry = "#[durable::main]";
    let text = match text.contains(entry) {
        true => text.replacen(entry, "#[tokio::main]", 1),
        false => without_main(path, text),
    };
    format!(
        "{text}\npub(super) fn run_officially(case: &crate::cases::Case) -> crate::record::Records {{\n    \
         crate::official::run(handler, case)\n}}\n"
    )
}

/// Cuts `fn main` off, from its line to the brace that closes it.
fn without_main(path: &Path, text: &str) -> String {
    let cut = || {
        let start = text.find("\nfn main() {\n")? + 1;
        let end = start + text[start..].find("\n}\n")? + "\n}\n".len();
        Some(format!("{}{}", &text[..start], &text[end..]))
    };
    cut().unwrap_or_else(|| {
        panic!("{}: expected `fn main() {{`, or `#[durable::main]` before an async one", path.display())
    })
}
