//! Saved queries filter on events and fields that the functions log, never on a sentence.

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::LazyLock;

use regex::Regex;
use serde_json::json;

use super::ensure::ensure;
use integration_tests::{documents::root, template::Template};

/// The source files of the functions.
fn sources() -> &'static str {
    static SOURCES: LazyLock<String> = LazyLock::new(|| {
        let mut left = ["functions", "shared"].map(|name| root().join(name)).to_vec();
        let mut text = String::new();
        while let Some(path) = left.pop() {
            if path.is_dir() {
                left.extend(path.read_dir().unwrap().map(|entry| entry.unwrap().path()));
            } else if is_product_code(&path) {
                text.push_str(&std::fs::read_to_string(path).unwrap());
            }
        }
        text
    });
    &SOURCES
}

fn is_product_code(path: &Path) -> bool {
    let inside = path.strip_prefix(root()).unwrap_or(path);
    let is_test = |part: &std::ffi::OsStr| part == "tests" || part == "tests.rs";
    path.extension().is_some_and(|extension| extension == "rs") && !inside.iter().any(is_test)
}

/// Whether a query's code filters on the text of a message.
fn filters_on_message(query: &str) -> bool {
    static MESSAGE: LazyLock<Regex> =
        LazyLock::new(|| Regex::new(r"(^|[^@\w])message\s*(=|!=|in\b|like\b|not\b)").unwrap());
    MESSAGE.is_match(query)
}

/// Checks a query: each text in it is an event that the functions log, or an example; each name is a word of the query
/// language, a name that the query defines, or a field that the functions log.
pub(crate) fn check(query: &str) -> Result<(), String> {
    static TEXT: LazyLock<Regex> = LazyLock::new(|| Regex::new(r#""([^"]*)""#).unwrap());
    static PATTERN: LazyLock<Regex> = LazyLock::new(|| Regex::new(r"like /([^/]|\\/)*/").unwrap());
    static NAME: LazyLock<Regex> = LazyLock::new(|| Regex::new(r"@?[a-z_]+").unwrap());
    // Of Logs Insights itself (CloudWatch Logs User Guide, "CloudWatch Logs Insights language query syntax").
    const WORDS: [&str; 24] = [
        "filter",
        "fields",
        "stats",
        "sort",
        "limit",
        "by",
        "as",
        "in",
        "and",
        "like",
        "bin",
        "h",
        "asc",
        "desc",
        "count",
        "count_distinct",
        "latest",
        "min",
        "max",
        "sum",
        "level",
        "message",
        "@timestamp",
        "@message",
    ];
    // What a filter compares with besides events.
    const VALUES: [&str; 4] = ["123", "2023-10-15T14:30:00Z", "misconfigured", "ERROR"];
    let query: String = query
        .lines()
        .filter(|line| !line.starts_with('#'))
        .map(|line| format!("{line}\n"))
        .collect();
    ensure!(!filters_on_message(&query), "it filters on a sentence");
    let code = PATTERN.replace_all(&query, "");
    for value in TEXT.captures_iter(&code) {
        let value = &value[1];
        ensure!(
            VALUES.contains(&value) || events().contains(value),
            "there is no event {value:?}"
        );
    }
    let code = TEXT.replace_all(&code, "").replace("@logStream", "");
    let defined: Vec<&str> = code
        .split(" as ")
        .skip(1)
        .filter_map(|rest| rest.split([',', ' ', '\n']).next())
        .collect();
    for name in NAME.find_iter(&code) {
        let name = name.as_str();
        let known = WORDS.contains(&name) || defined.contains(&name) || is_field(name);
        ensure!(known, "there is no field {name}");
    }
    Ok(())
}

/// The events that the functions log: in a tracing call, or as the literal after the level in a call of a macro around it.
pub(crate) fn events() -> &'static BTreeSet<&'static str> {
    static EVENTS: LazyLock<BTreeSet<&str>> = LazyLock::new(|| {
        let event = r#"(?:\bevent = |\b(?:debug|info|warn|error),\s*|\$level,\s*)"([a-z]+(?:_[a-z]+)*)""#;
        let event = Regex::new(event).unwrap();
        event
            .captures_iter(sources())
            .map(|found| found.get(1).unwrap().as_str())
            .collect()
    });
    &EVENTS
}

fn is_field(name: &str) -> bool {
    // As a macro's field, by its own name or with a value.
    let forms = [
        format!(" {name} = "),
        format!(" {name},"),
        format!("({name},"),
        format!(", {name},"),
    ];
    forms.iter().any(|form| sources().contains(form))
}

pub(crate) fn query_uses_logged_events_and_fields(template: &Template) -> Result<(), String> {
    for query in template.of_type("AWS::Logs::QueryDefinition")? {
        check(query.text("/QueryString")).map_err(|problem| format!("{}: {problem}", query.id))?;
    }
    Ok(())
}

pub(crate) fn query_reads_the_stacks_log_groups(template: &Template) -> Result<(), String> {
    let groups = ["FetchCustomersLogGroup", "SubmitOrdersLogGroup"].map(|name| json!({"Ref": name}));
    for query in template.of_type("AWS::Logs::QueryDefinition")? {
        let read = query.properties["LogGroupNames"]
            .as_array()
            .cloned()
            .unwrap_or_default();
        let right = !read.is_empty() && read.iter().all(|group| groups.contains(group));
        ensure!(right, "{} reads {read:?}", query.id);
    }
    Ok(())
}
