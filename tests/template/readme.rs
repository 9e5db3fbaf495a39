//! The README's tables of parameters and alarms against the templates.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use crate::rules::{page, tells};
use integration_tests::template::Template;

const README: &str = include_str!("../../README.md");

/// The cells of the table whose first column has this title.
fn rows(title: &str) -> Vec<Vec<&'static str>> {
    let table = README
        .lines()
        .skip_while(|line| !line.starts_with(&format!("| {title} |")))
        .skip(2);
    let cells = |line: &'static str| line.trim_matches('|').split('|').map(str::trim).collect();
    table
        .take_while(|line| line.starts_with('|'))
        .map(cells)
        .collect()
}

#[test]
fn the_readme_tells_every_parameter_and_its_default() {
    // A cell writes a default in backquotes or as a number; it is empty where there is none.
    let mut told = BTreeMap::new();
    for cells in rows("parameter") {
        let mut defaults = cells[1].split(", ").map(|default| default.trim_matches('`'));
        for name in cells[0].split(", ") {
            let default = defaults.next().unwrap_or_default();
            told.insert(name.trim_matches('`').to_owned(), default.to_owned());
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
    assert_eq!(told, declared);
}

#[test]
fn the_readme_tells_every_alarm_as_it_tells_itself() {
    let told: BTreeSet<Vec<String>> = rows("alarm")
        .into_iter()
        .map(|cells| cells.into_iter().map(str::to_owned).collect())
        .collect();
    let template = Template::monitoring();
    let alarms = ["AWS::CloudWatch::Alarm", "AWS::CloudWatch::CompositeAlarm"]
        .into_iter()
        .flat_map(|kind| template.of_type(kind).unwrap());
    let say: BTreeSet<Vec<String>> = alarms
        .filter(|alarm| tells(*alarm))
        .map(|alarm| {
            let (means, first, anchor) = page(alarm, template).unwrap();
            let link = format!("[`{anchor}`](infra/RUNBOOK.md#{anchor})");
            vec![link, means, first.unwrap().replacen("First ", "", 1)]
        })
        .collect();
    assert_eq!(told, say);
}
