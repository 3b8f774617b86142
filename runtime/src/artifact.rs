//! Loads handlers: from a `.wasm` file to something that can be invoked, or an error that says
//! what the file is instead. Does not run anything.

mod error;

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use wasmtime::component::{Component, Linker};
use wasmtime::{Config, Engine};
use wasmtime_wasi::p2::bindings::CommandPre;

#[cfg(feature = "compiler")]
use crate::cache::Cache;
use crate::sandbox::{Host, Ticker, contract};

pub use error::ArtifactError;

/// Room for the guest's calls, bytes. The fiber that they run on is twice that.
const MAX_WASM_STACK: usize = 1024 * 1024;

/// What a sandbox is made with.
#[derive(Clone, Debug, Default)]
pub struct SandboxOptions {
    /// Where compiled handlers are kept; `None` compiles each time.
    pub cache_dir: Option<PathBuf>,
}

/// Loads handlers and runs their invocations; made once, clones are handles on it.
#[derive(Clone)]
pub struct Sandbox {
    inner: Arc<Inner>,
}

struct Inner {
    engine: Engine,
    linker: Linker<Host>,
    #[cfg(feature = "compiler")]
    cache: Cache,
    ticker: Ticker,
}

impl Sandbox {
    /// Makes a sandbox.
    #[cfg_attr(not(feature = "compiler"), allow(unused_variables))]
    pub fn new(options: SandboxOptions) -> Result<Self, ArtifactError> {
        let engine = Engine::new(&config()).map_err(ArtifactError::Engine)?;
        let linker = crate::sandbox::linker(&engine).map_err(ArtifactError::Engine)?;
        #[cfg(feature = "compiler")]
        let cache = Cache::new(&engine, options.cache_dir);
        let ticker = Ticker::start(&engine).map_err(|source| ArtifactError::Engine(source.into()))?;
        let inner = Inner {
            engine,
            linker,
            #[cfg(feature = "compiler")]
            cache,
            ticker,
        };
        Ok(Self { inner: Arc::new(inner) })
    }

    /// Makes a handler of its component.
    pub(crate) fn ready(&self, name: &str, loaded: Loaded) -> Result<Artifact, ArtifactError> {
        let Loaded { sha256, size, form, cache, component } = loaded;
        self.check(name, &component)?;
        let name = name.to_owned();
        let pre = self.inner.linker.instantiate_pre(&component).and_then(CommandPre::new);
        match pre {
            Ok(pre) => Ok(Artifact { name, path: None, sha256: sha256.into(), size, form, cache, pre }),
            Err(source) => Err(ArtifactError::Link { name, source }),
        }
    }

    pub(crate) fn engine(&self) -> &Engine {
        &self.inner.engine
    }

    pub(crate) fn ticker(&self) -> &Ticker {
        &self.inner.ticker
    }

    /// Compares what the component asks for with what a handler may ask for.
    fn check(&self, name: &str, component: &Component) -> Result<(), ArtifactError> {
        let component_type = component.component_type();
        let imports: Vec<_> = component_type.imports(&self.inner.engine).map(|(name, _)| name).collect();
        let exports: Vec<_> = component_type.exports(&self.inner.engine).map(|(name, _)| name).collect();
        contract::check(name, &imports, &exports)
    }
}

#[cfg(feature = "compiler")]
impl Sandbox {
    /// Loads a handler from a file.
    pub fn load(&self, path: &Path) -> Result<Artifact, ArtifactError> {
        let wasm = std::fs::read(path).map_err(|source| match source.kind() {
            std::io::ErrorKind::NotFound => ArtifactError::Missing { path: path.to_owned() },
            _ => ArtifactError::Unreadable { path: path.to_owned(), source },
        })?;
        let mut artifact = self.load_bytes(&path.display().to_string(), &wasm)?;
        artifact.path = Some(path.to_owned());
        Ok(artifact)
    }

    /// Loads a handler from memory; errors call it `name`.
    ///
    /// A core module, built for `wasm32-wasip1`, is made a component first.
    pub fn load_bytes(&self, name: &str, wasm: &[u8]) -> Result<Artifact, ArtifactError> {
        use std::borrow::Cow;

        use crate::componentize::{componentize, recipe};
        use crate::digest::sha256;

        let form = Form::of(name, wasm)?;
        let sha256 = sha256(wasm);
        let (component, cache) = match form {
            Form::Component => self.compile(name, &sha256, || Ok(Cow::Borrowed(wasm))),
            Form::Module => {
                let key = format!("{sha256}-{}", recipe());
                self.compile(name, &key, || componentize(name, wasm).map(Cow::Owned))
            }
        }?;
        self.ready(name, Loaded { sha256, size: wasm.len(), form, cache, component })
    }

