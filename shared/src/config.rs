//! Configuration from environment variables: read once, by an injected lookup, with every invalid variable in one
//! error.

use std::fmt;

use http::Uri;
use url::{Host, Url};

use crate::domain::order_id::OneOrderPer;

/// Reads variables and collects the problems.
///
/// A read that finds a problem returns `None`; [`Variables::finish`] then reports them all. A variable that is set to the
/// empty string counts as not set, since a CloudFormation parameter cannot be absent.
pub struct Variables<'a> {
    lookup: &'a dyn Fn(&str) -> Option<String>,
    problems: Vec<String>,
}

/// Every problem of a function's configuration.
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
    pub fn new(lookup: &'a dyn Fn(&str) -> Option<String>) -> Self {
        Self {
            lookup,
            problems: Vec::new(),
        }
    }

    /// Reads a variable that must be set. `parse` returns the rule that an invalid value breaks: "must be …".
    pub fn required<T>(&mut self, name: &str, parse: fn(&str) -> Result<T, &'static str>) -> Option<T> {
        if !self.is_set(name) {
            self.problems.push(format!("{name} is not set"));
        }
        self.optional(name, parse)
    }

    /// Reads a variable that may be left out: `None` then, and where its value is invalid.
    pub fn optional<T>(&mut self, name: &str, parse: fn(&str) -> Result<T, &'static str>) -> Option<T> {
        match parse(&self.value(name)?) {
            Ok(value) => Some(value),
            Err(rule) => {
                // The value is not repeated: it may be a credential that was put into the wrong variable.
                self.problems.push(format!("{name} {rule}"));
                None
            }
        }
    }

    /// Whether a variable is set, to whatever value.
    #[must_use]
    pub fn is_set(&self, name: &str) -> bool {
        self.value(name).is_some()
    }

    /// Adds a problem of several variables together. The text names them.
    pub fn problem(&mut self, problem: &str) {
        self.problems.push(problem.to_owned());
    }

    fn value(&self, name: &str) -> Option<String> {
        (self.lookup)(name).filter(|value| !value.is_empty())
    }

    /// Returns the configuration that `build` makes of the values.
    ///
    /// # Errors
    /// There was a problem: `build` is not called then.
    pub fn finish<T>(self, build: impl FnOnce() -> Option<T>) -> Result<T, ConfigError> {
        if !self.problems.is_empty() {
            return Err(ConfigError {
                problems: self.problems,
            });
        }
        build().ok_or(ConfigError { problems: Vec::new() })
    }
}

/// Looks up a variable of the process.
pub fn environment(name: &str) -> Option<String> {
    #[expect(
        clippy::disallowed_methods,
        reason = "this is the lookup that is injected everywhere else"
    )]
    std::env::var(name).ok()
}

/// Parses any text, without an error.
pub fn text(value: &str) -> Result<String, &'static str> {
    Ok(value.to_owned())
}

/// Parses the URL of a remote API: https, or http on loopback, which does not leave the machine.
///
/// # Errors
/// The rule, for any other URL.
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
    // A URL may hold characters that HTTP cannot carry: reported now rather than by the first call.
    match Uri::try_from(url.as_str()) {
        Ok(_) => Ok(url),
        Err(_) => Err("must be a URL that HTTP can carry"),
    }
}

/// Parses `ONE_ORDER_PER`, which all functions that compute order ids must have alike.
///
/// # Errors
/// The rule, for any other word.
pub fn one_order_per(value: &str) -> Result<OneOrderPer, &'static str> {
    match value {
        "run" => Ok(OneOrderPer::Run),
        "day" => Ok(OneOrderPer::Day),
        "month" => Ok(OneOrderPer::Month),
        "customer" => Ok(OneOrderPer::Customer),
        _ => Err("must be run, day, month or customer"),
    }
}

/// Parses `true` or `false`.
///
/// # Errors
/// The rule, for any other word.
pub fn flag(value: &str) -> Result<bool, &'static str> {
    value.parse().map_err(|_| "must be true or false")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_problems_are_in_one_error() {
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
        assert_eq!(variables.optional("ABSENT_TOO", text), None);
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
    fn api_url_is_https_or_loopback() {
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
