//! Handlers compiled ahead, for where there is no compiler: in Lambda.
//!
//! A compiled form is machine code that nothing can check as WebAssembly is checked. It is loaded
//! only for the wasm that it was made of, unchanged since, by the engine that made it, on a machine
//! that has what it was compiled for. Each of these has an error of its own.

use std::fmt;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use wasmtime::component::Component;

use crate::artifact::{Artifact, ArtifactError, CacheOutcome, Form, Loaded, Sandbox};
use crate::digest::sha256;

/// What compiles and runs WebAssembly here. Another version's code is not loaded.
pub const ENGINE: &str = "wasmtime 48";

/// The machines that Lambda runs functions on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Architecture {
    /// x86-64 with AVX2, which the developer guide tells functions that they may use: x86-64-v3.
    #[serde(rename = "x86_64")]
    X86_64,
    /// Graviton2, the oldest that the developer guide names: Neoverse N1, which has the atomics of Armv8.1.
    Arm64,
}

impl Architecture {
    /// Every architecture.
    pub const ALL: [Self; 2] = [Self::X86_64, Self::Arm64];

    /// Returns that of this machine, if Lambda has it.
    pub const fn host() -> Option<Self> {
        if cfg!(target_arch = "x86_64") {
            Some(Self::X86_64)
        } else if cfg!(target_arch = "aarch64") {
            Some(Self::Arm64)
        } else {
            None
        }
    }

    /// Returns Lambda's name for it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::X86_64 => "x86_64",
            Self::Arm64 => "arm64",
        }
    }

    /// Returns the target that handlers are compiled for.
    pub const fn triple(self) -> &'static str {
        match self {
            Self::X86_64 => "x86_64-unknown-linux-gnu",
            Self::Arm64 => "aarch64-unknown-linux-gnu",
        }
    }

    /// Returns the least processor that handlers are compiled for.
    pub const fn baseline(self) -> &'static str {
        match self {
            Self::X86_64 => "x86-64-v3",
            Self::Arm64 => "neoverse-n1",
        }
    }

    /// Whether this build compiles for it: for its own machine always, for others with the feature `arm64`.
    #[cfg(feature = "compiler")]
    pub fn can_be_compiled_for(self) -> bool {
        cfg!(feature = "arm64") || Self::host() == Some(self)
    }

    /// Returns what the compiler may use of the baseline, by Cranelift's names.
    #[cfg(feature = "compiler")]
    const fn settings(self) -> &'static [&'static str] {
        match self {
            Self::X86_64 => &[
                "has_sse3",
                "has_ssse3",
                "has_sse41",
                "has_sse42",
                "has_popcnt",
                "has_cmpxchg16b",
                "has_avx",
                "has_avx2",
                "has_bmi1",
                "has_bmi2",
                "has_fma",
                "has_lzcnt",
            ],
            Self::Arm64 => &["has_lse"],
        }
    }
}

impl fmt::Display for Architecture {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Architecture {
    type Err = UnknownArchitecture;

    fn from_str(asked: &str) -> Result<Self, UnknownArchitecture> {
        let found = Self::ALL.into_iter().find(|architecture| architecture.as_str() == asked);
        found.ok_or_else(|| UnknownArchitecture(asked.to_owned()))
    }
}

/// Not an architecture of Lambda's.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("Lambda has no architecture `{0}`, only x86_64 and arm64")]
pub struct UnknownArchitecture(String);

/// What is known of a compiled form: it stands in the package's manifest.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Precompiled {
    /// SHA-256 of the compiled form, hexadecimal.
    pub sha256: String,
    /// SHA-256 of the wasm that it was made of, hexadecimal.
    pub wasm_sha256: String,
    /// What it was compiled for.
    pub architecture: Architecture,
    /// The least processor that it runs on.
    pub cpu: String,
    /// What compiled it.
    pub engine: String,
}

