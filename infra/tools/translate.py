"""Prints templates as CloudFormation sees them: after SAM's transform, as JSON.

    .tools/venv/bin/python infra/tools/translate.py infra/monitoring.yaml
    .tools/venv/bin/python infra/tools/translate.py template.yaml --combinations FOLDER

The first form prints one template, its conditions as they are. The second writes one file for each combination of the
optional parameters into FOLDER, with the conditions evaluated: default.json has all of them empty, and a file such as
key+network.json has those that it names.
"""

import argparse
import itertools
import json
import os
import pathlib

from samcli.yamlhelper import yaml_parse
from samtranslator.translator.transform import transform

# The transform asks for a region only to choose the partition of ARNs that it makes.
os.environ.setdefault("AWS_DEFAULT_REGION", "us-east-1")

# The groups of optional parameters, each with an example.
OPTIONS = {
    "boundary": {"PermissionsBoundaryArn": "arn:aws:iam::123456789012:policy/developers"},
    "key": {"KmsKeyArn": "arn:aws:kms:us-east-1:123456789012:key/1234abcd-12ab-34cd-56ef-1234567890ab"},
    "network": {"SubnetIds": "subnet-0a1b2c3d,subnet-4e5f6a7b", "SecurityGroupIds": "sg-0a1b2c3d"},
}

NO_VALUE = {"Ref": "AWS::NoValue"}


class NoManagedPolicies:
    """The template names no AWS managed policy, so IAM need not be asked for their ARNs."""

    def load(self):
        return {}


def translate(path):
    """The template after SAM's transform."""
    template = yaml_parse(pathlib.Path(path).read_text(encoding="utf-8"))
    if "Globals" in template:
        # Where `sam package` would put the code, and the nested template.
        template["Globals"]["Function"]["CodeUri"] = "s3://bucket/key"
        for resource in template["Resources"].values():
            if resource["Type"] == "AWS::Serverless::Application":
                resource["Properties"]["Location"] = "https://s3.amazonaws.com/bucket/key"
    return transform(template, {}, NoManagedPolicies())


def combinations():
    """Each combination of the options: its name, and its parameters."""
    for count in range(len(OPTIONS) + 1):
        for names in itertools.combinations(sorted(OPTIONS), count):
            parameters = {key: value for name in names for key, value in OPTIONS[name].items()}
            yield "+".join(names) or "default", parameters


def evaluated(template, parameters):
    """A copy of the template with these parameters as defaults, and without conditions."""
    template = json.loads(json.dumps(template))
    for name, value in parameters.items():
        template["Parameters"][name]["Default"] = value
    conditions = template.pop("Conditions", {})
    values = {name: parameter.get("Default") for name, parameter in template["Parameters"].items()}

    def value_of(expression):
        if not isinstance(expression, dict):
            return expression
        ((function, argument),) = expression.items()
        if function == "Ref":
            return values[argument]
        if function == "Fn::Join":
            separator, parts = argument[0], value_of(argument[1])
            # A CommaDelimitedList is text here.
            return separator.join(parts.split(",") if isinstance(parts, str) else map(value_of, parts))
        raise ValueError(f"{function} in a condition")

    def holds(condition):
        ((function, argument),) = condition.items()
        if function == "Condition":
            return holds(conditions[argument])
        if function == "Fn::Equals":
            return value_of(argument[0]) == value_of(argument[1])
        if function == "Fn::Not":
            return not holds(argument[0])
        if function == "Fn::And":
            return all(map(holds, argument))
        if function == "Fn::Or":
            return any(map(holds, argument))
        raise ValueError(f"{function} as a condition")

    def resolved(value):
        if isinstance(value, list):
            return [item for item in map(resolved, value) if item != NO_VALUE]
        if not isinstance(value, dict):
            return value
        if list(value) == ["Fn::If"]:
            name, then, otherwise = value["Fn::If"]
            return resolved(then if holds(conditions[name]) else otherwise)
        items = ((key, resolved(item)) for key, item in value.items())
        return {key: item for key, item in items if item != NO_VALUE}

    for section in ("Resources", "Outputs"):
        kept = {}
        for name, entry in template.get(section, {}).items():
            condition = entry.pop("Condition", None)
            if condition is None or holds(conditions[condition]):
                kept[name] = resolved(entry)
        template[section] = kept
    return template


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("template")
    parser.add_argument("--combinations", metavar="FOLDER", type=pathlib.Path)
    arguments = parser.parse_args()
    template = translate(arguments.template)
    if arguments.combinations is None:
        print(json.dumps(template, indent=2))
        return
    arguments.combinations.mkdir(parents=True, exist_ok=True)
    for name, parameters in combinations():
        text = json.dumps(evaluated(template, parameters), indent=2)
        (arguments.combinations / f"{name}.json").write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
