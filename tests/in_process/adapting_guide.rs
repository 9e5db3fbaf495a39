//! `docs/adapting.md` is true: its diffs, and its tables of known APIs.

use std::fs;

use integration_tests::{
    bridge::{Bridge, Environment, SOURCE_SECRET},
    documents::{ADAPTING, code, root, rows, variable},
};
use sandbox::{Settings, SourceStyle, customers};
use serde_json::{Value, json};

/// The result of a unified diff, applied to a text. Its hunks must fit exactly.
fn patched(text: &str, diff: &str) -> String {
    let mut old = text.lines();
    let (mut new, mut at) = (Vec::new(), 1);
    for line in diff.lines() {
        if let Some(hunk) = line.strip_prefix("@@ -") {
            let (start, rest) = hunk.split_once(' ').unwrap();
            let (start, count) = start.split_once(',').unwrap_or((start, "1"));
            // A hunk that only adds names the line before.
            let start = start.parse::<usize>().unwrap() + usize::from(count == "0");
            assert!(rest.ends_with("@@"), "{line}");
            new.extend(old.by_ref().take(start - at));
            at = start;
            continue;
        }
        let (kind, content) = line.split_at(line.len().min(1));
        if kind != "+" {
            assert_eq!(old.next(), Some(content), "line {at} of the file");
            at += 1;
        }
        if kind != "-" {
            new.push(content);
        }
    }
    new.extend(old);
    new.join("\n") + "\n"
}

#[test]
fn diffs_of_the_guide_make_the_example() {
    let diffs = ADAPTING.split("```diff\n").skip(1);
    let diffs: Vec<&str> = diffs.map(|diff| diff.split("```").next().unwrap()).collect();
    assert_eq!(diffs.len(), 2);
    for (file, diff) in ["customer.rs", "order.rs"].into_iter().zip(diffs) {
        let read = |folder: &str| fs::read_to_string(root().join(folder).join(file)).unwrap();
        let (ours, example) = (read("shared/src/mapping"), read("tests/adapting/src/mapping"));
        assert!(
            patched(&ours, diff) == example,
            "{file}: diff -U1 shared/src/mapping/{file} tests/adapting/src/mapping/{file}"
        );
    }
}

/// A row of the table of sources.
struct Source {
    name: &'static str,
    url: &'static str,
    header: &'static str,
    key: &'static str,
    /// The variables of the parameters, with their values.
    paging: Vec<(String, &'static str)>,
    headers: Value,
}

fn sources() -> Vec<Source> {
    let names = rows_with_title(ADAPTING, "source");
    let parameters: Vec<String> = names[3..7].iter().map(|name| variable(code(name))).collect();
    let sources = rows(ADAPTING, "source").into_iter().map(|row| {
        let (header, key) = code(row[2]).split_once(": ").unwrap();
        let paging = parameters
            .iter()
            .cloned()
            .zip(row[3..7].iter().map(|cell| code(cell)));
        Source {
            name: row[0],
            url: code(row[1]),
            header,
            key,
            paging: paging.collect(),
            headers: serde_json::from_str(code(row[7])).unwrap_or(json!({})),
        }
    });
    sources.collect()
}

/// The titles of a table's columns.
fn rows_with_title<'a>(document: &'a str, title: &str) -> Vec<&'a str> {
    let titles = document
        .lines()
        .find(|line| line.starts_with(&format!("| {title} |")));
    titles
        .unwrap()
        .trim_matches('|')
        .split('|')
        .map(str::trim)
        .collect()
}

impl Source {
    fn set(&self, environment: Environment) -> Environment {
        let environment = environment.with("SOURCE_API_KEY_HEADER", self.header);
        let paging = self.paging.iter();
        paging.fold(environment, |environment, (name, value)| {
            environment.with(name, *value)
        })
    }

    /// The sandbox's style of the same name.
    fn style(&self) -> Option<SourceStyle> {
        use SourceStyle::*;
        let styles = [
            ("BigCommerce", Bigcommerce),
            ("Dataverse", Odata),
            ("Django", Django),
            ("HubSpot", Hubspot),
            ("Salesforce", Salesforce),
            ("Shopify", Shopify),
            ("Square", Square),
            ("Stripe", Stripe),
            ("WooCommerce", Woocommerce),
        ];
        let mut styles = styles.into_iter();
        styles
            .find(|(name, _)| self.name.starts_with(&format!("[{name}")))
            .map(|(_, style)| style)
    }
}

#[test]
fn parameters_of_known_sources_are_accepted() {
    let sources = sources();
    assert_eq!(sources.len(), 12);
    for source in sources {
        let environment = source.set(Environment::at(source.url, "", ""));
        let config = fetch_customers::config::Config::read(&|name| environment.get(name));
        assert!(config.is_ok(), "{}: {}", source.name, config.unwrap_err());
    }
}

#[tokio::test]
async fn known_sources_are_read_with_their_parameters() {
    let mut read = 0;
    for source in sources() {
        let Some(source_style) = source.style() else {
            continue;
        };
        let headers = source.headers.as_object().unwrap().iter();
        let settings = Settings {
            customers: customers::generate(25, 7).into(),
            page_size: 10,
            source_style,
            api_key_header: source.header.to_owned(),
            api_key: source.key.to_owned(),
            source_headers: headers
                .map(|(name, value)| (name.clone(), value.as_str().unwrap().to_owned()))
                .collect(),
            ..Settings::default()
        };
        let bridge = Bridge::start(settings, |environment| source.set(environment)).await;
        let secret = json!({"api_key": source.key, "headers": source.headers});
        bridge.aws.set_secret(SOURCE_SECRET, secret.to_string());
        let run = bridge
            .run(json!({"order_date": fixture::order_date()}))
            .await
            .unwrap();
        assert_eq!(
            (run.progress.pages, run.progress.enqueued),
            (3, 25),
            "{}",
            source.name
        );
        read += 1;
    }
    assert_eq!(read, 9);
}

#[test]
fn parameters_of_known_destinations_are_accepted() {
    let titles = rows_with_title(ADAPTING, "destination");
    let destinations = rows(ADAPTING, "destination");
    assert!(destinations.len() >= 5);
    for row in destinations {
        let token_url = if code(row[2]) == "oauth" {
            "https://example.com/token"
        } else {
            ""
        };
        let environment = Environment::at("", token_url, "https://example.com/orders");
        let parameters = titles[2..6].iter().zip(&row[2..6]);
        let environment = parameters.fold(environment, |environment, (title, cell)| {
            environment.with(&variable(code(title)), code(cell))
        });
        let config = submit_orders::config::Config::read(&|name| environment.get(name));
        assert!(config.is_ok(), "{}: {}", row[0], config.unwrap_err());
    }
}
