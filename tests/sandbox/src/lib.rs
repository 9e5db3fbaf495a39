//! The sandbox: source API, token endpoint and destination API in one stateful HTTP server on loopback, which
//! misbehaves on demand. Tests, benchmarks, `make run` and people use the same one.
//!
//! | what | where |
//! | --- | --- |
//! | start, control, inspect | [`Sandbox`], [`Settings`] |
//! | the source API, `GET /customers`, in the style of well-known APIs | `source`, [`SourceStyle`] |
//! | the token endpoint, `POST /oauth/token` | `token` |
//! | the destination API, `POST /orders`, and the rules of an order | `orders`, `order` |
//! | the same controls over HTTP, `/control/…` | `control` |
//! | which requests go wrong | [`Rule`], in `faults` |
//! | how they go wrong | [`Action`], and a module for each of [`Answer`], [`RawAnswer`], [`Alteration`], [`Echo`] with its [`Spelling`]s, [`UnderWay`]; carried out in `misbehave` and `bodies` |
//! | answers met in the world, as files | [`case`], `tests/sandbox/cases` |
//! | `Link` headers met in the world | [`links`] |
//! | what it recorded: ledger, counters, requests | [`Record`] |
//! | customers generated from a seed, each with its expected outcome | [`customers`] |
//! | the accept loop, and connections that break | `connection` |
//!
//! For each request the first matching rule applies, then credentials are checked, then the request. A failed check is
//! answered with a problem (RFC 9457), by the token endpoint with an error of RFC 6749 §5.2.
//!
//! In a test, within its process:
//!
//! ```no_run
//! # async fn example() -> std::io::Result<()> {
//! use sandbox::{Answer, Endpoint, Rule, Sandbox, Settings, customers};
//!
//! let sandbox = Sandbox::start(Settings {
//!     customers: customers::generate(200, 7).into(),
//!     ..Settings::default()
//! })
//! .await?;
//! sandbox.set_faults([Rule::on(Endpoint::Orders, Answer::status(503).retry_after(2)).attempts(1)]);
//! // … the functions are given sandbox.customers_url(), token_url() and orders_url() …
//! sandbox.until(|record| record.counters.orders_stored == 193).await;
//! # Ok(())
//! # }
//! ```
//!
//! The same over HTTP, where each change answers 204:
//!
//! | request | body |
//! | --- | --- |
//! | `GET /control/state` | answers the [`Record`] |
//! | `PUT /control/faults` | all [`Rule`]s: `[{"endpoint": "orders", "attempts": [1], "action": {"answer": {"status": 503}}}]` |
//! | `PUT /control/customers` | the source's array |
//! | `POST /control/tokens/revoke` | |
//! | `POST /control/client-secret` | `{"client_secret": "…"}` |
//! | `POST /control/api-key` | `{"api_key": "…"}` |
//! | `POST /control/freeze` | |
//! | `POST /control/requests/finish` | |
//! | `POST /control/reset` | |

pub mod customers;
pub mod links;

mod action;
mod alteration;
mod answer;
mod bodies;
mod connection;
mod control;
mod dice;
mod echo;
mod faults;
mod misbehave;
mod order;
mod orders;
mod problem;
mod raw;
mod record;
mod server;
mod settings;
mod source;
mod spelling;
mod state;
mod strict_json;
mod token;
mod under_way;

pub use action::Action;
pub use alteration::Alteration;
pub use answer::Answer;
pub use customers::{Customer, Customers, Expected};
pub use echo::{Echo, EchoFormat, EchoPart};
pub use faults::{Chance, Endpoint, Numbers, Rule};
pub use raw::{RawAnswer, Then, case};
pub use record::{Counters, LedgerEntry, OrderRequest, Record, TokenRequest};
pub use server::{Sandbox, refused_url};
pub use settings::{ClientAuth, Compression, EmptyPages, ExpiresIn, LinkTargets, Settings, SourceStyle};
pub use spelling::Spelling;
pub use under_way::UnderWay;
