//! Compiled artifacts on disk, so that a handler is compiled once.
//!
//! An entry is named by the SHA-256 of the wasm that was given, by what else made the component of
//! it, and by everything that decides whether this engine can run it. It carries a digest of its own content: a damaged entry is compiled again
//! and replaced. The cache never makes loading fail, and it never deletes.

use std::hash::{Hash, Hasher};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};

use cap_std::ambient_authority;
use cap_std::fs::{Dir, OpenOptions};
use sha2::{Digest, Sha256};
use wasmtime::Engine;
use wasmtime::component::Component;

use crate::artifact::CacheOutcome;
use crate::digest::hex;

/// First bytes of an entry; the digest of the compiled code follows, then the code.
const MAGIC: &[u8; 16] = b"durabox cwasm 1\n";
const DIGEST: usize = 32;
const HEADER: usize = MAGIC.len() + DIGEST;

/// Where compiled artifacts are kept for one engine.
#[derive(Debug)]
pub(crate) struct Cache {
    directory: Option<PathBuf>,
    /// Tells engines apart that cannot run each other's code.
    compatibility: String,
}

impl Cache {
    pub(crate) fn new(engine: &Engine, directory: Option<PathBuf>) -> Self {
        let mut hasher = DigestHasher(Sha256::new());
        engine.precompile_compatibility_hash().hash(&mut hasher);
        Self { directory, compatibility: hex(&hasher.0.finalize()[..8]) }
    }

    /// Returns the component that is kept under `key`, and what became of looking for it.
    pub(crate) fn get(&self, engine: &Engine, key: &str) -> (Option<Component>, CacheOutcome) {
        let Some(directory) = &self.directory else {
            return (None, CacheOutcome::Disabled);
        };
        let name = self.entry(key);
        let entry = Dir::open_ambient_dir(directory, ambient_authority()).and_then(|directory| directory.read(&name));
        match entry.map(|entry| load(engine, &entry)) {
            Ok(Some(component)) => (Some(component), CacheOutcome::Hit),
            Ok(None) => (None, CacheOutcome::Replaced),
            Err(_) => (None, CacheOutcome::Miss),
        }
    }

    /// Compiles a component, and keeps it under `key`.
    pub(crate) fn compile(&self, engine: &Engine, key: &str, wasm: &[u8]) -> wasmtime::Result<Component> {
        let Some(directory) = &self.directory else {
            return Component::from_binary(engine, wasm);
        };
        let code = engine.precompile_component(wasm)?;
        let digest = Sha256::digest(&code);
        // A cache that cannot be written is a slow cache, not an error.
        let _ = write(directory, &self.entry(key), &[MAGIC, &digest, &code]);
        deserialize(engine, &code)
    }

    fn entry(&self, key: &str) -> String {
        format!("{key}-{}.cwasm", self.compatibility)
    }
}

/// Returns the component of an intact entry.
fn load(engine: &Engine, entry: &[u8]) -> Option<Component> {
    let (header, code) = entry.split_at_checked(HEADER)?;
    let digest = header.strip_prefix(MAGIC)?;
    if Sha256::digest(code)[..] != *digest {
        return None;
    }
    deserialize(engine, code).ok()
}

/// Loads compiled code that came out of `precompile_component`.
#[allow(unsafe_code)]
fn deserialize(engine: &Engine, code: &[u8]) -> wasmtime::Result<Component> {
    // SAFETY: `code` must be what `precompile_component` made, unchanged. It comes straight from
    // there, or from an entry whose SHA-256 still matches what was written then; wasmtime checks
    // its own version, target and settings itself. Whoever can forge an entry, digest included,
    // can write to the user's own cache directory and so already acts as that user.
    unsafe { Component::deserialize(engine, code) }
}