/// Why a compiled form was not loaded.
#[derive(Debug, thiserror::Error)]
pub enum PrecompiledError {
    /// The file cannot be read.
    #[error("`{}` cannot be read: {source}", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// It was made of another wasm.
    #[error("the compiled form belongs to the wasm with SHA-256 {belongs_to}, `{name}` has {found}")]
    OtherWasm {
        /// The wasm.
        name: String,
        /// What it was made of.
        belongs_to: String,
        /// What is there.
        found: String,
    },
    /// It has changed since it was made.
    #[error("`{}` is damaged: it was made with SHA-256 {made}, it has {found}", path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// Its digest when it was made.
        made: String,
        /// Its digest now.
        found: String,
    },
    /// Another version of the engine made it.
    #[error("the compiled form was made by {made_by}, this is {ENGINE}")]
    OtherEngine {
        /// What made it.
        made_by: String,
    },
    /// It is for other machines.
    #[error("the compiled form is for {made_for}, this machine is {}", this.map_or("another", Architecture::as_str))]
    OtherArchitecture {
        /// What it was compiled for.
        made_for: Architecture,
        /// What this is, if Lambda has it.
        this: Option<Architecture>,
    },
    /// It is for another baseline than this version compiles for.
    #[error("the compiled form is for the processor {made_for}, this version loads those for {expected}")]
    OtherCpu {
        /// What it was compiled for.
        made_for: String,
        /// The architecture's baseline.
        expected: &'static str,
    },
    /// This machine is below the baseline.
    #[error("the compiled form is for the processor {baseline}, this machine has no {}", missing.join(", no "))]
    WeakCpu {
        /// The architecture's baseline.
        baseline: &'static str,
        /// What this machine lacks of it.
        missing: Vec<&'static str>,
    },
    /// This build has no compiler for the machine.
    #[error("this durabox compiles for its own machine only, not for {0}")]
    NoCompiler(Architecture),
    /// The engine refuses it, though all that is said of it fits.
    #[error("the engine refuses the compiled form: {0:#}")]
    Refused(wasmtime::Error),
    /// Not a handler that can run here.
    #[error(transparent)]
    Handler(#[from] ArtifactError),
}

impl PrecompiledError {
    /// Returns what to do about it.
    pub fn hint(&self) -> Option<&'static str> {
        match self {
            Self::NoCompiler(_) => Some("build durabox with the feature that has both compilers: --features arm64"),
            Self::Handler(error) => error.hint(),
            _ => None,
        }
    }
}

impl Sandbox {
    /// Loads a handler from the form that was compiled ahead of `wasm`; errors call the wasm `name`.
    /// Compiles nothing.
    ///
    /// # Safety
    ///
    /// The code runs outside of the sandbox if it is not what [`precompile`] has made: `precompiled` must come from
    /// somebody who may run any code in this process, as its digest is what the code is checked against.
    #[allow(unsafe_code)]
    pub unsafe fn load_precompiled(
        &self,
        name: &str,
        wasm: &[u8],
        precompiled: &Precompiled,
        code: &Path,
    ) -> Result<Artifact, PrecompiledError> {
        let form = Form::of(name, wasm)?;
        let wasm_sha256 = sha256(wasm);
        if wasm_sha256 != precompiled.wasm_sha256 {
            let (name, belongs_to) = (name.to_owned(), precompiled.wasm_sha256.clone());
            return Err(PrecompiledError::OtherWasm { name, belongs_to, found: wasm_sha256 });
        }
        precompiled.check_machine()?;
        // SAFETY: the caller's.
        let component = unsafe { self.deserialize(precompiled, code) }?;
        let cache = CacheOutcome::Precompiled;
        Ok(self.ready(name, Loaded { sha256: wasm_sha256, size: wasm.len(), form, cache, component })?)
    }

    /// Loads the code of a file whose digest is that of `precompiled`.
    ///
    /// # Safety
    ///
    /// As for [`Sandbox::load_precompiled`].
    #[allow(unsafe_code)]
    unsafe fn deserialize(&self, precompiled: &Precompiled, path: &Path) -> Result<Component, PrecompiledError> {
        let code = fs::read(path).map_err(|source| PrecompiledError::Unreadable { path: path.to_owned(), source })?;
        let found = sha256(&code);
        if found != precompiled.sha256 {
            let (path, made) = (path.to_owned(), precompiled.sha256.clone());
            return Err(PrecompiledError::Damaged { path, made, found });
        }
        // SAFETY: `code` must be what `precompile_component` made, unchanged: its SHA-256 is the one that the
        // caller vouches for. wasmtime checks its own version, target and settings itself.
        unsafe { Component::deserialize(self.engine(), &code) }.map_err(PrecompiledError::Refused)
    }
}

