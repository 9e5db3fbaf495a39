//! Requests to whose answers every header line counts, also one that HTTP forbids.

use std::{error::Error, io, time::Duration};

use bytes::{Bytes, BytesMut};
use futures::{TryStream, future::poll_fn, stream};
use http::{
    HeaderValue, Uri,
    header::{HOST, USER_AGENT},
};
use hyper::client::conn::http1;
use hyper_rustls::HttpsConnector;
use hyper_util::{
    client::legacy::connect::{HttpConnector, proxy::Tunnel},
    rt::TokioIo,
};
use reqwest::{Body, Request, Response};
use tokio::{
    io::{AsyncBufRead, AsyncBufReadExt, AsyncRead, AsyncReadExt, AsyncWrite, BufReader},
    time::timeout,
};
use tokio_util::io::StreamReader;
use tower_service::Service;

use super::{
    client::{self, CONNECT_TIMEOUT, HttpClient},
    header_lines::HeaderLines,
    proxy::proxy_of,
    unreachable::Unreachable,
};

/// The longest header line that is repaired: hyper refuses a head that is longer.
const MAX_LINE: u64 = 512 * 1024;

type BoxError = Box<dyn Error + Send + Sync>;

impl HttpClient {
    /// As [`execute`](Self::execute), without losing a header line. A client that was set up with
    /// `http1_ignore_invalid_headers_in_responses(false)` refuses an answer with a line that HTTP forbids; the request is
    /// repeated then on a connection of its own, on which such lines are repaired: see [`HeaderLines`]. The server may
    /// send nothing for `read_timeout`.
    ///
    /// # Errors
    /// No answer, see [`Unreachable`].
    pub async fn execute_with_every_line(
        &self,
        request: Request,
        read_timeout: Duration,
    ) -> Result<Response, reqwest::Error> {
        let repeated = request.try_clone();
        let error = match self.execute(request).await {
            Ok(response) => return Ok(response),
            Err(error) => error,
        };
        let Some(repeated) = repeated.filter(|_| Unreachable::from(&error) == Unreachable::NotHttp) else {
            return Err(error);
        };
        let repaired = self.execute_repaired(repeated, read_timeout).await;
        // Beyond repair, it is what it was.
        repaired.map_err(|_| error)
    }

    async fn execute_repaired(&self, request: Request, read_timeout: Duration) -> Result<Response, BoxError> {
        let mut request = http::Request::<Body>::try_from(request)?;
        let uri = request.uri().clone();
        let authority = uri.authority().ok_or("no host")?;
        let headers = request.headers_mut();
        headers.insert(HOST, HeaderValue::from_str(authority.as_str())?);
        headers.insert(USER_AGENT, HeaderValue::from_static(client::USER_AGENT));
        *request.uri_mut() = uri.path_and_query().ok_or("no path")?.as_str().parse()?;

        let connection = timeout(CONNECT_TIMEOUT, self.connect(&uri)).await??;
        let (reader, writer) = tokio::io::split(connection);
        let reader = StreamReader::new(Box::pin(repaired(BufReader::new(reader), read_timeout)));
        let (mut sender, connection) = http1::Builder::new()
            .allow_spaces_after_header_name_in_responses(true)
            .allow_obsolete_multiline_headers_in_responses(true)
            .handshake(TokioIo::new(tokio::io::join(reader, writer)))
            .await?;
        // It ends with its answer; what breaks it, breaks the answer too.
        tokio::spawn(connection);
        let response = sender.send_request(request).await?;
        Ok(response.map(Body::wrap).into())
    }

    async fn connect(&self, uri: &Uri) -> Result<Box<dyn Connection>, BoxError> {
        let mut tcp = HttpConnector::new();
        tcp.enforce_http(false);
        tcp.set_nodelay(true);
        let direct = HttpsConnector::from((tcp, self.tls.0.clone()));
        let Some(proxy) = proxy_of(uri, &crate::config::environment) else {
            return Ok(Box::new(TokioIo::new(call(direct, uri).await?)));
        };
        let tunnel = Tunnel::new(proxy.uri().clone(), direct);
        let tunnel = match proxy.basic_auth() {
            Some(auth) => tunnel.with_auth(auth.clone()),
            None => tunnel,
        };
        let through = HttpsConnector::from((tunnel, self.tls.0.clone()));
        Ok(Box::new(TokioIo::new(call(through, uri).await?)))
    }
}

trait Connection: AsyncRead + AsyncWrite + Send + Unpin {}

impl<T: AsyncRead + AsyncWrite + Send + Unpin> Connection for T {}

async fn call<C: Service<Uri>>(mut connector: C, uri: &Uri) -> Result<C::Response, C::Error> {
    poll_fn(|context| connector.poll_ready(context)).await?;
    connector.call(uri.clone()).await
}

/// What is read from a connection that has one answer, with its header lines repaired.
fn repaired(
    reader: impl AsyncBufRead + Unpin,
    read_timeout: Duration,
) -> impl TryStream<Ok = Bytes, Error = io::Error, Item = io::Result<Bytes>> {
    let head = Some(HeaderLines::default());
    stream::try_unfold((reader, head), move |(mut reader, mut head)| async move {
        let bytes = timeout(read_timeout, next(&mut reader, &mut head)).await??;
        Ok((!bytes.is_empty()).then_some((bytes, (reader, head))))
    })
}

/// The next line of the head, or a part of what follows it. Empty at the end.
async fn next(reader: &mut (impl AsyncBufRead + Unpin), head: &mut Option<HeaderLines>) -> io::Result<Bytes> {
    let Some(lines) = head else {
        let mut bytes = BytesMut::with_capacity(64 * 1024);
        reader.read_buf(&mut bytes).await?;
        return Ok(bytes.freeze());
    };
    let mut line = Vec::new();
    reader.take(MAX_LINE).read_until(b'\n', &mut line).await?;
    if line.last() == Some(&b'\n')
        && let Some(repaired) = lines.repair(&line)
    {
        return Ok(Bytes::from(repaired.into_owned()));
    }
    // The head is over, or there is no more of it.
    *head = None;
    Ok(Bytes::from(line))
}
