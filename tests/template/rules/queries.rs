//! Saved queries look for what is really logged.

use std::path::Path;
use std::sync::LazyLock;

use regex::Regex;
use serde_json::json;

use super::ensure;
use integration_tests::template::Template;

/// What the functions are made of.
fn sources() -> &'static str {
    static SOURCES: LazyLock<String> = LazyLock::new(|| {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
        let mut left = ["functions", "shared"].map(|name| root.join(name)).to_vec();
        let mut text = String::new();
        while let Some(path) = left.pop() {
            if path.is_dir() {
                left.extend(path.read_dir().unwrap().map(|entry| entry.unwrap().path()));
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                text.push_str(&std::fs::read_to_string(path).unwrap());
            }
        }
        text
    });
    &SOURCES
}

/// Each message is text of the code, and each field a name in it.
pub(crate) fn query_uses_logged_events_and_fields(template: &Template) -> Result<(), String> {
    static TEXT: LazyLock<Regex> = LazyLock::new(|| Regex::new(r#""([^"]*)""#).unwrap());
    static NAME: LazyLock<Regex> = LazyLock::new(|| Regex::new(r"@?[a-z_]+").unwrap());
    // Of Logs Insights itself (CloudWatch Logs User Guide, "CloudWatch Logs Insights language query syntax").
    const WORDS: [&str; 19] = [
        "filter",
        "fields",
        "stats",
        "sort",
        "limit",
        "by",
        "as",
        "in",
        "asc",
        "desc",
        "count",
        "count_distinct",
        "latest",
        "min",
        "max",
        "level",
        "message",
        "@timestamp",
        "@logStream",
    ];
    for query in template.of_type("AWS::Logs::QueryDefinition")? {
        let text: String = query
            .text("/QueryString")
            .lines()
            .filter(|line| !line.starts_with('#'))
            .map(|line| format!("{line}\n"))
            .collect();
        for value in TEXT.captures_iter(&text) {
            let value = &value[1];
            let example = value == "123" || value == "2023-10-15T14:30:00Z";
            ensure!(
                example || sources().contains(&format!("\"{value}\"")),
                "{}: nobody logs {value:?}",
                query.id
            );
        }
        let code = TEXT.replace_all(&text, "").replace("@logStream", "");
        let given: Vec<&str> = code
            .split(" as ")
            .skip(1)
            .filter_map(|rest| rest.split([',', ' ', '\n']).next())
            .collect();
        for name in NAME.find_iter(&code) {
            let name = name.as_str();
            let known = WORDS.contains(&name) || given.contains(&name) || is_field(name);
            ensure!(known, "{}: nobody logs the field {name}", query.id);
        }
    }
    Ok(())
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

pub(crate) fn query_reads_the_stacks_log_groups(template: &Template) -> Result<(), String> {
    let groups = ["FetchCustomersLogGroup", "SubmitOrdersLogGroup"].map(|name| json!({"Ref": name}));
    for query in template.of_type("AWS::Logs::QueryDefinition")? {
        let looked = query.properties["LogGroupNames"]
            .as_array()
            .cloned()
            .unwrap_or_default();
        let right = !looked.is_empty() && looked.iter().all(|group| groups.contains(group));
        ensure!(right, "{} looks into {looked:?}", query.id);
    }
    Ok(())
}
