//! What both functions use.
//!
//! * [`message`]: what travels on the queue, with [`order_date`] and [`customer_id`], the two halves of an
//!   order's identity.
//! * [`config`]: environment variables, all that is wrong with them in one error.
//! * [`secret`]: credentials from Secrets Manager.
//! * [`http`] and [`aws`]: how the clients of the remote APIs are set up; [`retry_after`]: how long one asks to be
//!   left alone.
//! * [`logging`]: JSON lines; [`metrics`]: CloudWatch's, by lines too.
//! * [`invocation`]: what Lambda tells about one, and is told of its failure; [`startup`]: what both `main`s do
//!   before the first.

pub mod aws;
pub mod config;
pub mod customer_id;
pub mod http;
pub mod invocation;
pub mod logging;
pub mod message;
pub mod metrics;
pub mod order_date;
pub mod retry_after;
pub mod secret;
pub mod startup;
