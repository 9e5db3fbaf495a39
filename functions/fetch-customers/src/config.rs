//! The function's configuration.

use http::HeaderName;
use shared::{
    config::{ConfigError, Variables, api_url, text},
    header::key_header_name,
    lambda::{logging, metrics},
};
use url::Url;

use crate::source::paging::Paging;

/// The environment variables, checked.
#[derive(Debug, Clone)]
pub struct Config {
    /// `SOURCE_URL`: the first page of customers.
    pub source_url: Url,
    /// `SOURCE_API_KEY_HEADER`: the header with the API key, `x-api-key` by default.
    pub api_key_header: HeaderName,
    /// `SOURCE_SECRET_ARN`: the secret with `api_key`.
    pub source_secret_arn: String,
    /// `QUEUE_URL`: the customer queue.
    pub queue_url: String,
    /// `DEAD_LETTER_QUEUE_URL`: for customers that cannot become messages.
    pub dead_letter_queue_url: String,
    /// `SOURCE_ITEMS`, `SOURCE_NEXT`, `SOURCE_CURSOR_PARAMETER`, `SOURCE_MORE_POINTER`.
    pub paging: Paging,
    /// `LOG_CUSTOMER_IDS` (`true`).
    pub log_customer_ids: bool,
    /// `METRICS_NAMESPACE`, `STACK_NAME`.
    pub metrics: metrics::Settings,
}

