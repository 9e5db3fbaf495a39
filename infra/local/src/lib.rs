//! The whole system on one machine, without an AWS account: for `make run`, and for the tests of the deployed stack.
//!
//! The real `template.yaml`, built by the SAM CLI, is deployed by the SAM CLI to MiniStack, a local AWS, next to
//! the sandbox of the two APIs. A [`LocalDeployment`] is all of that, running:
//!
//! | what | module |
//! | --- | --- |
//! | start and stop | [`LocalDeployment`], in `stack`; [`LocalAws`] without a stack; files in [`paths`] |
//! | MiniStack as a child process that never outlives this one | `ministack` |
//! | a record of every AWS call of the functions | [`recorder`] |
//! | the built template, without what MiniStack does not support | `template` |
//! | `sam deploy`, and the stack's outputs | `deploy` |
//! | the schedule, fired as EventBridge would | `schedule` |
//! | a run, followed to its end | [`run`]; a dry run, [`dry_run`] |
//! | the contents of the queues | [`queues`] |
//! | what became of each customer | [`reconciliation`] |
//! | the progress, and the table of a finished run | [`progress`], [`report`] |

pub mod dry_run;
pub mod paths;
pub mod progress;
pub mod queues;
pub mod reconciliation;
pub mod recorder;
pub mod report;
pub mod run;

mod deploy;
mod error;
mod local_aws;
mod ministack;
mod schedule;
mod stack;
mod template;

pub use deploy::Outputs;
pub use error::Error;
pub use local_aws::{LocalAws, LocalTemplate};
pub use stack::{LocalDeployment, STACK, Settings};
