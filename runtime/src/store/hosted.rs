//! Executions that a server hosts: taken up again after a restart, found by what Lambda's API asks for.

use std::time::Duration;

use durabox_engine::service::{Execution, Saved};
use durabox_model::{ExecutionStatus, Timestamp};
use rusqlite::{OptionalExtension, Row, ToSql};

use super::{Recorder, Store, StoreError, Writer, from_millis, millis, parse_status};

const COLUMNS: &str = "number, arn, name, function, status, start_ms, end_ms, hosted, parent, parent_operation";

/// An execution that a server hosts, without its operations and events.
#[derive(Clone, Debug, PartialEq)]
pub struct Hosted {
    /// Position in the order in which executions began, from 1.
    pub number: u64,
    /// Its ARN.
    pub arn: String,
    /// Its name.
    pub name: String,
    /// The function.
    pub function_name: String,
    /// Where it stands.
    pub status: ExecutionStatus,
    /// When it started.
    pub start: Timestamp,
    /// When it closed.
    pub end: Option<Timestamp>,
    /// What the server keeps of it besides.
    pub hosted: String,
    /// Number of the execution, and id of the operation in it, that invoked the function.
    pub invoked_by: Option<(u64, String)>,
}

/// Which executions of a function to list.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    /// The function's name.
    pub function_name: String,
    /// What the ARN contains between function and execution name, such as `:7/`.
    pub version: Option<String>,
    /// The execution's name.
    pub name: Option<String>,
    /// Any of these; empty for all.
    pub statuses: Vec<ExecutionStatus>,
    /// Started after this time.
    pub started_after: Option<Timestamp>,
    /// Started before this time.
    pub started_before: Option<Timestamp>,
    /// Oldest first instead of newest first.
    pub oldest_first: bool,
    /// The last of the page before: its start, and its number.
    pub after: Option<(Timestamp, u64)>,
    /// Most to return.
    pub limit: usize,
}

impl Store {
    /// Returns the executions that have not closed, in the order in which they began.
    pub fn hosted_open(&self) -> Result<Vec<Hosted>, StoreError> {
        self.select("WHERE hosted IS NOT NULL AND status IN ('RUNNING', 'PAUSING', 'PAUSED') ORDER BY number", &[])
    }

    /// Returns the execution with this ARN, unless it has expired.
    pub fn hosted_by_arn(&self, arn: &str, now: Timestamp) -> Result<Option<Hosted>, StoreError> {
        let found = self.select(
            "WHERE hosted IS NOT NULL AND arn = ?1 AND (expires_ms IS NULL OR expires_ms > ?2)",
            &[&arn, &millis(now)],
        )?;
        Ok(found.into_iter().next())
    }

    /// Returns the newest execution of a function with this name, unless it has expired.
    pub fn hosted_by_name(
        &self,
        function_name: &str,
        name: &str,
        now: Timestamp,
    ) -> Result<Option<Hosted>, StoreError> {
        let found = self.select(
            "WHERE hosted IS NOT NULL AND function = ?1 AND name = ?2 AND (expires_ms IS NULL OR expires_ms > ?3)
             ORDER BY number DESC LIMIT 1",
            &[&function_name, &name, &millis(now)],
        )?;
        Ok(found.into_iter().next())
    }

    /// Returns the execution that a chained invoke started.
    pub fn hosted_by_invoke(&self, number: u64, operation_id: &str) -> Result<Option<Hosted>, StoreError> {
        let found = self.select(
            "WHERE hosted IS NOT NULL AND parent = ?1 AND parent_operation = ?2",
            &[&(number as i64), &operation_id],
        )?;
        Ok(found.into_iter().next())
    }

    /// Returns executions of a function by start time.
    pub fn hosted_list(&self, filter: &Filter, now: Timestamp) -> Result<Vec<Hosted>, StoreError> {
        let statuses: Vec<&str> = filter.statuses.iter().map(|status| status.as_str()).collect();
        let (order, beyond) = if filter.oldest_first { ("ASC", ">") } else { ("DESC", "<") };
        let (after, number) = filter.after.unzip();
        let condition = format!(
            "WHERE hosted IS NOT NULL AND function = ?1 AND (expires_ms IS NULL OR expires_ms > ?2)
             AND (?3 IS NULL OR instr(arn, ?3) > 0)
             AND (?4 IS NULL OR name = ?4)
             AND (?5 = '' OR instr(?5, ',' || status || ',') > 0)
             AND (?6 IS NULL OR start_ms > ?6) AND (?7 IS NULL OR start_ms < ?7)
             AND (?8 IS NULL OR (start_ms, number) {beyond} (?8, ?9))
             ORDER BY start_ms {order}, number {order} LIMIT ?10"
        );
        let statuses = if statuses.is_empty() { String::new() } else { format!(",{},", statuses.join(",")) };
        self.select(
            &condition,
            &[
                &filter.function_name,
                &millis(now),
                &filter.version,
                &filter.name,
                &statuses,
                &filter.started_after.map(millis),
                &filter.started_before.map(millis),
                &after.map(millis),
                &number.map(|number| i64::try_from(number).unwrap_or(i64::MAX)),
                &(filter.limit as i64),
            ],
        )
    }

