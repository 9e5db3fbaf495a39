//! The calls of the functions, and their faults.

use serde_json::Value;

/// A call of one of the functions.
#[derive(Debug, Clone)]
pub struct Call {
    /// `SendMessageBatch` and the like.
    pub action: String,
    /// Its parameters.
    pub input: Value,
}

/// A fault of a call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fault {
    /// Answered with this status and error code; not carried out.
    Refuse(u16, &'static str),
    /// No answer; not carried out.
    Hang,
    /// Carried out, and the answer is lost.
    LoseAnswer,
    /// Carried out, and the answer ends in the middle, as if complete.
    CutAnswer,
    /// Carried out, and answered with this status and body, whatever the call was.
    Answer(u16, String),
    /// These entries of a batch call fail.
    FailEntries {
        /// Counted from 0.
        entries: Vec<usize>,
        /// `SenderFault` of SQS's answer.
        sender_fault: bool,
    },
}
