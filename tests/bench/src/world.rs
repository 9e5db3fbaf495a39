//! The environment of a function, on loopback: the Lambda Runtime API, AWS, both APIs and the token endpoint, over http
//! and https.
//!
//! It shares the machine with the measured process, so it does little: answers are prepared, and requests are stored as
//! they came, to be checked after the run. Each process has its own world.

mod answer;
mod aws;
mod connection;
mod destination;
mod remotes;
mod runtime;
mod source;
mod token;

use std::{io, sync::Arc};

use tokio::task::JoinSet;

pub(crate) use self::{
    aws::DeadLetter,
    destination::Posted,
    remotes::Remotes,
    source::{ENVELOPE_ITEMS, Source},
};
use crate::tls::Tls;

/// The world of one process. Dropping it ends the servers and every connection.
pub(crate) struct World {
    /// `http://127.0.0.1:PORT`
    pub(crate) plain: String,
    /// `https://127.0.0.1:PORT`, for clients that trust the authority of [`Tls`].
    pub(crate) encrypted: String,
    pub(crate) remotes: Arc<Remotes>,
    _servers: JoinSet<()>,
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
