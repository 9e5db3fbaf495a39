//! How the client of a remote API is set up, and the one request that it repeats by itself.

use std::{
    error::Error,
    io,
    iter::successors,
    sync::{Arc, OnceLock},
    time::Duration,
};

use reqwest::{Client, ClientBuilder, Request, Response, redirect};
use rustls::{ClientConfig, crypto::aws_lc_rs};
use rustls_platform_verifier::Verifier;
use tokio::time::Instant;

use super::{proxy::https_proxy, unreachable::Unreachable};

/// How long a connection, TLS included, may take: enough for two lost packets in a row, which are sent again one and
/// three seconds after the start (RFC 6298 §2.1 and §5.5).
pub const CONNECT_TIMEOUT: Duration = Duration::from_secs(4);

/// How long an idle connection is kept: less than the 5 seconds after which Node.js (`server.keepAliveTimeout`), Apache
/// httpd (`KeepAliveTimeout`) and uvicorn (`--timeout-keep-alive`) close one by default. A request that is sent while
/// the other side closes is lost.
pub const POOL_IDLE_TIMEOUT: Duration = Duration::from_secs(4);

pub(super) const USER_AGENT: &str = concat!("customer-order-sync/", env!("CARGO_PKG_VERSION"));

/// A builder of clients for remote APIs.
///
/// * No redirect is followed: a credential never leaves the origin that it was made for.
/// * Nothing is decompressed, whichever features of reqwest other crates of the workspace enable: a caller that reads
///   large answers enables it. So no small answer expands to hundreds of megabytes.
/// * Header lines that curl accepts are accepted: a space before the colon, a folded line (both as RFC 9112 §5 lets a
///   recipient of responses do), and a line that is no header, which is ignored. Where a line may matter that is lost
///   so, use [`HttpClient::execute_with_every_line`].
/// * Only https goes through a proxy of the environment: see `https_proxy`.
pub fn client() -> ClientBuilder {
    let builder = Client::builder()
        .no_proxy()
        .user_agent(USER_AGENT)
        .redirect(redirect::Policy::none())
        .connect_timeout(CONNECT_TIMEOUT)
        .pool_idle_timeout(POOL_IDLE_TIMEOUT)
        .no_gzip()
        .no_brotli()
        .no_zstd()
        .no_deflate()
        .http1_allow_spaces_after_header_name_in_responses(true)
        .http1_allow_obsolete_multiline_headers_in_responses(true)
        .http1_ignore_invalid_headers_in_responses(true);
    let proxy = https_proxy(&crate::config::environment);
    proxy.into_iter().fold(builder, ClientBuilder::proxy)
}

/// The TLS configuration that all clients of a function share: reading the system's root certificates takes 3 to 4 ms
/// of a cold start, each time.
#[derive(Debug, Clone)]
pub struct Tls(pub(super) ClientConfig);

impl Tls {
    /// Trusts the system's root certificates.
    ///
    /// # Errors
    /// The system has none.
    pub fn from_system() -> Result<Self, rustls::Error> {
        let provider = Arc::new(aws_lc_rs::default_provider());
        let verifier = Verifier::new(Arc::clone(&provider))?;
        let config = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()?
            .dangerous()
            .with_custom_certificate_verifier(Arc::new(verifier))
            .with_no_client_auth();
        Ok(Self::new(config))
    }

    /// Trusts what `config` does.
    #[must_use]
    pub fn new(mut config: ClientConfig) -> Self {
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        Self(config)
    }
}

/// A client that repeats a request that broke without any answer, at once and once, on a fresh connection.
///
/// While Lambda freezes the function, a NAT or a firewall forgets its idle connections, and a server closes them: the
/// next request on each of them is lost, and the next connection of the pool may be just as dead. The repeated request
/// uses a connection that no pool has held.
///
/// **Only for requests that may be carried out twice**: the first one may have arrived. All requests of the three
/// functions may: orders carry their id, a page or a secret is only read, a second token or a second copy of a message
/// does no harm.
#[derive(Debug, Clone)]
pub struct HttpClient {
    pooled: Client,
    /// Made on first need.
    fresh: Arc<OnceLock<Client>>,
    pub(super) tls: Tls,
    configure: fn(ClientBuilder) -> ClientBuilder,
}

impl HttpClient {
    /// Sets up as [`client`] does, then as `configure` wants it.
    ///
    /// # Errors
    /// `configure` asked for something that reqwest cannot do.
    pub fn new(tls: &Tls, configure: fn(ClientBuilder) -> ClientBuilder) -> Result<Self, reqwest::Error> {
        Ok(Self {
            pooled: configure(Self::builder(tls)).build()?,
            fresh: Arc::default(),
            tls: tls.clone(),
            configure,
        })
    }

    /// Sends a request, and waits for the head of its answer. The request's own timeout, if it has one, is the limit
    /// for both attempts together.
    ///
    /// # Errors
    /// No answer, see [`Unreachable`].
    pub async fn execute(&self, request: Request) -> Result<Response, reqwest::Error> {
        let started = Instant::now();
        let repeated = request.try_clone();
        let error = match self.pooled.execute(request).await {
            Ok(response) => return Ok(response),
            Err(error) => error,
        };
        let Some(mut repeated) = repeated.filter(|_| broke_without_answer(&error)) else {
            return Err(error);
        };
        if let Some(timeout) = repeated.timeout_mut() {
            *timeout = timeout.saturating_sub(started.elapsed());
        }
        tracing::debug!(
            event = "request_repeated",
            detail = %Unreachable::from(&error),
            "the connection broke without an answer: the request is repeated on a fresh one"
        );
        let mut response = self.fresh()?.execute(repeated).await?;
        response.extensions_mut().insert(Repeated);
        Ok(response)
    }

    pub(super) fn builder(tls: &Tls) -> ClientBuilder {
        client().tls_backend_preconfigured(tls.0.clone())
    }

    fn fresh(&self) -> Result<&Client, reqwest::Error> {
        if let Some(client) = self.fresh.get() {
            return Ok(client);
        }
        let builder = (self.configure)(Self::builder(&self.tls));
        let client = builder.pool_max_idle_per_host(0).build()?;
        Ok(self.fresh.get_or_init(|| client))
    }
}

/// In the extensions of a response: an earlier request broke without an answer, and may have arrived all the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Repeated;

/// Whether the connection was there and broke before any answer. Not a timeout: the time is up then. Not an answer that
/// is no HTTP: it would be the same again.
fn broke_without_answer(error: &reqwest::Error) -> bool {
    if error.is_timeout() || error.is_connect() || !error.is_request() {
        return false;
    }
    successors(error.source(), |&error| error.source()).any(|error| {
        let broke =
            |error: &hyper::Error| error.is_incomplete_message() || error.is_canceled() || error.is_closed();
        let broken = |error: &io::Error| {
            matches!(
                error.kind(),
                io::ErrorKind::ConnectionReset
                    | io::ErrorKind::ConnectionAborted
                    | io::ErrorKind::BrokenPipe
                    | io::ErrorKind::NotConnected
                    | io::ErrorKind::UnexpectedEof
            )
        };
        error.downcast_ref().is_some_and(broke) || error.downcast_ref().is_some_and(broken)
    })
}
