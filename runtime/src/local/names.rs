use durabox_model::MAX_EXECUTION_NAME_LENGTH;
use sha2::{Digest, Sha256};

use super::{LocalError, RunOptions};

/// Returns the ARN of an execution in Lambda's pattern, of a made-up account.
pub fn execution_arn(function_name: &str, execution_name: &str, id: &str) -> String {
    format!("{}/durable-execution/{execution_name}/{id}", function_arn(function_name))
}

pub(super) fn function_arn(function_name: &str) -> String {
    format!("arn:aws:lambda:us-east-1:123456789012:function:{function_name}:$LATEST")
}

/// Returns the execution's name: the one given, or one that only the run's own inputs decide.
pub(super) fn execution_name(options: &RunOptions, input: &str) -> Result<String, LocalError> {
    let Some(name) = &options.execution_name else {
        let digest = digest(options, "", input);
        let room = MAX_EXECUTION_NAME_LENGTH - 9;
        let function: String = options.function_name.chars().take(room).collect();
        return Ok(format!("{function}-{}", &digest[..8]));
    };
    let is_word = name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_');
    if is_word && (1..=MAX_EXECUTION_NAME_LENGTH).contains(&name.len()) {
        Ok(name.clone())
    } else {
        Err(LocalError::InvalidName(name.clone()))
    }
}

/// Returns the execution's id, a UUID that only the run's own inputs decide.
pub(super) fn execution_id(options: &RunOptions, execution_name: &str, input: &str) -> String {
    let hex = digest(options, execution_name, input);
    format!("{}-{}-8{}-a{}-{}", &hex[..8], &hex[8..12], &hex[13..16], &hex[17..20], &hex[20..32])
}

fn digest(options: &RunOptions, execution_name: &str, input: &str) -> String {
    let mut hash = Sha256::new();
    hash.update(options.seed.to_be_bytes());
    for part in [&options.function_name, execution_name, input] {
        hash.update((part.len() as u64).to_be_bytes());
        hash.update(part);
    }
    hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect()
}
