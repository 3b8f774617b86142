//! What is written of executions, and how.

use std::borrow::Cow;
use std::sync::Arc;
use std::time::Duration;

use durabox_engine::replay::CallSite;
use durabox_engine::service::{Execution, Saved};
use durabox_model::{ErrorObject, Event, ExecutionStatus, Operation, SmolStr, Timestamp};
use rusqlite::{Connection, params};

use super::{Store, StoreError, json, millis};
use crate::sandbox::LogLine;

/// Something to keep.
#[derive(Debug)]
pub(super) enum Write<'a> {
    Changes {
        number: i64,
        changes: Box<Changes<'a>>,
    },
    /// Where an invocation's operations were asked for, and what it printed.
    Invocation {
        number: i64,
        invocation: u64,
        sites: Vec<(SmolStr, CallSite)>,
        logs: Vec<LogLine>,
    },
}

/// What changed of an execution.
#[derive(Debug)]
pub(super) struct Changes<'a> {
    /// Each with its place in the start order.
    operations: Vec<(usize, Arc<Operation>)>,
    events: Cow<'a, [Event]>,
    status: ExecutionStatus,
    /// Of one that can be taken up again.
    saved: Option<Saved>,
    /// Of one that has closed.
    end: Option<End<'a>>,
}

/// How an execution closed.
#[derive(Debug)]
struct End<'a> {
    timestamp: Option<Timestamp>,
    result: Option<Cow<'a, str>>,
    error: Option<Cow<'a, ErrorObject>>,
    /// When it is forgotten.
    expires: Option<Timestamp>,
}

impl Write<'_> {
    pub(super) fn into_owned(self) -> Write<'static> {
        match self {
            Self::Changes { number, changes } => Write::Changes { number, changes: Box::new(changes.into_owned()) },
            Self::Invocation { number, invocation, sites, logs } => {
                Write::Invocation { number, invocation, sites, logs }
            }
        }
    }
}

impl Store {
    /// Writes all of it in one transaction.
    pub(super) fn write(&self, writes: &[Write<'_>]) -> Result<(), StoreError> {
        self.transaction(|connection| {
            writes.iter().try_for_each(|write| match write {
                Write::Changes { number, changes } => changes.write(connection, *number),
                Write::Invocation { number, invocation, sites, logs } => {
                    write_sites(connection, *number, sites)?;
                    write_logs(connection, *number, *invocation, logs)
                }
            })
        })
    }
}

impl<'a> Changes<'a> {
    /// Returns what is to be kept of an execution of which so many events are kept already, and these operations
    /// changed; `retention` is that of one that can be taken up again.
    pub(super) fn of(
        execution: &'a Execution,
        operations: Vec<(usize, Arc<Operation>)>,
        kept_events: usize,
        retention: Option<Duration>,
    ) -> Self {
        let end = execution.end_timestamp();
        Self {
            operations,
            events: Cow::Borrowed(&execution.events()[kept_events..]),
            status: execution.status(),
            saved: retention.map(|_| execution.saved()),
            end: execution.status().is_terminal().then(|| End {
                timestamp: end,
                result: execution.result().map(Cow::Borrowed),
                error: execution.error().map(Cow::Borrowed),
                expires: end.zip(retention).map(|(end, retention)| end + retention),
            }),
        }
    }

    fn into_owned(self) -> Changes<'static> {
        let Self { operations, events, status, saved, end } = self;
        Changes {
            operations,
            events: Cow::Owned(events.into_owned()),
            status,
            saved,
            end: end.map(|End { timestamp, result, error, expires }| End {
                timestamp,
                result: result.map(|result| Cow::Owned(result.into_owned())),
                error: error.map(|error| Cow::Owned(error.into_owned())),
                expires,
            }),
        }
    }

    pub(super) fn write(&self, connection: &Connection, number: i64) -> rusqlite::Result<()> {
        let mut upsert = connection.prepare_cached(
            "INSERT INTO operations (execution, position, operation) VALUES (?1, ?2, ?3)
             ON CONFLICT (execution, position) DO UPDATE SET operation = excluded.operation",
        )?;
        for (position, operation) in &self.operations {
            upsert.execute(params![number, *position as i64, json(&**operation)?])?;
        }
        let mut insert =
            connection.prepare_cached("INSERT INTO events (execution, event_id, event) VALUES (?1, ?2, ?3)")?;
        for event in &*self.events {
            insert.execute(params![number, event.event_id as i64, json(event)?])?;
        }
        if let Some(saved) = &self.saved {
            connection
                .prepare_cached("UPDATE executions SET saved = ?2, status = ?3 WHERE number = ?1")?
                .execute(params![number, json(saved)?, self.status.as_str()])?;
        }
        if let Some(end) = &self.end {
            connection
                .prepare_cached(
                    "UPDATE executions SET status = ?2, end_ms = ?3, result = ?4, error = ?5, expires_ms = ?6
                     WHERE number = ?1",
                )?
                .execute(params![
                    number,
                    self.status.as_str(),
                    end.timestamp.map(millis),
                    end.result,
                    end.error.as_deref().map(json).transpose()?,
                    end.expires.map(millis),
                ])?;
        }
        Ok(())
    }
}

fn write_sites(connection: &Connection, number: i64, sites: &[(SmolStr, CallSite)]) -> rusqlite::Result<()> {
    let mut insert = connection.prepare_cached(
        "INSERT OR IGNORE INTO sites (execution, id, file, line, column) VALUES (?1, ?2, ?3, ?4, ?5)",
    )?;
    for (id, site) in sites {
        insert.execute(params![number, id.as_str(), site.file.as_str(), site.line, site.column])?;
    }
    Ok(())
}

fn write_logs(connection: &Connection, number: i64, invocation: u64, logs: &[LogLine]) -> rusqlite::Result<()> {
    let mut insert =
        connection.prepare_cached("INSERT INTO logs (execution, invocation, line, log) VALUES (?1, ?2, ?3, ?4)")?;
    for (line, log) in logs.iter().enumerate() {
        insert.execute(params![number, invocation as i64, line as i64, json(log)?])?;
    }
    Ok(())
}
