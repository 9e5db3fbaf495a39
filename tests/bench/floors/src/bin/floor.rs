//! Any floor but the empty one: the one that `FLOOR` names.

use floors::{cut, secret, send, submit, variable};
use lambda_runtime::Error;

// One thread, as the functions have.
#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    match variable("FLOOR")?.as_str() {
        "secret" => secret::serve().await,
        "submit" => submit::serve().await,
        "cut" => cut::serve().await,
        "send" => send::serve().await,
        other => Err(format!("there is no floor {other}").into()),
    }
}
