"""Prints a template as CloudFormation sees it: after SAM's transform, as JSON.

    .tools/venv/bin/python infra/tools/translate.py template.yaml
"""

import json
import os
import sys

from samcli.yamlhelper import yaml_parse
from samtranslator.translator.transform import transform

# The transform asks for a region only to choose the partition of ARNs that it makes.
os.environ.setdefault("AWS_DEFAULT_REGION", "us-east-1")


class NoManagedPolicies:
    """The template names none, so nobody has to ask IAM for their ARNs."""

    def load(self):
        return {}


def main(path):
    with open(path, encoding="utf-8") as file:
        template = yaml_parse(file.read())
    if "Globals" in template:
        # Where `sam package` would put the code.
        template["Globals"]["Function"]["CodeUri"] = "s3://bucket/key"
    json.dump(transform(template, {}, NoManagedPolicies()), sys.stdout, indent=2)


if __name__ == "__main__":
    main(*sys.argv[1:])
