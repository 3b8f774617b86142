//! Lambda's half, as transcripts: a script in, the history out.

mod callback;
mod callback_answer;
mod callback_timeout;
mod chained_invoke;
mod checkpoint;
mod history;
mod invocation;
mod limits;
mod metering;
mod paging;
mod pause;
mod saved;
mod script;
mod step;
mod timeout;
mod wait;
