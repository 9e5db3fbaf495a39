//! The environment variables of the function.

use shared::{
    config::{ConfigError, Variables, one_order_per, text},
    domain::order_id::OneOrderPer,
    lambda::logging,
};

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Config {
    /// `QUEUE_URL`: the customer queue, to which dead letters are redriven.
    pub queue_url: String,
    /// `DEAD_LETTER_QUEUE_URL`.
    pub dead_letter_queue_url: String,
    /// `ONE_ORDER_PER`, as submit-orders has it: the order ids of examples depend on it.
    pub one_order_per: OneOrderPer,
    /// `LOG_CUSTOMER_IDS` (`true`).
    pub log_customer_ids: bool,
}

impl Config {
    /// # Errors
    /// All problems at once. Each invocation fails with them.
    pub fn read(lookup: &dyn Fn(&str) -> Option<String>) -> Result<Self, ConfigError> {
        let mut variables = Variables::new(lookup);
        let queue_url = variables.required("QUEUE_URL", text);
        let dead_letter_queue_url = variables.required("DEAD_LETTER_QUEUE_URL", text);
        let one_order_per = variables.optional("ONE_ORDER_PER", one_order_per);
        let log_customer_ids = logging::read_customer_ids(&mut variables);
        variables.finish(|| {
            Some(Self {
                queue_url: queue_url?,
                dead_letter_queue_url: dead_letter_queue_url?,
                one_order_per: one_order_per.unwrap_or_default(),
                log_customer_ids,
            })
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_variable_is_read() {
        let lookup = |name: &str| match name {
            "ONE_ORDER_PER" => Some("customer".to_owned()),
            "LOG_CUSTOMER_IDS" => Some("false".to_owned()),
            _ => Some(format!("the {name}")),
        };
        assert_eq!(
            Config::read(&lookup).unwrap(),
            Config {
                queue_url: "the QUEUE_URL".to_owned(),
                dead_letter_queue_url: "the DEAD_LETTER_QUEUE_URL".to_owned(),
                one_order_per: OneOrderPer::Customer,
                log_customer_ids: false,
            }
        );
    }

    #[test]
    fn all_problems_are_in_one_error() {
        let lookup = |name: &str| match name {
            "ONE_ORDER_PER" => Some("week".to_owned()),
            "LOG_CUSTOMER_IDS" => Some("yes".to_owned()),
            _ => None,
        };
        let error = Config::read(&lookup).unwrap_err().to_string();
        let problems = ": QUEUE_URL is not set; DEAD_LETTER_QUEUE_URL is not set; ONE_ORDER_PER must be run, day, month \
                        or customer; LOG_CUSTOMER_IDS must be true or false";
        assert!(error.ends_with(problems), "{error}");
    }
}