    /// Returns an execution as it stood when it was last kept, and what keeps it from here on, and for how long
    /// after it has closed.
    pub fn take_up(&self, number: u64, retention: Duration) -> Result<(Execution, Recorder), StoreError> {
        let execution = self.hosted_execution(number)?;
        let writer = Writer::Store(self.clone());
        let recorder = Recorder::new(writer, number as i64, execution.events().len(), Some(retention));
        Ok((execution, recorder))
    }

    /// Returns an execution as it stood when it was last kept.
    pub fn hosted_execution(&self, number: u64) -> Result<Execution, StoreError> {
        let number = number as i64;
        let saved: Option<String> = self.with(|connection| {
            let saved = connection
                .query_row("SELECT saved FROM executions WHERE number = ?1", [number], |row| row.get(0))
                .optional()?;
            Ok(saved.flatten())
        })?;
        let saved = saved.ok_or_else(|| StoreError::Corrupt {
            path: self.path.clone(),
            problem: format!("execution {number} lacks what it takes to go on"),
        })?;
        let saved: Saved = self.parse(&saved)?;
        let recorded = self.load(number)?;
        Ok(Execution::restore(saved, recorded.operations, recorded.events))
    }

    /// Forgets an execution whole.
    pub fn delete(&self, number: u64) -> Result<(), StoreError> {
        self.transaction(|connection| {
            for table in ["operations", "events", "sites", "logs"] {
                connection.execute(&format!("DELETE FROM {table} WHERE execution = ?1"), [number as i64])?;
            }
            // Its number may be given again; whom it invoked is nobody's child then.
            connection.execute("UPDATE executions SET parent = NULL WHERE parent = ?1", [number as i64])?;
            connection.execute("DELETE FROM executions WHERE number = ?1", [number as i64]).map(drop)
        })
    }

    /// Forgets hosted executions whose retention is over; returns how many.
    pub fn delete_expired(&self, now: Timestamp) -> Result<usize, StoreError> {
        let expired = self.select("WHERE hosted IS NOT NULL AND expires_ms <= ?1", &[&millis(now)])?;
        expired.iter().try_for_each(|hosted| self.delete(hosted.number))?;
        Ok(expired.len())
    }

    fn select(&self, condition: &str, parameters: &[&dyn ToSql]) -> Result<Vec<Hosted>, StoreError> {
        self.with(|connection| {
            let mut statement = connection.prepare_cached(&format!("SELECT {COLUMNS} FROM executions {condition}"))?;
            statement.query_map(parameters, read)?.collect()
        })
    }
}

fn read(row: &Row<'_>) -> rusqlite::Result<Hosted> {
    let parent: Option<i64> = row.get(8)?;
    let operation: Option<String> = row.get(9)?;
    Ok(Hosted {
        number: row.get::<_, i64>(0)?.unsigned_abs(),
        arn: row.get(1)?,
        name: row.get(2)?,
        function_name: row.get(3)?,
        status: parse_status(&row.get::<_, String>(4)?),
        start: from_millis(row.get(5)?),
        end: row.get::<_, Option<i64>>(6)?.map(from_millis),
        hosted: row.get(7)?,
        invoked_by: parent.map(i64::unsigned_abs).zip(operation),
    })
}

#[cfg(test)]
mod tests {
    use durabox_engine::service::StartExecution;

    use super::super::{HostedRun, NewRun};
    use super::*;

    const ARN: &str = "arn:aws:lambda:us-east-1:123456789012:function:f:1/durable-execution/n/e";
    const START: Timestamp = Timestamp::from_millis(1);
    const DAY: Duration = Duration::from_hours(24);

    fn begin(store: &Store) -> Result<(Execution, Recorder), StoreError> {
        begin_at(store, START)
    }

    fn begin_at(store: &Store, now: Timestamp) -> Result<(Execution, Recorder), StoreError> {
        begin_for(store, now, None)
    }

