use crate::update::escaped_length;
use crate::wire::wire;

wire! {
    /// Lambda's description of a failure. All members are optional on the wire.
    #[derive(Clone, Debug, Default, PartialEq, Eq)]
    #[serde(default)]
    pub struct ErrorObject {
        /// What went wrong, for a person.
        pub error_message: Option<String>,
        /// The kind of error, such as `Runtime.ExitError`.
        pub error_type: Option<String>,
        /// Data of the author's choosing.
        pub error_data: Option<String>,
        /// One frame to an element.
        #[serde(deserialize_with = "crate::null_is_default")]
        pub stack_trace: Vec<String>,
    }
}

impl ErrorObject {
    /// Returns an error of this type and message.
    pub fn new(error_type: impl Into<String>, error_message: impl Into<String>) -> Self {
        Self { error_type: Some(error_type.into()), error_message: Some(error_message.into()), ..Self::default() }
    }

    /// Returns the bytes that count towards Lambda's limit on an error.
    pub fn size(&self) -> usize {
        [&self.error_message, &self.error_type, &self.error_data].into_iter().flatten().map(String::len).sum::<usize>()
            + self.stack_trace.iter().map(String::len).sum::<usize>()
    }

    /// Returns the bytes that it takes as JSON, at most.
    pub fn wire_size(&self) -> usize {
        // What the members' names and quotes take, and those of a frame.
        const ENVELOPE: usize = 128;
        const FRAME: usize = 3;
        let texts = [&self.error_message, &self.error_type, &self.error_data];
        let frames = self.stack_trace.iter().map(|frame| FRAME + escaped_length(frame));
        ENVELOPE + texts.into_iter().flatten().map(|text| escaped_length(text)).sum::<usize>() + frames.sum::<usize>()
    }
}
