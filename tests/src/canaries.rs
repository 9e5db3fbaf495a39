//! What must never be in a log, a metric or an error.

use std::collections::HashSet;

use sandbox::Sandbox;
use serde_json::value::RawValue;
use shared::mapping::customer::personal_values;

/// Shorter texts are in logs by chance.
const MIN_LENGTH: usize = 6;

/// The personal data of the sandbox's customers, as far as it can be found in a log line, and all credentials.
pub fn canaries(sandbox: &Sandbox) -> Vec<String> {
    let customers = sandbox.settings().customers;
    let personal = customers.elements().flat_map(|customer| of_customer(&customer));
    let mut seen = HashSet::new();
    personal
        .chain(sandbox.credentials())
        .filter(|canary| seen.insert(canary.clone()))
        .collect()
}

/// An element that is no JSON has no fields, so it has no canaries.
fn of_customer(json: &[u8]) -> Vec<String> {
    let Ok(customer) = serde_json::from_slice::<&RawValue>(json) else {
        return Vec::new();
    };
    // A log line is JSON: what it escapes would hide a text from the search, so the parts between count.
    let is_escaped = |c: char| c.is_control() || matches!(c, '"' | '\\');
    let values = personal_values(customer);
    let parts = values
        .iter()
        .flat_map(|value| value.split(is_escaped).map(str::trim));
    parts
        .filter(|part| part.len() >= MIN_LENGTH)
        .map(str::to_owned)
        .collect()
}

#[cfg(test)]
mod tests {
    use sandbox::{Settings, customers};

    use super::*;

    #[test]
    fn canaries_are_all_personal_data() {
        let customer = customers::customer(17, 0);
        assert!(customer.expected.is_order());
        let canaries = of_customer(customer.json.as_bytes());
        for expected in [
            "Given17",
            "Family17",
            "customer-17@example.com",
            "555-0117",
            "17 Fixture Street",
        ] {
            let found = canaries.iter().any(|canary| canary.contains(expected));
            assert!(found, "{expected}: {canaries:?}");
        }
        assert!(!canaries.contains(&"100017".to_owned()));
    }

    #[test]
    fn canaries_can_be_found_in_json() {
        for customer in customers::generate(1_000, 3) {
            for canary in of_customer(customer.json.as_bytes()) {
                assert_eq!(serde_json::to_string(&canary).unwrap(), format!("\"{canary}\""));
                assert!(canary.len() >= MIN_LENGTH);
            }
        }
    }

    #[tokio::test]
    async fn canaries_include_customers_and_credentials() {
        let customers = customers::generate(20, 1);
        let expected = customers
            .iter()
            .flat_map(|customer| of_customer(customer.json.as_bytes()));
        let destination_key = "Bearer fixture-destination-key";
        let settings = Settings {
            customers: customers.clone().into(),
            destination_api_key: Some(("Authorization".to_owned(), destination_key.to_owned())),
            ..Settings::default()
        };
        let sandbox = Sandbox::start(settings.clone()).await.unwrap();
        let found = canaries(&sandbox);
        for expected in expected.chain([
            settings.api_key,
            settings.client_secret,
            destination_key.to_owned(),
        ]) {
            assert!(found.contains(&expected), "{expected}");
        }
        assert_eq!(found.iter().collect::<HashSet<_>>().len(), found.len());
    }
}
