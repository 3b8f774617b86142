//! What a command grants to handlers from outside, as `durabox run`, `serve` and `replay` take it.

use durabox_runtime::sandbox::Preopen;

use crate::cli_error::CliError;

/// Directories and variables.
#[derive(Clone, Debug, Default, clap::Args)]
pub struct Granted {
    /// Let steps, and serdes that keep payloads in files, see a directory; :ro for reading only
    #[arg(long, value_name = "HOST[:GUEST][:ro]")]
    pub dir: Vec<Preopen>,
    /// Set a variable of the handler's environment, which is empty otherwise
    #[arg(long, value_name = "NAME=VALUE", value_parser = parse_variable)]
    pub env: Vec<(String, String)>,
}

impl Granted {
    /// Checks that every directory is there.
    pub fn check(&self) -> Result<(), CliError> {
        match self.dir.iter().find(|preopen| !preopen.host.is_dir()) {
            Some(preopen) => {
                Err(CliError::usage(format!("--dir {}: there is no such directory", preopen.host.display())))
            }
            None => Ok(()),
        }
    }
}

/// Reads a `--env`.
pub fn parse_variable(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((name, value)) if !name.is_empty() => Ok((name.to_owned(), value.to_owned())),
        _ => Err(format!("takes NAME=VALUE, got {text:?}")),
    }
}

#[cfg(test)]
mod tests {
    use super::parse_variable;

    #[test]
    fn a_variable_has_a_name() {
        assert_eq!(parse_variable("A=b=c"), Ok(("A".into(), "b=c".into())));
        assert!(parse_variable("=b").is_err());
    }
}
