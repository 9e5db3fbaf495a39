//! The accept loop, and connections that can end the way real ones do.

use std::future::pending;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::Request;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::{Service, service_fn};
use hyper_util::rt::TokioIo;
use hyper_util::service::TowerToHyperService;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinSet;

/// How a connection ends before its answer does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ending {
    /// FIN: the other side was told that nothing more comes.
    Close,
    /// RST: the connection broke.
    Reset,
}

/// A handler's hold on the connection that its request came in on: a request extension.
#[derive(Clone, Debug)]
pub(crate) struct Wire(mpsc::Sender<Ending>);

impl Wire {
    /// Ends the connection, and with it the task that waits here.
    pub(crate) async fn end<T>(&self, how: Ending) -> T {
        // A second ending has nothing left to end.
        let _ = self.0.try_send(how);
        pending().await
    }
}

/// Serves `router` until `stopped` resolves (or its sender is dropped), then ends every connection.
pub(crate) async fn accept(listener: TcpListener, router: Router, mut stopped: oneshot::Receiver<()>) {
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            _ = &mut stopped => break,
            Some(_) = connections.join_next() => {}
            accepted = listener.accept() => match accepted {
                Ok((stream, _)) => {
                    connections.spawn(serve(stream, router.clone()));
                }
                // Out of file descriptors, mostly: some are given back soon.
                Err(_) => tokio::time::sleep(Duration::from_millis(10)).await,
            },
        }
    }
    drop(listener);
    connections.shutdown().await;
}

async fn serve(stream: TcpStream, router: Router) {
    // Only a delay would come of a failure here.
    let _ = stream.set_nodelay(true);
    let (sender, mut ending) = mpsc::channel(1);
    let wire = Wire(sender);
    let router = TowerToHyperService::new(router);
    let service = service_fn(move |request: Request<Incoming>| {
        let mut request = request.map(Body::new);
        request.extensions_mut().insert(wire.clone());
        Box::pin(router.call(request))
    });
    let mut connection = http1::Builder::new().serve_connection(TokioIo::new(stream), service);
    let how = tokio::select! {
        _ = &mut connection => return,
        how = ending.recv() => how,
    };
    let stream = connection.into_parts().io.into_inner();
    if how == Some(Ending::Reset) {
        // With no time to linger, closing a socket sends RST. Should it fail, the client sees FIN.
        let _ = stream.set_zero_linger();
    }
}
