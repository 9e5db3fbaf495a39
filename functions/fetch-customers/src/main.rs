//! The `fetch-customers` Lambda: wiring only.

use fetch_customers::handler::Handler;
use lambda_runtime::{Diagnostic, Error, LambdaEvent, run, service_fn};
use serde_json::value::RawValue;
use shared::lambda::invocation::Invocation;

// One thread: the function waits for the network, and a small Lambda has a fraction of a core.
#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    let handler = shared::lambda::startup::ready(Handler::from_environment().await);
    run(service_fn(async |event: LambdaEvent<Box<RawValue>>| {
        let handler = handler.as_ref().map_err(Clone::clone)?;
        let invocation = Invocation::of(&event.context);
        Ok::<_, Diagnostic>(handler.answer(&event.payload, invocation).await?)
    }))
    .await
}
