//! `durabox package`

use std::collections::BTreeSet;
use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use durabox::cloud::{Describer, mark};
use durabox::handlers::{Build, CargoOutput};
use durabox::package::bootstrap;
use durabox::package::check::{Checked, Packaged, Unreadable};
use durabox::package::template::{Function, template};
use durabox::package::{Package, Zip, code_sha256};
use durabox::render::text::{columns, thousands};
use durabox::workspace::Workspace;
use durabox_runtime::ArtifactError;
use durabox_runtime::manifest::COMPILED;
use durabox_runtime::precompiled::{Architecture, PrecompiledError};
use durabox_runtime::sandbox::AllowedHost;

use super::subject::{Subject, current_directory};
use crate::cli_error::{CliError, Kind};
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

    /// Where the zips and template.yaml go [default: target/durabox/package]
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,

    /// Makes nothing, but says what of this zip is not the tested artifact: NAME or FILE.wasm, or else
    /// the workspace's handler of the packaged name
    #[arg(long, value_name = "ZIP", conflicts_with_all = ["out", "bootstrap", "allow_host", "arch"])]
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
        // What is not there is said before a bootstrap is built, which takes minutes.
        let read_all = subjects(asked)?.into_iter().map(|(name, path)| Ok((name, handler(&path)?)));
        let handlers = read_all.collect::<Result<Vec<_>, CliError>>()?;
        let (program, debug) = match &self.bootstrap {
            Some(path) => (bootstrap::read(path, self.arch)?, None),
            None => {
                let built = bootstrap::build(self.arch, &target_directory()?, CargoOutput::Shown)?;
                (built.bytes, Some(built.debug))
            }
        };
        let mut zips = Vec::new();
        for (name, wasm) in handlers {
            let package = Package {
                function: &name,
                wasm: &wasm,
                bootstrap: &program,
                architecture: self.arch,
                allowed_hosts: &self.allow_host,
            };
            let zip = package.zip()?;
            zips.push((name, zip));
        }
        Ok(Made { zips, debug })
    }
}

/// Packages or checks.
pub fn run(args: &Args) -> Result<u8, CliError> {
    match &args.check {
        Some(zip) => check(zip, &args.subjects),
        None => package(args),
    }
}

fn package(args: &Args) -> Result<u8, CliError> {
    let out = match &args.out {
        Some(out) => out.clone(),
        None => target_directory()?.join("durabox/package"),
    };
    fs::create_dir_all(&out).map_err(|error| CliError::io("making", &out, &error))?;
    let arch = args.making.arch;
    let Made { zips, debug } = args.making.make(&args.subjects)?;
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
    write(&out.join("template.yaml"), template(&functions).as_bytes())?;
    if let Some(debug) = debug {
        let beside = out.join(format!("bootstrap-{arch}.debug"));
        fs::copy(&debug, &beside).map_err(|error| CliError::io("writing", &beside, &error))?;
    }
    stdout::lines(&columns(&rows))?;
    eprintln!("\nhint: sam deploy --guided --template-file {}", out.join("template.yaml").display());
    eprintln!("hint: or `durabox deploy`, which needs no SAM");
    Ok(exit_code::OK)
}

fn check(zip: &Path, subjects: &[String]) -> Result<u8, CliError> {
    let packaged = Packaged::read(&read(zip)?).map_err(|error| unreadable(zip, &error))?;
    let asked = match subjects {
        [] => packaged.manifest.function.as_str(),
        [subject] => subject,
        _ => return Err(CliError::usage("a zip is compared with one handler").hint("name the one it was made of")),
    };
    let tested = read(&Subject::resolve(asked)?.path)?;
    let Checked { differences, no_compiler } = packaged.check(&tested);
    if !differences.is_empty() {
        stdout::lines(&differences.iter().map(ToString::to_string).collect::<Vec<_>>())?;
        eprintln!("\nerror: {} is not the tested artifact of {asked}", zip.display());
        if let Some(why) = no_compiler {
            eprintln!("  {COMPILED} was not compared: {why}");
        }
        eprintln!("\nhint: `durabox package {asked}` makes it again");
        return Ok(exit_code::OTHER_PACKAGE);
    }
    if let Some(why) = no_compiler {
        return Err(checked_in_part(zip, &why));
    }
    let mut lines = vec![format!("{} is the tested artifact of {asked}", zip.display())];
    let hosts = &packaged.manifest.allowed_hosts;
    lines.extend((!hosts.is_empty()).then(|| format!("its steps may ask {}", hosts.join(", "))));
    stdout::lines(&lines)?;
    Ok(exit_code::OK)
}

/// Returns the error of a zip in which nothing differs, but not everything could be compared.
fn checked_in_part(zip: &Path, why: &PrecompiledError) -> CliError {
    let source = format!("all of {} but {COMPILED} is that of the tested artifact: {why}", zip.display());
    CliError { kind: Kind::Store, source: source.into(), hints: why.hint().map(str::to_owned).into_iter().collect() }
}

/// Returns name and artifact of what was asked for, built; of every handler if nothing was.
fn subjects(asked: &[String]) -> Result<Vec<(String, PathBuf)>, CliError> {
    if !asked.is_empty() {
        let resolve = |asked: &String| Subject::resolve(asked).map(|subject| (subject.function_name, subject.path));
        return asked.iter().map(resolve).collect();
    }
    let workspace = Workspace::locate(&current_directory()?)?;
    let packages = workspace.handlers().iter().map(|handler| handler.package.as_str()).collect::<BTreeSet<_>>();
    if packages.is_empty() {
        return Err(CliError::usage(format!("there are no handlers in {}", workspace.root().display()))
            .hint("a handler is a binary of a package that depends on `durabox-sdk`"));
    }
    let outcome = Build::of_packages(workspace.root(), packages, CargoOutput::Shown).run();
    outcome.result?;
    Ok(outcome.built.into_values().map(|built| (built.name, built.path)).collect())
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

fn unreadable(zip: &Path, error: &Unreadable) -> CliError {
    let source = format!("{} cannot be checked: {error}", zip.display()).into();
    CliError { kind: Kind::Store, source, hints: vec!["`durabox package` makes one".into()] }
}
