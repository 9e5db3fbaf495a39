//! What can be asked of a local run. `make run` passes its variables on.

use std::path::PathBuf;
use std::time::Duration;

use clap::Parser;
use sandbox::{Customer, Customers, Expected, customers};
use shared::domain::order_date::OrderDate;

/// Deploys template.yaml on this machine, runs customers through it, and shows what became of each.
#[derive(Debug, Parser)]
#[command(name = "make run", version)]
pub(crate) struct Options {
    /// How many customers to make up; about 3 % of them are invalid, in different ways.
    #[arg(long, value_name = "NUMBER", default_value_t = 200)]
    customers: u64,
    /// A JSON array of customers in the source's format, instead of made-up ones.
    #[arg(long, value_name = "PATH", conflicts_with = "customers")]
    customers_file: Option<PathBuf>,
    /// The order date of the run, RFC 3339; now, if it is not given.
    #[arg(long, value_name = "DATE")]
    order_date: Option<OrderDate>,
    /// Leave everything running until Ctrl-C, and say how to look into it.
    #[arg(long)]
    pub(crate) keep: bool,
    /// The made-up customers are always those of this number.
    #[arg(long, value_name = "NUMBER", default_value_t = 1)]
    seed: u64,
    /// Seconds without any progress after which the run is given up.
    #[arg(long, value_name = "SECONDS", default_value_t = 120)]
    patience: u64,
}

/// The source's customers.
pub(crate) enum Source {
    /// Made up: what must become of each is known.
    MadeUp(Vec<Customer>),
    /// The user's own, verbatim.
    Given(Vec<String>),
}

/// The user's file cannot be the source.
#[derive(Debug, thiserror::Error)]
pub(crate) enum CustomersFileError {
    /// It cannot be read.
    #[error("cannot read CUSTOMERS_FILE {path}: {source}")]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// It holds something else.
    #[error(
        "CUSTOMERS_FILE {path} must be a JSON array of customers, such as [{{\"{ID}\": \"123\", …}}]: {reason}",
        ID = shared::mapping::customer::ID
    )]
    NotCustomers {
        /// The file.
        path: PathBuf,
        /// What the parser says.
        reason: serde_json::Error,
    },
}

impl Options {
    /// The source's customers.
    ///
    /// # Errors
    /// The user's file cannot be read, or is no JSON array.
    pub(crate) fn source(&self) -> Result<Source, CustomersFileError> {
        let Some(path) = self.customers_file.clone() else {
            return Ok(Source::MadeUp(customers::generate(self.customers, self.seed)));
        };
        let json = match std::fs::read(&path) {
            Ok(json) => json,
            Err(source) => return Err(CustomersFileError::Unreadable { path, source }),
        };
        match Customers::parse(&json) {
            Ok(Customers::Given(elements)) => Ok(Source::Given(elements.to_vec())),
            Ok(Customers::MadeUp { .. } | Customers::Bytes(_)) => Ok(Source::Given(Vec::new())),
            Err(reason) => Err(CustomersFileError::NotCustomers { path, reason }),
        }
    }

    /// The order date of the run.
    ///
    /// # Errors
    /// The clock is beyond the year 9999.
    pub(crate) fn order_date(&self) -> Result<OrderDate, shared::domain::order_date::ParseOrderDateError> {
        let now = || {
            let format = time::format_description::well_known::Rfc3339;
            time::OffsetDateTime::now_utc()
                .format(&format)
                .unwrap_or_default()
                .parse()
        };
        self.order_date.map_or_else(now, Ok)
    }

    /// How long nothing may happen.
    pub(crate) fn patience(&self) -> Duration {
        Duration::from_secs(self.patience)
    }
}

impl Source {
    /// What the sandbox serves.
    pub(crate) fn served(&self) -> Customers {
        match self {
            Self::MadeUp(customers) => customers.clone().into(),
            Self::Given(elements) => Customers::Given(elements.clone().into()),
        }
    }

    /// Each element, and what must become of it where that is known.
    pub(crate) fn expectations(&self) -> Vec<(&str, Option<&Expected>)> {
        match self {
            Self::MadeUp(customers) => customers
                .iter()
                .map(|customer| (customer.json.as_str(), Some(&customer.expected)))
                .collect(),
            Self::Given(elements) => elements.iter().map(|element| (element.as_str(), None)).collect(),
        }
    }
}