    fn begin_for(
        store: &Store,
        now: Timestamp,
        invoked_by: Option<(u64, &str)>,
    ) -> Result<(Execution, Recorder), StoreError> {
        let start = StartExecution { arn: ARN.into(), input: Some("7".into()), config: Default::default() };
        let mut execution = Execution::start(start, now);
        let hosted = Some(HostedRun { kept: "{}", retention: DAY });
        let run = NewRun { name: "n", function_name: "f", wasm_sha256: "", seed: 0, invoked_by, hosted };
        let recorder = store.begin(&mut execution, &run)?;
        Ok((execution, recorder))
    }

    #[test]
    fn an_execution_begins_whole_or_not_at_all() {
        let store = Store::in_memory().expect("a store");
        store.execute("ALTER TABLE events RENAME TO elsewhere");
        let refused = begin(&store).expect_err("its events have no place");
        assert!(refused.to_string().contains("no such table"), "{refused}");
        assert_eq!(store.list().expect("a list"), []);

        store.execute("ALTER TABLE elsewhere RENAME TO events");
        let (execution, _) = begin(&store).expect("begun");
        let open = store.hosted_open().expect("a list");
        let (again, _) = store.take_up(open[0].number, DAY).expect("what it takes to go on");
        assert_eq!((again.events(), again.operations()), (execution.events(), execution.operations()));
    }

    #[test]
    fn what_has_closed_is_forgotten_when_its_retention_is_over() {
        let store = Store::in_memory().expect("a store");
        let (mut execution, recorder) = begin(&store).expect("begun");
        let known = |now| store.hosted_by_arn(ARN, now).expect("an answer").is_some();
        assert!(known(START + 400 * DAY), "it is open");
        let end = START + DAY;
        execution.stop(None, end);
        recorder.save(&mut execution).expect("kept");
        let last = Timestamp::from_millis((end + DAY).as_millis() - 1);
        assert!(known(last));
        assert_eq!(store.delete_expired(last).expect("looked"), 0);
        assert!(!known(end + DAY));
        assert_eq!(store.delete_expired(end + DAY).expect("deleted"), 1);
        assert_eq!(store.list().expect("a list"), []);
    }

    #[test]
    fn what_a_deleted_execution_invoked_is_not_the_child_of_whoever_has_its_number_next() {
        let store = Store::in_memory().expect("a store");
        begin(&store).expect("begun");
        begin_for(&store, START, Some((1, "op"))).expect("begun");
        let child = || store.hosted_by_invoke(1, "op").expect("an answer").map(|child| child.number);
        assert_eq!(child(), Some(2));
        store.delete(1).expect("deleted");
        assert_eq!(child(), None);
    }

    #[test]
    fn a_list_by_start_time_leaves_out_its_bounds() {
        let store = Store::in_memory().expect("a store");
        let at = Timestamp::from_millis;
        for start in [1, 2, 3] {
            begin_at(&store, at(start)).expect("begun");
        }
        let (started_after, started_before) = (Some(at(1)), Some(at(3)));
        let filter = Filter { function_name: "f".into(), limit: 9, started_after, started_before, ..Filter::default() };
        let listed = store.hosted_list(&filter, START).expect("a list");
        assert_eq!(listed.iter().map(|one| one.number).collect::<Vec<_>>(), [2]);
    }

    #[test]
    fn a_list_goes_on_after_its_last_item_whatever_begins_or_is_deleted_meanwhile() {
        let store = Store::in_memory().expect("a store");
        // Two of the same instant: the number tells them apart.
        for start in [1, 2, 2, 3] {
            begin_at(&store, Timestamp::from_millis(start)).expect("begun");
        }
        let page = |oldest_first, after: Option<&Hosted>| {
            let after = after.map(|last| (last.start, last.number));
            let filter = Filter { function_name: "f".into(), limit: 2, oldest_first, after, ..Filter::default() };
            store.hosted_list(&filter, START).expect("a list")
        };
        let numbers = |page: &[Hosted]| page.iter().map(|one| one.number).collect::<Vec<_>>();
        let (newest, oldest) = (page(false, None), page(true, None));
        assert_eq!((numbers(&newest), numbers(&oldest)), (vec![4, 3], vec![1, 2]));
        begin_at(&store, Timestamp::from_millis(4)).expect("begun");
        store.delete(4).expect("deleted");
        assert_eq!(numbers(&page(false, newest.last())), [2, 1]);
        assert_eq!(numbers(&page(true, oldest.last())), [3, 5]);
    }
}
