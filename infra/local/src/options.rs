//! The options of a local run: `make run` passes its variables on.

use std::path::PathBuf;
use std::time::Duration;

use clap::Parser;
use sandbox::{Customer, Customers, Expected, customers};
use shared::domain::order_date::OrderDate;

use crate::customers_file::{self, CustomersFileError};

/// Deploys template.yaml on this machine, runs customers through it, and shows what became of each.
#[derive(Debug, Parser)]
#[command(name = "make run", version)]
pub(crate) struct Options {
    /// How many customers to generate; about 3 % of them are invalid, in different ways.
    #[arg(long, value_name = "NUMBER", default_value_t = 200)]
    customers: u64,
    /// A JSON array of customers in the source's format, instead of generated ones.
    #[arg(long, value_name = "PATH", conflicts_with = "customers")]
    customers_file: Option<PathBuf>,
    /// Where the list is in that file, as a JSON pointer such as /data; by default the file is the list.
    #[arg(
        long,
        value_name = "POINTER",
        default_value = "",
        hide_default_value = true,
        requires = "customers_file"
    )]
    source_items: String,
    /// Check each customer, and enqueue nothing.
    #[arg(long)]
    pub(crate) dry_run: bool,
    /// The order date of the run, RFC 3339; now, if it is not given.
    #[arg(long, value_name = "DATE")]
    order_date: Option<OrderDate>,
    /// Leave everything running until Ctrl-C, and print commands to inspect it.
    #[arg(long)]
    pub(crate) keep: bool,
    /// The same seed generates the same customers.
    #[arg(long, value_name = "NUMBER", default_value_t = 1)]
    seed: u64,
    /// Seconds without progress after which the run is abandoned.
    #[arg(long, value_name = "SECONDS", default_value_t = 120)]
    patience: u64,
}

pub(crate) enum Source {
    /// Generated: the expected outcome of each is known.
    MadeUp(Vec<Customer>),
    /// Those of the user's file, verbatim.
    Given(Vec<String>),
}

impl Options {
    /// # Errors
    /// The user's file cannot be read, or has no list of customers.
    pub(crate) fn source(&self) -> Result<Source, CustomersFileError> {
        match &self.customers_file {
            Some(path) => Ok(Source::Given(customers_file::read(path, &self.source_items)?)),
            None => Ok(Source::MadeUp(customers::generate(self.customers, self.seed))),
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

    pub(crate) fn patience(&self) -> Duration {
        Duration::from_secs(self.patience)
    }
}

impl Source {
    /// The customers that the sandbox serves.
    pub(crate) fn served(&self) -> Customers {
        match self {
            Self::MadeUp(customers) => customers.clone().into(),
            Self::Given(elements) => Customers::Given(elements.clone().into()),
        }
    }

    /// Each element, with its expected outcome if that is known.
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
