//! The secret that a floor cannot do without.

use aws_config::BehaviorVersion;
use lambda_runtime::{Error, LambdaEvent, run, service_fn};
use serde::Deserialize;
use serde_json::value::RawValue;

use crate::{BatchAnswer, variable};

/// Both functions' credentials, as far as the secret has them.
#[derive(Default, Deserialize)]
#[serde(default)]
pub struct Secret {
    /// The source's key.
    pub api_key: String,
    /// The destination's client.
    pub client_id: String,
    /// And its secret.
    pub client_secret: String,
}

/// Reads a secret by the AWS SDK.
///
/// # Errors
/// It is not there, or not JSON.
pub async fn read(arn: String) -> Result<Secret, Error> {
    let secrets =
        aws_sdk_secretsmanager::Client::new(&aws_config::load_defaults(BehaviorVersion::latest()).await);
    let answer = secrets.get_secret_value().secret_id(arn).send().await?;
    Ok(serde_json::from_str(answer.secret_string().unwrap_or_default())?)
}

/// Serves as a function that reads its secret, and does nothing with it.
///
/// # Errors
/// Lambda does not answer.
pub async fn serve() -> Result<(), Error> {
    run(service_fn(async |_: LambdaEvent<Box<RawValue>>| {
        read(variable("DESTINATION_SECRET_ARN")?).await?;
        Ok::<_, Error>(BatchAnswer::default())
    }))
    .await
}
