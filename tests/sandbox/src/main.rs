//! The sandbox as a program: both APIs to develop against.
#![allow(
    clippy::print_stdout,
    reason = "what it prints is for a person, and is all that it prints"
)]

use std::error::Error;
use std::io::{Write, stdout};
use std::path::PathBuf;

use clap::Parser;
use sandbox::{Customers, Sandbox, Settings, SourceStyle};

/// Source API, token endpoint and destination API on loopback, until Ctrl-C.
#[derive(Parser)]
struct Options {
    /// The port on 127.0.0.1; 0 takes a free one
    #[arg(long, default_value_t = 4010)]
    port: u16,
    /// How many customers to make up, about 3 % of them invalid
    #[arg(long, default_value_t = 200)]
    customers: u64,
    /// The seed that they are made up from
    #[arg(long, default_value_t = 0)]
    seed: u64,
    /// A JSON array of customers to serve instead
    #[arg(long, conflicts_with_all = ["customers", "seed"])]
    customers_file: Option<PathBuf>,
    /// Customers on a page; 0 puts all of them on one
    #[arg(long, default_value_t = 0)]
    page_size: u64,
    /// The API whose manner of listing customers the source has
    #[arg(long, value_enum, default_value_t)]
    source_style: SourceStyle,
    /// The key that the source API asks for
    #[arg(long, default_value_t = Settings::default().api_key)]
    api_key: String,
    /// The whole `Authorization` header that the destination API asks for, instead of a token
    #[arg(long)]
    destination_api_key: Option<String>,
    /// The OAuth 2.0 client
    #[arg(long, default_value_t = Settings::default().client_id)]
    client_id: String,
    /// The OAuth 2.0 client's secret
    #[arg(long, default_value_t = Settings::default().client_secret)]
    client_secret: String,
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let Options {
        port,
        customers,
        seed,
        customers_file,
        page_size,
        source_style,
        api_key,
        destination_api_key,
        client_id,
        client_secret,
    } = Options::parse();
    let customers = match customers_file {
        None => Customers::MadeUp {
            count: customers,
            seed,
        },
        Some(path) => {
            let named = |error: &dyn Error| format!("{}: {error}", path.display());
            let json = std::fs::read(&path).map_err(|error| named(&error))?;
            Customers::parse(&json).map_err(|error| named(&error))?
        }
    };
    let count = customers.count();
    let settings = Settings {
        port,
        customers,
        page_size,
        source_style,
        api_key,
        destination_api_key: destination_api_key.map(|key| ("Authorization".to_owned(), key)),
        client_id,
        client_secret,
        ..Settings::default()
    };
    let sandbox = Sandbox::start(settings.clone())
        .await
        .map_err(|error| format!("port {port} on 127.0.0.1: {error}"))?;
    stdout().write_all(guide(&sandbox, &settings, count).as_bytes())?;
    tokio::signal::ctrl_c().await?;
    sandbox.stop().await;
    Ok(())
}

fn guide(sandbox: &Sandbox, settings: &Settings, count: u64) -> String {
    let Settings {
        api_key_header,
        api_key,
        client_id,
        client_secret,
        destination_api_key,
        ..
    } = settings;
    let credentials = match destination_api_key {
        Some((name, value)) => format!("the header '{name}: {value}'"),
        None => "a token in 'Authorization: Bearer …'".to_owned(),
    };
    format!(
        "The source API, {count} customers
  curl -H '{api_key_header}: {api_key}' {customers}
The token endpoint
  curl -u '{client_id}:{client_secret}' -d grant_type=client_credentials {token}
The destination API, with {credentials}
  {orders}
Its record, and how to make it misbehave
  curl {base}/control/state
  curl -X PUT -H 'content-type: application/json' {base}/control/faults \\
    -d '[{{\"endpoint\": \"orders\", \"attempts\": [1], \"action\": {{\"answer\": {{\"status\": 503, \"headers\": {{\"retry-after\": \"2\"}}}}}}}}]'
Ctrl-C ends it.
",
        customers = sandbox.customers_url(),
        token = sandbox.token_url(),
        orders = sandbox.orders_url(),
        base = sandbox.base_url(),
    )
}
