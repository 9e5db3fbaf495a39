//! Makes an order of each customer on the queue and posts it to the destination API.
//!
//! From the outside in:
//!
//! * [`config`]: the environment variables.
//! * [`handler`]: one invocation, a batch of messages as the [`handler::event`] has them, with its statistics
//!   ([`handler::stats`]) and log events.
//! * [`submission`]: one message becomes one [`verdict`].
//! * [`destination`]: the POST, within circuit breaker and rate limit, with a token ([`destination::oauth`]);
//!   [`destination::transport`] carries both, [`destination::problem`] reads what an API says about a problem.
//! * `queue`: the two queues that the verdict is carried out on.

pub mod config;
pub mod destination;
pub mod handler;
mod queue;
pub mod submission;
pub mod verdict;
