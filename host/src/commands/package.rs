//! `durabox package`

mod check;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use durabox::cloud::{Describer, mark};
use durabox::handlers::{Build, CargoOutput};
use durabox::package::bootstrap;
use durabox::package::template::{Function, is_as_made, template};
use durabox::package::{Compiled, Package, PackageError, Zip, code_sha256};
use durabox::render::text::{columns, thousands};
use durabox::state_dir::StateDir;
use durabox::workspace::Workspace;
use durabox_runtime::precompiled::{Architecture, PrecompiledError};
use durabox_runtime::sandbox::AllowedHost;
use durabox_runtime::{ArtifactError, Sandbox, SandboxOptions};

use super::subject::{Subject, current_directory, function_name};
use crate::cli_error::CliError;
use crate::{exit_code, stdout};

/// Makes the zips that Lambda takes, and a SAM template for them
///
/// A zip holds the bootstrap, the tested wasm, its compiled form for the architecture, and a manifest.
/// The same handler gives the same bytes. Debug data of the bootstrap lies beside the zips.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Handlers by name, or artifacts by path; every handler of the workspace if none is named
    #[arg(value_name = "NAME|FILE.wasm")]
    subjects: Vec<String>,

    #[command(flatten)]
    making: Making,

    /// Where the zips and template.yaml go; a template.yaml that somebody has changed is left as it is
    /// [default: target/durabox/package]
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,

    /// Makes nothing, but says what of this zip is not the tested artifact: NAME or FILE.wasm, or else
    /// the workspace's handler of the packaged name
    ///
    /// Every file is compared: the wasm with the tested one, its compiled form with what this durabox compiles of
    /// that, the manifest with the files and the function's name. Hosts are compared with those of --allow-host, if
    /// there are any, and otherwise only said. The program is compared with that of --bootstrap, or else with the
    /// last that was built here; without either it is only known to fit the manifest and to call itself one of this
    /// version, and that is said.
    ///
    /// Exit code 7 says that something differs; 5 that the zip cannot be read, or that nothing differs but the
    /// compiled form could not be compared, as this durabox does not compile for its machine.
    #[arg(long, value_name = "ZIP", conflicts_with_all = ["out", "arch"])]
    check: Option<PathBuf>,
}

/// How packages are made.
#[derive(Debug, clap::Args)]
pub struct Making {
    /// What the functions run on
    #[arg(long, value_name = "x86_64 | arm64", default_value_t = Architecture::host().unwrap_or(Architecture::X86_64))]
    pub arch: Architecture,

    /// A bootstrap of this version that was built elsewhere
    #[arg(long, value_name = "PATH")]
    pub bootstrap: Option<PathBuf>,

    /// A host that steps may send requests to, as for `durabox run`; in Lambda the variable
    /// DURABOX_ALLOWED_HOSTS takes its place
    #[arg(long, value_name = "HOST")]
    pub allow_host: Vec<AllowedHost>,
}

/// A handler that can be packaged.
struct Handler {
    name: String,
    wasm: Vec<u8>,
    compiled: Compiled,
}

/// Packages that were made.
pub struct Made {
    /// Name and zip of each function.
    pub zips: Vec<(String, Zip)>,
    /// The debug data of the bootstrap, if that was built.
    pub debug: Option<PathBuf>,
}

impl Making {
    /// Makes packages of handlers by name and artifacts by path; of every handler of the workspace if
    /// none is named.
    pub fn make(&self, asked: &[String]) -> Result<Made, CliError> {
        // What cannot be packaged is said before a bootstrap is built, which takes minutes.
        if !self.arch.can_be_compiled_for() {
            return Err(PackageError::from(PrecompiledError::NoCompiler(self.arch)).into());
        }
        let given = self.bootstrap.as_ref().map(|path| bootstrap::read(path, self.arch)).transpose()?;
        let handlers = self.handlers(asked)?;
        let (program, debug) = match given {
            Some(program) => (program, None),
            None => {
                let built = bootstrap::build(self.arch, &target_directory()?, CargoOutput::Shown)?;
                (built.bytes, Some(built.debug))
            }
        };
        let mut zips = Vec::new();
        for Handler { name, wasm, compiled } in handlers {
            let package = Package {
                function: &name,
                wasm: &wasm,
                bootstrap: &program,
                architecture: self.arch,
                allowed_hosts: &self.allow_host,
            };
            let zip = package.zip_compiled(compiled)?;
            zips.push((name, zip));
        }
        Ok(Made { zips, debug })
    }

