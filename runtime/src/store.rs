//! Keeps local runs in a SQLite database, `durabox.db` in a directory of the project.
//!
//! Of an execution that can be taken up again, every checkpoint is a transaction of its own (WAL,
//! `synchronous = NORMAL`): what was acknowledged survives the process, whatever ends it. A local run
//! is kept by a thread of its own.

mod background;
mod hosted;
mod write;

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Duration;

use durabox_engine::replay::CallSite;
use durabox_engine::service::Execution;
use durabox_model::{ErrorObject, Event, ExecutionStatus, Operation, SmolStr, Timestamp};
use rusqlite::{Connection, OptionalExtension, params};

use crate::local::InvocationRecord;
use crate::verify::Recorded;

pub(crate) use background::Background;
pub use hosted::{Filter, Hosted};
use write::{Changes, Write};

/// The layout of the database; a file of a later one is refused.
const SCHEMA_VERSION: i64 = 3;

/// What brings layout 1 to 2: runs that chained invokes started know the run that invoked.
const FROM_1_TO_2: &str = "
ALTER TABLE executions ADD COLUMN parent INTEGER;
ALTER TABLE executions ADD COLUMN parent_operation TEXT;
";

/// What brings layout 2 to 3: executions that a server hosts can be taken up again.
const FROM_2_TO_3: &str = "
ALTER TABLE executions ADD COLUMN hosted TEXT;
ALTER TABLE executions ADD COLUMN saved TEXT;
ALTER TABLE executions ADD COLUMN expires_ms INTEGER;
CREATE INDEX executions_by_arn ON executions (arn);
CREATE INDEX executions_by_parent ON executions (parent, parent_operation);
CREATE INDEX executions_by_function ON executions (function, start_ms);
";

const SCHEMA: &str = "
CREATE TABLE executions (
    number INTEGER PRIMARY KEY,
    arn TEXT NOT NULL,
    name TEXT NOT NULL,
    function TEXT NOT NULL,
    wasm_sha256 TEXT NOT NULL,
    seed TEXT NOT NULL,
    status TEXT NOT NULL,
    start_ms INTEGER NOT NULL,
    end_ms INTEGER,
    input TEXT,
    result TEXT,
    error TEXT,
    parent INTEGER,
    parent_operation TEXT,
    hosted TEXT,
    saved TEXT,
    expires_ms INTEGER
);
CREATE INDEX executions_by_name ON executions (name);
CREATE INDEX executions_by_arn ON executions (arn);
CREATE INDEX executions_by_parent ON executions (parent, parent_operation);
CREATE INDEX executions_by_function ON executions (function, start_ms);
CREATE TABLE events (
    execution INTEGER NOT NULL,
    event_id INTEGER NOT NULL,
    event TEXT NOT NULL,
    PRIMARY KEY (execution, event_id)
) WITHOUT ROWID;
CREATE TABLE operations (
    execution INTEGER NOT NULL,
    position INTEGER NOT NULL,
    operation TEXT NOT NULL,
    PRIMARY KEY (execution, position)
) WITHOUT ROWID;
CREATE TABLE sites (
    execution INTEGER NOT NULL,
    id TEXT NOT NULL,
    file TEXT NOT NULL,
    line INTEGER NOT NULL,
    column INTEGER NOT NULL,
    PRIMARY KEY (execution, id)
) WITHOUT ROWID;
CREATE TABLE logs (
    execution INTEGER NOT NULL,
    invocation INTEGER NOT NULL,
    line INTEGER NOT NULL,
    log TEXT NOT NULL,
    PRIMARY KEY (execution, invocation, line)
) WITHOUT ROWID;
";

