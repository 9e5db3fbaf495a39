//! What every function does around its handler.

pub mod invocation;
pub mod logging;
pub mod metrics;
pub mod startup;
