//! How the clients of AWS are set up.

use std::time::Duration;

use aws_config::{BehaviorVersion, SdkConfig, timeout::TimeoutConfig};

/// How long one call to AWS may take, its retries included. The SDK itself sets no bound; a call that hangs
/// would take the whole invocation with it.
pub const OPERATION_TIMEOUT: Duration = Duration::from_secs(10);

/// How long one attempt of a call may take.
pub const ATTEMPT_TIMEOUT: Duration = Duration::from_secs(4);

/// Loads region, credentials and endpoint from the function's environment.
pub async fn load() -> SdkConfig {
    let timeouts = TimeoutConfig::builder()
        .operation_timeout(OPERATION_TIMEOUT)
        .operation_attempt_timeout(ATTEMPT_TIMEOUT)
        .build();
    aws_config::defaults(BehaviorVersion::latest())
        .timeout_config(timeouts)
        .load()
        .await
}
