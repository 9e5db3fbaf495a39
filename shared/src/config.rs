//! Configuration from environment variables: read once, from an injected look-up, with everything that is
//! wrong in one error.

use std::fmt;

use http::{HeaderName, HeaderValue, Uri};
use url::{Host, Url};

/// Reads variables and gathers what is wrong with them.
///
/// Each read answers `None` where it found a problem; [`Variables::finish`] then reports them all. A variable
/// that is set to the empty string counts as not set, since a CloudFormation parameter cannot be absent.
pub struct Variables<'a> {
    lookup: &'a dyn Fn(&str) -> Option<String>,
    problems: Vec<String>,
}

/// All that is wrong with a function's configuration.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConfigError {
    problems: Vec<String>,
}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "the function's environment variables must be changed (they come from the stack's parameters): {}",
            self.problems.join("; ")
        )
    }
}

impl std::error::Error for ConfigError {}

impl<'a> Variables<'a> {
    /// Starts reading from `lookup`: [`environment`], or a test's own.
    #[must_use]
    pub fn new(lookup: &'a dyn Fn(&str) -> Option<String>) -> Self {
        Self {
            lookup,
            problems: Vec::new(),
        }
    }

    /// Reads a variable that must be set. `parse` answers what the value must be where it is not.
    pub fn required<T>(&mut self, name: &str, parse: fn(&str) -> Result<T, &'static str>) -> Option<T> {
        let value = self.optional(name, parse)?;
        if value.is_none() {
            self.problems.push(format!("{name} is not set"));
        }
        value
    }

    /// Reads a variable that need not be set: `Some(None)` where it is not.
    pub fn optional<T>(
        &mut self,
        name: &str,
        parse: fn(&str) -> Result<T, &'static str>,
    ) -> Option<Option<T>> {
        match (self.lookup)(name)
            .filter(|value| !value.is_empty())
            .map(|value| parse(&value))
        {
            None => Some(None),
            Some(Ok(value)) => Some(Some(value)),
            Some(Err(rule)) => {
                // The value is not repeated: it may be a credential that was put into the wrong variable.
                self.problems.push(format!("{name} {rule}"));
                None
            }
        }
    }

    /// Ends the reading: the configuration that `build` makes of what was read.
    ///
    /// # Errors
    /// All problems, where there was any.
    pub fn finish<T>(self, build: impl FnOnce() -> Option<T>) -> Result<T, ConfigError> {
        if !self.problems.is_empty() {
            return Err(ConfigError {
                problems: self.problems,
            });
        }
        build().ok_or(ConfigError { problems: Vec::new() })
    }
}

/// The process's own environment, as a look-up.
#[must_use]
pub fn environment(name: &str) -> Option<String> {
    #[expect(
        clippy::disallowed_methods,
        reason = "this is the look-up that is injected everywhere else"
    )]
    std::env::var(name).ok()
}

/// Parses any text.
///
/// # Errors
/// None.
pub fn text(value: &str) -> Result<String, &'static str> {
    Ok(value.to_owned())
}

/// Parses the URL of a remote API: https, or http on loopback, where nobody can listen in.
///
/// # Errors
/// It is no such URL.
pub fn api_url(value: &str) -> Result<Url, &'static str> {
    const RULE: &str =
        "must be an https:// URL (http:// on loopback only), without user, password or fragment";
    let url = Url::parse(value).map_err(|_| RULE)?;
    let loopback = match url.host() {
        Some(Host::Domain(name)) => name == "localhost",
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    };
    let private = url.scheme() == "https" || (url.scheme() == "http" && loopback);
    let plain = url.username().is_empty() && url.password().is_none() && url.fragment().is_none();
    if !private || !plain {
        return Err(RULE);
    }
    // What a URL may hold and HTTP may not is found now, and not at the first call.
    match Uri::try_from(url.as_str()) {
        Ok(_) => Ok(url),
        Err(_) => Err("must be a URL that HTTP can carry"),
    }
}

/// Parses the name of an HTTP header.
///
/// # Errors
/// HTTP does not allow it (RFC 9110 §5.1).
pub fn header_name(value: &str) -> Result<HeaderName, &'static str> {
    value
        .parse()
        .map_err(|_| "must be the name of an HTTP header, such as x-api-key")
}

/// Parses a value that is sent in an HTTP header, and keeps it out of any debug output.
///
/// # Errors
/// HTTP does not allow it (RFC 9110 §5.5).
pub fn secret_header_value(value: &str) -> Result<HeaderValue, http::header::InvalidHeaderValue> {
    let mut value = HeaderValue::from_str(value)?;
    value.set_sensitive(true);
    Ok(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everything_that_is_wrong_is_in_one_error() {
        let lookup = |name: &str| match name {
            "URL" => Some("http://example.com".to_owned()),
            "EMPTY" => Some(String::new()),
            _ => None,
        };
        let mut variables = Variables::new(&lookup);
        let (url, empty) = (
            variables.required("URL", api_url),
            variables.required("EMPTY", text),
        );
        let absent = variables.required("ABSENT", text);
        let fine = variables.optional("ABSENT_TOO", text);
        assert_eq!(fine, Some(None));
        let error = variables
            .finish(|| Some((url?, empty?, absent?)))
            .unwrap_err()
            .to_string();
        assert_eq!(
            error,
            "the function's environment variables must be changed (they come from the stack's parameters): \
             URL must be an https:// URL (http:// on loopback only), without user, password or fragment; \
             EMPTY is not set; ABSENT is not set"
        );
    }

    #[test]
    fn an_api_is_reached_by_https_or_on_loopback() {
        for value in [
            "https://api.example.com/customers?active=true",
            "http://127.0.0.1:8080/orders",
            "http://[::1]:8080/",
            "http://localhost/x",
        ] {
            assert_eq!(api_url(value).map(String::from), Ok(value.to_owned()));
        }
        for value in [
            "",
            "api.example.com",
            "http://api.example.com/",
            "http://localhost.example.com/",
            "http://10.0.0.1/",
            "ftp://127.0.0.1/",
            "https://user:password@api.example.com/",
            "https://api.example.com/#part",
        ] {
            assert!(api_url(value).is_err(), "{value}");
        }
    }
}
