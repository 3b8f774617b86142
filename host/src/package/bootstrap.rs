//! Builds the program that Lambda starts, with Cargo, from the durabox that this one was built from.
//!
//! It is linked statically with musl, so that no function depends on the C library of the machine
//! that packaged it, and with a release of its own: no debug data in it, all of it beside it.

use std::env;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use durabox_runtime::precompiled::Architecture;

use crate::handlers::{BuildError, Cargo, CargoOutput, provide_target};

/// The package that makes the program.
const PACKAGE: &str = "durabox-bootstrap";

/// The program without its debug data, beside the one that Cargo makes.
const STRIPPED: &str = "bootstrap.stripped";

/// What begins the program's mark, which its version follows and a semicolon ends.
const MARK: &[u8] = b"durabox-bootstrap ";

/// How it is compiled. Given on the command line, so that the profile is the same in any checkout, whatever a
/// configuration of Cargo makes of `release`.
const PROFILE: [&str; 9] = [
    "profile.lambda.inherits=\"release\"",
    "profile.lambda.debug=\"line-tables-only\"",
    "profile.lambda.strip=\"none\"",
    "profile.lambda.opt-level=3",
    "profile.lambda.lto=false",
    "profile.lambda.panic=\"unwind\"",
    "profile.lambda.debug-assertions=false",
    "profile.lambda.overflow-checks=false",
    "profile.lambda.incremental=false",
];

/// A bootstrap that was built.
#[derive(Clone, Debug)]
pub struct Built {
    /// The program.
    pub bytes: Vec<u8>,
    /// The file that has its debug data.
    pub debug: PathBuf,
}

/// Why there is no bootstrap.
#[derive(Debug, thiserror::Error)]
pub enum BootstrapError {
    /// This durabox was not built from a checkout, or that is gone.
    #[error("the source of the bootstrap is not at {}", .0.display())]
    NoSource(PathBuf),
    /// No C compiler for it.
    #[error("there is no C compiler for {triple}: looked for {}", looked_for.join(", "))]
    NoCompiler {
        /// The target.
        triple: &'static str,
        /// The programs that would do.
        looked_for: Vec<&'static str>,
    },
    /// It does not build.
    #[error(transparent)]
    Build(#[from] BuildError),
    /// A file cannot be read or written.
    #[error("{} cannot be used: {source}", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// A file that was given is not there, or cannot be read.
    #[error("the bootstrap {} cannot be read: {source}", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// A file that is no bootstrap for this package.
    #[error("{} is not the bootstrap of durabox {version} for {architecture}: it is {found}", path.display(), version = env!("CARGO_PKG_VERSION"))]
    Unfit {
        /// The file.
        path: PathBuf,
        /// What it should run on.
        architecture: Architecture,
        /// What it is instead.
        found: String,
    },
}

impl BootstrapError {
    /// Returns what to do about it.
    pub fn hints(&self) -> Vec<String> {
        match self {
            Self::NoSource(_) => vec![format!(
                "give it with --bootstrap PATH; in a checkout of durabox, \
                 `cargo build --release -p {PACKAGE} --target x86_64-unknown-linux-musl` makes it"
            )],
            Self::NoCompiler { triple, looked_for } => {
                let mut hints = vec![format!("name one that compiles for it in {}", c_compiler(triple))];
                if looked_for.iter().any(|name| name.starts_with("aarch64")) {
                    hints.insert(0, "on Debian and Ubuntu: apt install gcc-aarch64-linux-gnu".into());
                }
                hints.push("or package for the architecture of this machine with --arch".into());
                hints
            }
            Self::Build(error) => error.hints(),
            Self::Io { .. } => Vec::new(),
            Self::Unreadable { .. } | Self::Unfit { .. } => {
                vec!["leave out --bootstrap, and durabox builds the one that fits".into()]
            }
        }
    }
}

/// Returns the target that the bootstrap is built for.
pub const fn triple(architecture: Architecture) -> &'static str {
    match architecture {
        Architecture::X86_64 => "x86_64-unknown-linux-musl",
        Architecture::Arm64 => "aarch64-unknown-linux-musl",
    }
}

