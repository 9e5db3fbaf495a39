//! HTTP headers that people configure: which names they may have, and values that stay out of debug output.

use http::{
    HeaderName, HeaderValue,
    header::{
        ACCEPT, ACCEPT_ENCODING, CONNECTION, CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_TYPE, EXPECT, HOST,
        PROXY_AUTHORIZATION, TE, TRAILER, TRANSFER_ENCODING, UPGRADE, USER_AGENT,
    },
};

/// Headers that belong to HTTP itself: a request with another value of one of them is a broken request.
pub static RESERVED_HEADERS: [HeaderName; 13] = [
    ACCEPT_ENCODING,
    CONNECTION,
    CONTENT_ENCODING,
    CONTENT_LENGTH,
    EXPECT,
    HOST,
    HeaderName::from_static("keep-alive"),
    PROXY_AUTHORIZATION,
    HeaderName::from_static("proxy-connection"),
    TE,
    TRAILER,
    TRANSFER_ENCODING,
    UPGRADE,
];

/// What each request describes itself by. A secret may set other values; a key or an order id is none.
static DESCRIPTIVE_HEADERS: [HeaderName; 3] = [ACCEPT, CONTENT_TYPE, USER_AGENT];

/// Parses the name of the header that carries a key or an id: one that the request does not have anyway.
///
/// # Errors
/// The rule, for characters that RFC 9110 §5.1 does not allow, and for names that HTTP or each request uses.
pub fn key_header_name(value: &str) -> Result<HeaderName, &'static str> {
    let name = value
        .parse()
        .map_err(|_| "must be the name of an HTTP header, such as x-api-key")?;
    if RESERVED_HEADERS.contains(&name) || DESCRIPTIVE_HEADERS.contains(&name) {
        return Err(
            "must not be a header that HTTP or every request uses, such as Host, Connection or Accept",
        );
    }
    Ok(name)
}

/// Parses a value that is sent in an HTTP header, and keeps it out of any debug output.
///
/// # Errors
/// It has characters that RFC 9110 §5.5 does not allow.
pub fn secret_header_value(value: &str) -> Result<HeaderValue, http::header::InvalidHeaderValue> {
    let mut value = HeaderValue::from_str(value)?;
    value.set_sensitive(true);
    Ok(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn key_header_is_no_header_of_http() {
        for name in RESERVED_HEADERS.iter().chain(&DESCRIPTIVE_HEADERS) {
            for name in [name.as_str().to_owned(), name.as_str().to_uppercase()] {
                let rule = key_header_name(&name).unwrap_err();
                assert!(
                    rule.starts_with("must not be a header that HTTP"),
                    "{name}: {rule}"
                );
            }
        }
        for name in ["Authorization", "X-Api-Key", "x-host"] {
            assert_eq!(key_header_name(name).unwrap(), name.to_lowercase().as_str());
        }
        assert!(key_header_name("api key").is_err());
    }
}
