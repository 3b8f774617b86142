//! Lambda's half, as transcripts: a script in, the history out.

mod checkpoint;
mod invocation;
mod paging;
mod script;
mod step;
mod timeout;
mod wait;
