//! Builds handlers for WebAssembly with Cargo, and provides the target if it is missing.

use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::fmt;
use std::io::{self, BufReader, Read};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::str::FromStr;

use cargo_metadata::{Artifact, Message};

use crate::workspace::Handler;

/// What handlers are built for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Target {
    /// `wasm32-wasip2`: the artifact is a component.
    #[default]
    Wasip2,
    /// `wasm32-wasip1`: the artifact is a core module, which is made a component as it is loaded.
    Wasip1,
}

impl Target {
    /// Every target.
    pub const ALL: [Self; 2] = [Self::Wasip2, Self::Wasip1];

    /// Returns what rustc calls it.
    pub const fn triple(self) -> &'static str {
        match self {
            Self::Wasip2 => "wasm32-wasip2",
            Self::Wasip1 => "wasm32-wasip1",
        }
    }
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.triple())
    }
}

impl FromStr for Target {
    type Err = UnknownTarget;

    fn from_str(asked: &str) -> Result<Self, UnknownTarget> {
        Self::ALL.into_iter().find(|target| target.triple() == asked).ok_or_else(|| UnknownTarget(asked.to_owned()))
    }
}

/// Not a target of handlers.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("handlers are not built for `{0}`, only for {wasip2} and {wasip1}", wasip2 = Target::Wasip2, wasip1 = Target::Wasip1)]
pub struct UnknownTarget(String);

/// Why there is no artifact.
#[derive(Debug, thiserror::Error)]
pub enum BuildError {
    /// A tool could not be started.
    #[error("`{tool}` could not be run: {source}")]
    Tool {
        /// The tool.
        tool: String,
        /// Why.
        source: io::Error,
    },
    /// The target is not installed and could not be.
    #[error("the target {target} is not installed, and {problem}")]
    Target {
        /// The target.
        target: &'static str,
        /// What rustup said, or that it is missing.
        problem: String,
    },
    /// Cargo refused.
    #[error("cargo build failed with exit code {code}{}", output_block(.output))]
    Cargo {
        /// Cargo's exit code.
        code: i32,
        /// What it printed, unless a person has seen it.
        output: String,
    },
    /// Two packages have handlers of one name, and one file for both.
    #[error("two packages have a handler `{name}`: {} builds it after another has", packages)]
    Twice {
        /// The handler.
        name: String,
        /// What Cargo was asked for the second time.
        packages: String,
    },
    /// Cargo succeeded without the artifact.
    #[error("cargo built no {target} artifact of `{name}`")]
    NoArtifact {
        /// The handler.
        name: String,
        /// What it was built for.
        target: &'static str,
    },
}

impl BuildError {
    /// Returns what a person can do about it.
    pub fn hints(&self) -> Vec<String> {
        match self {
            Self::Tool { tool, .. } => vec![format!("is `{tool}` installed and on the PATH?")],
            Self::Target { target, .. } => vec![
                format!("rustup target add {target}"),
                format!("without rustup, install rust-std for {target} of the same version as `rustc --version`"),
            ],
            Self::Twice { .. } => vec!["rename one, as functions are known by the names of their handlers".into()],
            Self::Cargo { .. } | Self::NoArtifact { .. } => Vec::new(),
        }
    }
}

fn output_block(output: &str) -> String {
    if output.is_empty() { String::new() } else { format!("\n{}", output.trim_end()) }
}

/// Where Cargo's own messages go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CargoOutput {
    /// To this process's stderr.
    Shown,
    /// Into the error, if there is one.
    Captured,
}

/// One build of handlers.
///
/// Cargo is called for each package by itself: packages that are built together share the features of their
/// dependencies, and a handler would be another one, byte for byte, in such company than alone.
#[derive(Clone, Debug)]
pub struct Build<'a> {
    /// Where Cargo runs.
    pub directory: &'a Path,
    /// What it builds for.
    pub target: Target,
    /// Arguments of `cargo build` after the target, call by call; none names more than one package.
    pub calls: Vec<Vec<String>>,
    /// Where Cargo's messages go.
    pub output: CargoOutput,
}

/// What came of a build.
#[derive(Debug)]
pub struct Outcome {
    /// What was built, by name.
    pub built: BTreeMap<String, Built>,
    /// Whether all of it was. With `--keep-going` among the arguments some may be there beside an error.
    pub result: Result<(), BuildError>,
}

