//! `durabox package --check`: compares a zip with what was tested.

use std::path::{Path, PathBuf};

use durabox::package::check::{Checked, Packaged, Tested, Unreadable};
use durabox_runtime::manifest::{BOOTSTRAP, COMPILED};
use durabox_runtime::precompiled::PrecompiledError;

use super::{Making, read};
use crate::cli_error::{CliError, Kind};
use crate::commands::subject::Subject;
use crate::{exit_code, stdout};

/// A program, and where it was read.
type Program = (PathBuf, Vec<u8>);

/// Checks.
pub fn run(zip: &Path, subjects: &[String], making: &Making) -> Result<u8, CliError> {
    let packaged = Packaged::read(&read(zip)?).map_err(|error| unreadable(zip, &error))?;
    let asked = match subjects {
        [] => packaged.manifest.function.as_str(),
        [subject] => subject,
        _ => return Err(CliError::usage("a zip is compared with one handler").hint("name the one it was made of")),
    };
    let program = making.program(packaged.manifest.precompiled.architecture)?;
    let Subject { path, function_name, .. } = Subject::resolve(asked)?;
    let checked = packaged.check(&Tested {
        function: &function_name,
        wasm: &read(&path)?,
        allowed_hosts: (!making.allow_host.is_empty()).then_some(&making.allow_host),
        bootstrap: program.as_ref().map(|(_, bytes)| bytes.as_slice()),
    });
    match checked {
        Checked { no_compiler: Some(why), differences } if differences.is_empty() => Err(in_part(zip, &why)),
        Checked { differences, .. } if differences.is_empty() => {
            stdout::lines(&equal(zip, asked, &packaged, program.as_ref()))?;
            Ok(exit_code::OK)
        }
        Checked { differences, no_compiler } => {
            stdout::lines(&differences.iter().map(ToString::to_string).collect::<Vec<_>>())?;
            eprintln!("\nerror: {} is not the tested artifact of {asked}", zip.display());
            if let Some(why) = no_compiler {
                eprintln!("  {COMPILED} was not compared: {why}");
            }
            if let Some((path, _)) = &program {
                eprintln!("  {BOOTSTRAP} was compared with {}", path.display());
            }
            eprintln!("\nhint: `durabox package {asked}` makes it again");
            Ok(exit_code::OTHER_PACKAGE)
        }
    }
}

/// Returns what is said of a zip in which nothing differs, and how far that goes.
fn equal(zip: &Path, asked: &str, packaged: &Packaged, program: Option<&Program>) -> Vec<String> {
    let mut lines = vec![format!("{} is the tested artifact of {asked}", zip.display())];
    let hosts = &packaged.manifest.allowed_hosts;
    lines.extend((!hosts.is_empty()).then(|| format!("its steps may ask {}", hosts.join(", "))));
    lines.push(match program {
        Some((path, _)) => format!("its bootstrap is that of {}", path.display()),
        None => "its bootstrap fits the manifest and calls itself one of this version, no more is known of it: \
                 compare it with --bootstrap PATH"
            .to_owned(),
    });
    lines
}

/// Returns the error of a zip in which nothing differs, but not everything could be compared.
fn in_part(zip: &Path, why: &PrecompiledError) -> CliError {
    let source = format!("all of {} but {COMPILED} is that of the tested artifact: {why}", zip.display());
    CliError { kind: Kind::Store, source: source.into(), hints: why.hint().map(str::to_owned).into_iter().collect() }
}

fn unreadable(zip: &Path, error: &Unreadable) -> CliError {
    let source = format!("{} cannot be checked: {error}", zip.display()).into();
    CliError { kind: Kind::Store, source, hints: vec!["`durabox package` makes one".into()] }
}
