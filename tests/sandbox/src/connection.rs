//! The accept loop, and connections that end as real ones do.

use std::convert::Infallible;
use std::future::pending;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::Request;
use axum::response::Response;
use bytes::Bytes;
use hyper::body::{Frame, Incoming, SizeHint};
use hyper::server::conn::http1;
use hyper::service::{Service, service_fn};
use hyper_util::rt::TokioIo;
use hyper_util::service::TowerToHyperService;
use tokio::io::AsyncWriteExt;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{mpsc, oneshot, watch};
use tokio::task::JoinSet;

use crate::raw::{RawAnswer, Then};
use crate::state::Shared;

/// How HTTP ends on a connection.
#[derive(Clone, Debug)]
pub(crate) enum Ending {
    /// FIN.
    Close,
    /// RST.
    Reset,
    /// These bytes, then what their [`Then`] says.
    Write(RawAnswer),
}

/// A handler's hold on the connection that its request came in on: a request extension.
#[derive(Clone, Debug)]
pub(crate) struct Wire(mpsc::Sender<Ending>);

impl Wire {
    /// Ends the HTTP on the connection, and with it the task that waits here.
    pub(crate) async fn end<T>(&self, how: Ending) -> T {
        // A second ending has nothing left to end.
        let _ = self.0.try_send(how);
        pending().await
    }
}

/// Serves `router` until `stopped` resolves (or its sender is dropped), then ends every connection.
pub(crate) async fn accept(
    listener: TcpListener,
    router: Router,
    shared: Arc<Shared>,
    mut stopped: oneshot::Receiver<()>,
) {
    let mut connections = JoinSet::new();
    // Whether the last attempt failed, mostly for want of file descriptors: a connection that ends gives one back.
    let mut is_exhausted = false;
    loop {
        tokio::select! {
            _ = &mut stopped => break,
            Some(_) = connections.join_next() => is_exhausted = false,
            accepted = listener.accept(), if !is_exhausted || connections.is_empty() => match accepted {
                Ok((stream, _)) => {
                    connections.spawn(serve(stream, router.clone(), shared.clone()));
                }
                Err(_) => {
                    is_exhausted = true;
                    // Where others have them all, the next attempt is at once.
                    tokio::task::yield_now().await;
                }
            },
        }
    }
    drop(listener);
    connections.shutdown().await;
}

async fn serve(mut stream: TcpStream, router: Router, shared: Arc<Shared>) {
    // Only a delay would come of a failure here.
    let _ = stream.set_nodelay(true);
    let (timeout, most_requests) = shared.read(|state| {
        let settings = &state.settings;
        (settings.keep_alive_timeout, settings.requests_per_connection)
    });
    let (sender, mut endings) = mpsc::channel(1);
    let server = Server {
        wire: Wire(sender),
        router: TowerToHyperService::new(router),
        usage: Arc::new(Usage::new(shared)),
        most_requests,
    };
    loop {
        let service = service_fn(|request| Box::pin(server.clone().answer(request)));
        let mut connection = http1::Builder::new().serve_connection(TokioIo::new(stream), service);
        let ending = tokio::select! {
            _ = &mut connection => return,
            ending = endings.recv() => ending,
            () = server.usage.idle_for(timeout) => Some(Ending::Close),
        };
        stream = connection.into_parts().io.into_inner();
        let then = match ending {
            None | Some(Ending::Close) => Then::Close,
            Some(Ending::Reset) => Then::Reset,
            Some(Ending::Write(RawAnswer { bytes, then })) => match stream.write_all(&bytes).await {
                Ok(()) => then,
                Err(_) => return,
            },
        };
        match then {
            Then::Keep => {}
            Then::Close => return,
            Then::Reset => {
                // With no time to linger, closing a socket sends RST. Should it fail, the client sees FIN.
                let _ = stream.set_zero_linger();
                return;
            }
        }
    }
}

/// Answers the requests of one connection.
#[derive(Clone)]
struct Server {
    wire: Wire,
    router: TowerToHyperService<Router>,
    usage: Arc<Usage>,
    most_requests: Option<u64>,
}

impl Server {
    async fn answer(self, request: Request<Incoming>) -> Result<Response, Infallible> {
        let Self { wire, usage, .. } = self;
        if usage.was_frozen() {
            return wire.end(Ending::Reset).await;
        }
        let (number, in_use) = usage.begin_request();
        if self.most_requests.is_some_and(|most| number > most) {
            return wire.end(Ending::Close).await;
        }
        let mut request = request.map(Body::new);
        request.extensions_mut().insert(wire.clone());
        let mut response = self.router.call(request).await?;
        if let Some(raw) = response.extensions_mut().remove() {
            return wire.end(Ending::Write(raw)).await;
        }
        Ok(response.map(|body| {
            Body::new(TrackedBody {
                body,
                _in_use: in_use,
            })
        }))
    }
}

/// How a connection is used: a request in progress, from its head to the end of its answer, or none.
struct Usage {
    shared: Arc<Shared>,
    in_use: watch::Sender<bool>,
    requests: AtomicU64,
    /// Freezes up to the time since when it is idle.
    freezes: AtomicU64,
}

impl Usage {
    fn new(shared: Arc<Shared>) -> Self {
        let freezes = shared.freezes().into();
        Self {
            shared,
            in_use: watch::Sender::new(false),
            requests: AtomicU64::new(0),
            freezes,
        }
    }

    /// The number of this request on its connection, from 1, and what marks the connection as used.
    fn begin_request(self: &Arc<Self>) -> (u64, InUse) {
        self.in_use.send_replace(true);
        let number = self.requests.fetch_add(1, Ordering::Relaxed) + 1;
        (number, InUse(self.clone()))
    }

    /// Whether the connection was idle at a freeze.
    fn was_frozen(&self) -> bool {
        self.freezes.load(Ordering::Relaxed) != self.shared.freezes()
    }

    /// Returns when the connection has been idle for so long after a request.
    async fn idle_for(&self, timeout: Option<Duration>) {
        let Some(timeout) = timeout else {
            return pending().await;
        };
        let mut in_use = self.in_use.subscribe();
        loop {
            let is_idle = self.requests.load(Ordering::Relaxed) > 0 && !*in_use.borrow_and_update();
            tokio::select! {
                () = tokio::time::sleep(timeout), if is_idle => return,
                // The sender lives as long as `self`.
                _ = in_use.changed() => {}
            }
        }
    }
}

/// A request in progress.
struct InUse(Arc<Usage>);

impl Drop for InUse {
    fn drop(&mut self) {
        let Usage { shared, freezes, .. } = self.0.as_ref();
        freezes.store(shared.freezes(), Ordering::Relaxed);
        self.0.in_use.send_replace(false);
    }
}

/// A body at whose end the request is no longer in progress.
struct TrackedBody {
    body: Body,
    _in_use: InUse,
}

impl hyper::body::Body for TrackedBody {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        Pin::new(&mut self.body).poll_frame(context)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
