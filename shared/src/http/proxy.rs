//! Which requests go through a proxy that the environment names.

use http::Uri;
use hyper_util::client::proxy::matcher::{Intercept, Matcher};
use reqwest::{NoProxy, Proxy};

/// The proxy of https requests: `HTTPS_PROXY`, or else `ALL_PROXY`, each also in lower case, with the exceptions of
/// `NO_PROXY`, as curl reads them. It sees the names of hosts, and nothing else of a request.
///
/// Requests over plain http never go through a proxy, whatever the environment says. They go to loopback (see
/// [`crate::config::api_url`]) or to AWS's link-local endpoint of credentials; a proxy would read credentials and
/// customers, and could not even reach the right host.
pub(super) fn https_proxy(lookup: &dyn Fn(&str) -> Option<String>) -> Option<Proxy> {
    let (url, exceptions) = variables(lookup)?;
    match Proxy::https(url) {
        Ok(proxy) => Some(proxy.no_proxy(NoProxy::from_string(&exceptions))),
        Err(_) => {
            // Its URL may hold a password.
            tracing::warn!(
                event = "proxy_ignored",
                "the proxy in HTTPS_PROXY or ALL_PROXY is not used: it is not a URL, such as http://proxy.example.com:3128"
            );
            None
        }
    }
}

/// The proxy that a request to `uri` goes through, by the same rules.
pub(super) fn proxy_of(uri: &Uri, lookup: &dyn Fn(&str) -> Option<String>) -> Option<Intercept> {
    let (url, exceptions) = variables(lookup)?;
    Matcher::builder()
        .https(url)
        .no(exceptions)
        .build()
        .intercept(uri)
}

/// The proxy's URL, and the exceptions.
fn variables(lookup: &dyn Fn(&str) -> Option<String>) -> Option<(String, String)> {
    let set = |names: &[&str]| {
        let mut values = names.iter().filter_map(|name| lookup(name));
        values.find(|value| !value.is_empty())
    };
    let url = set(&["HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"])?;
    Some((url, set(&["NO_PROXY", "no_proxy"]).unwrap_or_default()))
}

#[cfg(test)]
mod tests {
    use tokio::{
        io::{AsyncReadExt, AsyncWriteExt},
        net::TcpListener,
        sync::mpsc::{UnboundedReceiver, unbounded_channel},
    };

    use super::*;
    use crate::http::{HttpClient, Tls};

    /// A server that answers each connection with 204, and reports the first line it read.
    async fn server() -> (String, UnboundedReceiver<String>) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let (lines, seen) = unbounded_channel();
        tokio::spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                let mut request = vec![0; 16 * 1024];
                let length = stream.read(&mut request).await.unwrap_or_default();
                let text = String::from_utf8_lossy(&request[..length]).into_owned();
                lines
                    .send(text.lines().next().unwrap_or_default().to_owned())
                    .unwrap();
                _ = stream.write_all(b"HTTP/1.1 204 No Content\r\n\r\n").await;
            }
        });
        (address, seen)
    }

    /// Requests `url` with these variables set.
    async fn get(url: &str, variables: &[(&str, &str)]) -> Result<u16, reqwest::Error> {
        let lookup = |name: &str| {
            let variable = variables.iter().find(|(set, _)| *set == name);
            variable.map(|(_, value)| (*value).to_owned())
        };
        let proxy = https_proxy(&lookup);
        let tls = Tls::from_system().unwrap();
        let builder = HttpClient::builder(&tls).no_proxy();
        let builder = proxy.into_iter().fold(builder, reqwest::ClientBuilder::proxy);
        let answer = builder.build().unwrap().get(url).send().await?;
        Ok(answer.status().as_u16())
    }

    #[tokio::test]
    async fn plain_http_goes_through_no_proxy() {
        let (origin, mut at_origin) = server().await;
        let (proxy, mut at_proxy) = server().await;
        let proxy = format!("http://{proxy}");
        for name in [
            "HTTP_PROXY",
            "http_proxy",
            "HTTPS_PROXY",
            "https_proxy",
            "ALL_PROXY",
            "all_proxy",
        ] {
            let status = get(&format!("http://{origin}/orders"), &[(name, &proxy)]).await;
            assert_eq!(status.unwrap(), 204, "{name}");
            assert_eq!(at_origin.recv().await.unwrap(), "GET /orders HTTP/1.1");
        }
        assert!(at_proxy.try_recv().is_err());
    }

    #[tokio::test]
    async fn https_goes_through_the_proxy() {
        let (proxy, mut at_proxy) = server().await;
        let proxy = format!("http://{proxy}");
        for name in ["HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"] {
            get("https://api.example.com/orders", &[(name, &proxy)])
                .await
                .unwrap_err();
            assert_eq!(
                at_proxy.recv().await.unwrap(),
                "CONNECT api.example.com:443 HTTP/1.1",
                "{name}"
            );
        }
    }

    #[tokio::test]
    async fn exception_goes_through_no_proxy() {
        let (origin, mut at_origin) = server().await;
        let (proxy, mut at_proxy) = server().await;
        let variables = [
            ("HTTPS_PROXY", &*format!("http://{proxy}")),
            ("NO_PROXY", "127.0.0.1"),
        ];
        // The origin speaks no TLS.
        get(&format!("https://{origin}/"), &variables).await.unwrap_err();
        at_origin.recv().await.unwrap();
        assert!(at_proxy.try_recv().is_err());
    }

    #[test]
    fn text_that_is_no_url_is_ignored() {
        assert!(https_proxy(&|_| Some("http://".to_owned())).is_none());
        assert!(https_proxy(&|_| Some(String::new())).is_none());
        assert!(https_proxy(&|_| None).is_none());
    }
}
