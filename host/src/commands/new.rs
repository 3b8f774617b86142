//! `durabox new`

use std::fs;
use std::path::{Path, PathBuf};

use crate::cli_error::CliError;
use crate::exit_code;

/// Makes a project with a handler that builds, runs and tests
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The project's directory; its last part names the package and the handler
    #[arg(value_name = "NAME")]
    path: PathBuf,
}

/// The files of a project; `@NAME@`, `@SDK@` and `@DURABOX@` are filled in.
const FILES: [(&str, &str); 5] = [
    ("Cargo.toml", include_str!("new/Cargo.toml.template")),
    ("src/main.rs", include_str!("new/main.rs.template")),
    ("tests/handler.rs", include_str!("new/test.rs.template")),
    ("README.md", include_str!("new/README.md.template")),
    (".gitignore", "/target\n.durabox/\n"),
];

/// Names that Cargo refuses or that collide with crates every program has.
const RESERVED: [&str; 10] =
    ["test", "core", "std", "alloc", "proc_macro", "proc-macro", "deps", "build", "examples", "incremental"];

/// Rust's keywords, which no crate can be called.
const KEYWORDS: [&str; 52] = [
    "abstract", "as", "async", "await", "become", "box", "break", "const", "continue", "crate", "do", "dyn", "else",
    "enum", "extern", "false", "final", "fn", "for", "gen", "if", "impl", "in", "let", "loop", "macro", "match", "mod",
    "move", "mut", "override", "priv", "pub", "ref", "return", "self", "static", "struct", "super", "trait", "true",
    "try", "type", "typeof", "union", "unsafe", "unsized", "use", "virtual", "where", "while", "yield",
];

/// Writes the project.
pub fn run(args: &Args) -> Result<u8, CliError> {
    let path = &args.path;
    let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    check_name(&name, path)?;
    check_directory(path)?;
    for (file, template) in FILES {
        let file = path.join(file);
        if let Some(directory) = file.parent() {
            fs::create_dir_all(directory).map_err(|error| CliError::io("making", directory, &error))?;
        }
        fs::write(&file, fill(template, &name)).map_err(|error| CliError::io("writing", &file, &error))?;
    }
    eprintln!("made {}: a handler `{name}` with a test", path.display());
    eprintln!("\nhint: cd {} && durabox run {name} --input '{{\"name\": \"Ada\"}}'", path.display());
    eprintln!("hint: cargo test");
    Ok(exit_code::OK)
}

fn fill(template: &str, name: &str) -> String {
    template
        .replace("@NAME@", name)
        .replace("@SDK@", &dependency("guest-sdk"))
        .replace("@DURABOX@", &dependency("host"))
}

/// Returns how a crate of durabox is found: in the checkout that this command was built from, if
/// it is still there, else by its version.
fn dependency(directory: &str) -> String {
    let checkout = Path::new(env!("CARGO_MANIFEST_DIR")).parent().map(|root| root.join(directory));
    match checkout.filter(|path| path.join("Cargo.toml").is_file()) {
        Some(path) => format!("{{ path = {:?} }}", path.display().to_string()),
        None => format!("{:?}", env!("CARGO_PKG_VERSION")),
    }
}

fn check_name(name: &str, path: &Path) -> Result<(), CliError> {
    let Some(problem) = problem_of(name) else { return Ok(()) };
    let error = CliError::usage(format!("a handler cannot be called {name:?}: {problem}"));
    let suggested = suggestion(name);
    Err(match problem_of(&suggested) {
        None => error.hint(format!("durabox new {}", path.with_file_name(&suggested).display())),
        Some(_) => error.hint("durabox new order"),
    })
}

/// Returns why Cargo or Lambda would refuse a name.
fn problem_of(name: &str) -> Option<String> {
    const MAX: usize = 64;
    let first = name.chars().next()?;
    let fits = |character: &char| {
        character.is_ascii_lowercase() || character.is_ascii_digit() || matches!(character, '-' | '_')
    };
    if let Some(other) = name.chars().find(|character| !fits(character)) {
        return Some(format!("it takes a-z 0-9 - _, got {other:?}"));
    }
    if !first.is_ascii_lowercase() {
        return Some(format!("it begins with a letter, got {first:?}"));
    }
    if name.len() > MAX {
        return Some(format!("it takes 1 to {MAX} characters, got {}", name.len()));
    }
    if KEYWORDS.contains(&name) {
        return Some("it is a keyword of Rust".into());
    }
    RESERVED.contains(&name).then(|| "it is a name that Cargo keeps for itself".into())
}

/// Returns the nearest name that may do; it is only suggested, never taken silently.
fn suggestion(name: &str) -> String {
    let mut suggestion = String::new();
    for character in name.trim().chars().flat_map(char::to_lowercase) {
        match character {
            fits if fits.is_ascii_lowercase() || fits.is_ascii_digit() || fits == '_' => suggestion.push(fits),
            _ if suggestion.ends_with('-') || suggestion.is_empty() => {}
            _ => suggestion.push('-'),
        }
    }
    let suggestion = suggestion.trim_matches('-');
    let suggestion = suggestion.trim_start_matches(|character: char| !character.is_ascii_lowercase());
    match KEYWORDS.contains(&suggestion) || RESERVED.contains(&suggestion) {
        true => format!("{suggestion}-handler"),
        false => suggestion.to_owned(),
    }
}

fn check_directory(path: &Path) -> Result<(), CliError> {
    match fs::read_dir(path) {
        Ok(mut entries) => match entries.next() {
            None => Ok(()),
            Some(_) => Err(CliError::usage(format!("{} exists and is not empty", path.display()))
                .hint("choose another name; nothing was written")),
        },
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(()),
        Err(error) => Err(CliError::usage(format!("{} cannot hold a project: {error}", path.display()))),
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::{FILES, check_name, fill, problem_of, suggestion};

    #[test]
    fn a_bad_name_says_why_and_what_would_do() {
        for (name, suggested) in
            [("My Order", "my-order"), ("42-orders", "orders"), ("async", "async-handler"), ("größe", "gr-e")]
        {
            assert!(problem_of(name).is_some(), "{name}");
            assert_eq!(suggestion(name), suggested);
        }
        let error = check_name("My Order", Path::new("/tmp/My Order")).expect_err("a bad name").to_string();
        assert!(error.contains("got 'M'") && error.contains("hint: durabox new /tmp/my-order"), "{error}");
    }

    #[test]
    fn a_good_name_passes() {
        assert!(["order", "order-42", "hello_world"].into_iter().all(|name| problem_of(name).is_none()));
    }

    #[test]
    fn templates_are_filled_whole() {
        for (file, template) in FILES {
            let text = fill(template, "order");
            assert!(!text.contains('@'), "{file}");
        }
        let handler = FILES.iter().find(|(file, _)| *file == "src/main.rs").expect("the handler").1;
        assert!(fill(handler, "order").contains("{name}"), "the handler's own braces stay");
    }
}
