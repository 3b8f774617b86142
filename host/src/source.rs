//! Reads lines of handlers' sources, for reports.

use std::path::PathBuf;

use durabox_runtime::engine::replay::CallSite;

/// Where sources may lie: call sites are paths relative to one of these directories.
#[derive(Clone, Debug, Default)]
pub struct Sources {
    roots: Vec<PathBuf>,
}

impl Sources {
    /// Returns the sources below these directories.
    pub fn new(roots: impl IntoIterator<Item = PathBuf>) -> Self {
        Self { roots: roots.into_iter().collect() }
    }

    /// Returns the line of a call site without its indentation, if the file is there.
    pub fn line(&self, site: &CallSite) -> Option<String> {
        let index = usize::try_from(site.line).ok()?.checked_sub(1)?;
        self.read(&site.file)?.lines().nth(index).map(|line| line.trim().to_owned()).filter(|line| !line.is_empty())
    }

    /// Whether the file has the string literal `"name"` anywhere; `None` without the file.
    pub fn mentions(&self, file: &str, name: &str) -> Option<bool> {
        Some(self.read(file)?.contains(&format!("{name:?}")))
    }

    /// Whether the statement at this site still seems to be the call of `method` (`step`, `wait`, …)
    /// that names its operation `name`.
    pub fn still_shows(&self, site: &CallSite, method: &str, name: Option<&str>) -> bool {
        const REACH: usize = 40;
        let Some(text) = self.read(&site.file) else { return false };
        let mut lines = text.lines().skip((site.line as usize).saturating_sub(1)).take(REACH);
        let Some(first) = lines.next() else { return false };
        // A call's column is that of the method's name; characters, from 1.
        let call: String = first.chars().skip((site.column as usize).saturating_sub(1)).collect();
        if site.column > 0 && !call.starts_with(method) {
            return false;
        }
        let Some(name) = name.map(|name| format!("{name:?}")) else { return true };
        let ends = |line: &str| line.trim_end().ends_with(';') && indent(line) <= indent(first);
        let shows = |line: &str| line.contains(&name) || has_computed_name(line);
        let mut ended = ends(first);
        let mut found = shows(first);
        for line in lines {
            if ended || found {
                break;
            }
            (found, ended) = (shows(line), ends(line));
        }
        found
    }

    fn read(&self, file: &str) -> Option<String> {
        self.roots.iter().find_map(|root| std::fs::read_to_string(root.join(file)).ok())
    }
}

/// Whether a name is given here that is not a literal, so that it may be any.
fn has_computed_name(line: &str) -> bool {
    line.split(".name(").skip(1).any(|argument| !argument.starts_with('"'))
}

fn indent(line: &str) -> usize {
    line.len() - line.trim_start().len()
}

#[cfg(test)]
mod tests {
    use durabox_runtime::engine::replay::CallSite;

    use super::Sources;

    #[test]
    fn a_call_is_recognised_until_its_statement_ends() {
        let directory = std::env::temp_dir().join(format!("durabox-source-{}", std::process::id()));
        std::fs::create_dir_all(&directory).expect("a directory");
        let text = "let a = ctx.step(|_| async {\n    one();\n    two()\n}).name(\"a\").await?;\nctx.wait(day).name(\"b\").await?;\nctx.wait(day).name(of(day)).await?;\n";
        std::fs::write(directory.join("handler.rs"), text).expect("a file");
        let sources = Sources::new([directory.clone()]);
        let site = |line, column| CallSite { file: "handler.rs".into(), line, column };
        assert_eq!(sources.line(&site(2, 0)).as_deref(), Some("one();"));
        assert!(sources.still_shows(&site(1, 13), "step", Some("a")));
        assert!(!sources.still_shows(&site(1, 13), "wait", Some("a")), "another method");
        assert!(!sources.still_shows(&site(1, 13), "step", Some("b")), "the next statement's name");
        assert!(sources.still_shows(&site(5, 5), "wait", Some("b")));
        assert!(sources.still_shows(&site(6, 5), "wait", Some("c")), "a computed name");
        assert_eq!(sources.mentions("handler.rs", "c"), Some(false));
        assert_eq!(sources.mentions("nowhere.rs", "c"), None);
        std::fs::remove_dir_all(directory).expect("removed");
    }
}
