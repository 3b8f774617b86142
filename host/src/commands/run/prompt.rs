//! Callbacks answered by the person at the terminal, while the run's time stands still.

use std::io::{self, IsTerminal, Write};

use durabox::render::text::{clean, duration};
use durabox::source::Sources;
use durabox_runtime::local::{CallbackAction, ControlError, Controls, OpenCallback};
use durabox_runtime::model::Timestamp;
use tokio::sync::mpsc;

use super::{Args, answer};
use crate::progress::Display;

const HELP: &str = "success [JSON] | failure MESSAGE | heartbeat | skip (let time pass to its timeout)";

/// Whether there is a person to ask.
pub fn is_possible(args: &Args) -> bool {
    args.input != "-" && io::stdin().is_terminal() && io::stderr().is_terminal()
}

/// Asks for an answer whenever the run waits for one; ends with the run, or when stdin does.
pub async fn answer(controls: Controls, display: &Display, sources: &Sources) {
    let mut lines = None;
    while let Ok(open) = controls.wait_for_callback("*").await {
        display.pause();
        let mut stderr = io::stderr();
        // Somebody who cannot read the question is asked all the same.
        let _ = stderr.write_all(describe(&open, sources).as_bytes());
        let lines = lines.get_or_insert_with(stdin);
        let is_over = !ask(&controls, &open, lines).await;
        display.resume();
        if is_over {
            return;
        }
    }
}

/// Asks until the callback has an answer; false when stdin has ended.
async fn ask(controls: &Controls, open: &OpenCallback, lines: &mut mpsc::UnboundedReceiver<String>) -> bool {
    loop {
        eprint!("{}> ", clean(open.title()));
        let _ = io::stderr().flush();
        let Some(line) = lines.recv().await else {
            eprintln!();
            return false;
        };
        let sent = match parse(&line) {
            Ok(Reply::Answer(action)) => send(controls, &open.id, action).await,
            Ok(Reply::Skip) => controls.release(open.id.as_str()).await,
            Err(problem) => {
                eprintln!("{problem}");
                continue;
            }
        };
        match sent {
            Ok(()) => return true,
            // Time runs on in real time: the callback may have closed meanwhile.
            Err(error) => {
                eprintln!("{error}");
                return !matches!(error, ControlError::Over);
            }
        }
    }
}

async fn send(controls: &Controls, id: &str, action: CallbackAction) -> Result<(), ControlError> {
    match action {
        CallbackAction::Success(result) => controls.succeed(id, result).await,
        CallbackAction::Failure(error) => controls.fail(id, error).await,
        CallbackAction::Heartbeat => controls.heartbeat(id).await,
    }
}

/// Returns lines from stdin, read by a thread of its own: it may wait for the next one when the run
/// is over, and ends with the process.
fn stdin() -> mpsc::UnboundedReceiver<String> {
    let (sender, receiver) = mpsc::unbounded_channel();
    let read = move || {
        for line in io::stdin().lines().map_while(Result::ok) {
            if sender.send(line).is_err() {
                return;
            }
        }
    };
    // Without the thread the channel closes, as if stdin had ended.
    let _ = std::thread::Builder::new().name("stdin".into()).spawn(read);
    receiver
}

/// What a person says.
#[derive(Debug, PartialEq, Eq)]
enum Reply {
    Answer(CallbackAction),
    Skip,
}

fn parse(line: &str) -> Result<Reply, String> {
    let line = line.trim();
    let (word, rest) = line.split_once(char::is_whitespace).unwrap_or((line, ""));
    match word {
        "skip" if rest.is_empty() => Ok(Reply::Skip),
        "success" | "failure" | "heartbeat" => answer::action(word, Some(rest.trim())).map(Reply::Answer),
        _ => Err(HELP.to_owned()),
    }
}

fn describe(open: &OpenCallback, sources: &Sources) -> String {
    let title = clean(open.title());
    let mut text = format!("\ncallback {title} of {} is open\n  id        {}\n", open.function_name, open.id);
    let limit = |what: &str, at: Option<Timestamp>| match at {
        Some(at) => format!("  {what:<9} {} after its start\n", duration(at.since(open.start))),
        None => String::new(),
    };
    text.push_str(&limit("timeout", open.timeout));
    text.push_str(&limit("heartbeat", open.heartbeat_timeout));
    if open.timeout.is_none() && open.heartbeat_timeout.is_none() {
        text.push_str("  timeout   none\n");
    }
    if let Some(site) = &open.site {
        text.push_str(&format!("  created   {site}\n"));
        if let Some(line) = sources.line(site) {
            text.push_str(&format!("            {} | {line}\n", site.line));
        }
    }
    text.push_str(&format!("  answer    {HELP}\n"));
    text
}

#[cfg(test)]
mod tests {
    use durabox::source::Sources;
    use durabox_runtime::engine::replay::CallSite;
    use durabox_runtime::local::{CallbackAction, OpenCallback};
    use durabox_runtime::model::Timestamp;

    use super::{Reply, describe, parse};

    #[test]
    fn a_reply_is_a_word_and_what_goes_with_it() {
        let success = |result: &str| Ok(Reply::Answer(CallbackAction::Success(Some(result.into()))));
        assert_eq!(parse("success {\"by\": \"Ada\"}"), success("{\"by\": \"Ada\"}"));
        assert_eq!(parse("success"), Ok(Reply::Answer(CallbackAction::Success(None))));
        assert_eq!(parse(" heartbeat "), Ok(Reply::Answer(CallbackAction::Heartbeat)));
        assert_eq!(parse("skip"), Ok(Reply::Skip));
        assert!(parse("success yes").expect_err("not JSON").contains("double quotes"));
        assert!(parse("what").expect_err("no such word").contains("failure MESSAGE"));
        assert!(parse("").is_err());
    }

    #[test]
    fn an_open_callback_is_described_with_its_limits_and_place() {
        let start = Timestamp::from_millis(1000);
        let open = OpenCallback {
            id: "the-id".into(),
            name: Some("approval".into()),
            function_name: "order".into(),
            start,
            timeout: Some(start.plus_seconds(3600)),
            heartbeat_timeout: None,
            site: Some(CallSite { file: "src/bin/order.rs".into(), line: 41, column: 9 }),
        };
        let text = describe(&open, &Sources::default());
        let expected = "
callback approval of order is open
  id        the-id
  timeout   1h after its start
  created   src/bin/order.rs:41
  answer    success [JSON] | failure MESSAGE | heartbeat | skip (let time pass to its timeout)
";
        assert_eq!(text, expected);
    }
}
