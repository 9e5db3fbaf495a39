//! `infra/RUNBOOK.md` as a program reads it.

const TEXT: &str = include_str!("../../infra/RUNBOOK.md");

/// The runbook.
#[derive(Debug)]
pub struct Runbook {
    /// What one begins with.
    pub first_block: String,
    /// All pages, in their order.
    pub pages: Vec<Page>,
}

/// One page: what a heading of the second level begins.
#[derive(Debug, Default)]
pub struct Page {
    /// The heading, as a link names it.
    pub anchor: String,
    /// Its blocks of commands.
    pub commands: Vec<String>,
    /// Those that only the real AWS can carry out: marked `sh aws-only`.
    pub aws_only: Vec<String>,
    /// The rest of its text.
    pub text: String,
}

impl Runbook {
    /// Reads it.
    #[must_use]
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
                let indent = line.len() - line.trim_start().len();
                let block: Vec<&str> = lines
                    .by_ref()
                    .take_while(|line| line.trim() != "```")
                    .map(|line| line.get(indent..).unwrap_or_default())
                    .collect();
                match kind {
                    "sh" => page.commands.push(block.join("\n")),
                    "sh aws-only" => page.aws_only.push(block.join("\n")),
                    _ => panic!("a block of the kind {kind:?}"),
                }
            } else {
                page.text.push_str(line);
                page.text.push('\n');
            }
        }
        let first_block = pages.remove(0).commands.join("\n");
        Self { first_block, pages }
    }

    /// The page of this anchor.
    #[must_use]
    pub fn page(self, anchor: &str) -> Page {
        let mut pages = self.pages.into_iter();
        pages.find(|page| page.anchor == anchor).expect(anchor)
    }
}

/// A heading's anchor, as GitHub and others make it.
fn anchor(heading: &str) -> String {
    let kept = heading.to_lowercase().replace(' ', "-");
    kept.chars()
        .filter(|c| c.is_alphanumeric() || *c == '-')
        .collect()
}
