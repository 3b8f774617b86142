use std::fs::File;
use std::io::{self, Write};
use std::process::Stdio;
use std::sync::Mutex;

use rustix::process::Pid;
use tokio::process::{Child, Command};

/// Kills the groups that it was told of once its input ends. Its only words are `+ GROUP` and `- GROUP`.
const SCRIPT: &str = r#"
groups=' '
while read -r change group; do
  case "$change$groups" in
    +*) groups="$groups$group " ;;
    -*" $group "*) groups="${groups%% $group *} ${groups#* $group }" ;;
  esac
done
for group in $groups; do kill -s KILL -- "-$group"; done 2>/dev/null
"#;

/// Sees to it that no function outlives this process, not even one that is killed with no time to
/// clean up: a shell of a few kilobytes that reads from a pipe, and acts when the pipe closes.
pub(super) struct Guardian {
    words: Mutex<File>,
    /// Reaped by tokio some time after it ends by itself.
    _shell: Child,
}

impl Guardian {
    pub fn start() -> io::Result<Self> {
        let mut shell = Command::new("/bin/sh")
            .args(["-c", SCRIPT])
            .env_clear()
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            // An interrupt from the terminal is for this process, and the shell must outlive it.
            .process_group(0)
            .spawn()?;
        let input = shell.stdin.take().ok_or_else(|| io::Error::other("the shell has no input"))?;
        Ok(Self { words: Mutex::new(File::from(input.into_owned_fd()?)), _shell: shell })
    }

    /// Has `group` killed when this process ends, however it ends.
    pub fn watch(&self, group: Pid) {
        self.say('+', group);
    }

    /// Ends that: the group has gone.
    pub fn forget(&self, group: Pid) {
        self.say('-', group);
    }

    fn say(&self, change: char, group: Pid) {
        let mut words = self.words.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        // If somebody has killed the shell there is no net any more; the functions work as well.
        let _ = writeln!(words, "{change} {}", group.as_raw_nonzero());
    }
}