impl Precompiled {
    /// Fails unless this engine on this machine can run the code.
    fn check_machine(&self) -> Result<(), PrecompiledError> {
        let this = Architecture::host();
        if this != Some(self.architecture) {
            return Err(PrecompiledError::OtherArchitecture { made_for: self.architecture, this });
        }
        if self.engine != ENGINE {
            return Err(PrecompiledError::OtherEngine { made_by: self.engine.clone() });
        }
        let baseline = self.architecture.baseline();
        if self.cpu != baseline {
            return Err(PrecompiledError::OtherCpu { made_for: self.cpu.clone(), expected: baseline });
        }
        let missing = missing(&features());
        match missing.is_empty() {
            true => Ok(()),
            false => Err(PrecompiledError::WeakCpu { baseline, missing }),
        }
    }
}

/// Returns what of the baseline is not there.
fn missing(features: &[(&'static str, bool)]) -> Vec<&'static str> {
    features.iter().filter(|(_, present)| !present).map(|(name, _)| *name).collect()
}

/// Returns what the baseline asks for, and whether this machine has it.
#[cfg(target_arch = "x86_64")]
fn features() -> [(&'static str, bool); 8] {
    use std::arch::is_x86_feature_detected as has;
    [
        ("sse4.2", has!("sse4.2")),
        ("popcnt", has!("popcnt")),
        ("cmpxchg16b", has!("cmpxchg16b")),
        ("avx2", has!("avx2")),
        ("bmi1", has!("bmi1")),
        ("bmi2", has!("bmi2")),
        ("fma", has!("fma")),
        ("lzcnt", has!("lzcnt")),
    ]
}

/// Returns what the baseline asks for, and whether this machine has it.
#[cfg(target_arch = "aarch64")]
fn features() -> [(&'static str, bool); 1] {
    [("lse", std::arch::is_aarch64_feature_detected!("lse"))]
}

/// Returns nothing: `check_machine` has refused this machine.
#[cfg(not(any(target_arch = "x86_64", target_arch = "aarch64")))]
fn features() -> [(&'static str, bool); 0] {
    []
}

/// Compiles a handler for an architecture's baseline; errors call it `name`. For another machine than
/// this one it takes the feature `arm64`.
///
/// The same wasm gives the same bytes on every machine.
#[cfg(feature = "compiler")]
pub fn precompile(
    name: &str,
    wasm: &[u8],
    architecture: Architecture,
) -> Result<(Vec<u8>, Precompiled), PrecompiledError> {
    use std::borrow::Cow;

    if !architecture.can_be_compiled_for() {
        return Err(PrecompiledError::NoCompiler(architecture));
    }
    let component = match Form::of(name, wasm)? {
        Form::Component => Cow::Borrowed(wasm),
        Form::Module => Cow::Owned(crate::componentize::componentize(name, wasm)?),
    };
    let engine = compiler(architecture).map_err(ArtifactError::Engine)?;
    let code = engine
        .precompile_component(&component)
        .map_err(|source| ArtifactError::Invalid { name: name.to_owned(), source })?;
    let precompiled = Precompiled {
        sha256: sha256(&code),
        wasm_sha256: sha256(wasm),
        architecture,
        cpu: architecture.baseline().to_owned(),
        engine: ENGINE.to_owned(),
    };
    Ok((code, precompiled))
}

/// Returns an engine that compiles for an architecture's baseline.
#[cfg(feature = "compiler")]
#[allow(unsafe_code)]
fn compiler(architecture: Architecture) -> wasmtime::Result<wasmtime::Engine> {
    let mut config = crate::artifact::config();
    // A named target keeps this machine's own processor out of it.
    config.target(architecture.triple())?;
    for setting in architecture.settings() {
        // SAFETY: a wrong setting could break what the compiler takes for granted. These name parts
        // of a processor only, and `check_machine` loads the code on machines that have them.
        unsafe { config.cranelift_flag_enable(setting) };
    }
    wasmtime::Engine::new(&config)
}

#[cfg(all(test, feature = "compiler"))]
mod tests;
