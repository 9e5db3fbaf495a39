//! The documents as tests read them.

use std::{fs, path::PathBuf};

/// `docs/adapting.md`
pub const ADAPTING: &str = include_str!("../../docs/adapting.md");
/// `docs/deployment.md`
pub const DEPLOYMENT: &str = include_str!("../../docs/deployment.md");
/// `docs/failures.md`
pub const FAILURES: &str = include_str!("../../docs/failures.md");
/// `docs/monitoring.md`
pub const MONITORING: &str = include_str!("../../docs/monitoring.md");

/// The rows of the table whose first column has this title, as their cells; none if there is no such table.
#[must_use]
pub fn rows<'a>(document: &'a str, title: &str) -> Vec<Vec<&'a str>> {
    let table = document
        .lines()
        .skip_while(|line| !line.starts_with(&format!("| {title} |")))
        .skip(2);
    let cells = |line: &'a str| line.trim_matches('|').split('|').map(str::trim).collect();
    table
        .take_while(|line| line.starts_with('|'))
        .map(cells)
        .collect()
}

/// What a cell has in backquotes; empty if it is empty.
#[must_use]
pub fn code(cell: &str) -> &str {
    cell.trim_matches('`')
}

/// The environment variable of a parameter: `SOURCE_URL` of `SourceUrl`.
#[must_use]
pub fn variable(parameter: &str) -> String {
    let words = parameter.chars().enumerate().flat_map(|(at, c)| {
        let separator = (at > 0 && c.is_uppercase()).then_some('_');
        separator.into_iter().chain(c.to_uppercase())
    });
    words.collect()
}

/// The blocks of commands (`sh`) between a heading, such as `## Environments`, and the next one.
#[must_use]
pub fn commands(document: &str, heading: &str) -> Vec<String> {
    let (mut lines, mut is_below, mut blocks) = (document.lines(), false, Vec::new());
    while let Some(line) = lines.next() {
        if line.starts_with('#') {
            is_below = line == heading;
        } else if let Some(kind) = line.trim_start().strip_prefix("```") {
            let block = code_block(line, &mut lines);
            if is_below && kind == "sh" {
                blocks.push(block);
            }
        }
    }
    blocks
}

/// The lines after a fence up to the next one, without the fence's indentation.
pub(crate) fn code_block<'a>(fence: &str, lines: &mut impl Iterator<Item = &'a str>) -> String {
    let indent = fence.len() - fence.trim_start().len();
    let block: Vec<&str> = lines
        .take_while(|line| line.trim() != "```")
        .map(|line| line.get(indent..).unwrap_or_default())
        .collect();
    block.join("\n")
}

/// The root of the repository.
#[must_use]
pub fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .unwrap()
        .to_owned()
}

/// A Markdown file.
#[derive(Debug)]
pub struct Document {
    /// From the root of the repository.
    pub path: PathBuf,
    pub text: String,
}

impl Document {
    /// The Markdown files that people read: those of the root, of `docs` and of `infra`.
    #[must_use]
    pub fn all() -> Vec<Self> {
        let files = ["", "docs", "infra"]
            .into_iter()
            .flat_map(|folder| root().join(folder).read_dir().unwrap());
        let mut documents: Vec<Self> = files
            .map(|entry| entry.unwrap().path())
            .filter(|path| path.extension().is_some_and(|extension| extension == "md"))
            .map(|path| Self {
                text: fs::read_to_string(&path).unwrap(),
                path: path.strip_prefix(root()).unwrap().to_owned(),
            })
            .collect();
        documents.sort_by(|a, b| a.path.cmp(&b.path));
        documents
    }

    /// The lines outside of code blocks, with their numbers.
    pub fn prose(&self) -> impl Iterator<Item = (usize, &str)> {
        let mut in_code = false;
        self.text.lines().enumerate().filter_map(move |(at, line)| {
            let is_fence = line.trim_start().starts_with("```");
            in_code ^= is_fence;
            (!in_code && !is_fence).then_some((at + 1, line))
        })
    }

    /// What links can point to in it.
    #[must_use]
    pub fn anchors(&self) -> Vec<String> {
        self.prose()
            .filter(|(_, line)| line.starts_with('#'))
            .map(|(_, line)| anchor(line.trim_start_matches('#').trim()))
            .collect()
    }
}

/// A heading's anchor, as GitHub and others make it.
#[must_use]
pub fn anchor(heading: &str) -> String {
    let kept = heading.to_lowercase().replace(' ', "-");
    kept.chars()
        .filter(|c| c.is_alphanumeric() || *c == '-')
        .collect()
}
