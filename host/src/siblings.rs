//! Components by their paths, and those that lie beside one.

use std::path::{Path, PathBuf};

use durabox_runtime::local::UnknownFunction;

/// Whether `asked` is a path rather than a handler's name.
pub fn is_component(asked: &str) -> bool {
    asked.contains(['/', '\\']) || Path::new(asked).extension().is_some_and(|extension| extension == "wasm")
}

/// The components in the directory of one: functions that it invokes are found there by name.
#[derive(Clone, Debug)]
pub struct Siblings(PathBuf);

impl Siblings {
    /// Returns the components beside `component`.
    pub fn of(component: &Path) -> Self {
        Self(component.parent().unwrap_or(Path::new("")).to_owned())
    }

    /// Returns where the component of this name would be.
    pub fn path(&self, name: &str) -> PathBuf {
        self.0.join(format!("{name}.wasm"))
    }

    /// Returns the path of the component of this name, or the names that there are.
    pub fn find(&self, name: &str) -> Result<PathBuf, UnknownFunction> {
        let path = self.path(name);
        // A name with a separator in it is no function's.
        if !name.contains(['/', '\\']) && path.is_file() {
            return Ok(path);
        }
        Err(UnknownFunction { asked: name.to_owned(), known: self.names() })
    }

    fn names(&self) -> Vec<String> {
        let directory = if self.0.as_os_str().is_empty() { Path::new(".") } else { &self.0 };
        let Ok(entries) = std::fs::read_dir(directory) else { return Vec::new() };
        let paths = entries.flatten().map(|entry| entry.path());
        let components = paths.filter(|path| path.extension().is_some_and(|extension| extension == "wasm"));
        let mut names: Vec<String> =
            components.filter_map(|path| Some(path.file_stem()?.to_str()?.to_owned())).collect();
        names.sort();
        names
    }
}

#[cfg(test)]
mod tests {
    use super::{Siblings, is_component};

    #[test]
    fn a_path_is_told_from_a_name() {
        for (asked, path) in [("order", false), ("shop:order", false), ("order.wasm", true), ("./order", true)] {
            assert_eq!(is_component(asked), path, "{asked}");
        }
    }

    #[test]
    fn a_component_is_found_beside_another_by_its_name() {
        let directory = std::env::temp_dir().join(format!("durabox-siblings-{}", std::process::id()));
        std::fs::create_dir_all(&directory).expect("a directory");
        for name in ["order.wasm", "pay.wasm", "notes.txt"] {
            std::fs::write(directory.join(name), b"").expect("a file");
        }
        let siblings = Siblings::of(&directory.join("order.wasm"));
        assert_eq!(siblings.find("pay"), Ok(directory.join("pay.wasm")));
        assert_eq!(siblings.find("notes").expect_err("no component").known, ["order", "pay"]);
        assert!(siblings.find("../pay").is_err());
        std::fs::remove_dir_all(directory).expect("removed");
    }
}