/// Builds the bootstrap into `target_directory`, unless it is there already, and takes its debug data out.
pub fn build(
    architecture: Architecture,
    target_directory: &Path,
    output: CargoOutput,
) -> Result<Built, BootstrapError> {
    let checkout = checkout()?;
    let triple = triple(architecture);
    provide_target(&checkout, triple)?;
    let compiler = compiler_for(architecture)?;
    let mut arguments: Vec<String> =
        ["-p", PACKAGE, "--bin", "bootstrap", "--profile", "lambda"].map(str::to_owned).into();
    arguments.extend(PROFILE.iter().flat_map(|setting| ["--config", setting]).map(str::to_owned));
    arguments.extend(["--target-dir".to_owned(), target_directory.display().to_string()]);
    let mut environment = vec![(c_compiler(triple), compiler)];
    if Architecture::host() != Some(architecture) {
        // The toolchain's own linker knows every target; what else musl needs comes with the target.
        environment.push((linker(triple), "rust-lld".to_owned()));
    }
    let flags = remapped_paths(&checkout);
    let cargo = Cargo {
        directory: &checkout,
        triple,
        arguments: &arguments,
        environment: &environment,
        flags: Some(&flags),
        output,
    };
    let mut program = None;
    let result = cargo.build(|artifact| {
        if artifact.target.name == "bootstrap" {
            program = artifact.executable.map(|path| path.into_std_path_buf());
        }
    })?;
    result?;
    let program = program.ok_or(BuildError::NoArtifact { name: "bootstrap".into(), target: triple })?;
    stripped(&program, architecture)
}

/// Takes a program that was built elsewhere.
pub fn read(path: &Path, architecture: Architecture) -> Result<Vec<u8>, BootstrapError> {
    let bytes = fs::read(path).map_err(|source| BootstrapError::Unreadable { path: path.to_owned(), source })?;
    fits(path, &bytes, architecture)?;
    Ok(bytes)
}

/// Returns the path and the bytes of the program that [`build`] has made last, if it is there and of this version.
/// Builds nothing: sources that changed since are not looked at.
pub fn built(architecture: Architecture, target_directory: &Path) -> Option<(PathBuf, Vec<u8>)> {
    let path = target_directory.join(triple(architecture)).join("lambda").join(STRIPPED);
    read(&path, architecture).ok().map(|bytes| (path, bytes))
}

/// Returns where the source of this durabox is.
fn checkout() -> Result<PathBuf, BootstrapError> {
    let host = Path::new(env!("CARGO_MANIFEST_DIR"));
    let bootstrap = host.join("bootstrap");
    match bootstrap.join("Cargo.toml").is_file() {
        true => Ok(host.parent().unwrap_or(host).to_owned()),
        false => Err(BootstrapError::NoSource(bootstrap)),
    }
}

/// Returns the flags that keep this machine's paths out of the program: the same source gives the
/// same program wherever it lies.
fn remapped_paths(checkout: &Path) -> Vec<String> {
    let home = env::var_os("CARGO_HOME").map(PathBuf::from);
    let home = home.or_else(|| env::home_dir().map(|home| home.join(".cargo")));
    let paths = [(home, "/cargo"), (Some(checkout.to_owned()), "/durabox")];
    let flag = |(from, to): (Option<PathBuf>, _)| Some(format!("--remap-path-prefix={}={to}", from?.display()));
    paths.into_iter().filter_map(flag).collect()
}

/// Returns the variable that names the C compiler for a target.
fn c_compiler(triple: &str) -> String {
    format!("CC_{}", triple.replace('-', "_"))
}

fn linker(triple: &str) -> String {
    format!("CARGO_TARGET_{}_LINKER", triple.replace('-', "_").to_uppercase())
}

