//! The template as CloudFormation sees it: SAM's transform is done, and parameters have their defaults.

use std::path::Path;
use std::process::Command;
use std::sync::LazyLock;

use serde_json::{Map, Value};

static TRANSLATED: LazyLock<Value> = LazyLock::new(|| {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let python = root.join(".tools/venv/bin/python");
    assert!(
        python.exists(),
        "{} is not there: `make tools` installs it",
        python.display()
    );
    let printed = Command::new(python)
        .arg(root.join("infra/tools/translate.py"))
        .arg(root.join("template.yaml"))
        .output()
        .unwrap();
    assert!(
        printed.status.success(),
        "{}",
        String::from_utf8_lossy(&printed.stderr)
    );
    serde_json::from_slice(&printed.stdout).unwrap()
});

/// A resource of the template.
#[derive(Clone, Copy)]
pub(crate) struct Resource {
    /// The logical id.
    pub(crate) id: &'static str,
    properties: &'static Value,
}

/// The resources of a type, such as `AWS::SQS::Queue`.
pub(crate) fn of_type(kind: &str) -> Vec<Resource> {
    let resources = TRANSLATED["Resources"].as_object().unwrap().iter();
    let of_kind = resources.filter(|(_, resource)| resource["Type"] == kind);
    let all: Vec<_> = of_kind
        .map(|(id, resource)| Resource {
            id,
            properties: &resource["Properties"],
        })
        .collect();
    assert!(!all.is_empty(), "the template has no {kind}");
    all
}

/// The resource with this logical id.
pub(crate) fn resource(id: &str) -> Resource {
    let (id, resource) = TRANSLATED["Resources"]
        .as_object()
        .unwrap()
        .get_key_value(id)
        .expect(id);
    Resource {
        id,
        properties: &resource["Properties"],
    }
}

/// The parameters as they are declared.
pub(crate) fn parameters() -> &'static Map<String, Value> {
    TRANSLATED["Parameters"].as_object().unwrap()
}

impl Resource {
    /// A property, by its path such as `/VisibilityTimeout`; the default, where it is a parameter.
    pub(crate) fn get(self, path: &str) -> &'static Value {
        let value = self.properties.pointer(path).unwrap_or(&Value::Null);
        let parameter = value
            .get("Ref")
            .and_then(Value::as_str)
            .and_then(|name| parameters().get(name));
        parameter
            .and_then(|parameter| parameter.get("Default"))
            .unwrap_or(value)
    }

    /// A property that is a number.
    pub(crate) fn number(self, path: &str) -> u64 {
        let value = self.get(path);
        let number = value.as_u64().or_else(|| value.as_str()?.parse().ok());
        number.unwrap_or_else(|| panic!("{}{path} is {value}", self.id))
    }

    /// The logical id of the resource that a property names by `Ref` or its ARN.
    pub(crate) fn target(self, path: &str) -> Resource {
        let value = self.properties.pointer(path).unwrap_or(&Value::Null);
        let id = value
            .get("Ref")
            .or_else(|| value.pointer("/Fn::GetAtt/0"))
            .and_then(Value::as_str);
        resource(id.unwrap_or_else(|| panic!("{}{path} is {value}", self.id)))
    }

    /// The statements of a role's inline policies, or of a queue's policy.
    pub(crate) fn statements(self) -> Vec<&'static Value> {
        let inline = self.properties["Policies"].as_array().into_iter().flatten();
        let documents = inline
            .map(|policy| &policy["PolicyDocument"])
            .chain(self.properties.get("PolicyDocument"));
        documents
            .flat_map(|document| document["Statement"].as_array().unwrap())
            .collect()
    }
}
