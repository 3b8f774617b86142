//! Makes a component of a core module, which is what cargo builds for `wasm32-wasip1`.
//!
//! The module describes its WIT imports in a custom section; an adapter turns what it asks of
//! WASI preview 1 into WASI 0.2, so that the sandbox answers both forms of a handler the same.

use std::sync::OnceLock;

use sha2::{Digest, Sha256};
use wasi_preview1_component_adapter_provider::{
    WASI_SNAPSHOT_PREVIEW1_ADAPTER_NAME as PREVIEW1, WASI_SNAPSHOT_PREVIEW1_COMMAND_ADAPTER as ADAPTER,
};
use wasmparser::{BinaryReaderError, Parser, Payload};
use wit_component::ComponentEncoder;

use crate::ArtifactError;
use crate::artifact::Form;
use crate::digest::hex;
use crate::sandbox::{CONTRACT, CONTRACT_PACKAGE};

/// What encodes the component: a part of the cache's key, because another version may encode otherwise.
const ENCODER: &str = "wit-component 0.258.3";

/// What begins the name of the section in which wit-bindgen describes the module's world.
const WORLD_SECTION: &str = "component-type";

/// Returns what a component depends on besides its module: the adapter and the encoder, as a short digest.
pub(crate) fn recipe() -> &'static str {
    static RECIPE: OnceLock<String> = OnceLock::new();
    RECIPE.get_or_init(|| hex(&Sha256::new().chain_update(ENCODER).chain_update(ADAPTER).finalize()[..8]))
}

/// Returns the component of a handler's core module; errors call it `name`.
pub(crate) fn componentize(name: &str, module: &[u8]) -> Result<Vec<u8>, ArtifactError> {
    let outline = Outline::read(module)
        .map_err(|source| ArtifactError::Invalid { name: name.to_owned(), source: wasmtime::Error::new(source) })?;
    outline.check(name)?;
    let encoded = ComponentEncoder::default()
        .module(module)
        .and_then(|encoder| encoder.adapter(PREVIEW1, ADAPTER))
        .and_then(|encoder| encoder.encode());
    encoded.map_err(|problem| ArtifactError::Adapter { name: name.to_owned(), problem: format!("{problem:#}") })
}

/// What of a core module shows from outside.
#[derive(Debug, Default)]
struct Outline {
    /// The modules that it imports from, each once, in order.
    imports: Vec<String>,
    exports: Vec<String>,
    /// Whether it describes its world.
    has_world: bool,
}

impl Outline {
    fn read(module: &[u8]) -> Result<Self, BinaryReaderError> {
        let mut outline = Self::default();
        for payload in Parser::new(0).parse_all(module) {
            match payload? {
                Payload::ImportSection(section) => {
                    for import in section.into_imports() {
                        let import = import?;
                        if !outline.imports.iter().any(|known| known == import.module) {
                            outline.imports.push(import.module.to_owned());
                        }
                    }
                }
                Payload::ExportSection(section) => {
                    for export in section {
                        outline.exports.push(export?.name.to_owned());
                    }
                }
                Payload::CustomSection(section) => outline.has_world |= section.name().starts_with(WORLD_SECTION),
                _ => {}
            }
        }
        Ok(outline)
    }

    /// Says why a module like this is not a handler that can run here.
    fn check(self, name: &str) -> Result<(), ArtifactError> {
        let Self { imports, exports, has_world } = self;
        let name = name.to_owned();
        if !imports.iter().any(|import| import == CONTRACT) {
            return Err(match imports.iter().find(|import| import.starts_with(CONTRACT_PACKAGE)) {
                Some(found) => ArtifactError::ContractVersion { name, found: found.clone() },
                None => ArtifactError::NotDurable { name, form: Form::Module, imports, exports },
            });
        }
        if !exports.iter().any(|export| export == Form::Module.entry()) {
            return Err(ArtifactError::NotCommand { name, form: Form::Module, exports });
        }
        if !has_world {
            return Err(ArtifactError::Stripped { name });
        }
        // Imports by an interface's name are in the component too, and judged there.
        let unknown: Vec<_> = imports.into_iter().filter(|from| from != PREVIEW1 && !from.contains(':')).collect();
        match unknown.is_empty() {
            true => Ok(()),
            false => Err(ArtifactError::UnknownImport { name, imports: unknown }),
        }
    }
}

#[cfg(test)]
mod tests;
