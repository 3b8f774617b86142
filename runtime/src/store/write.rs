//! What is written of executions, and how.

use std::sync::Arc;

use durabox_engine::replay::CallSite;
use durabox_engine::service::Saved;
use durabox_model::{ErrorObject, Event, ExecutionStatus, Operation, SmolStr, Timestamp};
use rusqlite::{Connection, params};

use super::{Store, StoreError, json, millis};
use crate::sandbox::LogLine;

/// Something to keep.
#[derive(Debug)]
pub(super) enum Write {
    Changes(Box<Changes>),
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
pub(super) struct Changes {
    pub(super) number: i64,
    /// Each with its place in the start order.
    pub(super) operations: Vec<(usize, Arc<Operation>)>,
    pub(super) events: Vec<Event>,
    pub(super) status: ExecutionStatus,
    /// Of one that can be taken up again.
    pub(super) saved: Option<Saved>,
    /// Of one that has closed.
    pub(super) end: Option<End>,
}

/// How an execution closed.
#[derive(Debug)]
pub(super) struct End {
    pub(super) timestamp: Option<Timestamp>,
    pub(super) result: Option<String>,
    pub(super) error: Option<ErrorObject>,
}

impl Store {
    /// Writes all of it in one transaction.
    pub(super) fn write(&self, writes: &[Write]) -> Result<(), StoreError> {
        self.transaction(|connection| {
            writes.iter().try_for_each(|write| match write {
                Write::Changes(changes) => changes.write(connection),
                Write::Invocation { number, invocation, sites, logs } => {
                    write_sites(connection, *number, sites)?;
                    write_logs(connection, *number, *invocation, logs)
                }
            })
        })
    }
}

impl Changes {
    fn write(&self, connection: &Connection) -> rusqlite::Result<()> {
        let mut upsert = connection.prepare_cached(
            "INSERT INTO operations (execution, position, operation) VALUES (?1, ?2, ?3)
             ON CONFLICT (execution, position) DO UPDATE SET operation = excluded.operation",
        )?;
        for (position, operation) in &self.operations {
            upsert.execute(params![self.number, *position as i64, json(&**operation)?])?;
        }
        let mut insert =
            connection.prepare_cached("INSERT INTO events (execution, event_id, event) VALUES (?1, ?2, ?3)")?;
        for event in &self.events {
            insert.execute(params![self.number, event.event_id as i64, json(event)?])?;
        }
        if let Some(saved) = &self.saved {
            connection
                .prepare_cached("UPDATE executions SET saved = ?2, status = ?3 WHERE number = ?1")?
                .execute(params![self.number, json(saved)?, self.status.as_str()])?;
        }
        if let Some(end) = &self.end {
            connection
                .prepare_cached(
                    "UPDATE executions SET status = ?2, end_ms = ?3, result = ?4, error = ?5 WHERE number = ?1",
                )?
                .execute(params![
                    self.number,
                    self.status.as_str(),
                    end.timestamp.map(millis),
                    end.result,
                    end.error.as_ref().map(json).transpose()?,
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