/// Why the store could not be used.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// Another process holds it.
    #[error("{} is locked by another process", .0.display())]
    Locked(PathBuf),
    /// Not a database, or a damaged one.
    #[error("{} is not a database of durabox, or is damaged: {problem}", path.display())]
    Corrupt {
        /// The file.
        path: PathBuf,
        /// What SQLite says.
        problem: String,
    },
    /// Made by a later version.
    #[error("{} has layout {found}; this durabox reads up to {SCHEMA_VERSION}", path.display())]
    NewerSchema {
        /// The file.
        path: PathBuf,
        /// Its layout.
        found: i64,
    },
    /// No such execution.
    #[error("no execution {asked:?}")]
    NotFound {
        /// What was asked for.
        asked: String,
        /// Names that are kept, newest first.
        kept: Vec<String>,
    },
    /// Anything else.
    #[error("{}: {problem}", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// What SQLite or the system says.
        problem: String,
    },
}

/// The runs that a project keeps. Clones share one connection.
#[derive(Clone, Debug)]
pub struct Store {
    path: PathBuf,
    connection: Arc<Mutex<Connection>>,
    /// What keeps the local run that began last.
    background: Arc<Mutex<Weak<Background>>>,
}

/// An execution, in a list.
#[derive(Clone, Debug, PartialEq)]
pub struct Summary {
    /// Position in the order in which runs began, from 1.
    pub number: u64,
    /// Its ARN.
    pub arn: String,
    /// Its name.
    pub name: String,
    /// The function.
    pub function_name: String,
    /// Where it stands.
    pub status: ExecutionStatus,
    /// When it started, in its own time.
    pub start: Timestamp,
    /// When it closed.
    pub end: Option<Timestamp>,
    /// Operations, the EXECUTION operation not counted.
    pub operations: u64,
    /// Number of the run whose chained invoke started it.
    pub parent: Option<u64>,
}

/// What is kept of a run when it begins.
#[derive(Clone, Copy, Debug)]
pub struct NewRun<'a> {
    /// The execution's name.
    pub name: &'a str,
    /// The function.
    pub function_name: &'a str,
    /// The handler.
    pub wasm_sha256: &'a str,
    /// The run's seed.
    pub seed: u64,
    /// Number of the run, and id of the operation in it, that invoked the function.
    pub invoked_by: Option<(u64, &'a str)>,
    /// Of an execution that a server hosts, and can take up again.
    pub hosted: Option<HostedRun<'a>>,
}

/// What a server says of an execution that it begins.
#[derive(Clone, Copy, Debug)]
pub struct HostedRun<'a> {
    /// What it keeps besides.
    pub kept: &'a str,
    /// How long the execution is kept after it has closed.
    pub retention: Duration,
}

impl Store {
    /// Opens the store of `directory`, and makes both if they are missing.
    pub fn open(directory: &Path) -> Result<Self, StoreError> {
        let path = directory.join("durabox.db");
        std::fs::create_dir_all(directory)
            .map_err(|error| StoreError::Io { path: directory.to_owned(), problem: error.to_string() })?;
        let connection = Connection::open(&path).map_err(|error| classify(&path, &error))?;
        Self::prepare(path, connection)
    }

    /// Returns a store that is gone with the process.
    pub fn in_memory() -> Result<Self, StoreError> {
        let path = PathBuf::from(":memory:");
        let connection = Connection::open_in_memory().map_err(|error| classify(&path, &error))?;
        Self::prepare(path, connection)
    }

    fn prepare(path: PathBuf, connection: Connection) -> Result<Self, StoreError> {
        let fail = |error| classify(&path, &error);
        connection.busy_timeout(Duration::from_secs(2)).map_err(fail)?;
        connection.pragma_update(None, "journal_mode", "WAL").map_err(fail)?;
        connection.pragma_update(None, "synchronous", "NORMAL").map_err(fail)?;
        // Pages of 4 KiB in the log before it is folded into the database, which waits for the disk.
        connection.pragma_update(None, "wal_autocheckpoint", 16_384).map_err(fail)?;
        connection.set_prepared_statement_cache_capacity(32);
        match version(&connection).map_err(fail)? {
            0 => {
                let create = format!("BEGIN IMMEDIATE; {SCHEMA} PRAGMA user_version = {SCHEMA_VERSION}; COMMIT;");
                upgrade_once(&connection, &create).map_err(fail)?;
            }
            old @ (1 | 2) => {
                let first = if old == 1 { FROM_1_TO_2 } else { "" };
                let upgrade =
                    format!("BEGIN IMMEDIATE; {first} {FROM_2_TO_3} PRAGMA user_version = {SCHEMA_VERSION}; COMMIT;");
                upgrade_once(&connection, &upgrade).map_err(fail)?;
            }
            SCHEMA_VERSION => {}
            found => return Err(StoreError::NewerSchema { path, found }),
        }
        Ok(Self { path, connection: Arc::new(Mutex::new(connection)), background: Arc::default() })
    }