/// A handler that was built.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Built {
    /// The handler.
    pub name: String,
    /// Its artifact.
    pub path: PathBuf,
    /// Whether nothing had changed since the last build.
    pub fresh: bool,
}

impl<'a> Build<'a> {
    /// Returns the build of one handler, for the default target.
    pub fn of(directory: &'a Path, handler: &Handler, output: CargoOutput) -> Self {
        let call = ["-p", &handler.package, "--bin", &handler.name].map(str::to_owned).to_vec();
        Self { directory, target: Target::default(), calls: vec![call], output }
    }

    /// Returns the build of every handler of these packages, for the default target.
    pub fn of_packages<'b>(
        directory: &'a Path,
        packages: impl IntoIterator<Item = &'b str>,
        output: CargoOutput,
    ) -> Self {
        let call = |package: &str| ["-p", package, "--bins"].map(str::to_owned).to_vec();
        Self { directory, target: Target::default(), calls: packages.into_iter().map(call).collect(), output }
    }

    /// Adds an argument to each call.
    #[must_use]
    pub fn with_argument(mut self, argument: &str) -> Self {
        self.calls.iter_mut().for_each(|call| call.push(argument.to_owned()));
        self
    }

    /// Provides the target and builds.
    pub fn run(&self) -> Outcome {
        let mut built = BTreeMap::new();
        let mut result = provide_target(self.directory, self.target.triple());
        for call in &self.calls {
            if result.is_ok() {
                let mut these = BTreeMap::new();
                result = self.cargo(call, &mut these).and_then(|result| result);
                if let Some(name) = these.keys().find(|name| built.contains_key(*name)) {
                    result = Err(BuildError::Twice { name: name.clone(), packages: call.join(" ") });
                }
                built.append(&mut these);
            }
        }
        Outcome { built, result }
    }

    /// Builds exactly one handler.
    pub fn run_one(&self, name: &str) -> Result<Built, BuildError> {
        let Outcome { mut built, result } = self.run();
        result?;
        built.remove(name).ok_or_else(|| BuildError::NoArtifact { name: name.to_owned(), target: self.target.triple() })
    }

    fn cargo(
        &self,
        call: &[String],
        built: &mut BTreeMap<String, Built>,
    ) -> Result<Result<(), BuildError>, BuildError> {
        let names_profile = |argument: &String| argument == "--profile" || argument.starts_with("--profile=");
        let is_release = |argument: &String| argument == "--release" || argument == "-r";
        let mut arguments = call.to_vec();
        if !arguments.iter().any(|argument| names_profile(argument) || is_release(argument)) {
            arguments.insert(0, "--release".into());
        }
        let cargo = Cargo {
            directory: self.directory,
            triple: self.target.triple(),
            arguments: &arguments,
            environment: &[],
            flags: None,
            output: self.output,
        };
        cargo.build(|artifact| {
            let Some(path) = artifact.executable.filter(|path| path.extension() == Some("wasm")) else { return };
            let name = artifact.target.name;
            built.insert(name.clone(), Built { name, path: path.into(), fresh: artifact.fresh });
        })
    }
}

/// A call of `cargo build` for another target than this machine's.
pub(crate) struct Cargo<'a> {
    pub(crate) directory: &'a Path,
    pub(crate) triple: &'a str,
    /// After the target.
    pub(crate) arguments: &'a [String],
    /// Variables that are set for it.
    pub(crate) environment: &'a [(String, String)],
    /// The compiler's flags for a program that nobody but durabox may change: what the environment says of
    /// compiling is left out. `None` for handlers, whose flags are their authors' own.
    pub(crate) flags: Option<&'a [String]>,
    pub(crate) output: CargoOutput,
}

