//! The documents: their tables against the templates, their links, their width.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::LazyLock;

use regex::Regex;
use serde_json::Value;

use crate::rules::{check_query, events, notifies, page};
use integration_tests::documents::{DEPLOYMENT, Document, MONITORING, root, rows};
use integration_tests::runbook::Runbook;
use integration_tests::template::Template;

const README_WORDS: usize = 1100;

const PROSE_COLUMNS: usize = 100;

const RUNBOOK_QUERIES: usize = 10;

const CODE_MAP_ROWS: usize = 50;

#[test]
fn parameter_table_is_the_templates() {
    // A cell has a default in backquotes or as a number; it is empty where there is none.
    let mut documented = BTreeMap::new();
    for cells in rows(DEPLOYMENT, "parameter") {
        let mut defaults = cells[1].split(", ").map(|default| default.trim_matches('`'));
        for name in cells[0].split(", ") {
            let default = defaults.next().unwrap_or_default();
            documented.insert(name.trim_matches('`').to_owned(), default.to_owned());
        }
    }
    let declared: BTreeMap<String, String> = Template::product()
        .parameters()
        .iter()
        .map(|(name, parameter)| {
            let default = parameter.get("Default");
            let text = default.and_then(Value::as_str).map(str::to_owned);
            let default = text.or_else(|| default.map(Value::to_string)).unwrap_or_default();
            (name.clone(), default)
        })
        .collect();
    assert_eq!(documented, declared);
}

#[test]
fn variable_table_is_the_templates() {
    static NAME: LazyLock<Regex> = LazyLock::new(|| Regex::new("`([A-Z_]+)`").unwrap());
    // Of all functions: for metrics, and for the SDK's user agent.
    const COMMON: [&str; 3] = ["METRICS_NAMESPACE", "STACK_NAME", "AWS_SDK_UA_APP_ID"];
    let documented: BTreeMap<String, BTreeSet<String>> = rows(DEPLOYMENT, "function")
        .iter()
        .map(|cells| {
            let names = NAME.captures_iter(cells[1]).map(|name| name[1].to_owned());
            (cells[0].to_owned(), names.collect())
        })
        .collect();
    for function in Template::product().of_type("AWS::Lambda::Function").unwrap() {
        let variables = function.properties["Environment"]["Variables"]
            .as_object()
            .unwrap();
        let own: BTreeSet<String> = variables
            .keys()
            .filter(|name| !COMMON.contains(&name.as_str()))
            .cloned()
            .collect();
        let name = function.text("/Environment/Variables/AWS_SDK_UA_APP_ID");
        assert_eq!(documented.get(name), Some(&own), "{name}");
    }
}

#[test]
fn alarm_table_is_the_descriptions() {
    let documented: BTreeSet<Vec<String>> = rows(MONITORING, "alarm")
        .into_iter()
        .map(|cells| cells.into_iter().map(str::to_owned).collect())
        .collect();
    let template = Template::monitoring();
    let alarms = ["AWS::CloudWatch::Alarm", "AWS::CloudWatch::CompositeAlarm"]
        .into_iter()
        .flat_map(|kind| template.of_type(kind).unwrap());
    let described: BTreeSet<Vec<String>> = alarms
        .filter(|alarm| notifies(*alarm))
        .map(|alarm| {
            let (meaning, first, anchor) = page(alarm, template).unwrap();
            let link = format!("[`{anchor}`](../infra/RUNBOOK.md#{anchor})");
            vec![link, meaning, first.unwrap().replacen("First ", "", 1)]
        })
        .collect();
    assert_eq!(documented, described);
}

#[test]
fn event_table_has_every_event() {
    let documented: BTreeSet<&str> = rows(MONITORING, "event")
        .iter()
        .flat_map(|cells| cells[0].split(", "))
        .map(|event| event.trim_matches('`'))
        .collect();
    let missing: Vec<&&str> = events().difference(&documented).collect();
    assert!(missing.is_empty(), "{missing:?}");
}

