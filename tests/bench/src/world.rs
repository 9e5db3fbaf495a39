//! The environment of a function, on loopback: the Lambda Runtime API, AWS, both APIs and the token endpoint, over http
//! and https.
//!
//! It shares the machine with the measured process, so it does little: answers are prepared, and requests are stored as
//! they came, to be checked after the run. Each process has its own world.

mod aws;
mod connection;
mod destination;
mod runtime;
mod source;
mod token;

use std::{convert::Infallible, io, sync::Arc, time::Duration};

use bytes::Bytes;
use http::{HeaderValue, Request, Response, StatusCode, header::CONTENT_TYPE};
use http_body_util::{BodyExt, Full, combinators::BoxBody};
use hyper::body::Incoming;
use tokio::task::JoinSet;

pub(crate) use self::{
    aws::{Aws, DeadLetter},
    destination::{Destination, Posted},
    runtime::Runtime,
    source::{ENVELOPE_ITEMS, Source},
    token::TokenEndpoint,
};
use crate::tls::Tls;

type Answer = Response<BoxBody<Bytes, Infallible>>;

/// The world of one process. Dropping it ends the servers and every connection.
pub(crate) struct World {
    /// `http://127.0.0.1:PORT`
    pub(crate) plain: String,
    /// `https://127.0.0.1:PORT`, for clients that trust the authority of [`Tls`].
    pub(crate) encrypted: String,
    pub(crate) remotes: Arc<Remotes>,
    _servers: JoinSet<()>,
}

#[derive(Default)]
pub(crate) struct Remotes {
    pub(crate) runtime: Runtime,
    pub(crate) aws: Aws,
    pub(crate) token: TokenEndpoint,
    pub(crate) destination: Destination,
    pub(crate) source: Source,
}

impl World {
    pub(crate) async fn start(tls: &Tls, source: Source) -> io::Result<Self> {
        let remotes = Arc::new(Remotes {
            source,
            ..Remotes::default()
        });
        let mut servers = JoinSet::new();
        let plain = connection::listen(&mut servers, None, &remotes).await?;
        let encrypted = connection::listen(&mut servers, Some(tls.acceptor.clone()), &remotes).await?;
        Ok(Self {
            plain: format!("http://{plain}"),
            encrypted: format!("https://{encrypted}"),
            remotes,
            _servers: servers,
        })
    }
}

impl Remotes {
    async fn answer(&self, request: Request<Incoming>) -> Result<Answer, Infallible> {
        let (head, body) = request.into_parts();
        let Ok(body) = body.collect().await.map(http_body_util::Collected::to_bytes) else {
            return Ok(status(StatusCode::BAD_REQUEST));
        };
        let path = head.uri.path();
        Ok(match path {
            "/orders" => self.destination.post(&head.headers, body).await,
            "/customers" => self.source.get(&head.headers),
            "/oauth/token" => self.token.post(&head.headers, &body),
            _ if path.starts_with(runtime::PREFIX) => self.runtime.call(path, body).await,
            // AWS: a POST to the root, whose action is in a header.
            _ => self.aws.call(&head.headers, &body).await,
        })
    }
}

/// An answer with a JSON body.
fn json(status: StatusCode, body: impl Into<Bytes>) -> Answer {
    let mut answer = Response::new(Full::new(body.into()).boxed());
    *answer.status_mut() = status;
    let json = HeaderValue::from_static("application/json");
    answer.headers_mut().insert(CONTENT_TYPE, json);
    answer
}

/// An answer without a body.
fn status(status: StatusCode) -> Answer {
    json(status, Bytes::new())
}

async fn wait(latency: Duration) {
    if !latency.is_zero() {
        tokio::time::sleep(latency).await;
    }
}
