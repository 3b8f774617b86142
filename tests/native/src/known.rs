//! The differences that stand: each is a fact about one of the two SDKs or runners, with its reason.
//!
//! The test fails on a difference that is not here, and on one that is here and is no more.

/// Fields in which a handler's records differ.
#[derive(Clone, Copy, Debug)]
pub struct Known {
    /// The handler's file name, without `.rs`.
    pub handler: &'static str,
    /// The operation, such as `CONTEXT child`; `execution` for the execution itself.
    pub of: &'static str,
    /// Fields of [`Record`](crate::record::Record) or [`Records`](crate::record::Records).
    pub fields: &'static [&'static str],
    /// Whose doing it is, and why.
    pub reason: &'static str,
}

impl Known {
    /// Whether this is about `field` of `of` in `handler`.
    pub fn covers(&self, handler: &str, of: &str, field: &str) -> bool {
        self.handler == handler && self.of == of && self.fields.contains(&field)
    }
}

const fn known(
    handler: &'static str,
    of: &'static str,
    fields: &'static [&'static str],
    reason: &'static str,
) -> Known {
    Known { handler, of, fields, reason }
}

const DIVERGENCE: &str = "the official text names an id; durabox's what was recorded, what was asked for, and where";
const TIMEOUT: &str = "the official runner times a callback out without an error, Lambda and durabox with \
                       Callback.Timeout or Callback.Heartbeat; the SDKs pass on what they get";
const OPEN: &str =
    "the official runner keeps an open callback PENDING; its own CloudRunner, Lambda and durabox STARTED";

const BAD_ARGUMENT: &str = "durabox's text names the argument, what it takes, what it got, and where";

const TYPE: &[&str] = &["error_type"];
const MESSAGE: &[&str] = &["error_message"];
const ERROR: &[&str] = &["error_type", "error_message"];

/// All differences that stand.
pub const KNOWN: &[Known] = &[
    known("drops_step_on_replay", "execution", MESSAGE, DIVERGENCE),
    known("swallows_mismatch", "execution", MESSAGE, DIVERGENCE),
    known("parallel_8_19", "execution", MESSAGE, BAD_ARGUMENT),
    known("callback_4_3", "execution", TYPE, TIMEOUT),
    known("callback_4_3", "CALLBACK approval", ERROR, TIMEOUT),
    known("callback_4_4", "execution", ERROR, TIMEOUT),
    known("callback_4_4", "CALLBACK approval", ERROR, TIMEOUT),
    known("callback_4_8", "execution", TYPE, TIMEOUT),
    known("callback_4_8", "CALLBACK approval", ERROR, TIMEOUT),
    known("callback_4_11", "execution", TYPE, TIMEOUT),
    known("callback_4_11", "CALLBACK approval", ERROR, TIMEOUT),
    known("callback_4_14", "CALLBACK approval", ERROR, TIMEOUT),
    known("wait_for_callback_7_5", "CALLBACK 59510d91", ERROR, TIMEOUT),
    known("wait_for_callback_7_7", "CALLBACK 59510d91", &["status"], OPEN),
    known("wait_for_callback_7_12", "execution", ERROR, TIMEOUT),
    known("wait_for_callback_7_12", "CONTEXT approval", ERROR, TIMEOUT),
    known("wait_for_callback_7_12", "CALLBACK 59510d91", ERROR, TIMEOUT),
    known("wait_for_callback_7_14", "CALLBACK 59510d91", ERROR, TIMEOUT),
];
