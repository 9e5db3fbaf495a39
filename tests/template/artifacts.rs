//! What is deployed: `infra/tools/artifacts.py` refuses what Lambda could not start, and the documents name no
//! architecture for the reader.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use serde_json::Value;
use tempfile::TempDir;

/// `e_machine` of the ELF header (elf.h).
const X86_64: u16 = 62;
const AARCH64: u16 = 183;

const FUNCTIONS: [&str; 3] = [
    "FetchCustomersFunction",
    "SubmitOrdersFunction",
    "RedriveOrdersFunction",
];

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap()
}

/// A 64-bit little-endian ELF file of this machine that needs one version of a symbol of libc: no code, only what says so.
fn elf(machine: u16, glibc: &str) -> Vec<u8> {
    const HEADER: u64 = 64;
    let names = b"\0.dynstr\0.gnu.version_r\0.shstrtab\0".to_vec();
    let strings = [b"\0libc.so.6\0", glibc.as_bytes(), b"\0"].concat();
    // Elf64_Verneed: one file, whose one Elf64_Vernaux follows after 16 bytes.
    let mut needs = Vec::new();
    needs.extend([1_u16, 1].map(u16::to_le_bytes).concat());
    needs.extend([1_u32, 16, 0].map(u32::to_le_bytes).concat());
    needs.extend(0_u32.to_le_bytes());
    needs.extend([0_u16, 2].map(u16::to_le_bytes).concat());
    needs.extend([11_u32, 0].map(u32::to_le_bytes).concat());
    let at = [
        HEADER,
        HEADER + strings.len() as u64,
        HEADER + (strings.len() + needs.len()) as u64,
    ];
    let sections = at[2] + names.len() as u64;
    // Elf64_Shdr: name, type, flags, addr, offset, size, link, info, addralign, entsize.
    let section = |name: u32, kind: u32, offset: u64, size: usize, link: u32, info: u32| {
        let mut header = [name, kind].map(u32::to_le_bytes).concat();
        header.extend([0, 0, offset, size as u64].map(u64::to_le_bytes).concat());
        header.extend([link, info].map(u32::to_le_bytes).concat());
        header.extend([1_u64, 0].map(u64::to_le_bytes).concat());
        header
    };
    let mut file = b"\x7fELF\x02\x01\x01\0\0\0\0\0\0\0\0\0".to_vec();
    file.extend([3_u16, machine].map(u16::to_le_bytes).concat());
    file.extend(1_u32.to_le_bytes());
    file.extend([0, 0, sections].map(u64::to_le_bytes).concat());
    file.extend(0_u32.to_le_bytes());
    file.extend([64_u16, 56, 0, 64, 4, 3].map(u16::to_le_bytes).concat());
    file.extend([strings.clone(), needs.clone(), names.clone()].concat());
    file.extend(section(0, 0, 0, 0, 0, 0));
    file.extend(section(1, 3, at[0], strings.len(), 0, 0));
    file.extend(section(9, 0x6fff_fffe, at[1], needs.len(), 1, 1));
    file.extend(section(24, 3, at[2], names.len(), 0, 0));
    file
}

/// What `sam build` would leave behind, with this executable in each function.
fn built(executable: &[u8]) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    for function in FUNCTIONS {
        fs::create_dir(folder.path().join(function)).unwrap();
        fs::write(folder.path().join(function).join("bootstrap"), executable).unwrap();
    }
    fs::copy(root().join("template.yaml"), folder.path().join("template.yaml")).unwrap();
    folder
}

/// Runs Python from the root of the repository.
pub(crate) fn python(arguments: &[&str]) -> Output {
    let python = Command::new(root().join(".tools/venv/bin/python"))
        .args(arguments)
        .current_dir(root())
        .output();
    python.unwrap()
}

fn seal(folder: &TempDir, architecture: &str) -> Output {
    let folder = folder.path().to_str().unwrap();
    python(&["infra/tools/artifacts.py", "seal", folder, architecture])
}

/// Seals the executable for the architecture, which must be refused, and returns what is said.
fn refused(executable: &[u8], architecture: &str) -> String {
    let folder = built(executable);
    let output = seal(&folder, architecture);
    assert!(!output.status.success(), "it was accepted");
    let template = fs::read_to_string(folder.path().join("template.yaml")).unwrap();
    assert!(template.contains("!Ref Architecture"), "the template was changed");
    String::from_utf8(output.stderr).unwrap()
}

#[test]
fn sealed_template_has_its_architecture_only() {
    for (architecture, machine) in [("arm64", AARCH64), ("x86_64", X86_64)] {
        let folder = built(&elf(machine, "GLIBC_2.34"));
        let output = seal(&folder, architecture);
        let error = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{error}");
        let path = folder.path().join("template.yaml");
        let translated = python(&["infra/tools/translate.py", path.to_str().unwrap()]);
        let template: Value = serde_json::from_slice(&translated.stdout).unwrap();
        assert_eq!(template["Parameters"]["Architecture"], Value::Null);
        for function in FUNCTIONS {
            let is = &template["Resources"][function]["Properties"]["Architectures"];
            assert_eq!(is[0], architecture, "{function}");
        }
    }
}

#[test]
fn executable_of_another_architecture_is_refused() {
    let error = refused(&elf(AARCH64, "GLIBC_2.17"), "x86_64");
    assert!(error.contains("is built for arm64, not for x86_64"), "{error}");
    let error = refused(&elf(X86_64, "GLIBC_2.17"), "arm64");
    assert!(error.contains("make build ARCHITECTURE=arm64"), "{error}");
}

#[test]
fn executable_with_newer_glibc_is_refused() {
    let error = refused(&elf(X86_64, "GLIBC_2.35"), "x86_64");
    assert!(error.contains("needs GLIBC_2.35"), "{error}");
    // Compared as numbers, not as text.
    let error = refused(&elf(X86_64, "GLIBC_2.100"), "x86_64");
    assert!(error.contains("needs GLIBC_2.100"), "{error}");
}

#[test]
fn file_that_is_no_elf_is_refused() {
    let error = refused(b"#!/bin/sh\nexit 0\n", "x86_64");
    assert!(error.contains("is no executable for Linux"), "{error}");
}

/// The pages and scripts that somebody follows.
fn followed() -> Vec<PathBuf> {
    let files = |folder: &str| {
        let entries = fs::read_dir(root().join(folder)).unwrap();
        entries
            .map(|entry| entry.unwrap().path())
            .filter(|path| path.is_file())
    };
    let pages = files("docs").chain(files("infra"));
    pages
        .chain([root().join("README.md"), root().join("SECURITY.md")])
        .collect()
}

#[test]
fn documents_and_scripts_choose_no_architecture() {
    for path in followed() {
        let Ok(text) = fs::read_to_string(&path) else {
            continue;
        };
        for choice in ["--arm64", "--x86-64", "Architecture=arm64", "Architecture=x86_64"] {
            assert!(!text.contains(choice), "{} has {choice}", path.display());
        }
    }
}
