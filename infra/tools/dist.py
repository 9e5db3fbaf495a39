"""Packs what was built into a zip that deploys without Rust.

    dist.py FOLDER ARCHITECTURE ZIP

FOLDER is what was built and checked for ARCHITECTURE. Unpacked, `sam deploy --guided` in the zip's one folder deploys it.
The same build gives the same bytes.
"""

import hashlib
import pathlib
import re
import shutil
import sys
import tempfile
import zipfile

import artifacts
import licenses
import sbom
from samcli.yamlhelper import yaml_dump, yaml_parse

# What comes along: scripts, and every document.
FILES = [
    "samconfig.toml",
    "infra/RUNBOOK.md",
    "infra/backfill.sh",
    "infra/invoke.sh",
    "infra/events",
    "infra/dashboard.svg",
    "docs",
    "tests/bench/chart.svg",
    "ARCHITECTURE.md",
    "README.md",
    "SECURITY.md",
    "LICENSE-APACHE",
    "LICENSE-MIT",
]

# Zip has no earlier date.
DATE = (1980, 1, 1, 0, 0, 0)


def copy_files(to):
    """Puts what comes along into the folder `to`."""
    root = pathlib.Path(__file__).resolve().parents[2]
    for name in FILES:
        path = root / name
        (to / name).parent.mkdir(parents=True, exist_ok=True)
        (shutil.copytree if path.is_dir() else shutil.copy2)(path, to / name)
    for document in to.rglob("*.md"):
        remove_links_to_sources(document)


def remove_links_to_sources(document):
    """Leaves only the text of a link to a file that does not come along."""

    def link(found):
        text, target = found.groups()
        path = target.split("#")[0]
        is_there = not path or ":" in path or (document.parent / path).exists()
        return found[0] if is_there else text

    text = document.read_text(encoding="utf-8")
    document.write_text(re.sub(r"\[([^\[\]]*)\]\(([^()\s]+)\)", link, text), encoding="utf-8")


def collect(built, architecture, to):
    """Puts everything into the folder `to`."""
    template = yaml_parse((built / "template.yaml").read_text(encoding="utf-8"))
    for name, _ in artifacts.functions(template):
        executable = built / name / "bootstrap"
        artifacts.check(executable, architecture)
        (to / name).mkdir(parents=True)
        shutil.copy2(executable, to / name / "bootstrap")
    for resource in template["Resources"].values():
        if resource["Type"] == "AWS::Serverless::Application":
            # Where the sources have it.
            nested = to / "infra" / "monitoring.yaml"
            nested.parent.mkdir(exist_ok=True)
            shutil.copy2(built / resource["Properties"]["Location"], nested)
            resource["Properties"]["Location"] = "infra/monitoring.yaml"
    (to / "template.yaml").write_text(yaml_dump(template), encoding="utf-8")
    copy_files(to)
    crates = sbom.write(built, architecture, to / "sbom")
    (to / "THIRD-PARTY-LICENSES.txt").write_text(licenses.third_party(crates, architecture), encoding="utf-8")
    sums = []
    for path in files(to):
        digest = hashlib.sha256(path.read_bytes()).hexdigest()
        sums.append(f"{digest}  {path.relative_to(to).as_posix()}\n")
    (to / "SHA256SUMS").write_text("".join(sums), encoding="utf-8")


def files(folder):
    return sorted(path for path in folder.rglob("*") if path.is_file())


def pack(folder, archive):
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as packed:
        for path in files(folder):
            entry = zipfile.ZipInfo(path.relative_to(folder.parent).as_posix(), DATE)
            entry.compress_type = zipfile.ZIP_DEFLATED
            mode = 0o755 if path.name == "bootstrap" or path.suffix == ".sh" else 0o644
            # A regular file, in Unix's half of the attributes.
            entry.external_attr = (0o100000 | mode) << 16
            packed.writestr(entry, path.read_bytes())


def main(built, architecture, archive):
    archive.parent.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as temporary:
        folder = pathlib.Path(temporary) / archive.stem
        folder.mkdir()
        try:
            collect(built, architecture, folder)
        except (artifacts.Refused, licenses.Missing) as refusal:
            sys.exit(f"Refused: {refusal}")
        pack(folder, archive)
    digest = hashlib.sha256(archive.read_bytes()).hexdigest()
    archive.with_suffix(".zip.sha256").write_text(f"{digest}  {archive.name}\n", encoding="utf-8")
    print(f"{archive}: {archive.stat().st_size / 1024 / 1024:.1f} MiB")


if __name__ == "__main__":
    main(pathlib.Path(sys.argv[1]), sys.argv[2], pathlib.Path(sys.argv[3]))
