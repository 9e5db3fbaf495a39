//! The zip that deploys without Rust, as far as nothing needs to be built for it.

use std::fs;
use std::path::Path;
use std::process::Command;

use integration_tests::documents::{Document, root};

use crate::artifacts::python;
use crate::documents::links;

/// Runs Python statements that use the modules of `infra/tools`, and returns what they print.
fn print(statements: &str) -> String {
    let output = python(&[
        "-c",
        &format!("import sys; sys.path[:0] = ['infra/tools']; {statements}"),
    ]);
    let error = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{error}");
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn zip_has_every_file_its_documents_link_to() {
    let zip = tempfile::tempdir().unwrap();
    let to = zip.path().to_str().unwrap();
    print(&format!(
        "import dist, pathlib; dist.copy_files(pathlib.Path('{to}'))"
    ));
    let documents: Vec<Document> = Document::all()
        .into_iter()
        .map(|document| {
            let text = fs::read_to_string(zip.path().join(&document.path));
            Document {
                text: text.unwrap_or_else(|error| panic!("{}: {error}", document.path.display())),
                ..document
            }
        })
        .collect();
    let missing: Vec<String> = documents
        .iter()
        .flat_map(|document| {
            let folder = zip.path().join(document.path.parent().unwrap());
            links(document)
                .filter(|(_, link)| !link.starts_with('#') && !link.starts_with("https://"))
                .filter(move |(_, link)| !folder.join(link.split('#').next().unwrap()).exists())
                .map(|(at, link)| format!("{}:{at}: {link}", document.path.display()))
        })
        .collect();
    assert_eq!(missing, [""; 0]);
    // A link to a source is plain text there, and nothing else is changed.
    let adapting = documents
        .iter()
        .find(|document| document.path == Path::new("docs/adapting.md"));
    let adapting = &adapting.unwrap().text;
    assert!(adapting.contains("| `ID` in `customer.rs` |"), "{adapting}");
    assert!(adapting.contains("[README](../README.md)"), "{adapting}");
}

#[test]
fn every_linked_crate_has_its_license_text() {
    for architecture in ["arm64", "x86_64"] {
        let text = print(&format!(
            "import licenses, sbom; print(licenses.third_party(sbom.linked('{architecture}'), '{architecture}'))"
        ));
        // A title of its own follows each text, and each crate's heading has its repository at most.
        let rule = "=".repeat(100);
        let crates: Vec<&str> = text.split(&format!("{rule}\n")).skip(1).collect();
        assert!(crates.len() > 150, "{} crates", crates.len());
        let without: Vec<&&str> = crates
            .iter()
            .filter(|entry| !entry.contains(&"-".repeat(100)))
            .collect();
        assert!(without.is_empty(), "{without:?}");
        for standard in ["MIT", "BSD-3-Clause", "Apache-2.0"] {
            let heading = format!("{rule}\n{standard}, the standard text\n");
            assert_eq!(text.matches(&heading).count(), 1, "{standard}");
        }
    }
}

#[test]
fn invoke_finds_stack_that_was_answered() {
    let folder = tempfile::tempdir().unwrap();
    // As the SAM CLI saves another name than the one that it suggests.
    let config = folder.path().join("samconfig.toml");
    let answers = fs::read_to_string(root().join("samconfig.toml")).unwrap() + "stack_name = \"orders\"\n";
    fs::write(&config, answers).unwrap();
    let path = format!(
        "{}:{}",
        root().join("tests/fakes/invoke").display(),
        shared::config::environment("PATH").unwrap()
    );
    let output = Command::new(root().join("infra/invoke.sh"))
        .arg(config)
        .args(["fetch-customers", "{}"])
        .env("PATH", path)
        .output()
        .unwrap();
    let error = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{error}");
    assert_eq!(String::from_utf8_lossy(&output.stdout), "{}\n\n");
}