/// Returns the C compiler for an architecture. The C code in question, of ring and wasmtime, asks
/// nothing of a C library that musl has another way, so that any compiler for the architecture does.
fn compiler_for(architecture: Architecture) -> Result<String, BootstrapError> {
    let triple = triple(architecture);
    if let Ok(named) = env::var(c_compiler(triple)) {
        return Ok(named);
    }
    let candidates = match architecture {
        _ if Architecture::host() == Some(architecture) => vec!["cc"],
        Architecture::X86_64 => vec!["x86_64-linux-musl-gcc", "x86_64-linux-gnu-gcc"],
        Architecture::Arm64 => vec!["aarch64-linux-musl-gcc", "aarch64-linux-gnu-gcc"],
    };
    let found = candidates.iter().find(|name| is_on_path(name));
    found.map(|name| (*name).to_owned()).ok_or(BootstrapError::NoCompiler { triple, looked_for: candidates })
}

fn is_on_path(program: &str) -> bool {
    let path = env::var_os("PATH").unwrap_or_default();
    env::split_paths(&path).any(|directory| directory.join(program).is_file())
}

/// Parts a program from its debug data, which goes into a file beside it.
fn stripped(program: &Path, architecture: Architecture) -> Result<Built, BootstrapError> {
    let (debug, bare) = (program.with_extension("debug"), program.with_file_name(STRIPPED));
    objcopy(&["--only-keep-debug"], program, &debug)?;
    objcopy(&["--strip-all"], program, &bare)?;
    let bytes = fs::read(&bare).map_err(|source| BootstrapError::Io { path: bare.clone(), source })?;
    fits(&bare, &bytes, architecture)?;
    Ok(Built { bytes, debug })
}

/// Runs the toolchain's objcopy, which knows every target.
fn objcopy(options: &[&str], from: &Path, to: &Path) -> Result<(), BuildError> {
    let rustc = env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
    let tool = |tool: &str, source| BuildError::Tool { tool: tool.to_owned(), source };
    let libraries = Command::new(&rustc)
        .args(["--print", "target-libdir"])
        .output()
        .map_err(|source| tool(&rustc.to_string_lossy(), source))?;
    let libraries = String::from_utf8_lossy(&libraries.stdout).into_owned();
    let libraries = Path::new(libraries.trim());
    let name = libraries.with_file_name("bin").join("rust-objcopy");
    // It finds LLVM where rustc does: beside all targets.
    let shared = libraries.ancestors().nth(3).unwrap_or(libraries);
    let status = Command::new(&name)
        .env("LD_LIBRARY_PATH", shared)
        .args(options)
        .args([from, to])
        .stdin(Stdio::null())
        .status()
        .map_err(|source| tool(&name.display().to_string(), source))?;
    match status.success() {
        true => Ok(()),
        false => Err(tool(&name.display().to_string(), io::Error::other(format!("it ended with {status}")))),
    }
}

/// Fails unless a program is this durabox's bootstrap for this architecture.
fn fits(path: &Path, program: &[u8], architecture: Architecture) -> Result<(), BootstrapError> {
    let expected = format!("the bootstrap of durabox {} for {architecture}", env!("CARGO_PKG_VERSION"));
    let found = describe(program);
    match found == expected {
        true => Ok(()),
        false => Err(BootstrapError::Unfit { path: path.to_owned(), architecture, found }),
    }
}

/// Returns what a file is, for a person.
pub(super) fn describe(program: &[u8]) -> String {
    /// The machine's number in the ELF header. Source: the ELF specification, `e_machine`.
    const MACHINE: std::ops::Range<usize> = 18..20;
    let machine = match (program.starts_with(b"\x7fELF"), program.get(MACHINE)) {
        (true, Some([0x3e, 0])) => "x86_64",
        (true, Some([0xb7, 0])) => "arm64",
        (true, _) => "a machine that Lambda does not have",
        (false, _) => return "no program of Linux".into(),
    };
    match version(program) {
        Some(version) if asks_for_a_loader(program) => {
            format!("the bootstrap of durabox {version} for {machine}, linked to the C library of its machine")
        }
        Some(version) => format!("the bootstrap of durabox {version} for {machine}"),
        None => format!("another program, for {machine}"),
    }
}