/// Writes an entry so that others see all of it or nothing. The handle on the directory reaches
/// nothing outside it.
fn write(directory: &Path, name: &str, parts: &[&[u8]]) -> std::io::Result<()> {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    let authority = ambient_authority();
    Dir::create_ambient_dir_all(directory, authority)?;
    let directory = Dir::open_ambient_dir(directory, authority)?;
    let temporary = format!(".{}-{}.tmp", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed));
    let written = directory
        .open_with(&temporary, OpenOptions::new().write(true).create_new(true))
        .and_then(|mut file| parts.iter().try_for_each(|part| file.write_all(part)))
        .and_then(|()| directory.rename(&temporary, &directory, name));
    if written.is_err() {
        let _ = directory.remove_file(&temporary);
    }
    written
}

/// Feeds what is hashed to SHA-256, whose value, unlike std's hashers', is the same everywhere.
struct DigestHasher(Sha256);

impl Hasher for DigestHasher {
    fn write(&mut self, bytes: &[u8]) {
        self.0.update(bytes);
    }

    fn finish(&self) -> u64 {
        0
    }
}

#[cfg(test)]
mod tests {
    use crate::artifact::CacheOutcome::{Disabled, Hit, Miss, Replaced};
    use std::fs;

    use super::*;
    use crate::sandbox::tests::handler;
    use crate::{Sandbox, SandboxOptions};

    /// A directory of this test's own, gone when the test is.
    struct Scratch(PathBuf);

    impl Scratch {
        fn new(name: &str) -> Self {
            let path = std::env::temp_dir().join(format!("durabox-cache-{name}-{}", std::process::id()));
            let _ = fs::remove_dir_all(&path);
            Self(path)
        }

        fn entry(&self) -> PathBuf {
            let mut entries =
                fs::read_dir(&self.0).expect("the directory").map(|entry| entry.expect("an entry").path());
            let entry = entries.next().expect("an entry");
            assert_eq!(entries.next(), None, "one entry and no temporary file");
            entry
        }
    }

    impl Drop for Scratch {
        fn drop(&mut self) {
            let _ = fs::remove_dir_all(&self.0);
        }
    }

    /// Loads with a sandbox of its own, as another process would.
    fn load(directory: Option<&Path>) -> CacheOutcome {
        let sandbox = Sandbox::new(SandboxOptions { cache_dir: directory.map(Path::to_owned) }).expect("a sandbox");
        sandbox.load_bytes("handler.wasm", &handler("i32.const 0")).expect("a handler").cache()
    }

    #[test]
    fn an_artifact_is_compiled_once() {
        let scratch = Scratch::new("once");
        assert_eq!([load(Some(&scratch.0)), load(Some(&scratch.0))], [Miss, Hit]);
    }

    #[test]
    fn a_damaged_entry_is_replaced_wherever_the_damage_is() {
        let scratch = Scratch::new("damaged");
        assert_eq!(load(Some(&scratch.0)), Miss);
        let path = scratch.entry();
        let intact = fs::read(&path).expect("the entry");
        for at in [0, MAGIC.len(), HEADER, HEADER + 100, intact.len() - 1] {
            let mut damaged = intact.clone();
            damaged[at] ^= 1;
            fs::write(&path, damaged).expect("to damage it");
            assert_eq!([load(Some(&scratch.0)), load(Some(&scratch.0))], [Replaced, Hit], "damaged at {at}");
        }
        for length in [0, 5, HEADER, intact.len() - 1] {
            fs::write(&path, &intact[..length]).expect("to cut it short");
            assert_eq!([load(Some(&scratch.0)), load(Some(&scratch.0))], [Replaced, Hit], "cut to {length}");
        }
        assert_eq!(scratch.entry(), path);
    }

    #[test]
    fn a_directory_that_cannot_be_written_only_costs_time() {
        let scratch = Scratch::new("file");
        fs::write(&scratch.0, "a file, not a directory").expect("a file");
        assert_eq!(load(Some(&scratch.0)), Miss);
        let _ = fs::remove_file(&scratch.0);
    }

    #[test]
    fn without_a_directory_nothing_is_kept() {
        assert_eq!(load(None), Disabled);
    }
}