    /// Begins to keep an execution that has just started.
    pub fn begin(&self, execution: &mut Execution, run: &NewRun<'_>) -> Result<Recorder, StoreError> {
        self.begin_with(Writer::Store(self.clone()), execution, run)
    }

    fn begin_with(&self, writer: Writer, execution: &mut Execution, run: &NewRun<'_>) -> Result<Recorder, StoreError> {
        let retention = run.hosted.map(|hosted| hosted.retention);
        let (operations, events) = (execution.take_changes(), execution.events().len());
        // One transaction: of what has begun, nobody may find half.
        let number = self.transaction(|connection| {
            connection.execute(
                "INSERT INTO executions
                     (arn, name, function, wasm_sha256, seed, status, start_ms, input, parent, parent_operation, hosted)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)",
                params![
                    execution.arn(),
                    run.name,
                    run.function_name,
                    run.wasm_sha256,
                    run.seed.to_string(),
                    execution.status().as_str(),
                    millis(execution.start_timestamp()),
                    execution.input(),
                    run.invoked_by.map(|(number, _)| number as i64),
                    run.invoked_by.map(|(_, operation)| operation),
                    run.hosted.map(|hosted| hosted.kept),
                ],
            )?;
            let number = connection.last_insert_rowid();
            Changes::of(execution, operations, 0, retention).write(connection, number)?;
            Ok(number)
        })?;
        Ok(Recorder::new(writer, number, events, retention))
    }

    /// Waits until everything so far of the local run that began last is written.
    pub fn settle(&self) -> Result<(), StoreError> {
        let background = self.background.lock().unwrap_or_else(PoisonError::into_inner).upgrade();
        background.map_or(Ok(()), |background| background.settle())
    }

    /// Returns every execution, newest first.
    pub fn list(&self) -> Result<Vec<Summary>, StoreError> {
        self.with(|connection| {
            let mut statement = connection.prepare(
                "SELECT number, arn, name, function, status, start_ms, end_ms,
                        (SELECT count(*) FROM operations WHERE execution = number) - 1, parent
                 FROM executions ORDER BY number DESC",
            )?;
            let rows = statement.query_map([], |row| {
                Ok(Summary {
                    number: row.get::<_, i64>(0)?.unsigned_abs(),
                    arn: row.get(1)?,
                    name: row.get(2)?,
                    function_name: row.get(3)?,
                    status: parse_status(&row.get::<_, String>(4)?),
                    start: from_millis(row.get(5)?),
                    end: row.get::<_, Option<i64>>(6)?.map(from_millis),
                    operations: row.get::<_, i64>(7)?.max(0).unsigned_abs(),
                    parent: row.get::<_, Option<i64>>(8)?.map(i64::unsigned_abs),
                })
            })?;
            rows.collect()
        })
    }

    /// Returns an execution by name (the newest of it), number or ARN.
    pub fn find(&self, asked: &str) -> Result<Recorded, StoreError> {
        let found = self.with(|connection| {
            connection
                .query_row(
                    "SELECT number FROM executions
                     WHERE arn = ?1 OR name = ?1 OR CAST(number AS TEXT) = ?1
                     ORDER BY (name = ?1 OR arn = ?1) DESC, number DESC LIMIT 1",
                    [asked],
                    |row| row.get::<_, i64>(0),
                )
                .optional()
        })?;
        let Some(number) = found else {
            let mut kept: Vec<String> = self.list()?.into_iter().map(|summary| summary.name).collect();
            kept.dedup();
            return Err(StoreError::NotFound { asked: asked.to_owned(), kept });
        };
        self.load(number)
    }

    /// Returns what an execution's invocations printed and logged, as JSON texts in order.
    pub fn logs(&self, number: u64) -> Result<Vec<String>, StoreError> {
        self.with(|connection| {
            connection
                .prepare("SELECT log FROM logs WHERE execution = ?1 ORDER BY invocation, line")?
                .query_map([number as i64], |row| row.get(0))?
                .collect()
        })
    }

    fn load(&self, number: i64) -> Result<Recorded, StoreError> {
        struct Row {
            arn: String,
            function: String,
            status: String,
            input: Option<String>,
            result: Option<String>,
            error: Option<String>,
        }
        let (row, operations, events, sites) = self.with(|connection| {
            let row = connection.query_row(
                "SELECT arn, function, status, input, result, error FROM executions WHERE number = ?1",
                [number],
                |row| {
                    Ok(Row {
                        arn: row.get(0)?,
                        function: row.get(1)?,
                        status: row.get(2)?,
                        input: row.get(3)?,
                        result: row.get(4)?,
                        error: row.get(5)?,
                    })
                },
            )?;
            let texts = |sql: &str| -> rusqlite::Result<Vec<String>> {
                connection.prepare(sql)?.query_map([number], |row| row.get(0))?.collect()
            };
            let operations = texts("SELECT operation FROM operations WHERE execution = ?1 ORDER BY position")?;
            let events = texts("SELECT event FROM events WHERE execution = ?1 ORDER BY event_id")?;
            let sites = connection
                .prepare("SELECT id, file, line, column FROM sites WHERE execution = ?1")?
                .query_map([number], |row| {
                    let file = row.get::<_, String>(1)?.into();
                    let site = CallSite { file, line: row.get(2)?, column: row.get(3)? };
                    Ok((row.get::<_, String>(0)?.into(), site))
                })?
                .collect::<rusqlite::Result<HashMap<SmolStr, CallSite>>>()?;
            Ok((row, operations, events, sites))
        })?;
        Ok(Recorded {
            durable_execution_arn: row.arn,
            function_name: row.function,
            status: parse_status(&row.status),
            input_payload: row.input,
            result: row.result,
            error: row.error.map(|text| self.parse::<ErrorObject>(&text)).transpose()?,
            operations: operations.iter().map(|text| self.parse::<Arc<Operation>>(text)).collect::<Result<_, _>>()?,
            events: events.iter().map(|text| self.parse::<Event>(text)).collect::<Result<_, _>>()?,
            sites,
        })
    }

    fn parse<T: serde::de::DeserializeOwned>(&self, text: &str) -> Result<T, StoreError> {
        serde_json::from_str(text)
            .map_err(|error| StoreError::Corrupt { path: self.path.clone(), problem: error.to_string() })
    }

    /// Runs `act` as one transaction. Its own statements are kept prepared too, which rusqlite's are not.
    fn transaction<T>(&self, act: impl FnOnce(&Connection) -> rusqlite::Result<T>) -> Result<T, StoreError> {
        self.with(|connection| {
            connection.prepare_cached("BEGIN")?.execute([])?;
            let done = act(connection).and_then(|done| {
                connection.prepare_cached("COMMIT")?.execute([])?;
                Ok(done)
            });
            if done.is_err() {
                // What is told is why the change failed.
                let _ = connection.execute_batch("ROLLBACK");
            }
            done
        })
    }

    fn with<T>(&self, act: impl FnOnce(&Connection) -> rusqlite::Result<T>) -> Result<T, StoreError> {
        act(&self.connection()).map_err(|error| classify(&self.path, &error))
    }

    /// Changes the database behind everyone's back.
    #[cfg(test)]
    pub(crate) fn execute(&self, sql: &str) {
        self.with(|connection| connection.execute_batch(sql)).expect("a change");
    }

    fn connection(&self) -> MutexGuard<'_, Connection> {
        self.connection.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Keeps one execution as it goes on.
