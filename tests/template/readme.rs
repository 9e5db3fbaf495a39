//! The README's table of parameters against the template.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::translated::parameters;

const README: &str = include_str!("../../README.md");

/// Each parameter's default, as a table cell writes it: in backquotes or as a number; empty where there is none.
fn told() -> BTreeMap<String, String> {
    let table = README
        .lines()
        .skip_while(|line| !line.starts_with("| parameter |"))
        .skip(2);
    let mut told = BTreeMap::new();
    for row in table.take_while(|line| line.starts_with('|')) {
        let cells: Vec<&str> = row.trim_matches('|').split('|').map(str::trim).collect();
        let names: Vec<&str> = cells[0].split(", ").map(|name| name.trim_matches('`')).collect();
        let defaults: Vec<&str> = cells[1]
            .split(", ")
            .map(|default| default.trim_matches('`'))
            .collect();
        for (at, name) in names.iter().enumerate() {
            let default = defaults.get(at).copied().unwrap_or_default();
            told.insert((*name).to_owned(), default.to_owned());
        }
    }
    told
}

#[test]
fn the_readme_tells_every_parameter_and_its_default() {
    let declared: BTreeMap<String, String> = parameters()
        .iter()
        .map(|(name, parameter)| {
            let default = parameter.get("Default");
            let text = default.and_then(Value::as_str).map(str::to_owned);
            let default = text.or_else(|| default.map(Value::to_string)).unwrap_or_default();
            (name.clone(), default)
        })
        .collect();
    assert_eq!(told(), declared);
}
