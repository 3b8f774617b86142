use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use rustix::process::{Pid, Signal, kill_process_group};

use super::guardian::Guardian;

/// The process group of a function's process: it and the children that stay in it are frozen and
/// ended together. Dropping it kills them.
///
/// A child that moves to a group of its own (`setsid`) is out of reach.
pub(super) struct Group {
    id: Pid,
    ended: AtomicBool,
    guardian: Arc<Guardian>,
}

impl Group {
    /// Takes over the group that the process `id` leads.
    pub fn new(id: Pid, guardian: Arc<Guardian>) -> Self {
        guardian.watch(id);
        Self { id, ended: AtomicBool::new(false), guardian }
    }

    pub fn id(&self) -> Pid {
        self.id
    }

    /// Stops all processes where they are. They can be killed as they stand.
    pub fn freeze(&self) {
        self.send(Signal::STOP);
    }

    pub fn thaw(&self) {
        self.send(Signal::CONT);
    }

    /// Asks the processes to end. Frozen ones are woken, or they would never know.
    pub fn terminate(&self) {
        self.send(Signal::TERM);
        self.send(Signal::CONT);
    }

    pub fn kill(&self) {
        self.send(Signal::KILL);
    }

    /// Kills what is left after the leader has gone. From here on the id may be another's.
    pub fn end(&self) {
        self.kill();
        if !self.ended.swap(true, Ordering::SeqCst) {
            self.guardian.forget(self.id);
        }
    }

    fn send(&self, signal: Signal) {
        if !self.ended.load(Ordering::SeqCst) {
            // Fails when the last of them has gone, which is what a signal is for.
            let _ = kill_process_group(self.id, signal);
        }
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        self.end();
    }
}
