//! The handlers whose records are compared, each in one line, and those that are left out, each with its reason.
//!
//! Read by `build.rs` too, so that it stands on its own.

/// A handler of `examples` or `tests/handlers`, and what it is run with.
#[derive(Clone, Copy, Debug)]
pub struct Case {
    /// Its file name, without `.rs`.
    pub handler: &'static str,
    /// JSON text.
    pub input: &'static str,
    /// Whether its operations start in one order in the official runner.
    pub ordered: bool,
}

impl Case {
    /// For operations that run side by side: they are compared by id, whatever their order.
    const fn in_any_order(self) -> Self {
        Self { ordered: false, ..self }
    }
}

const fn case(handler: &'static str, input: &'static str) -> Case {
    Case { handler, input, ordered: true }
}

/// The handlers that must make the same records under both SDKs.
pub const COMPARED: &[Case] = &[
    case("hello_world", r#"{"name":"Ada"}"#),
    case("order", r#"{"id":"42","amount":1299}"#),
    case("retries", "{}"),
    case("nested_contexts", "{}"),
    case("concurrent", "{}").in_any_order(),
    case("step_1_1", r#""Ada""#),
    case("step_1_2", r#""Ada""#),
    case("step_1_3", "{}"),
    case("step_1_4", r#"{"name":"Ada","tags":["a","b"]}"#),
    case("step_1_5", "{}"),
    case("step_1_6", r#""quiet""#),
    case("step_1_7", r#""Ada""#),
    case("step_1_8", "{}"),
    case("step_1_9", "{}"),
    case("step_1_10", "{}"),
    case("step_1_11", "{}"),
    case("step_1_12", "{}"),
    case("step_1_13", "{}"),
    case("step_1_14", "{}"),
    case("step_1_15", "{}"),
    case("step_1_16", "{}"),
    case("step_1_19", "{}"),
    case("step_1_20", "{}"),
    case("wait_2_1", "{}"),
    case("wait_2_2", "{}"),
    case("wait_2_3", "{}"),
    case("wait_2_4", "{}"),
    case("wait_2_5", "{}"),
    case("child_3_1", r#""given""#),
    case("child_3_2", r#"{"name":"named","value":"given"}"#),
    case("child_3_3", r#""given""#),
    case("child_3_4", "{}"),
    case("child_3_5", r#""given""#),
    case("child_3_6", r#""given""#),
    case("child_3_7", r#""given""#),
    case("child_3_8", "{}"),
    case("child_3_9", r#""given""#),
    case("child_3_10", r#""given""#),
    case("child_3_13", r#""given""#),
    case("child_3_14", r#""given""#),
    case("child_3_15", "{}"),
    case("child_3_16", "{}"),
    case("child_3_17", r#""given""#),
    case("child_3_18", r#""given""#),
    case("bench_steps", "10"),
    case("bench_waits", "3"),
    case("prints_lines", "{}"),
    case("swallows_mismatch", "{}"),
    case("drops_step_on_replay", "{}"),
];

/// Handlers of `examples` and of the conformance suite that are left out, and others that one would expect here.
pub const NOT_COMPARED: &[(&str, &str)] = &[
    ("child_3_11", "the official runner forgets ReplayChildren, and fails the context when it replays"),
    ("child_3_12", "its step ends the process, and natively that is the test's"),
    ("step_1_17", "its step ends the process, and natively that is the test's"),
    ("step_1_18", "its step ends the process, and natively that is the test's"),
    ("large_payload", "the official runner has no limits: it takes what Lambda refuses"),
    ("unicode_name", "the official runner has no limits: it takes what Lambda refuses"),
    ("reorders_steps", "it counts invocations in a global, which durabox gives each invocation anew"),
    ("panics", "its panic is the test's natively; Lambda retries the invocation, the official runner has no crashes"),
];
