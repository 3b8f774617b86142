//! How much memory the processes of a group have resident, read from `/proc`. Where there is none,
//! as on macOS, no function is ever too large.

use std::collections::HashMap;
use std::fs;
use std::sync::Mutex;
use std::time::{Duration, Instant};

use rustix::process::Pid;

/// How often a process that works is looked at.
const INTERVAL: Duration = Duration::from_millis(100);

/// How long one look at all processes serves those who ask.
const FRESH: Duration = Duration::from_millis(50);

#[derive(Clone, Default)]
struct Usage {
    resident: u64,
    members: Vec<i32>,
}

/// Ends when the processes of `group` have more than `limit` bytes resident.
pub(super) async fn exceeded(group: Pid, limit: u64) {
    let mut ticks = tokio::time::interval(INTERVAL);
    ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    // The first tick is due at once, when there is nothing to see.
    ticks.tick().await;
    loop {
        ticks.tick().await;
        if tokio::task::spawn_blocking(move || exceeds(group, limit)).await.unwrap_or(false) {
            return;
        }
    }
}

fn exceeds(group: Pid, limit: u64) -> bool {
    let usage = usage(group.as_raw_nonzero().get());
    // Pages that processes share count once to each in their resident sizes, so the sum is too much.
    let shares = usage.members.len() > 1;
    usage.resident > limit && (!shares || proportional(&usage.members) > limit)
}

fn usage(group: i32) -> Usage {
    static SEEN: Mutex<Option<(Instant, HashMap<i32, Usage>)>> = Mutex::new(None);
    let mut seen = SEEN.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    if let Some((when, groups)) = &*seen
        && when.elapsed() < FRESH
    {
        return groups.get(&group).cloned().unwrap_or_default();
    }
    let groups = scan();
    let usage = groups.get(&group).cloned().unwrap_or_default();
    *seen = Some((Instant::now(), groups));
    usage
}

/// Adds up the resident sizes of all processes by group.
fn scan() -> HashMap<i32, Usage> {
    let page = rustix::param::page_size() as u64;
    let mut groups: HashMap<i32, Usage> = HashMap::new();
    for entry in fs::read_dir("/proc").into_iter().flatten().flatten() {
        let Some(pid) = entry.file_name().to_str().and_then(|name| name.parse::<i32>().ok()) else { continue };
        let Ok(stat) = fs::read_to_string(format!("/proc/{pid}/stat")) else { continue };
        let Some((group, pages)) = parse_stat(&stat) else { continue };
        let usage = groups.entry(group).or_default();
        usage.resident += pages * page;
        usage.members.push(pid);
    }
    groups
}

/// Returns the process group and the resident pages, fields 5 and 24 of proc_pid_stat(5). The second
/// field is a name in parentheses that may itself have any character.
fn parse_stat(stat: &str) -> Option<(i32, u64)> {
    let (_, fields) = stat.rsplit_once(')')?;
    let fields: Vec<&str> = fields.split_ascii_whitespace().collect();
    Some((fields.get(2)?.parse().ok()?, fields.get(21)?.parse().ok()?))
}

/// Adds up sizes in which a page that n processes share counts as a part in n.
fn proportional(members: &[i32]) -> u64 {
    let of = |pid: &i32| {
        let rollup = fs::read_to_string(format!("/proc/{pid}/smaps_rollup")).ok()?;
        let line = rollup.lines().find_map(|line| line.strip_prefix("Pss:"))?;
        line.split_ascii_whitespace().next()?.parse::<u64>().ok()
    };
    members.iter().filter_map(of).sum::<u64>() * 1024
}
