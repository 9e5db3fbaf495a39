//! The dashboard: order of the columns, layout, alarms and links.

use std::collections::BTreeSet;
use std::sync::LazyLock;

use regex::{Captures, Regex};
use serde_json::Value;

use super::alarms::{alarms, notifies, page};
use super::ensure::ensure;
use integration_tests::template::Template;

/// The width of the grid (CloudWatch User Guide, "Dashboard body structure and syntax").
const COLUMNS: u64 = 24;

/// The widgets; a reference in them is its name in braces.
pub(super) fn widgets(template: &Template) -> Result<Vec<Value>, String> {
    static REFERENCE: LazyLock<Regex> = LazyLock::new(|| Regex::new(r"\$\{([\w:.]+)\}").unwrap());
    let body = &template.resource("Dashboard")?.properties["DashboardBody"]["Fn::Sub"];
    let (text, variables) = (body[0].as_str().unwrap_or_default(), &body[1]);
    let resolved = REFERENCE.replace_all(text, |found: &Captures<'_>| {
        let variable = &variables[&found[1]];
        if variable.is_null() {
            format!("{{{}}}", &found[1])
        } else {
            // What the condition inserts.
            variable["Fn::If"][1]["Fn::Sub"]
                .as_str()
                .unwrap_or_default()
                .replace("${", "{")
        }
    });
    let body: Value = serde_json::from_str(&resolved).map_err(|error| error.to_string())?;
    let widgets = body["widgets"].as_array().cloned();
    widgets.ok_or_else(|| "there are no widgets".to_owned())
}

fn number(widget: &Value, name: &str) -> u64 {
    widget[name].as_u64().unwrap_or(u64::MAX)
}

/// The headings, from left to right and from top to bottom.
pub(crate) fn dashboard_columns_are_in_order(template: &Template) -> Result<(), String> {
    let mut headings: Vec<(u64, u64, String)> = Vec::new();
    for widget in widgets(template)? {
        let markdown = widget["properties"]["markdown"].as_str().unwrap_or_default();
        if let Some(heading) = markdown.lines().next() {
            headings.push((number(&widget, "y"), number(&widget, "x"), heading.to_owned()));
        }
    }
    headings.sort();
    let headings: Vec<&str> = headings
        .iter()
        .map(|(_, _, heading)| heading.trim_start_matches("### "))
        .collect();
    ensure!(
        headings
            == [
                "1 · Runs",
                "2 · Queue",
                "3 · Orders",
                "4 · Dead letters",
                "Health of the functions"
            ],
        "{headings:?}"
    );
    Ok(())
}

pub(crate) fn widgets_fit_without_overlap(template: &Template) -> Result<(), String> {
    let mut taken = BTreeSet::new();
    for widget in widgets(template)? {
        let [x, y, width, height] = ["x", "y", "width", "height"].map(|name| number(&widget, name));
        let inside = x.saturating_add(width) <= COLUMNS && height <= 100 && width > 0 && height > 0;
        ensure!(inside, "a widget at {x}, {y} is {width} by {height} large");
        for column in x..x + width {
            for row in y..y + height {
                ensure!(
                    taken.insert((column, row)),
                    "two widgets overlap at {column}, {row}"
                );
            }
        }
    }
    Ok(())
}

pub(crate) fn dashboard_shows_every_notifying_alarm(template: &Template) -> Result<(), String> {
    let widgets = widgets(template)?;
    let shown: BTreeSet<String> = widgets
        .iter()
        .flat_map(|widget| widget["properties"]["alarms"].as_array().cloned())
        .flatten()
        .filter_map(|arn| {
            Some(
                arn.as_str()?
                    .trim_matches(['{', '}'])
                    .trim_end_matches(".Arn")
                    .to_owned(),
            )
        })
        .collect();
    let notifying = alarms(template)?.into_iter().filter(|alarm| notifies(*alarm));
    let notifying: BTreeSet<String> = notifying.map(|alarm| alarm.id.to_owned()).collect();
    ensure!(shown == notifying, "{shown:?} are shown, {notifying:?} notify");
    Ok(())
}

pub(crate) fn dashboard_links_lead_to_alarm_pages(template: &Template) -> Result<(), String> {
    static LINK: LazyLock<Regex> =
        LazyLock::new(|| Regex::new(r"\[([^\]]*)\]\(\{RunbookUrl\}#([^)]*)\)").unwrap());
    let pages: Result<BTreeSet<String>, String> = alarms(template)?
        .into_iter()
        .map(|alarm| Ok(page(alarm, template)?.2))
        .collect();
    let pages = pages?;
    for widget in widgets(template)? {
        let Some(markdown) = widget["properties"]["markdown"].as_str() else {
            continue;
        };
        let links: Vec<_> = LINK
            .captures_iter(markdown)
            .map(|link| (link[1].to_owned(), link[2].to_owned()))
            .collect();
        ensure!(!links.is_empty(), "{markdown:?} has no link");
        for (text, anchor) in links {
            ensure!(
                text == anchor && pages.contains(&anchor),
                "[{text}] leads to {anchor}"
            );
        }
    }
    Ok(())
}
