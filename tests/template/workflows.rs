//! What CI runs, against the Makefile.

use std::fs;
use std::sync::LazyLock;

use integration_tests::documents::root;
use regex::Regex;

/// Path and text of each workflow, and of what they call.
fn scripts() -> Vec<(String, String)> {
    let workflows = root().join(".github/workflows").read_dir().unwrap();
    let paths = workflows.map(|entry| entry.unwrap().path());
    paths
        .chain([root().join(".ci/run")])
        .map(|path| (path.display().to_string(), fs::read_to_string(path).unwrap()))
        .collect()
}

#[test]
fn workflows_make_targets_that_exist() {
    static MAKE: LazyLock<Regex> = LazyLock::new(|| Regex::new(r"\bmake ([a-z][a-z0-9-]*)").unwrap());
    let makefile = fs::read_to_string(root().join("Makefile")).unwrap();
    let mut checked = 0;
    for (path, text) in scripts() {
        for target in MAKE.captures_iter(&text).map(|found| found[1].to_owned()) {
            let rule = format!("{target}:");
            assert!(
                makefile.lines().any(|line| line.starts_with(&rule)),
                "{path}: make {target}"
            );
            checked += 1;
        }
    }
    assert!(checked >= 10, "{checked} commands");
}

#[test]
fn arm64_is_tested_unconditionally() {
    for workflow in ["ci.yml", "release.yml"] {
        let (_, text) = scripts()
            .into_iter()
            .find(|(path, _)| path.ends_with(workflow))
            .unwrap();
        let lines: Vec<&str> = text.lines().map(str::trim).collect();
        assert!(lines.contains(&"- run: make test-arm64"), "{workflow}");
        let conditions: Vec<&&str> = lines
            .iter()
            .filter(|line| line.starts_with("if:") || line.starts_with("continue-on-error:"))
            .collect();
        assert!(conditions.is_empty(), "{workflow}: {conditions:?}");
    }
}
