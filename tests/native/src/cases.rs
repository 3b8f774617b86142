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
    /// What becomes of its callbacks, in the order in which they start.
    pub callbacks: &'static [Callback],
}

/// How a callback ends.
#[derive(Clone, Copy, Debug)]
pub enum Callback {
    /// With this result, JSON text.
    Succeeds(&'static str),
    /// By its timeout, or by that of its heartbeat.
    TimesOut,
}

impl Case {
    /// For operations that run side by side: they are compared by id, whatever their order.
    const fn in_any_order(self) -> Self {
        Self { ordered: false, ..self }
    }

    const fn answered(self, callbacks: &'static [Callback]) -> Self {
        Self { callbacks, ..self }
    }
}

const fn case(handler: &'static str, input: &'static str) -> Case {
    Case { handler, input, ordered: true, callbacks: &[] }
}

const YES: Callback = Callback::Succeeds(r#""yes""#);
const NO: Callback = Callback::Succeeds(r#""no""#);
const TIMEOUT: Callback = Callback::TimesOut;
const MESSAGE: Callback = Callback::Succeeds(r#"{"id":"7","message":"hello","timestamp":"2026-01-01T00:00:00.000Z"}"#);

/// The handlers that must make the same records under both SDKs.
pub const COMPARED: &[Case] = &[
    case("hello_world", r#"{"name":"Ada"}"#),
    case("order", r#"{"id":"42","amount":1299}"#),
    case("retries", "{}"),
    case("nested_contexts", "{}"),
    case("concurrent", "{}").in_any_order(),
    case("map", "{}").in_any_order(),
    case("map_batch", "{}").in_any_order(),
    case("map_flat", "{}").in_any_order(),
    case("map_item_namer", "{}").in_any_order(),
    case("parallel", "{}").in_any_order(),
    case("at_most_once", "{}"),
    case("completion_predicate", "{}"),
    case("custom_serdes", "{}"),
    case("join_all", "{}").in_any_order(),
    case("try_join_all", "{}").in_any_order(),
    case("map_percentage", "{}"),
    case("typed_error", "{}"),
    case("retry_jitter", "{}"),
    case("retry_decision", "{}"),
    case("wait_for_condition", "{}"),
    case("condition_deadline", "{}"),
    case("map_waits", "{}").in_any_order(),
    case("create_callback", "{}").answered(&[Callback::Succeeds("true")]),
    case("callback_heartbeat", "{}").answered(&[Callback::Succeeds("4096")]),
    case("wait_for_callback", "{}").answered(&[YES]),
    case("submitter_retry", "{}").answered(&[YES]),
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
    case("callback_4_1", r#""approval""#).answered(&[YES]),
    case("callback_4_2", "{}").answered(&[YES]),
    case("callback_4_3", r#""approval""#).answered(&[TIMEOUT]),
    case("callback_4_4", r#""approval""#).answered(&[TIMEOUT]),
    case("callback_4_5", r#""approval""#).answered(&[YES]),
    case("callback_4_8", r#""approval""#).answered(&[TIMEOUT]),
    case("callback_4_9", r#""approval""#).answered(&[YES]),
    case("callback_4_11", r#""approval""#).answered(&[TIMEOUT]),
    case("callback_4_12", r#""approval""#).answered(&[YES]),
    case("callback_4_14", r#""approval""#).answered(&[TIMEOUT]),
    case("callback_4_15", r#""approval""#).answered(&[MESSAGE]),
    case("callback_4_16", r#""approval""#).answered(&[Callback::Succeeds("42")]),
    case("callback_4_17", r#"["a","b"]"#).answered(&[YES, NO]),
    case("callback_4_18", r#"["a","b"]"#).answered(&[YES, NO]),
    case("callback_4_19", r#"["a","b"]"#).answered(&[YES, NO]),
    case("wait_for_callback_7_1", r#""approval""#).answered(&[YES]),
    case("wait_for_callback_7_2", "{}").answered(&[YES]),
    case("wait_for_callback_7_3", "{}").answered(&[YES]),
    case("wait_for_callback_7_5", r#""approval""#).answered(&[TIMEOUT]),
    case("wait_for_callback_7_8", r#""approval""#).answered(&[YES]),
    case("wait_for_callback_7_9", "{}").answered(&[YES, NO]),
    case("wait_for_callback_7_10", r#""approval""#).answered(&[YES]),
    case("wait_for_callback_7_11", r#""approval""#).answered(&[Callback::Succeeds(r#"{"status":"approved"}"#)]),
    case("wait_for_callback_7_12", r#""approval""#).answered(&[TIMEOUT]),
    case("wait_for_callback_7_13", r#""approval""#).answered(&[YES]),
    case("wait_for_callback_7_14", r#""approval""#).answered(&[TIMEOUT]),
    case("wait_for_callback_7_15", r#""approval""#).answered(&[Callback::Succeeds("null")]),
    case("wait_for_callback_7_7", r#""approval""#),
    case("wait_for_condition_6_1", "3"),
    case("wait_for_condition_6_2", "5"),
    case("wait_for_condition_6_3", "2"),
    case("wait_for_condition_6_4", "8"),
    case("wait_for_condition_6_5", "3"),
    case("wait_for_condition_6_6", "0"),
    case("wait_for_condition_6_7", "null"),
    case("wait_for_condition_6_8", "null"),
    case("wait_for_condition_6_9", "null"),
    case("wait_for_condition_6_10", "null"),
    case("wait_for_condition_6_11", "null"),
    case("wait_for_condition_6_12", "2"),
    case("wait_for_condition_6_13", "null"),
    case("parallel_8_1", "null"),
    case("parallel_8_2", "null"),
    case("parallel_8_3", "null"),
    case("parallel_8_4", "null"),
    case("parallel_8_5", "null"),
    case("parallel_8_6", "null"),
    case("parallel_8_7", "null"),
    case("parallel_8_8", "null"),
    case("parallel_8_9", "null"),
    case("parallel_8_10", "null"),
    case("parallel_8_11", "null"),
    case("parallel_8_12", "null"),
    case("parallel_8_13", "null"),
    case("parallel_8_14", "null"),
    case("parallel_8_15", "null"),
    case("parallel_8_16", "null"),
    case("parallel_8_17", "null"),
    case("parallel_8_18", "null"),
    case("parallel_8_19", "null"),
    case("parallel_8_20", "null"),
    case("parallel_8_21", "null"),
    case("parallel_8_22", "null"),
    case("map_9_1", r#"["World","Kiro"]"#),
    case("map_9_2", "[1,2]"),
    case("map_9_3", "[10,20,30]"),
    case("map_9_4", "[]"),
    case("map_9_5", "null"),
    case("map_9_6", "null"),
    case("map_9_7", "null"),
    case("map_9_8", "null"),
    case("map_9_9", "null"),
    case("map_9_10", "null"),
    case("map_9_11", "null"),
    case("map_9_12", "null"),
    case("map_9_13", "[1,2]"),
    case("map_9_14", "null"),
    case("map_9_15", "null"),
    case("map_9_16", "null"),
    case("map_9_17", "null"),
    case("map_9_18", "null"),
    case("map_9_19", "null"),
    case("map_9_20", "null"),
    case("combinator_13_1", "null"),
    case("combinator_13_2", "null"),
    case("combinator_13_3", "null"),
    case("with_retry_exhausted", "3"),
    case("official_main", "{}"),
    case("bench_steps", "10"),
    case("bench_waits", "3"),
    case("prints_lines", "{}"),
    case("swallows_mismatch", "{}"),
    case("drops_step_on_replay", "{}"),
];

const NO_FAILURE: &str = "the official runner cannot fail a callback";
const STATE: &str = "how a record is left is compared by `drops_step_on_replay` and `swallows_mismatch`";
const NO_CLOCK: &str = "its end depends on which time comes first, and the official runner has no clock";
const NO_INVOKE: &str = "the official runner never ends a chained invoke";

/// Handlers of `examples` and of the conformance suite that are left out, and others that one would expect here.
pub const NOT_COMPARED: &[(&str, &str)] = &[
    ("http_step", "`http` is durabox's own, for a sandbox without sockets"),
    ("callback_serdes", "the official runner writes answers as JSON"),
    ("callback_timeout", "as callback_4_14: the official runner records no error on a timeout"),
    ("invoke", NO_INVOKE),
    ("invoke_target", "its part is to be invoked"),
    ("invoke_caught", NO_INVOKE),
    ("map_large", "the official runner forgets ReplayChildren, and fails the context when it replays"),
    ("parallel_first_two", NO_CLOCK),
    ("race", NO_CLOCK),
    ("select_ok", "whether the loser has reported when the winner does is left to tokio's scheduler"),
    ("with_retry", "as `with_retry_exhausted`: when this one succeeds depends on a clock"),
    ("child_3_11", "the official runner forgets ReplayChildren, and fails the context when it replays"),
    ("child_3_12", "its step ends the process, and natively that is the test's"),
    ("step_1_17", "its step ends the process, and natively that is the test's"),
    ("step_1_18", "its step ends the process, and natively that is the test's"),
    ("callback_4_6", NO_FAILURE),
    ("callback_4_7", NO_FAILURE),
    ("callback_4_10", NO_FAILURE),
    ("callback_4_13", NO_FAILURE),
    ("wait_for_callback_7_4", NO_FAILURE),
    ("wait_for_callback_7_6", NO_FAILURE),
    ("invoke_5_1", NO_INVOKE),
    ("invoke_5_2", NO_INVOKE),
    ("invoke_5_3", NO_INVOKE),
    ("invoke_5_4", NO_INVOKE),
    ("invoke_5_5", NO_INVOKE),
    ("invoke_5_6", NO_INVOKE),
    ("invoke_5_7", NO_INVOKE),
    ("invoke_5_8", NO_INVOKE),
    ("invoke_5_9", NO_INVOKE),
    ("invoke_5_10", NO_INVOKE),
    ("invoke_5_11", NO_INVOKE),
    ("invoke_5_12", NO_INVOKE),
    ("invoke_5_13", NO_INVOKE),
    ("invoke_5_14", NO_INVOKE),
    ("invoke_5_15", NO_INVOKE),
    ("invoke_5_16", NO_INVOKE),
    ("combinator_13_4", "it races two waits, and the official runner ends all waits at once"),
    ("nondeterminism_12_1", STATE),
    ("nondeterminism_12_2", STATE),
    ("nondeterminism_12_3", STATE),
    ("large_payload", "the official runner has no limits: it takes what Lambda refuses"),
    ("unicode_name", "the official runner has no limits: it takes what Lambda refuses"),
    ("reorders_steps", "it counts invocations in a global, which durabox gives each invocation anew"),
    ("panics", "its panic is the test's natively; Lambda retries the invocation, the official runner has no crashes"),
];
