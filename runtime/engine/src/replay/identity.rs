use sha2::{Digest, Sha256};

/// Returns the wire id of the operation at a positional path such as `2-1-3`: the SHA-256 of the
/// path in hexadecimal, as the official Rust SDK derives it.
pub fn wire_id(path: &str) -> String {
    const HEX: &[u8; 16] = b"0123456789abcdef";
    let mut id = String::with_capacity(64);
    for byte in Sha256::digest(path.as_bytes()) {
        id.push(char::from(HEX[usize::from(byte >> 4)]));
        id.push(char::from(HEX[usize::from(byte & 15)]));
    }
    id
}

/// Returns the path of the `index`-th operation of the context at `prefix`; the top's is empty.
pub(super) fn path(prefix: &str, index: u32) -> String {
    if prefix.is_empty() { index.to_string() } else { format!("{prefix}-{index}") }
}

#[cfg(test)]
mod tests {
    #[test]
    fn ids_are_those_of_the_official_sdk() {
        // Recorded by the official SDKs for Rust and Java for the first operation of an execution.
        assert_eq!(super::wire_id("1"), "6b86b273ff34fce19d6b804eff5a3f5747ada4eaa22f1d49c01e52ddb7875b4b");
        assert_eq!(super::path("2-1", 3), "2-1-3");
    }
}