#[test]
fn runbook_queries_use_logged_events_and_fields() {
    static QUERY: LazyLock<Regex> = LazyLock::new(|| Regex::new(r"(?m)^\s*ask '(.*)'$").unwrap());
    let mut checked = 0;
    for page in Runbook::read().pages {
        for query in QUERY.captures_iter(&page.commands.join("\n")) {
            let problem = check_query(&query[1]);
            assert_eq!(problem, Ok(()), "{}: {}", page.anchor, &query[1]);
            checked += 1;
        }
    }
    assert!(checked >= RUNBOOK_QUERIES, "{checked} queries");
}

/// The links of a document, with the numbers of their lines.
pub(crate) fn links(document: &Document) -> impl Iterator<Item = (usize, &str)> {
    static LINK: LazyLock<Regex> = LazyLock::new(|| Regex::new(r"\]\(([^)\s]+)\)").unwrap());
    document.prose().flat_map(|(at, line)| {
        LINK.captures_iter(line)
            .map(move |link| (at, link.get(1).unwrap().as_str()))
    })
}

#[test]
fn links_lead_to_files_and_headings() {
    let documents = Document::all();
    for document in &documents {
        for (at, link) in links(document).filter(|(_, link)| !link.starts_with("https://")) {
            let place = format!("{}:{at}: {link}", document.path.display());
            let (path, anchor) = link.split_once('#').unwrap_or((link, ""));
            let target = if path.is_empty() {
                root().join(&document.path)
            } else {
                root().join(&document.path).parent().unwrap().join(path)
            };
            let target = target.canonicalize().expect(&place);
            if !anchor.is_empty() {
                let is_target =
                    |other: &&Document| root().join(&other.path).canonicalize().unwrap() == target;
                let other = documents.iter().find(is_target).expect(&place);
                assert!(other.anchors().iter().any(|known| known == anchor), "{place}");
            }
        }
    }
}

#[test]
fn secrets_are_read_from_input_or_file() {
    const OPTION: &str = "--secret-string ";
    let mut checked = 0;
    for document in Document::all() {
        // A line may end between the option and its value.
        let text = document.text.replace("\\\n", " ").replace('\n', " ");
        for value in text.split(OPTION).skip(1) {
            let beginning: String = value.chars().take(20).collect();
            assert!(
                value.starts_with("file://"),
                "{}: {beginning}",
                document.path.display()
            );
            checked += 1;
        }
    }
    assert!(checked >= 6, "{checked} commands");
}

#[test]
fn code_map_names_existing_files() {
    static PATH: LazyLock<Regex> = LazyLock::new(|| Regex::new("`([^`]+)`").unwrap());
    let documents = Document::all();
    let architecture = documents
        .iter()
        .find(|document| document.path == Path::new("ARCHITECTURE.md"));
    let map = rows(&architecture.unwrap().text, "rule");
    assert!(map.len() >= CODE_MAP_ROWS, "{} rows", map.len());
    let files = map.into_iter().filter_map(|cells| cells.get(1).copied());
    for path in files.flat_map(|files| PATH.captures_iter(files)) {
        assert!(root().join(&path[1]).exists(), "{}", &path[1]);
    }
}

#[test]
fn prose_is_wrapped() {
    let long: Vec<String> = Document::all()
        .iter()
        .flat_map(|document| {
            document
                .prose()
                .filter(|(_, line)| !line.starts_with('|') && line.chars().count() > PROSE_COLUMNS)
                .map(|(at, _)| format!("{}:{at}", document.path.display()))
                .collect::<Vec<_>>()
        })
        .collect();
    assert_eq!(long, [""; 0]);
}

#[test]
fn readme_is_short() {
    let documents = Document::all();
    let readme = documents
        .iter()
        .find(|document| document.path == Path::new("README.md"));
    let words = readme.unwrap().text.split_whitespace().count();
    assert!(words <= README_WORDS, "{words} words");
}