/// Whether a program names another that must load it, as those do that are linked dynamically.
/// Source: the ELF specification, 64-bit headers, little-endian.
fn asks_for_a_loader(program: &[u8]) -> bool {
    const PT_INTERP: usize = 3;
    let number = |at: usize, size: usize| {
        let bytes = program.get(at..at.checked_add(size)?)?;
        Some(bytes.iter().rev().fold(0_usize, |number, byte| number << 8 | usize::from(*byte)))
    };
    let (Some(first), Some(size), Some(count)) = (number(32, 8), number(54, 2), number(56, 2)) else { return false };
    (0..count).any(|index| number(first.saturating_add(index * size), 4) == Some(PT_INTERP))
}

/// Returns the version in a program's mark.
fn version(program: &[u8]) -> Option<&str> {
    let is_word = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'+');
    let mut windows = program.windows(MARK.len()).enumerate().filter(|(_, window)| *window == MARK);
    windows.find_map(|(at, _)| {
        let rest = &program[at + MARK.len()..];
        let length = rest.iter().take_while(|byte| is_word(byte)).count();
        (length > 0 && rest.get(length) == Some(&b';')).then(|| std::str::from_utf8(&rest[..length]).ok())?
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn program(machine: u8, rest: &str) -> Vec<u8> {
        let mut bytes = b"\x7fELF".to_vec();
        bytes.resize(18, 0);
        bytes.extend([machine, 0]);
        bytes.extend(rest.as_bytes());
        bytes
    }

    #[test]
    fn a_bootstrap_is_told_from_other_files() {
        let version = env!("CARGO_PKG_VERSION");
        let ours = program(0x3e, &format!("durabox-bootstrap \0..durabox-bootstrap {version};"));
        assert!(fits("bootstrap".as_ref(), &ours, Architecture::X86_64).is_ok());
        for (bytes, found) in [
            (b"#!/bin/sh\n".to_vec(), "no program of Linux"),
            (program(0x3e, "hello"), "another program, for x86_64"),
            (program(0x3e, "durabox-bootstrap 0.0.9;"), "the bootstrap of durabox 0.0.9 for x86_64"),
            (program(0xb7, &format!("durabox-bootstrap {version};")), "the bootstrap of durabox VERSION for arm64"),
        ] {
            let error = fits("bootstrap".as_ref(), &bytes, Architecture::X86_64).expect_err(found).to_string();
            assert!(error.ends_with(&format!("it is {}", found.replace("VERSION", version))), "{error}");
        }
    }

    #[test]
    fn a_bootstrap_that_needs_the_c_library_of_its_machine_is_refused() {
        let version = env!("CARGO_PKG_VERSION");
        let mut bytes = program(0x3e, "");
        bytes.resize(64, 0);
        // One program header, just behind the file's own: the name of a loader.
        (bytes[32], bytes[54], bytes[56]) = (64, 56, 1);
        bytes.extend([3, 0, 0, 0]);
        bytes.extend(format!("durabox-bootstrap {version};").as_bytes());
        let error = fits("bootstrap".as_ref(), &bytes, Architecture::X86_64).expect_err("it needs a loader");
        assert!(error.to_string().ends_with("linked to the C library of its machine"), "{error}");
        bytes[64] = 1;
        assert!(fits("bootstrap".as_ref(), &bytes, Architecture::X86_64).is_ok());
    }

    #[test]
    fn the_variables_of_a_target_are_those_that_cargo_and_cc_read() {
        assert_eq!(c_compiler("aarch64-unknown-linux-musl"), "CC_aarch64_unknown_linux_musl");
        assert_eq!(linker("aarch64-unknown-linux-musl"), "CARGO_TARGET_AARCH64_UNKNOWN_LINUX_MUSL_LINKER");
    }

    #[test]
    fn a_missing_compiler_is_named_with_the_way_to_get_it() {
        let looked_for = vec!["aarch64-linux-musl-gcc", "aarch64-linux-gnu-gcc"];
        let error = BootstrapError::NoCompiler { triple: "aarch64-unknown-linux-musl", looked_for };
        let said = "there is no C compiler for aarch64-unknown-linux-musl: looked for aarch64-linux-musl-gcc, \
                    aarch64-linux-gnu-gcc";
        assert_eq!(error.to_string(), said);
        assert!(error.hints()[0].contains("gcc-aarch64-linux-gnu"));
    }
}
