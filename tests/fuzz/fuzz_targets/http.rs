#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| durabox_tests::fuzz::http(data));
