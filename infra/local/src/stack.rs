//! The whole system on this machine: the sandbox, a local AWS, and the real template deployed to it.

use std::collections::BTreeMap;

use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_sdk_sqs::config::{Credentials, SharedCredentialsProvider};
use reqwest::ClientBuilder;
use sandbox::Sandbox;
use serde_json::{Value, json};
use shared::config::one_order_per;
use shared::domain::order_id::OneOrderPer;
use shared::http::{HttpClient, Tls};

use crate::deploy::{Outputs, Sam};
use crate::error::Error;
use crate::local_aws::LocalAws;
use crate::ministack::{MiniStack, REGION};
use crate::paths::{Paths, architecture};
use crate::recorder::Recorder;

/// The name of the stack on the local AWS.
pub const STACK: &str = "customer-order-sync";

#[derive(Debug, Clone)]
pub struct Settings {
    pub paths: Paths,
    pub sandbox: sandbox::Settings,
    /// Parameters of the template, besides those that a local deployment sets: URLs, secrets, architecture.
    pub parameters: BTreeMap<String, String>,
}

/// The whole system, running. Dropping it stops everything.
pub struct LocalDeployment {
    /// The two APIs and the token endpoint.
    pub sandbox: Sandbox,
    /// Every AWS call of the functions.
    pub recorder: Recorder,
    pub outputs: Outputs,
    /// All parameters of the template that were set.
    pub parameters: BTreeMap<String, String>,
    /// How the deployed template differs from the built one, one line each.
    pub notes: Vec<String>,
    pub paths: Paths,
    pub(crate) lambda: aws_sdk_lambda::Client,
    pub(crate) sqs: aws_sdk_sqs::Client,
    ministack: MiniStack,
}

impl LocalDeployment {
    /// Starts and deploys everything. `step` is called with the name of each step.
    ///
    /// # Errors
    /// Something could not be started or deployed. What was started is stopped.
    pub async fn start(settings: Settings, step: impl Fn(&str)) -> Result<Self, Error> {
        let Settings {
            paths,
            sandbox,
            parameters,
        } = settings;
        step("starting the two APIs and a local AWS (MiniStack)");
        let aws = LocalAws::start(paths, sandbox).await?;
        let config = local_config(aws.url())?;

        step("creating the two secrets");
        let secrets = aws_sdk_secretsmanager::Client::new(&config);
        let (source, destination) = secret_values(&aws.sandbox.settings());
        let source = create_secret(&secrets, "source", source).await?;
        let destination = create_secret(&secrets, "destination", destination).await?;

        step("deploying template.yaml with the SAM CLI");
        let mut all = BTreeMap::from(
            [
                ("Architecture", architecture().to_owned()),
                ("SourceUrl", aws.sandbox.customers_url()),
                ("SourceSecretArn", source),
                ("DestinationUrl", aws.sandbox.orders_url()),
                ("TokenUrl", aws.sandbox.token_url()),
                // The sandbox answers 409 for an order that exists, and only then.
                ("ConflictMeans", "duplicate".to_owned()),
                ("DestinationSecretArn", destination),
            ]
            .map(|(name, value)| (name.to_owned(), value)),
        );
        all.extend(parameters);
        let adapted = aws.template(&all)?;
        let sam = Sam {
            paths: &aws.paths,
            endpoint: aws.url(),
        };
        sam.deploy(STACK, &adapted.path, &all).await?;
        let outputs = sam.outputs(STACK).await?;
        let LocalAws {
            sandbox,
            recorder,
            paths,
            ministack,
        } = aws;
        Ok(Self {
            lambda: aws_sdk_lambda::Client::new(&config),
            sqs: aws_sdk_sqs::Client::new(&config),
            notes: adapted.notes,
            sandbox,
            recorder,
            outputs,
            parameters: all,
            paths,
            ministack,
        })
    }

    /// An output of the stack.
    ///
    /// # Errors
    /// The template has no such output.
    pub fn output(&self, name: &'static str) -> Result<&str, Error> {
        self.outputs
            .get(name)
            .map(String::as_str)
            .ok_or(Error::Output(name))
    }

    /// What makes two orders the same, as the deployed `submit-orders` has it.
    ///
    /// # Errors
    /// There is no such function, or the call failed.
    pub async fn one_order_per(&self) -> Result<OneOrderPer, Error> {
        let call = self.lambda.get_function_configuration();
        let deployed = call
            .function_name(self.output("SubmitOrdersFunctionArn")?)
            .send()
            .await;
        let deployed = deployed.map_err(Error::aws("GetFunctionConfiguration of submit-orders"))?;
        let variables = deployed.environment.and_then(|environment| environment.variables);
        let value = variables.and_then(|mut variables| variables.remove("ONE_ORDER_PER"));
        // The function answers every invocation with an error where it is anything else.
        Ok(value
            .and_then(|value| one_order_per(&value).ok())
            .unwrap_or_default())
    }

    /// The URL of the local AWS, for calls that are not recorded.
    pub fn aws_url(&self) -> &str {
        self.ministack.url()
    }

    /// SQS of the local AWS, not recorded.
    pub fn sqs(&self) -> &aws_sdk_sqs::Client {
        &self.sqs
    }

    /// Lambda of the local AWS, not recorded.
    pub fn lambda(&self) -> &aws_sdk_lambda::Client {
        &self.lambda
    }
}

fn local_config(endpoint: &str) -> Result<SdkConfig, Error> {
    let tls = Tls::from_system().map_err(Error::aws("create an HTTP client"))?;
    let client = HttpClient::new(&tls, ClientBuilder::no_proxy);
    let client = client.map_err(Error::aws("create an HTTP client"))?;
    let credentials = Credentials::new("local", "local", None, None, "local-run");
    Ok(SdkConfig::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new(REGION))
        .credentials_provider(SharedCredentialsProvider::new(credentials))
        .endpoint_url(endpoint)
        .http_client(shared::aws::http_client(client))
        .build())
}

/// The source's and the destination's secret, with what the sandbox requires.
fn secret_values(known: &sandbox::Settings) -> (Value, Value) {
    let with_headers = |mut secret: Value, headers: &[(String, String)]| {
        let headers: BTreeMap<_, _> = headers.iter().cloned().collect();
        if !headers.is_empty()
            && let Some(members) = secret.as_object_mut()
        {
            members.insert("headers".to_owned(), json!(headers));
        }
        secret
    };
    let source = json!({"api_key": known.api_key});
    let destination = match &known.destination_api_key {
        Some((_, key)) => json!({"api_key": key}),
        None => json!({"client_id": known.client_id, "client_secret": known.client_secret}),
    };
    (
        with_headers(source, &known.source_headers),
        with_headers(destination, &known.destination_headers),
    )
}

async fn create_secret(
    client: &aws_sdk_secretsmanager::Client,
    name: &str,
    value: Value,
) -> Result<String, Error> {
    let name = format!("{STACK}/{name}");
    let created = client
        .create_secret()
        .name(&name)
        .secret_string(value.to_string())
        .send()
        .await;
    let created = created.map_err(Error::aws(format!("CreateSecret of {name}")))?;
    Ok(created.arn.unwrap_or_default())
}