#[derive(Debug)]
pub struct Recorder {
    writer: Writer,
    number: i64,
    saved_events: Mutex<usize>,
    /// Of an execution that can be taken up again: how long it is kept after it has closed.
    retention: Option<Duration>,
}

/// Who writes.
#[derive(Debug)]
enum Writer {
    /// The store itself: what is kept is on the disk's way before anyone hears of it.
    Store(Store),
    /// A thread of its own, some time before the run ends.
    Background(Arc<Background>),
}

impl Writer {
    fn write(&self, write: Write<'_>) -> Result<(), StoreError> {
        match self {
            Self::Store(store) => store.write(&[write]),
            Self::Background(background) => background.write(write.into_owned()),
        }
    }
}

impl Recorder {
    const fn new(writer: Writer, number: i64, saved_events: usize, retention: Option<Duration>) -> Self {
        Self { writer, number, saved_events: Mutex::new(saved_events), retention }
    }

    /// Returns the execution's number.
    pub const fn number(&self) -> u64 {
        self.number.unsigned_abs()
    }

    /// Keeps what changed since the last call, as one unit. Of an execution that can be taken up again, it is
    /// kept when this returns; of a local run later, and a failure may be that of an earlier call.
    pub fn save(&self, execution: &mut Execution) -> Result<(), StoreError> {
        let operations = execution.take_changes();
        let mut saved_events = self.saved_events.lock().unwrap_or_else(PoisonError::into_inner);
        let events = execution.events().len();
        if operations.is_empty() && events == *saved_events && self.retention.is_none() {
            return Ok(());
        }
        let changes = Changes::of(execution, operations, *saved_events, self.retention);
        self.writer.write(Write::Changes { number: self.number, changes: Box::new(changes) })?;
        *saved_events = events;
        Ok(())
    }

