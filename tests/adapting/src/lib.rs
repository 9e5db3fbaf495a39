//! `shared` with the mapping of another pair of APIs: the worked example of `docs/adapting.md`.
//!
//! `mapping/customer.rs` and `mapping/order.rs` are what an adopter would write into `shared/src/mapping`. The other files
//! of the mapping are links to those there; its unit tests are not compiled, they are linked for the formatter.
//! `fetch-customers` and `submit-orders` beside this package are the functions as they are, compiled with it in the place
//! of `shared`.

pub mod mapping;

pub use shared::{
    aws, clock, config, domain, duplicate_filter, fields, header, http, input, lambda, preflight, secret,
    sqs, text,
};