    /// Reads and compiles the handlers; one that no sandbox would run is refused.
    fn handlers(&self, asked: &[String]) -> Result<Vec<Handler>, CliError> {
        let state = StateDir::near(&current_directory()?);
        let sandbox = Sandbox::new(SandboxOptions { cache_dir: state.exists().then(|| state.cache()) })?;
        let compiled = |(name, path): (String, PathBuf)| {
            let wasm = handler(&path)?;
            sandbox.load_bytes(&path.display().to_string(), &wasm)?;
            Ok(Handler { name, compiled: Compiled::of(&wasm, self.arch)?, wasm })
        };
        subjects(asked)?.into_iter().map(compiled).collect()
    }

    /// Returns path and bytes of the program that a package should hold, as far as it is there already.
    fn program(&self, architecture: Architecture) -> Result<Option<(PathBuf, Vec<u8>)>, CliError> {
        match &self.bootstrap {
            Some(path) => Ok(Some((path.clone(), bootstrap::read(path, architecture)?))),
            None => Ok(target_directory().ok().and_then(|directory| bootstrap::built(architecture, &directory))),
        }
    }
}

/// Packages or checks.
pub fn run(args: &Args) -> Result<u8, CliError> {
    match &args.check {
        Some(zip) => check::run(zip, &args.subjects, &args.making),
        None => package(args),
    }
}

fn package(args: &Args) -> Result<u8, CliError> {
    let out = match &args.out {
        Some(out) => out.clone(),
        None => target_directory()?.join("durabox/package"),
    };
    let arch = args.making.arch;
    let Made { zips, debug } = args.making.make(&args.subjects)?;
    fs::create_dir_all(&out).map_err(|error| CliError::io("making", &out, &error))?;
    let mut rows = Vec::new();
    let mut functions = Vec::new();
    for (name, zip) in &zips {
        let file = format!("{name}-{arch}.zip");
        write(&out.join(&file), &zip.bytes)?;
        rows.push(row(name, zip, &out.join(&file)));
        let (wasm, code) = (&zip.manifest.handler.sha256, code_sha256(&zip.bytes));
        functions.push((name, file, mark(Describer::Template, name, wasm, &code)));
    }
    let functions: Vec<_> = functions
        .iter()
        .map(|(name, zip, description)| Function { name, zip, architecture: arch, description })
        .collect();
    write_template(&out.join("template.yaml"), &template(&functions))?;
    put_debug_data(debug.as_deref(), &out.join(format!("bootstrap-{arch}.debug")))?;
    stdout::lines(&columns(&rows))?;
    eprintln!("\nhint: sam deploy --guided --template-file {}", out.join("template.yaml").display());
    eprintln!("hint: or `durabox deploy`, which needs no SAM");
    Ok(exit_code::OK)
}

/// Puts the bootstrap's debug data beside the zips. A bootstrap that was built elsewhere has none here: what lies
/// there is that of another program, and would lead a debugger astray.
fn put_debug_data(debug: Option<&Path>, beside: &Path) -> Result<(), CliError> {
    match debug {
        Some(debug) => fs::copy(debug, beside).map(drop).map_err(|error| CliError::io("writing", beside, &error)),
        None => match fs::remove_file(beside) {
            Ok(()) => {
                eprintln!("removed {}, which belongs to another bootstrap", beside.display());
                Ok(())
            }
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(()),
            Err(error) => Err(CliError::io("removing", beside, &error)),
        },
    }
}