impl Cargo<'_> {
    /// Builds, and tells of each artifact. Answers what cargo itself came to.
    pub(crate) fn build(&self, mut told: impl FnMut(Artifact)) -> Result<Result<(), BuildError>, BuildError> {
        let tool = |source| BuildError::Tool { tool: "cargo".into(), source };
        let mut child = self.command(std::env::vars_os().map(|(name, _)| name)).spawn().map_err(tool)?;
        let stderr = child.stderr.take().map(|mut stderr| {
            std::thread::spawn(move || {
                let mut text = Vec::new();
                // A broken pipe only shortens the message.
                let _ = stderr.read_to_end(&mut text);
                String::from_utf8_lossy(&text).into_owned()
            })
        });
        if let Some(stdout) = child.stdout.take() {
            for message in Message::parse_stream(BufReader::new(stdout)) {
                if let Message::CompilerArtifact(artifact) = message.map_err(tool)? {
                    told(artifact);
                }
            }
        }
        let status = child.wait().map_err(tool)?;
        let output = stderr.and_then(|thread| thread.join().ok()).unwrap_or_default();
        Ok(match status.success() {
            true => Ok(()),
            false => Err(BuildError::Cargo { code: status.code().unwrap_or(-1), output }),
        })
    }

    /// Returns the command, given the names of the variables that it would inherit.
    fn command(&self, inherited: impl IntoIterator<Item = OsString>) -> Command {
        let mut command = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
        command
            .current_dir(self.directory)
            .args(["build", "--target", self.triple, "--message-format=json-render-diagnostics"])
            .args(self.arguments);
        leave_the_test_behind(&mut command);
        if let Some(flags) = self.flags {
            for name in inherited.into_iter().filter(|name| name.to_str().is_some_and(decides_how_code_is_compiled)) {
                command.env_remove(name);
            }
            // Cargo takes this before flags from anywhere else, its configuration files included.
            command.env("CARGO_ENCODED_RUSTFLAGS", flags.join("\x1f"));
        }
        command.envs(self.environment.iter().map(|(name, value)| (name, value)));
        command.stdin(Stdio::null()).stdout(Stdio::piped());
        if self.output == CargoOutput::Captured {
            command.stderr(Stdio::piped());
        }
        command
    }
}

/// Whether a variable changes what Cargo, or the C compiler that it calls, makes of the same source: with
/// `target-cpu=native` a program that Lambda's machines may not run. A C compiler's flags for one target stay, as
/// they belong to the compiler that `CC_<target>` names.
fn decides_how_code_is_compiled(name: &str) -> bool {
    const NAMES: [&str; 8] = [
        "RUSTFLAGS",
        "CARGO_ENCODED_RUSTFLAGS",
        "CARGO_BUILD_RUSTFLAGS",
        "CARGO_INCREMENTAL",
        "CARGO_BUILD_INCREMENTAL",
        "CFLAGS",
        "TARGET_CFLAGS",
        "CPPFLAGS",
    ];
    // The profile `lambda` inherits from `release`.
    const PROFILES: [&str; 2] = ["CARGO_PROFILE_LAMBDA_", "CARGO_PROFILE_RELEASE_"];
    NAMES.contains(&name)
        || PROFILES.iter().any(|profile| name.starts_with(profile))
        || (name.starts_with("CARGO_TARGET_") && name.ends_with("_RUSTFLAGS"))
}

/// Removes from the environment of a Cargo that a test or a program starts what its own Cargo has told
/// that program about itself: build scripts would take it for theirs, and half of the dependencies be built again.
pub fn leave_the_test_behind(command: &mut Command) {
    const PREFIXES: [&str; 4] = ["CARGO_PKG_", "CARGO_MANIFEST_", "CARGO_BIN_", "CARGO_CRATE_"];
    for (name, _) in std::env::vars_os() {
        let about_us = name.to_str().is_some_and(|name| PREFIXES.iter().any(|prefix| name.starts_with(prefix)));
        if about_us {
            command.env_remove(name);
        }
    }
}

/// Installs the target with rustup unless the compiler has it.
pub fn provide_target(directory: &Path, target: &'static str) -> Result<(), BuildError> {
    let rustc = std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
    if has_target(directory, target, &rustc)? {
        return Ok(());
    }
    eprintln!("the target {target} is not installed; running `rustup target add {target}`");
    let status = Command::new("rustup")
        .args(["target", "add", target])
        .current_dir(directory)
        .stdin(Stdio::null())
        .stdout(io::stderr())
        .status()
        .map_err(|error| match error.kind() {
            io::ErrorKind::NotFound => BuildError::Target { target, problem: "rustup is not on the PATH".into() },
            _ => BuildError::Target { target, problem: format!("rustup could not be run: {error}") },
        })?;
    if !status.success() {
        return Err(BuildError::Target { target, problem: format!("`rustup target add {target}` failed: {status}") });
    }
    match has_target(directory, target, &rustc)? {
        true => Ok(()),
        false => Err(BuildError::Target {
            target,
            problem: "rustup installed it for another toolchain than that of `rustc` on the PATH".into(),
        }),
    }
}