impl Config {
    /// Reads the environment variables by `lookup`.
    ///
    /// # Errors
    /// Every invalid variable is listed.
    pub fn read(lookup: &dyn Fn(&str) -> Option<String>) -> Result<Self, ConfigError> {
        let mut variables = Variables::new(lookup);
        let source_url = variables.required("SOURCE_URL", api_url);
        let api_key_header = variables.optional("SOURCE_API_KEY_HEADER", key_header_name);
        let source_secret_arn = variables.required("SOURCE_SECRET_ARN", text);
        let queue_url = variables.required("QUEUE_URL", text);
        let dead_letter_queue_url = variables.required("DEAD_LETTER_QUEUE_URL", text);
        let paging = Paging::read(&mut variables);
        let log_customer_ids = logging::read_customer_ids(&mut variables);
        let metrics = metrics::Settings::read(&mut variables);
        variables.finish(|| {
            Some(Self {
                source_url: source_url?,
                api_key_header: api_key_header.unwrap_or(HeaderName::from_static("x-api-key")),
                source_secret_arn: source_secret_arn?,
                queue_url: queue_url?,
                dead_letter_queue_url: dead_letter_queue_url?,
                paging,
                log_customer_ids,
                metrics,
            })
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::{paging::NextPage, pointer::Pointer};

    fn read(variables: &[(&str, &str)]) -> Result<Config, String> {
        let required = [
            ("SOURCE_URL", "https://example.com/customers"),
            ("SOURCE_SECRET_ARN", "arn:source"),
            ("QUEUE_URL", "https://example.com/queue"),
            ("DEAD_LETTER_QUEUE_URL", "https://example.com/dead-letters"),
        ];
        let lookup = |name: &str| {
            let mut all = variables.iter().chain(&required);
            Some(all.find(|(set, _)| *set == name)?.1.to_owned())
        };
        Config::read(&lookup).map_err(|error| error.to_string())
    }

    #[test]
    fn every_variable_is_read() {
        let config = read(&[
            ("SOURCE_API_KEY_HEADER", "Api-Key"),
            ("SOURCE_ITEMS", "/data"),
            ("SOURCE_NEXT", "/next"),
            ("SOURCE_CURSOR_PARAMETER", "cursor"),
            ("SOURCE_MORE_POINTER", "/has_more"),
            ("LOG_CUSTOMER_IDS", "false"),
            ("METRICS_NAMESPACE", "Acme"),
            ("STACK_NAME", "orders"),
        ])
        .unwrap();
        assert_eq!(config.source_url.as_str(), "https://example.com/customers");
        assert_eq!(config.api_key_header, "api-key");
        assert_eq!(config.source_secret_arn, "arn:source");
        assert_eq!(config.queue_url, "https://example.com/queue");
        assert_eq!(config.dead_letter_queue_url, "https://example.com/dead-letters");
        let pointer = |text| Some(Pointer::parse(text).unwrap());
        assert_eq!(config.paging.items, pointer("/data"));
        assert_eq!(config.paging.next, NextPage::Member(pointer("/next").unwrap()));
        assert_eq!(config.paging.cursor_parameter.as_deref(), Some("cursor"));
        assert_eq!(config.paging.more, pointer("/has_more"));
        assert!(!config.log_customer_ids);
        assert_eq!(config.metrics.namespace, "Acme");
        assert_eq!(config.metrics.stack, "orders");
    }

    #[test]
    fn optional_variables_have_defaults() {
        let config = read(&[]).unwrap();
        assert_eq!(config.api_key_header, "x-api-key");
        assert_eq!(config.paging, Paging::default());
        assert!(config.log_customer_ids);
    }

    #[test]
    fn key_header_is_no_header_of_http() {
        for name in ["Connection", "Transfer-Encoding", "Host", "Accept"] {
            let error = read(&[("SOURCE_API_KEY_HEADER", name)]).unwrap_err();
            let problem = "SOURCE_API_KEY_HEADER must not be a header that HTTP or every request uses";
            assert!(error.contains(problem), "{name}: {error}");
        }
    }

    #[test]
    fn contradictory_paging_is_an_error() {
        for (variables, expected) in [
            (
                &[("SOURCE_NEXT", "last-id")][..],
                "SOURCE_CURSOR_PARAMETER must be set",
            ),
            (&[("SOURCE_NEXT", "page")], "SOURCE_CURSOR_PARAMETER must be set"),
            (
                &[("SOURCE_CURSOR_PARAMETER", "cursor")],
                "SOURCE_CURSOR_PARAMETER must not be set where SOURCE_NEXT is empty",
            ),
            (
                &[("SOURCE_NEXT", "/next")],
                "SOURCE_NEXT must not be a JSON pointer where SOURCE_ITEMS is empty",
            ),
            (
                &[("SOURCE_MORE_POINTER", "/has_more")],
                "SOURCE_MORE_POINTER must not be set where SOURCE_ITEMS is empty",
            ),
            (
                &[("SOURCE_NEXT", "next")],
                "SOURCE_NEXT must be a JSON pointer such as",
            ),
            (&[("SOURCE_ITEMS", "data")], "SOURCE_ITEMS must be a JSON pointer"),
        ] {
            let error = read(variables).unwrap_err();
            assert!(error.contains(expected), "{expected} is not in: {error}");
        }
    }

    #[test]
    fn all_invalid_variables_are_listed() {
        let error = Config::read(&|name| match name {
            "SOURCE_URL" => Some("http://api.example.com".to_owned()),
            "SOURCE_API_KEY_HEADER" => Some("x api key".to_owned()),
            "SOURCE_ITEMS" => Some("data".to_owned()),
            "LOG_CUSTOMER_IDS" => Some("flase".to_owned()),
            "STACK_NAME" => Some("\t".to_owned()),
            _ => None,
        })
        .unwrap_err()
        .to_string();
        for problem in [
            "SOURCE_URL must be an https:// URL",
            "SOURCE_API_KEY_HEADER must be the name of an HTTP header",
            "SOURCE_SECRET_ARN is not set",
            "SOURCE_ITEMS must be a JSON pointer",
            "QUEUE_URL is not set",
            "DEAD_LETTER_QUEUE_URL is not set",
            "LOG_CUSTOMER_IDS must be true or false",
            "STACK_NAME must be at most 255 letters",
        ] {
            assert!(error.contains(problem), "{problem} is not in: {error}");
        }
    }
}
