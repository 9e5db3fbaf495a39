"""Writes what each function is linked from, as CycloneDX 1.5.

    sbom.py FOLDER ARCHITECTURE TO

FOLDER is what was built for ARCHITECTURE: each executable holds the list of crates that `cargo auditable` put into it. That
list also has crates that only run in the build (procedural macros) and optional ones that are off; `cargo tree` knows which
are linked.
"""

import json
import pathlib
import subprocess
import sys
import zlib

from elftools.elf.elffile import ELFFile
from samcli.yamlhelper import yaml_parse

from artifacts import functions

TARGETS = {"arm64": "aarch64-unknown-linux-gnu", "x86_64": "x86_64-unknown-linux-gnu"}

# Where `cargo auditable` puts the list: zlib-compressed JSON (its README, "Format").
SECTION = ".dep-v0"


def linked(architecture):
    """Each crate that is linked into any of the functions, as cargo resolves their features when it builds them together."""
    command = ["cargo", "tree", "--locked", "--edges", "normal,no-proc-macro", "--target", TARGETS[architecture]]
    tree = subprocess.run([*command, "--prefix", "none", "--format", "{p}"], check=True, capture_output=True, text=True)
    # `name v1.2.3`, and after it where it is or that it was named before.
    lines = (line.split() for line in tree.stdout.splitlines() if line)
    return {(name, version.removeprefix("v")) for name, version, *_ in lines}


def listed(executable):
    """What `cargo auditable` put into the executable."""
    with open(executable, "rb") as file:
        section = ELFFile(file).get_section_by_name(SECTION)
        if section is None:
            sys.exit(f"{executable} has no list of crates: build it with `make build`")
        return json.loads(zlib.decompress(section.data()))["packages"]


def components(executable, crates):
    """The crates of an executable that are linked into it; its own is marked as the root."""
    return [package for package in listed(executable) if (package["name"], package["version"]) in crates]


def cyclonedx(packages):
    def component(package, kind):
        purl = f"pkg:cargo/{package['name']}@{package['version']}"
        return {"type": kind, "bom-ref": purl, "name": package["name"], "version": package["version"], "purl": purl}

    (root,) = (package for package in packages if package.get("root"))
    others = (package for package in packages if not package.get("root"))
    return {
        "bomFormat": "CycloneDX",
        "specVersion": "1.5",
        "version": 1,
        "metadata": {"component": component(root, "application")},
        "components": [component(package, "library") for package in others],
    }


def write(folder, architecture, to):
    """Writes a file for each function, named after it.

    Returns every crate that is linked into one of them, by name and version."""
    template = yaml_parse((folder / "template.yaml").read_text(encoding="utf-8"))
    to.mkdir(parents=True, exist_ok=True)
    crates, found = linked(architecture), set()
    for name, binary in functions(template):
        packages = components(folder / name / "bootstrap", crates)
        found.update((package["name"], package["version"]) for package in packages)
        path = to / f"{binary}.cdx.json"
        path.write_text(json.dumps(cyclonedx(packages), indent=1) + "\n", encoding="utf-8")
    return found


if __name__ == "__main__":
    write(pathlib.Path(sys.argv[1]), sys.argv[2], pathlib.Path(sys.argv[3]))
    print(f"{sys.argv[3]}: what each function is linked from")
