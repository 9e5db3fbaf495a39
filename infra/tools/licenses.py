"""The licenses of the crates that are linked, with a text for each crate: the crate's own, or the standard one."""

import json
import pathlib
import re
import subprocess

import sbom

ROOT = pathlib.Path(__file__).resolve().parents[2]

# The standard texts, by SPDX identifier: for crates that come without one. They are those of other crates, without the
# line that names the holder of the copyright.
STANDARD = {
    "Apache-2.0": ROOT / "LICENSE-APACHE",
    "BSD-3-Clause": ROOT / "infra/tools/licenses/BSD-3-Clause.txt",
    "MIT": ROOT / "infra/tools/licenses/MIT.txt",
}

NAMES = ("LICENSE", "LICENCE", "COPYING", "NOTICE", "COPYRIGHT")


class Missing(Exception):
    """A license without a text: says which crate, and what to do."""


def identifiers(expression):
    """The licenses of an SPDX expression, or of its older form with a slash."""
    return sorted(set(re.split(r"[\s()/]+|\b(?:AND|OR|WITH)\b", expression)) - {""})


def own_texts(folder):
    """The texts that a crate comes with, also those of the code of others in it."""
    return sorted(path for path in folder.rglob("*") if path.is_file() and path.name.upper().startswith(NAMES))


def section(title, text):
    return f"{'-' * 100}\n{title}\n\n{text}\n"


def third_party(crates, architecture):
    """The license and the texts of each of these crates, given by name and version; then the standard texts they need."""
    command = ["cargo", "metadata", "--format-version", "1", "--locked", "--filter-platform", sbom.TARGETS[architecture]]
    metadata = subprocess.run(command, check=True, capture_output=True)
    packages = json.loads(metadata.stdout)["packages"]
    parts, needed = [], set()
    for package in sorted(packages, key=lambda package: (package["name"], package["version"])):
        # Those of this workspace have no source.
        if (package["name"], package["version"]) not in crates or package["source"] is None:
            continue
        name, license = f"{package['name']} {package['version']}", package["license"] or ""
        parts.append(f"{'=' * 100}\n{name}: {license}\n{package['repository'] or ''}\n")
        folder = pathlib.Path(package["manifest_path"]).parent
        texts = own_texts(folder)
        parts += (section(text.relative_to(folder), text.read_text(encoding="utf-8", errors="replace")) for text in texts)
        if not texts:
            standard = identifiers(license)
            unknown = [identifier for identifier in standard if identifier not in STANDARD]
            if unknown or not standard:
                raise Missing(f"{name} has no text of its license {license!r}: add the standard one to infra/tools/licenses.py")
            needed.update(standard)
            authors = ", ".join(package["authors"]) or "the authors"
            parts.append(section(f"Copyright {authors}", f"The standard text, at the end: {', '.join(standard)}"))
    for identifier in sorted(needed):
        text = STANDARD[identifier].read_text(encoding="utf-8")
        parts.append(f"{'=' * 100}\n{identifier}, the standard text\n{'-' * 100}\n{text}\n")
    return "".join(parts)
