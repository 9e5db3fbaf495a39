//! `infra/RUNBOOK.md` as a program reads it.

use crate::documents::{anchor, code_block};

const TEXT: &str = include_str!("../../infra/RUNBOOK.md");

#[derive(Debug)]
pub struct Runbook {
    /// Defines what the other commands use.
    pub first_block: String,
    pub pages: Vec<Page>,
}

/// One page: what follows a heading of the second level.
#[derive(Debug, Default)]
pub struct Page {
    /// The heading, as a link names it.
    pub anchor: String,
    /// Its headings of the third level.
    pub sections: Vec<String>,
    /// Its blocks of commands.
    pub commands: Vec<String>,
    /// Commands that only the real AWS can execute, marked `sh aws-only`.
    pub aws_only: Vec<String>,
}

impl Runbook {
    pub fn read() -> Self {
        let mut pages = vec![Page::default()];
        let mut lines = TEXT.lines();
        while let Some(line) = lines.next() {
            let page = pages.last_mut().expect("there is one from the start");
            if let Some(heading) = line.strip_prefix("## ") {
                pages.push(Page {
                    anchor: anchor(heading),
                    ..Page::default()
                });
            } else if let Some(kind) = line.trim_start().strip_prefix("```") {
                let block = code_block(line, &mut lines);
                match kind {
                    "sh" => page.commands.push(block),
                    "sh aws-only" => page.aws_only.push(block),
                    _ => panic!("a block of the kind {kind:?}"),
                }
            } else if let Some(section) = line.strip_prefix("### ") {
                page.sections.push(section.to_owned());
            }
        }
        let first_block = pages.remove(0).commands.join("\n");
        Self { first_block, pages }
    }

    pub fn page(self, anchor: &str) -> Page {
        let mut pages = self.pages.into_iter();
        pages.find(|page| page.anchor == anchor).expect(anchor)
    }
}