    /// Returns the compiled component that the cache has under `key`, or compiles what `wasm` gives.
    fn compile<'a>(
        &self,
        name: &str,
        key: &str,
        wasm: impl FnOnce() -> Result<std::borrow::Cow<'a, [u8]>, ArtifactError>,
    ) -> Result<(Component, CacheOutcome), ArtifactError> {
        let Inner { engine, cache, .. } = &*self.inner;
        let (cached, outcome) = cache.get(engine, key);
        if let Some(component) = cached {
            return Ok((component, outcome));
        }
        let wasm = wasm()?;
        let compiled = cache.compile(engine, key, &wasm);
        match compiled {
            Ok(component) => Ok((component, outcome)),
            Err(source) => Err(ArtifactError::Invalid { name: name.to_owned(), source }),
        }
    }
}

impl fmt::Debug for Sandbox {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sandbox").finish_non_exhaustive()
    }
}

/// A component, and what is known of the file that it was made of.
pub(crate) struct Loaded {
    pub(crate) sha256: String,
    pub(crate) size: usize,
    pub(crate) form: Form,
    pub(crate) cache: CacheOutcome,
    pub(crate) component: Component,
}

/// Where the compiled form of an artifact came from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CacheOutcome {
    /// The cache had it.
    Hit,
    /// It was compiled, and kept if the cache's directory could be written.
    Miss,
    /// The cache's was damaged: it was compiled again and replaced.
    Replaced,
    /// No cache is configured; it was compiled.
    Disabled,
    /// It was compiled ahead, and came beside the wasm.
    Precompiled,
}

/// What a handler's file holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// A component, as built for `wasm32-wasip2`.
    Component,
    /// A core module, as built for `wasm32-wasip1`.
    Module,
}

impl Form {
    /// Tells the form by the first bytes.
    pub(crate) fn of(name: &str, wasm: &[u8]) -> Result<Self, ArtifactError> {
        match wasm {
            [0, b'a', b's', b'm', _, _, 0, 0, ..] => Ok(Self::Module),
            [0, b'a', b's', b'm', ..] => Ok(Self::Component),
            _ => Err(ArtifactError::NotWasm { name: name.to_owned(), begins: beginning(wasm) }),
        }
    }

    /// Returns the export that a handler of this form is entered by.
    pub(crate) const fn entry(self) -> &'static str {
        match self {
            Self::Component => "wasi:cli/run",
            Self::Module => "_start",
        }
    }
}

impl fmt::Display for Form {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Component => "component",
            Self::Module => "core module",
        })
    }
}

/// A handler that is ready to be invoked by the sandbox that loaded it.
#[derive(Clone)]
pub struct Artifact {
    name: String,
    path: Option<PathBuf>,
    sha256: Arc<str>,
    size: usize,
    form: Form,
    cache: CacheOutcome,
    pre: CommandPre<Host>,
}

impl Artifact {
    /// Returns what it was loaded as.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Returns the file that it was loaded from.
    pub fn path(&self) -> Option<&Path> {
        self.path.as_deref()
    }

    /// Returns the SHA-256 of the wasm as it was given, hexadecimal: what makes two artifacts the same.
    pub fn sha256(&self) -> &str {
        &self.sha256
    }

    /// Returns the size of the wasm, bytes.
    pub const fn size(&self) -> usize {
        self.size
    }

    /// Returns what the wasm is.
    pub const fn form(&self) -> Form {
        self.form
    }

    /// Returns where its compiled form came from.
    pub const fn cache(&self) -> CacheOutcome {
        self.cache
    }

    pub(crate) const fn pre(&self) -> &CommandPre<Host> {
        &self.pre
    }
}

impl fmt::Debug for Artifact {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Artifact").field("name", &self.name).field("sha256", &self.sha256).finish_non_exhaustive()
    }
}

/// Returns what the guest's code is compiled to and limited by. Code that was compiled ahead loads
/// only under the same settings.
pub(crate) fn config() -> Config {
    let mut config = Config::new();
    // The same bits on every machine.
    #[cfg(feature = "compiler")]
    config.cranelift_nan_canonicalization(true);
    config
        .wasm_component_model(true)
        .concurrency_support(false)
        .relaxed_simd_deterministic(true)
        .shared_memory(false)
        // Deadlines.
        .epoch_interruption(true)
        .max_wasm_stack(MAX_WASM_STACK)
        .async_stack_size(2 * MAX_WASM_STACK)
        // Backtraces name functions, not offsets, and no native debugger looks on: a seventh less to load.
        .generate_address_map(false)
        .native_unwind_info(false);
    config
}

/// Returns the first bytes as a person would write them.
fn beginning(wasm: &[u8]) -> String {
    match wasm {
        [] => "nothing (the file is empty)".into(),
        _ => format!("`{}`", wasm[..wasm.len().min(16)].escape_ascii()),
    }
}