/// Writes the template, unless somebody has changed the one that is there.
fn write_template(path: &Path, text: &str) -> Result<(), CliError> {
    match fs::read(path) {
        Ok(there) if !is_as_made(&there) && there != text.as_bytes() => {
            eprintln!("\n{} is not as this durabox wrote it, and is left as it is", path.display());
            eprintln!("hint: delete it to have it made anew, or have it made elsewhere with --out DIR");
            eprintln!("hint: its descriptions may name artifacts that were packaged before");
            Ok(())
        }
        Err(error) if error.kind() != ErrorKind::NotFound => Err(CliError::io("reading", path, &error)),
        _ => write(path, text.as_bytes()),
    }
}

/// Returns name and artifact of what was asked for, built; of every handler if nothing was.
fn subjects(asked: &[String]) -> Result<Vec<(String, PathBuf)>, CliError> {
    if !asked.is_empty() {
        check_names(asked.iter().map(|asked| (Subject::name(asked), asked.clone())))?;
        let resolve = |asked: &String| Subject::resolve(asked).map(|subject| (subject.function_name, subject.path));
        return asked.iter().map(resolve).collect();
    }
    let workspace = Workspace::locate(&current_directory()?)?;
    let handlers = workspace.handlers();
    if handlers.is_empty() {
        return Err(CliError::usage(format!("there are no handlers in {}", workspace.root().display()))
            .hint("a handler is a binary of a package that depends on `durabox-sdk`"));
    }
    check_names(handlers.iter().map(|handler| (function_name(&handler.name), handler.source.display().to_string())))?;
    let packages = handlers.iter().map(|handler| handler.package.as_str()).collect::<BTreeSet<_>>();
    let outcome = Build::of_packages(workspace.root(), packages, CargoOutput::Shown).run();
    outcome.result?;
    Ok(outcome.built.into_values().map(|built| (function_name(&built.name), built.path)).collect())
}

/// Fails if two of these have one function's name: the zip of one would be written over the other's.
fn check_names(named: impl IntoIterator<Item = (String, String)>) -> Result<(), CliError> {
    let mut known = BTreeMap::new();
    for (name, subject) in named {
        if let Some(other) = known.get(&name) {
            return Err(CliError::usage(format!("`{other}` and `{subject}` are both packaged as the function `{name}`"))
                .hint("a function has the name of its file, with - for what is no letter, digit, - or _, and at most 64 of them")
                .hint("rename one, or package it by itself with another --out"));
        }
        known.insert(name, subject);
    }
    Ok(())
}

/// Returns where Cargo builds; without a workspace, for a file that lies anywhere, `target` here.
fn target_directory() -> Result<PathBuf, CliError> {
    let here = current_directory()?;
    match Workspace::locate(&here) {
        Ok(workspace) => Ok(workspace.target_directory().to_owned()),
        Err(durabox::workspace::WorkspaceError::NoManifest(_)) => Ok(here.join("target")),
        Err(error) => Err(error.into()),
    }
}

fn row(name: &str, zip: &Zip, path: &Path) -> Vec<String> {
    vec![
        name.to_owned(),
        format!("{} bytes", thousands(zip.bytes.len() as u64)),
        format!("unzipped {}", thousands(zip.unzipped as u64)),
        format!("wasm sha256 {}", &zip.manifest.handler.sha256[..12]),
        path.display().to_string(),
    ]
}

fn handler(path: &Path) -> Result<Vec<u8>, CliError> {
    match fs::read(path) {
        Err(error) if error.kind() == ErrorKind::NotFound => Err(ArtifactError::Missing { path: path.into() }.into()),
        read => read.map_err(|error| CliError::io("reading", path, &error)),
    }
}

fn read(path: &Path) -> Result<Vec<u8>, CliError> {
    fs::read(path).map_err(|error| CliError::io("reading", path, &error))
}

fn write(path: &Path, bytes: &[u8]) -> Result<(), CliError> {
    fs::write(path, bytes).map_err(|error| CliError::io("writing", path, &error))
}
