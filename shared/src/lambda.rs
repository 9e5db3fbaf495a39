//! What every function does around its handler: start, invocation, logs, metrics.

pub mod invocation;
pub mod logging;
pub mod metrics;
pub mod startup;
