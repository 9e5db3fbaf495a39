//! What the functions share.
//!
//! * [`domain`]: the identities of the contract: customer id, order date, order id, message, rejection reason.
//! * [`mapping`]: a customer becomes an order. Adopters rewrite this module and nothing else.
//! * [`lambda`]: what every function does around its handler: invocation, startup, logging, metrics.
//! * [`preflight`]: the answer of a preflight check, and what to change where a step fails.
//! * [`clock`]: the time of day, injected.
//! * [`sqs`]: batch calls to SQS; [`duplicate_filter`]: duplicates, detected in bounded memory.
//! * [`http`] and [`aws`]: how the clients of the remote APIs are set up.
//! * [`config`], [`input`], [`secret`] and [`header`]: environment variables, the input of a manual invocation,
//!   credentials, and the headers that carry them.
//! * [`fields`] and [`text`]: JSON objects and strings, borrowed where possible.

pub mod aws;
pub mod clock;
pub mod config;
pub mod domain;
pub mod duplicate_filter;
pub mod fields;
pub mod header;
pub mod http;
pub mod input;
pub mod lambda;
pub mod mapping;
pub mod preflight;
pub mod secret;
pub mod sqs;
pub mod text;
