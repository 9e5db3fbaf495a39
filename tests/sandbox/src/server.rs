//! The [`Sandbox`]: starts the server and controls it.

use std::collections::BTreeMap;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;

use axum::Router;
use axum::http::StatusCode;
use axum::routing::{get, post};
use tokio::net::TcpListener;
use tokio::sync::{oneshot, watch};
use tokio::task::JoinHandle;
use tower_http::compression::CompressionLayer;

use crate::customers::Customers;
use crate::faults::Rule;
use crate::problem::Problem;
use crate::record::{Counters, LedgerEntry, Record};
use crate::settings::{Compression, Settings};
use crate::state::{Shared, State};
use crate::{connection, control, orders, source, token};

/// A running sandbox. Dropping it ends the server and every connection, as soon as its runtime runs again.
pub struct Sandbox {
    address: SocketAddr,
    shared: Arc<Shared>,
    stop: oneshot::Sender<()>,
    server: JoinHandle<()>,
}

impl Sandbox {
    /// Listens on loopback, and serves on the current tokio runtime.
    ///
    /// # Errors
    /// Where the port of `settings` is taken.
    pub async fn start(settings: Settings) -> std::io::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, settings.port)).await?;
        let address = listener.local_addr()?;
        let is = |compression| settings.compression == Some(compression);
        let compressed = CompressionLayer::new()
            .gzip(is(Compression::Gzip))
            .br(is(Compression::Brotli))
            .zstd(is(Compression::Zstd));
        let shared = Arc::new(Shared::new(settings));
        let router = Router::new()
            .route("/customers", get(source::get).layer(compressed.clone()))
            // Where Salesforce's style has its further pages.
            .route("/customers/{locator}", get(source::get).layer(compressed))
            .route("/oauth/token", post(token::post))
            .route("/orders", post(orders::post))
            .merge(control::routes())
            .fallback(async || Problem::new(StatusCode::NOT_FOUND, "the sandbox has no such path"))
            .with_state(shared.clone());
        let (stop, stopped) = oneshot::channel();
        let server = tokio::spawn(connection::accept(listener, router, shared.clone(), stopped));
        Ok(Self {
            address,
            shared,
            stop,
            server,
        })
    }

    /// Ends the server; its port is free when this returns.
    pub async fn stop(self) {
        let Self { stop, server, .. } = self;
        drop(stop);
        // It does not panic, and only this handle could abort it.
        let _ = server.await;
    }

    /// `http://127.0.0.1:PORT`, without a slash at the end.
    pub fn base_url(&self) -> String {
        format!("http://{}", self.address)
    }

    pub fn customers_url(&self) -> String {
        format!("{}/customers", self.base_url())
    }

    pub fn token_url(&self) -> String {
        format!("{}/oauth/token", self.base_url())
    }

    pub fn orders_url(&self) -> String {
        format!("{}/orders", self.base_url())
    }

    /// `https://127.0.0.1:PORT`: the same port, which answers a TLS handshake in plain text.
    pub fn not_tls_url(&self) -> String {
        format!("https://{}", self.address)
    }

    pub fn settings(&self) -> Settings {
        self.shared.read(|state| state.settings.clone())
    }

    /// Replaces all rules and resets their hit counts. The counts for `calls` and `attempts` continue.
    pub fn set_faults(&self, rules: impl IntoIterator<Item = Rule>) {
        let rules = rules.into_iter().collect();
        self.shared.change(|state| state.set_rules(rules));
    }

    /// Replaces the source's customers, from the next request on.
    pub fn set_customers(&self, customers: impl Into<Customers>) {
        let customers = customers.into();
        self.shared.change(|state| state.set_customers(customers));
    }

    /// Invalidates every token issued so far.
    pub fn revoke_tokens(&self) {
        self.shared.change(State::revoke_tokens);
    }

    /// Accepts only this client secret from now on. Issued tokens stay valid.
    pub fn rotate_client_secret(&self, client_secret: impl Into<String>) {
        let client_secret = client_secret.into();
        self.shared
            .change(|state| state.rotate_client_secret(client_secret));
    }

    /// Accepts only this API key from now on.
    pub fn rotate_api_key(&self, api_key: impl Into<String>) {
        let api_key = api_key.into();
        self.shared.change(|state| state.rotate_api_key(api_key));
    }

    /// Every connection that is idle now answers its next request by RST: what a client finds that was frozen for
    /// longer than the network kept its connections.
    pub fn freeze(&self) {
        self.shared.freeze();
    }

    /// Ends every POST of [`UnderWay`](crate::UnderWay).
    pub fn finish_requests(&self) {
        self.shared.finish_requests();
    }

    /// Discards rules, tokens and the record. Customers and settings stay.
    pub fn reset(&self) {
        self.shared.change(State::reset);
    }

    /// Reads the record without a copy. `look` must not call this sandbox.
    pub fn read<R>(&self, look: impl FnOnce(&Record) -> R) -> R {
        self.shared.read(|state| look(&state.record))
    }

    pub fn counters(&self) -> Counters {
        self.read(|record| record.counters.clone())
    }

    /// The stored orders, by order id.
    pub fn ledger(&self) -> BTreeMap<String, LedgerEntry> {
        self.read(|record| record.ledger.clone())
    }

    /// Waits until the record satisfies `condition`.
    pub async fn until(&self, condition: impl Fn(&Record) -> bool) {
        let mut changes = self.changes();
        while !self.read(&condition) {
            // The sender lives as long as `self`.
            let _ = changes.changed().await;
        }
    }

    /// The number of changes to the record, to await the next one.
    pub fn changes(&self) -> watch::Receiver<u64> {
        self.shared.changes()
    }

    /// The API keys, the client secret and all tokens, former ones included: what must never be in a log.
    pub fn credentials(&self) -> Vec<String> {
        self.shared.read(State::credentials)
    }
}

/// A URL at which every connection is refused.
pub fn refused_url() -> String {
    // tcpmux: reserved since 1988 and unused. A free port could be taken by the next test.
    "http://127.0.0.1:1".to_owned()
}
