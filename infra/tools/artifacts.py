"""Prepares what is deployed: the functions' executables, and the template that names them.

    artifacts.py seal FOLDER ARCHITECTURE
    artifacts.py lay-out FOLDER ARCHITECTURE --binaries FOLDER [--runner COMMAND]

`seal` finishes what `sam build` put into FOLDER: it refuses an executable that does not run on ARCHITECTURE (arm64 or
x86_64) in Lambda's provided.al2023, and writes ARCHITECTURE into the template in place of the parameter, so that no answer
to a prompt can deploy it as another one.

`lay-out` makes such a FOLDER from executables that cargo built, for a local try: without the SAM CLI, and without the
check. COMMAND starts an executable of another architecture (an emulator).
"""

import argparse
import pathlib
import shlex
import shutil
import sys

from elftools.common.exceptions import ELFError
from elftools.elf.elffile import ELFFile
from elftools.elf.gnuversions import GNUVerNeedSection
from samcli.yamlhelper import yaml_dump, yaml_parse

# e_machine, as pyelftools names it, by Lambda's name of the architecture.
MACHINES = {"arm64": "EM_AARCH64", "x86_64": "EM_X86_64"}

# glibc of Amazon Linux 2023 (its release notes, "Core toolchain packages").
NEWEST_GLIBC = (2, 34)

PARAMETER = "Architecture"


class Refused(Exception):
    """An executable that would not start in Lambda: says which, why, and what to do."""


def check(executable, architecture):
    """Refuses an executable of another processor, or one that needs a newer glibc."""
    try:
        with open(executable, "rb") as file:
            elf = ELFFile(file)
            machine = elf["e_machine"]
            glibc = glibc_needed(elf)
    except ELFError as error:
        raise Refused(f"{executable} is no executable for Linux ({error}): run `make clean` and build again") from error
    if machine != MACHINES[architecture]:
        built = {name: arch for arch, name in MACHINES.items()}.get(machine, machine)
        raise Refused(
            f"{executable} is built for {built}, not for {architecture}: run `make clean`, then"
            f" `make build ARCHITECTURE={architecture}`"
        )
    if glibc > NEWEST_GLIBC:
        raise Refused(
            f"{executable} needs GLIBC_{dotted(glibc)}, and Lambda's provided.al2023 has {dotted(NEWEST_GLIBC)}: build it"
            " with `make build`, which links against an older one"
        )
    return glibc


def glibc_needed(elf):
    """The newest version of a symbol that the executable needs of glibc; (0, 0) where it needs none."""
    newest = (0, 0)
    for section in elf.iter_sections():
        if not isinstance(section, GNUVerNeedSection):
            continue
        for _, versions in section.iter_versions():
            for version in versions:
                if version.name.startswith("GLIBC_"):
                    numbers = version.name.removeprefix("GLIBC_").split(".")
                    # GLIBC_PRIVATE and the like name no version.
                    if all(number.isdigit() for number in numbers):
                        newest = max(newest, tuple(map(int, numbers)))
    return newest


def dotted(version):
    return ".".join(map(str, version))


def functions(template):
    """The logical id of each function, and the name of its executable."""
    for name, resource in template["Resources"].items():
        if resource["Type"] == "AWS::Serverless::Function":
            yield name, resource["Metadata"]["BuildProperties"]["Binary"]


def fix_architecture(template, architecture):
    """Replaces the parameter by its only value."""
    template["Globals"]["Function"]["Architectures"] = [architecture]
    template["Parameters"].pop(PARAMETER, None)
    for group in template["Metadata"]["AWS::CloudFormation::Interface"]["ParameterGroups"]:
        group["Parameters"] = [name for name in group["Parameters"] if name != PARAMETER]


def seal(folder, architecture):
    path = folder / "template.yaml"
    template = yaml_parse(path.read_text(encoding="utf-8"))
    for name, _ in functions(template):
        executable = folder / name / "bootstrap"
        glibc = check(executable, architecture)
        size = executable.stat().st_size / 1024 / 1024
        print(f"  {name}: {architecture}, {size:.1f} MiB, needs GLIBC {dotted(glibc)} (at most {dotted(NEWEST_GLIBC)})")
    fix_architecture(template, architecture)
    path.write_text(yaml_dump(template), encoding="utf-8")


def lay_out(folder, architecture, binaries, runner):
    root = pathlib.Path(__file__).resolve().parents[2]
    template = yaml_parse((root / "template.yaml").read_text(encoding="utf-8"))
    template["Globals"]["Function"].pop("CodeUri")
    for name, binary in functions(template):
        artifact = folder / name
        shutil.rmtree(artifact, ignore_errors=True)
        artifact.mkdir(parents=True)
        # As `sam build` lays them out, or as cargo does.
        sealed = binaries / name / "bootstrap"
        executable = sealed if sealed.exists() else binaries / binary
        if runner is None:
            shutil.copy2(executable, artifact / "bootstrap")
        else:
            shutil.copy2(executable, artifact / binary)
            script = f'#!/bin/sh\nexec {shlex.join(runner)} "$(dirname "$0")/{binary}" "$@"\n'
            (artifact / "bootstrap").write_text(script, encoding="utf-8")
            (artifact / "bootstrap").chmod(0o755)
        template["Resources"][name]["Properties"]["CodeUri"] = name
    for resource in template["Resources"].values():
        if resource["Type"] == "AWS::Serverless::Application":
            location = resource["Properties"]["Location"]
            (folder / location).parent.mkdir(parents=True, exist_ok=True)
            # Without the short forms of intrinsic functions, as `sam build` writes it.
            nested = yaml_parse((root / location).read_text(encoding="utf-8"))
            (folder / location).write_text(yaml_dump(nested), encoding="utf-8")
    fix_architecture(template, architecture)
    # Last: it is newer than everything that it names.
    (folder / "template.yaml").write_text(yaml_dump(template), encoding="utf-8")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    commands = parser.add_subparsers(dest="command", required=True)
    for name in ("seal", "lay-out"):
        command = commands.add_parser(name)
        command.add_argument("folder", type=pathlib.Path)
        command.add_argument("architecture", choices=sorted(MACHINES))
    command.add_argument("--binaries", type=pathlib.Path, required=True)
    command.add_argument("--runner", type=shlex.split)
    arguments = parser.parse_args()
    try:
        if arguments.command == "seal":
            seal(arguments.folder, arguments.architecture)
        else:
            lay_out(arguments.folder, arguments.architecture, arguments.binaries, arguments.runner)
    except Refused as refusal:
        sys.exit(f"Refused: {refusal}")


if __name__ == "__main__":
    main()
