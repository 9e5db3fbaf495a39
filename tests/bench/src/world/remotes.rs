//! The servers, by the path of a request.

use std::convert::Infallible;

use http::{Request, StatusCode};
use http_body_util::BodyExt;
use hyper::body::Incoming;

use super::{
    answer::{Answer, status},
    aws::Aws,
    destination::Destination,
    runtime::{self, Runtime},
    source::Source,
    token::TokenEndpoint,
};

#[derive(Default)]
pub(crate) struct Remotes {
    pub(crate) runtime: Runtime,
    pub(crate) aws: Aws,
    pub(crate) token: TokenEndpoint,
    pub(crate) destination: Destination,
    pub(crate) source: Source,
}

impl Remotes {
    pub(super) async fn answer(&self, request: Request<Incoming>) -> Result<Answer, Infallible> {
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
