use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;

/// The checkpoint tokens of one execution: single use, and void once a later invocation begins.
///
/// A token is base64 of the invocation number and a sequence number, which is all that Lambda's
/// pattern asks; it is compared whole, never decoded.
#[derive(Clone, Debug)]
pub(super) struct Tokens {
    execution: u64,
    invocation: u64,
    sequence: u64,
    current: String,
}

impl Tokens {
    /// Returns tokens that no other execution's `arn` shares.
    pub(super) fn new(arn: &str) -> Self {
        // FNV-1a: keeps one execution's tokens from being valid for another; no secret.
        let execution = arn
            .bytes()
            .fold(0xcbf2_9ce4_8422_2325, |hash: u64, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3));
        let mut tokens = Self { execution, invocation: 0, sequence: 0, current: String::new() };
        tokens.advance();
        tokens
    }

    /// Returns where the tokens stand: the invocation and the sequence number.
    pub(super) const fn position(&self) -> (u64, u64) {
        (self.invocation, self.sequence)
    }

    /// Returns the tokens of `arn` as they stood at `position`.
    pub(super) fn at(arn: &str, (invocation, sequence): (u64, u64)) -> Self {
        let mut tokens = Self::new(arn);
        (tokens.invocation, tokens.sequence) = (invocation, sequence.saturating_sub(1));
        tokens.advance();
        tokens
    }

    pub(super) fn current(&self) -> &str {
        &self.current
    }

    /// Voids every token given out and makes the first of the next invocation.
    pub(super) fn begin_invocation(&mut self) {
        self.invocation += 1;
        self.advance();
    }

    /// Consumes the current token.
    pub(super) fn advance(&mut self) {
        self.sequence += 1;
        let mut bytes = [0; 24];
        for (part, number) in bytes.chunks_mut(8).zip([self.execution, self.invocation, self.sequence]) {
            part.copy_from_slice(&number.to_be_bytes());
        }
        self.current.clear();
        BASE64.encode_string(bytes, &mut self.current);
    }
}
