//! What a handler's component must and may ask for.

use crate::{ArtifactError, Form};

/// The interface that makes a component a durable handler.
pub(crate) const CONTRACT: &str = "durabox:durable/operations@0.1.0";

/// The interfaces of the contract: a handler imports the first, and any of the others.
const INTERFACES: [&str; 2] = [CONTRACT, "durabox:durable/io@0.1.0"];
/// The contract's package, whose other versions are known by it.
pub(crate) const CONTRACT_PACKAGE: &str = "durabox:durable/";

/// The packages of WASI 0.2 that the sandbox provides, most of them to say no.
const WASI: [&str; 8] = [
    "wasi:cli/",
    "wasi:clocks/",
    "wasi:filesystem/",
    "wasi:http/outgoing-handler",
    "wasi:http/types",
    "wasi:io/",
    "wasi:random/",
    "wasi:sockets/",
];

/// Says why a component with these imports and exports is not a handler that can run here.
pub(crate) fn check(name: &str, imports: &[&str], exports: &[&str]) -> Result<(), ArtifactError> {
    let name = name.to_owned();
    let owned = |names: &[&str]| names.iter().map(|&name| name.to_owned()).collect::<Vec<_>>();
    if !imports.contains(&CONTRACT) {
        return Err(match imports.iter().find(|import| import.starts_with(CONTRACT_PACKAGE)) {
            Some(&found) => ArtifactError::ContractVersion { name, found: found.to_owned() },
            None => {
                let (imports, exports) = (owned(imports), owned(exports));
                ArtifactError::NotDurable { name, form: Form::Component, imports, exports }
            }
        });
    }
    let unknown: Vec<_> = imports.iter().copied().filter(|import| !is_provided(import)).collect();
    if !unknown.is_empty() {
        return Err(ArtifactError::UnknownImport { name, imports: owned(&unknown) });
    }
    if !exports.iter().any(|export| export.starts_with("wasi:cli/run@0.2.")) {
        return Err(ArtifactError::NotCommand { name, form: Form::Component, exports: owned(exports) });
    }
    Ok(())
}

fn is_provided(import: &str) -> bool {
    INTERFACES.contains(&import) || (import.contains("@0.2.") && WASI.iter().any(|package| import.starts_with(package)))
}
