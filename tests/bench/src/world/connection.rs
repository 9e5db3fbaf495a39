//! Listens, and serves connections.

use std::{io, net::SocketAddr, sync::Arc};

use hyper::{server::conn::http1, service::service_fn};
use hyper_util::rt::TokioIo;
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::{TcpListener, TcpStream},
    task::JoinSet,
};
use tokio_rustls::TlsAcceptor;

use super::remotes::Remotes;

/// Listens on a free port, and serves from there until `servers` is dropped.
pub(super) async fn listen(
    servers: &mut JoinSet<()>,
    tls: Option<TlsAcceptor>,
    remotes: &Arc<Remotes>,
) -> io::Result<SocketAddr> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let address = listener.local_addr()?;
    servers.spawn(accept(listener, tls, remotes.clone()));
    Ok(address)
}

async fn accept(listener: TcpListener, tls: Option<TlsAcceptor>, remotes: Arc<Remotes>) {
    // They end with this task.
    let mut connections = JoinSet::new();
    while let Ok((stream, _)) = listener.accept().await {
        connections.spawn(serve(stream, tls.clone(), remotes.clone()));
        while connections.try_join_next().is_some() {}
    }
}

/// Ignores errors of a connection: its client sees them.
async fn serve(stream: TcpStream, tls: Option<TlsAcceptor>, remotes: Arc<Remotes>) {
    if stream.set_nodelay(true).is_err() {
        return;
    }
    match tls {
        None => talk(stream, remotes).await,
        Some(tls) => {
            if let Ok(stream) = tls.accept(stream).await {
                talk(stream, remotes).await;
            }
        }
    }
}

async fn talk(stream: impl AsyncRead + AsyncWrite + Unpin, remotes: Arc<Remotes>) {
    let answer = service_fn(|request| {
        let remotes = remotes.clone();
        async move { remotes.answer(request).await }
    });
    let _ = http1::Builder::new()
        .serve_connection(TokioIo::new(stream), answer)
        .await;
}
