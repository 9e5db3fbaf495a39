//! What the functions share.
//!
//! * [`message`]: what travels on the queue, with [`order_date`] and [`customer_id`], the two halves of an
//!   order's identity, [`order_id`]; [`reason`]: why a message became a dead letter.
//! * [`visibility`]: when a message that stays on its queue is seen again; [`seen`]: what came before, in bounded
//!   memory.
//! * [`text`]: JSON text without a copy.
//! * [`input`]: what a person asks of a function, and [`config`]: environment variables; all that is wrong in one
//!   error.
//! * [`secret`]: credentials from Secrets Manager.
//! * [`http`] and [`aws`]: how the clients of the remote APIs are set up; [`retry_after`]: how long one asks to be
//!   left alone.
//! * [`logging`]: JSON lines; [`metrics`]: CloudWatch's, by lines too.
//! * [`invocation`]: what Lambda tells about one, and is told of its failure; [`startup`]: what every `main` does
//!   before the first.

pub mod aws;
pub mod config;
pub mod customer_id;
pub mod http;
pub mod input;
pub mod invocation;
pub mod logging;
pub mod message;
pub mod metrics;
pub mod order_date;
pub mod order_id;
pub mod reason;
pub mod retry_after;
pub mod secret;
pub mod seen;
pub mod startup;
pub mod text;
pub mod visibility;