fn has_target(directory: &Path, target: &str, rustc: &OsStr) -> Result<bool, BuildError> {
    let output = Command::new(rustc)
        .args(["--print", "target-libdir", "--target", target])
        .current_dir(directory)
        .output()
        .map_err(|source| BuildError::Tool { tool: rustc.to_string_lossy().into_owned(), source })?;
    let directory = String::from_utf8_lossy(&output.stdout);
    let has_std = |entry: io::Result<std::fs::DirEntry>| {
        entry.is_ok_and(|entry| entry.file_name().to_string_lossy().starts_with("libstd-"))
    };
    Ok(std::fs::read_dir(directory.trim()).is_ok_and(|mut entries| entries.any(has_std)))
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::{BuildError, Cargo, CargoOutput, Target};

    /// Returns what a call of Cargo changes of the environment that it inherits: names with values, or with
    /// none if they are removed.
    fn changes(flags: Option<&[String]>, inherited: &[&str]) -> Vec<(String, Option<String>)> {
        let (directory, environment) = (Path::new("."), [("CC_x86_64_unknown_linux_musl".to_owned(), "cc".to_owned())]);
        let cargo = Cargo {
            directory,
            triple: "x86_64-unknown-linux-musl",
            arguments: &[],
            environment: &environment,
            flags,
            output: CargoOutput::Captured,
        };
        let command = cargo.command(inherited.iter().map(Into::into));
        let about_us = |name: &str| {
            ["CARGO_PKG_", "CARGO_MANIFEST_", "CARGO_BIN_", "CARGO_CRATE_"]
                .iter()
                .any(|prefix| name.starts_with(prefix))
        };
        let text = |text: &std::ffi::OsStr| text.to_string_lossy().into_owned();
        let changes = command.get_envs().map(|(name, value)| (text(name), value.map(text)));
        changes.filter(|(name, _)| !about_us(name)).collect()
    }

    #[test]
    fn flags_of_the_environment_do_not_reach_a_program_that_has_its_own() {
        let removed = [
            "CARGO_BUILD_RUSTFLAGS",
            "CARGO_INCREMENTAL",
            "CARGO_PROFILE_LAMBDA_OPT_LEVEL",
            "CARGO_PROFILE_RELEASE_LTO",
            "CARGO_TARGET_X86_64_UNKNOWN_LINUX_MUSL_RUSTFLAGS",
            "CFLAGS",
            "RUSTFLAGS",
        ];
        let kept = ["CARGO_HOME", "CARGO_TARGET_DIR", "CARGO_TARGET_X86_64_UNKNOWN_LINUX_MUSL_LINKER", "RUSTC_WRAPPER"];
        let flags = ["--remap-path-prefix=/a b=/durabox".to_owned(), "--remap-path-prefix=/c=/cargo".to_owned()];
        let mut expected: Vec<_> = removed.iter().map(|name| ((*name).to_owned(), None)).collect();
        expected.push(("CARGO_ENCODED_RUSTFLAGS".into(), Some(flags.join("\x1f"))));
        expected.push(("CC_x86_64_unknown_linux_musl".into(), Some("cc".into())));
        expected.sort();
        let inherited = [&removed[..], &kept, &["CARGO_ENCODED_RUSTFLAGS"]].concat();
        assert_eq!(changes(Some(&flags), &inherited), expected);
    }

    #[test]
    fn the_flags_of_a_handler_are_those_of_its_author() {
        let changes = changes(None, &["RUSTFLAGS", "CARGO_PROFILE_RELEASE_LTO"]);
        assert_eq!(changes, [("CC_x86_64_unknown_linux_musl".to_owned(), Some("cc".to_owned()))]);
    }

    #[test]
    fn a_target_is_read_as_rustc_writes_it() {
        for target in Target::ALL {
            assert_eq!(target.triple().parse(), Ok(target));
        }
        let error = "wasm32-wasi".parse::<Target>().expect_err("its old name");
        assert_eq!(
            error.to_string(),
            "handlers are not built for `wasm32-wasi`, only for wasm32-wasip2 and wasm32-wasip1"
        );
    }

    #[test]
    fn a_missing_target_is_named_with_the_way_to_install_it() {
        let error = BuildError::Target { target: Target::Wasip1.triple(), problem: "rustup is not on the PATH".into() };
        assert_eq!(error.to_string(), "the target wasm32-wasip1 is not installed, and rustup is not on the PATH");
        assert_eq!(error.hints()[0], "rustup target add wasm32-wasip1");
    }
}
