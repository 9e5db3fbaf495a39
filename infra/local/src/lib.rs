//! The whole system on one machine, without an AWS account: what `make run` starts, and what the tests of the
//! deployed stack stand on.
//!
//! The real `template.yaml`, built by the SAM CLI, is deployed by the SAM CLI to MiniStack, a local AWS, next to
//! the sandbox of the two APIs. A [`LocalDeployment`] is all of that, running:
//!
//! | what | where |
//! | --- | --- |
//! | start it, end it | [`LocalDeployment`], in `stack`; files in [`places`] |
//! | MiniStack as a child that never outlives us | `ministack` |
//! | every AWS call of the functions, written down | [`recorder`] |
//! | what MiniStack cannot do, taken out of the built template | `template` |
//! | `sam deploy`, and the stack's outputs | `deploy` |
//! | the schedule, fired as EventBridge would | `schedule` |
//! | a run, followed to its end | [`run`] |
//! | queues, looked into | [`queues`] |
//! | what became of each customer | [`account`] |
//! | the bars, and the table at the end | [`progress`], [`report`] |

pub mod account;
pub mod places;
pub mod progress;
pub mod queues;
pub mod recorder;
pub mod report;
pub mod run;

mod deploy;
mod error;
mod ministack;
mod schedule;
mod stack;
mod template;

pub use deploy::Outputs;
pub use error::Error;
pub use stack::{LocalDeployment, STACK, Settings};