    /// Keeps where an invocation's operations were asked for, and what it printed.
    pub fn save_invocation(
        &self,
        invocation: &InvocationRecord,
        sites: &[(SmolStr, CallSite)],
    ) -> Result<(), StoreError> {
        self.writer.write(Write::Invocation {
            number: self.number,
            invocation: invocation.number,
            sites: sites.to_vec(),
            logs: invocation.logs.clone(),
        })
    }
}

fn version(connection: &Connection) -> rusqlite::Result<i64> {
    connection.query_row("PRAGMA user_version", [], |row| row.get(0))
}

/// Changes the layout, unless another process has done it in the meantime.
fn upgrade_once(connection: &Connection, change: &str) -> rusqlite::Result<()> {
    let Err(error) = connection.execute_batch(change) else { return Ok(()) };
    // What failed in the middle leaves a transaction open.
    let _ = connection.execute_batch("ROLLBACK");
    if version(connection)? == SCHEMA_VERSION { Ok(()) } else { Err(error) }
}

fn json(value: &impl serde::Serialize) -> rusqlite::Result<String> {
    serde_json::to_string(value).map_err(|error| rusqlite::Error::ToSqlConversionFailure(Box::new(error)))
}

fn millis(timestamp: Timestamp) -> i64 {
    i64::try_from(timestamp.as_millis()).unwrap_or(i64::MAX)
}

fn from_millis(millis: i64) -> Timestamp {
    Timestamp::from_millis(millis.max(0).unsigned_abs())
}

fn parse_status(text: &str) -> ExecutionStatus {
    use ExecutionStatus::{Failed, Paused, Pausing, Running, Stopped, Succeeded, TimedOut};
    [Running, Pausing, Paused, Succeeded, Failed, TimedOut, Stopped]
        .into_iter()
        .find(|status| status.as_str() == text)
        .unwrap_or(Running)
}

fn classify(path: &Path, error: &rusqlite::Error) -> StoreError {
    use rusqlite::ErrorCode::{DatabaseBusy, DatabaseCorrupt, DatabaseLocked, NotADatabase};
    let (path, problem) = (path.to_owned(), error.to_string());
    match error.sqlite_error_code() {
        Some(DatabaseBusy | DatabaseLocked) => StoreError::Locked(path),
        Some(DatabaseCorrupt | NotADatabase) => StoreError::Corrupt { path, problem },
        _ => StoreError::Io { path, problem },
    }
}
