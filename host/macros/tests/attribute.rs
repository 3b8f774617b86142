//! `#[durabox::test]`: what it says to those that it refuses. What it accepts, other tests use.

#[test]
fn a_misuse_is_answered_with_what_to_write() {
    trybuild::TestCases::new().compile_fail("tests/refused/*.rs");
}
