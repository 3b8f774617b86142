use std::path::PathBuf;

use super::Form;
use crate::sandbox::CONTRACT;

/// Why a file is not a handler that can run here.
#[derive(Debug, thiserror::Error)]
pub enum ArtifactError {
    /// There is no such file.
    #[error("there is no file `{}`", path.display())]
    Missing {
        /// Where it was looked for.
        path: PathBuf,
    },
    /// The file cannot be read.
    #[error("`{}` cannot be read", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// The file is something else.
    #[error("`{name}` is not WebAssembly: it begins with {begins}, not with `\\0asm`")]
    NotWasm {
        /// The artifact.
        name: String,
        /// Its first bytes, for a person.
        begins: String,
    },
    /// The file is damaged, or uses WebAssembly that the sandbox does not know.
    #[error("`{name}` is not valid WebAssembly: {source:#}")]
    Invalid {
        /// The artifact.
        name: String,
        /// What the validator says.
        source: wasmtime::Error,
    },
    /// WebAssembly, but not a durable handler.
    #[error(
        "`{name}` is a {form} but not a durable handler: it does not import `{CONTRACT}`\n  imports  {}\n  exports  {}",
        list(imports),
        list(exports)
    )]
    NotDurable {
        /// The artifact.
        name: String,
        /// What it is.
        form: Form,
        /// What it imports; of a module, where from.
        imports: Vec<String>,
        /// What it exports.
        exports: Vec<String>,
    },
    /// A handler built against another version of the contract.
    #[error("`{name}` imports `{found}`, this durabox provides `{CONTRACT}`")]
    ContractVersion {
        /// The artifact.
        name: String,
        /// The version that it was built against.
        found: String,
    },
    /// A library, or a program without WASI's entry.
    #[error(
        "`{name}` cannot be started: a durable handler that is a {form} exports `{}`, this one exports {}",
        form.entry(),
        list(exports)
    )]
    NotCommand {
        /// The artifact.
        name: String,
        /// What it is.
        form: Form,
        /// What it exports.
        exports: Vec<String>,
    },
    /// An import that no handler is given.
    #[error("`{name}` imports {}, which the sandbox does not provide", list(imports))]
    UnknownImport {
        /// The artifact.
        name: String,
        /// What it imports and is not given.
        imports: Vec<String>,
    },
    /// A module whose custom sections were removed: only they say what the types of its imports are.
    #[error("`{name}` imports `{CONTRACT}` and has no section `component-type:…`, which wit-bindgen describes it in")]
    Stripped {
        /// The artifact.
        name: String,
    },
    /// A module that the adapter or its own description does not fit.
    #[error("`{name}` is a core module that cannot be made a component: {problem}")]
    Adapter {
        /// The artifact.
        name: String,
        /// What the encoder says.
        problem: String,
    },
    /// An import of the right name and another shape.
    #[error("`{name}` does not fit the sandbox: {source:#}")]
    Link {
        /// The artifact.
        name: String,
        /// What the linker says.
        source: wasmtime::Error,
    },
    /// The sandbox itself cannot be made on this machine.
    #[error("the WebAssembly engine cannot start: {0:#}")]
    Engine(wasmtime::Error),
}

impl ArtifactError {
    /// Returns what to do about it.
    pub fn hint(&self) -> Option<&'static str> {
        match self {
            Self::Missing { .. } => Some("build the handler first: cargo build --release --target wasm32-wasip2"),
            Self::NotWasm { begins, .. } if begins.starts_with("`(module") || begins.starts_with("`(component") => {
                Some("this is WebAssembly text; a handler is the binary that cargo builds for wasm32-wasip2")
            }
            Self::NotWasm { begins, .. } if begins.starts_with("`\\x7fELF") => {
                Some("this is a native binary; build the handler for wasm32-wasip2")
            }
            Self::NotWasm { .. } => {
                Some("build the handler for wasm32-wasip2: cargo build --release --target wasm32-wasip2")
            }
            Self::Invalid { .. } => Some("build it again; the file may be cut short or damaged"),
            Self::NotDurable { .. } => Some("a handler's `main` calls `durable::run`, from the crate durabox-sdk"),
            Self::ContractVersion { .. } => Some("use the versions of durabox and durabox-sdk that belong together"),
            Self::NotCommand { form: Form::Component, .. } => {
                Some("a handler is a Rust binary with `fn main`, not a library")
            }
            Self::NotCommand { form: Form::Module, .. } => Some(
                "a handler is a Rust binary with `fn main`, not a library, \
                 built for wasm32-wasip2 or wasm32-wasip1, not for wasm32-unknown-unknown",
            ),
            Self::Stripped { .. } => {
                Some("take the file as cargo leaves it: a tool that strips or optimises it must keep custom sections")
            }
            Self::Adapter { .. } => {
                Some("build the handler for wasm32-wasip2, or for wasm32-wasip1 with the durabox-sdk of this durabox")
            }
            Self::UnknownImport { .. } => Some("leave out the crate that imports it"),
            Self::Unreadable { .. } | Self::Link { .. } | Self::Engine(_) => None,
        }
    }
}

fn list(names: &[String]) -> String {
    match names {
        [] => "nothing".into(),
        _ => names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", "),
    }
}
