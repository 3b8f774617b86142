//! Runs a handler by the official SDK and its `LocalRunner`.

use durabox_sdk::test_util::{LocalRunner, TestOperation, TestResult};
use durabox_sdk::{BoxError, DurableContext};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::value::RawValue;

use crate::cases::{Callback, Case};
use crate::record::{Record, Records};

/// Runs `handler` as `case` says, until it ends or waits for what never comes.
pub(crate) fn run<F, E, Fut, O>(handler: F, case: &Case) -> Records
where
    F: Fn(E, DurableContext) -> Fut + Send + Sync + 'static,
    E: DeserializeOwned + Send + 'static,
    Fut: Future<Output = Result<O, BoxError>> + Send + 'static,
    O: Serialize + Send + 'static,
{
    let handler = move |event: Event<E>, context| {
        let result = event.received().map(|event| handler(event, context));
        async move { Ok(Answer::Given(result?.await?)) }
    };
    let json = |text: &str| RawValue::from_string(text.to_owned()).expect("what a case passes is JSON");
    let runner = case.callbacks.iter().fold(LocalRunner::new(), |runner, callback| match callback {
        Callback::Succeeds(result) => runner.callback_success(&json(result)),
        Callback::TimesOut => runner.callback_timeout(),
    });
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().expect("a runtime");
    let ended = runtime.block_on(runner.run(handler, Event::Sent(json(case.input))));
    records(&ended)
}

/// The input: text as it is sent, the handler's type as it is received. The runner asks for both in one type.
enum Event<E> {
    Sent(Box<RawValue>),
    Received(E),
}

impl<E> Event<E> {
    fn received(self) -> Result<E, BoxError> {
        match self {
            Self::Received(event) => Ok(event),
            Self::Sent(text) => Err(format!("the runner did not pass {text} as JSON").into()),
        }
    }
}

impl<E> Serialize for Event<E> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Sent(text) => text.serialize(serializer),
            Self::Received(_) => Err(serde::ser::Error::custom("an input that was received is not sent again")),
        }
    }
}

impl<'de, E: Deserialize<'de>> Deserialize<'de> for Event<E> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        E::deserialize(deserializer).map(Self::Received)
    }
}

/// The result: the handler's type as it is given, text as the runner returns it.
enum Answer<O> {
    Given(O),
    Returned(Box<RawValue>),
}

impl<O: Serialize> Serialize for Answer<O> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Given(output) => output.serialize(serializer),
            Self::Returned(text) => text.serialize(serializer),
        }
    }
}

impl<'de, O> Deserialize<'de> for Answer<O> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Box::<RawValue>::deserialize(deserializer).map(Self::Returned)
    }
}

fn records<O>(ended: &TestResult<Answer<O>>) -> Records {
    let status = match () {
        () if ended.is_success() => "SUCCEEDED",
        () if ended.is_failure() => "FAILED",
        () => "PENDING",
    };
    let result = ended.output().and_then(|answer| match answer {
        Answer::Returned(text) => Some(text.get().to_owned()),
        Answer::Given(_) => None,
    });
    Records {
        status: status.into(),
        result,
        error_type: ended.error_type().map(str::to_owned),
        error_message: ended.error_message().map(str::to_owned),
        operations: ended.operations().iter().map(record).collect(),
    }
}

fn record(operation: &TestOperation) -> Record {
    Record {
        id: operation.id().into(),
        operation_type: wire_spelling(operation.op_type()),
        sub_type: operation.sub_type().map(str::to_owned),
        name: operation.name().map(str::to_owned),
        status: wire_spelling(operation.status()),
        result: operation.result().map(without_stack_traces),
        error_type: operation.error_type().map(str::to_owned),
        error_message: operation.error_message().map(str::to_owned),
        retries: operation.attempt(),
    }
}

/// Returns Lambda's spelling of a type or status: `TimedOut` is `TIMED_OUT`.
fn wire_spelling(word: &str) -> String {
    let mut spelling = String::new();
    for letter in word.chars() {
        if letter.is_uppercase() && !spelling.is_empty() {
            spelling.push('_');
        }
        spelling.push(letter.to_ascii_uppercase());
    }
    spelling
}

/// Returns a recorded result without the stack traces of the errors in it.
///
/// The official SDK records the frames of its own machine code, which nothing else can have; durabox-sdk records none.
fn without_stack_traces(result: &str) -> String {
    [r#","stackTrace":"#, r#","stack_trace":"#].iter().fold(result.to_owned(), |mut text, key| {
        while let Some(start) = text.find(key) {
            let frames = start + key.len();
            let mut values = serde_json::Deserializer::from_str(&text[frames..]).into_iter::<Vec<String>>();
            let Some(Ok(_)) = values.next() else { break };
            let end = frames + values.byte_offset();
            text.replace_range(start..end, "");
        }
        text
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stack_traces_go_and_all_else_stays() {
        let result = r#"[{"m":"a","stack_trace":["<[T]>::at, \"x\"","}"],"z":[1]},{"m":"b","stackTrace":["y"]}]"#;
        assert_eq!(without_stack_traces(result), r#"[{"m":"a","z":[1]},{"m":"b"}]"#);
        let text = r#"{"a":"no frames, \"stackTrace\": 1","stackTrace":7}"#;
        assert_eq!(without_stack_traces(text), text);
    }

    #[test]
    fn types_and_statuses_are_spelled_as_on_the_wire() {
        let words = ["Step", "TimedOut", "ChainedInvoke"].map(wire_spelling);
        assert_eq!(words, ["STEP", "TIMED_OUT", "CHAINED_INVOKE"]);
    }
}
