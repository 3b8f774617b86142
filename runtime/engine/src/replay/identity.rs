use sha2::{Digest, Sha256};
use smol_str::{SmolStr, ToSmolStr, format_smolstr};

/// Returns the wire id of the operation at a positional path such as `2-1-3`: the SHA-256 of the
/// path in hexadecimal, as the official Rust SDK derives it.
pub fn wire_id(path: &str) -> SmolStr {
    const HEX: &[u8; 16] = b"0123456789abcdef";
    let mut id = [0; 64];
    for (digits, byte) in id.chunks_mut(2).zip(Sha256::digest(path.as_bytes())) {
        digits[0] = HEX[usize::from(byte >> 4)];
        digits[1] = HEX[usize::from(byte & 15)];
    }
    SmolStr::new(str::from_utf8(&id).expect("hexadecimal digits are ASCII"))
}

/// Returns the path of the `index`-th operation of the context at `prefix`; the top's is empty.
pub(super) fn path(prefix: &str, index: u32) -> SmolStr {
    if prefix.is_empty() { index.to_smolstr() } else { format_smolstr!("{prefix}-{index}") }
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
