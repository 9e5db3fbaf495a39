//! The function's configuration.

use http::HeaderName;
use shared::{
    config::{ConfigError, Variables, api_url, header_name, text},
    lambda::metrics,
};
use url::Url;

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
        let api_key_header = variables.optional("SOURCE_API_KEY_HEADER", header_name);
        let source_secret_arn = variables.required("SOURCE_SECRET_ARN", text);
        let queue_url = variables.required("QUEUE_URL", text);
        let metrics = metrics::Settings::read(&mut variables);
        variables.finish(|| {
            Some(Self {
                source_url: source_url?,
                api_key_header: api_key_header.unwrap_or(HeaderName::from_static("x-api-key")),
                source_secret_arn: source_secret_arn?,
                queue_url: queue_url?,
                metrics,
            })
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_variable_is_read() {
        let config = Config::read(&|name| Some(format!("https://example.com/{name}"))).unwrap_err();
        assert_eq!(
            config.to_string(),
            "the function's environment variables must be changed (they come from the stack's parameters): \
             SOURCE_API_KEY_HEADER must be the name of an HTTP header, such as x-api-key"
        );
        let config = Config::read(&|name| match name {
            "SOURCE_API_KEY_HEADER" => Some("Api-Key".to_owned()),
            _ => Some(format!("https://example.com/{name}")),
        })
        .unwrap();
        assert_eq!(config.source_url.as_str(), "https://example.com/SOURCE_URL");
        assert_eq!(config.api_key_header, "api-key");
        assert_eq!(config.source_secret_arn, "https://example.com/SOURCE_SECRET_ARN");
        assert_eq!(config.queue_url, "https://example.com/QUEUE_URL");
        assert_eq!(config.metrics.namespace, "https://example.com/METRICS_NAMESPACE");
        assert_eq!(config.metrics.stack, "https://example.com/STACK_NAME");
    }

    #[test]
    fn all_invalid_variables_are_listed() {
        let error = Config::read(&|name| match name {
            "SOURCE_URL" => Some("http://api.example.com".to_owned()),
            "SOURCE_API_KEY_HEADER" => Some("x api key".to_owned()),
            "STACK_NAME" => Some("\t".to_owned()),
            _ => None,
        })
        .unwrap_err()
        .to_string();
        for problem in [
            "SOURCE_URL must be an https:// URL",
            "SOURCE_API_KEY_HEADER must be the name of an HTTP header",
            "SOURCE_SECRET_ARN is not set",
            "QUEUE_URL is not set",
            "STACK_NAME must be at most 255 letters",
        ] {
            assert!(error.contains(problem), "{problem} is not in: {error}");
        }
    }
}
