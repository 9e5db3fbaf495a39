//! The source API: pages become customers, one after the other.
//!
//! * [`api`] requests a page.
//! * [`customers`] goes from page to page.
//! * [`page`] reads one page; `body` decompresses it. [`list`] finds its list, in an object where there is one ([`envelope`], [`member`], [`pointer`]);
//!   [`json_array`] splits it into its elements.
//! * [`paging`] finds the next page, [`link`] in a `Link` header; `sequence` decides whether the run goes on there. `more`
//!   knows by which headers and members a page says that it is not the only one.
//! * [`retry`] is how long to wait before a page is requested again, `open_page` what was read of it before.
//! * `preflight` is the source's part of a preflight check, `fix` what to change where it fails.
//! * [`error`] is why the source could not be read to its end.

pub mod api;
mod body;
pub mod customers;
pub mod envelope;
pub mod error;
mod fix;
pub mod json_array;
pub mod link;
pub mod list;
pub mod member;
mod more;
mod open_page;
pub mod page;
pub mod paging;
pub mod pointer;
mod preflight;
pub mod retry;
mod scanner;
mod sequence;
