//! A template as CloudFormation gets it: after SAM's transform, parameters with their defaults.

use std::path::Path;
use std::process::Command;
use std::sync::LazyLock;
use std::{collections::BTreeMap, fs};

use serde_json::{Map, Value};

pub struct Template(Value);

/// A resource of a template.
#[derive(Clone, Copy)]
pub struct Resource<'a> {
    pub id: &'a str,
    pub properties: &'a Value,
    /// The whole declaration: type, properties, and attributes such as `DeletionPolicy`.
    pub declaration: &'a Value,
    template: &'a Template,
}

impl Template {
    /// `template.yaml`, all optional parameters empty.
    pub fn product() -> &'static Self {
        &Self::combinations()["default"]
    }

    /// `template.yaml` with every combination of its optional parameters, by the names of those that are set: `default`,
    /// `key+network`. Its conditions are evaluated.
    pub fn combinations() -> &'static BTreeMap<String, Self> {
        static TEMPLATES: LazyLock<BTreeMap<String, Template>> = LazyLock::new(Template::combine);
        &TEMPLATES
    }

    pub fn monitoring() -> &'static Self {
        static TEMPLATE: LazyLock<Template> = LazyLock::new(|| Template::translate("infra/monitoring.yaml"));
        &TEMPLATE
    }

    fn combine() -> BTreeMap<String, Self> {
        let folder = tempfile::tempdir().unwrap();
        let to = folder.path().to_str().unwrap();
        Self::run_translation(&["template.yaml", "--combinations", to]);
        let read = |entry: std::io::Result<fs::DirEntry>| {
            let path = entry.unwrap().path();
            let name = path.file_stem().unwrap().to_str().unwrap().to_owned();
            (
                name,
                Self(serde_json::from_slice(&fs::read(&path).unwrap()).unwrap()),
            )
        };
        fs::read_dir(folder.path()).unwrap().map(read).collect()
    }

    fn translate(path: &str) -> Self {
        Self(serde_json::from_slice(&Self::run_translation(&[path])).unwrap())
    }

    /// Runs `infra/tools/translate.py`, and returns what it prints.
    fn run_translation(arguments: &[&str]) -> Vec<u8> {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
        let python = root.join(".tools/venv/bin/python");
        assert!(
            python.exists(),
            "{} is not there: `make tools` installs it",
            python.display()
        );
        let printed = Command::new(python)
            .arg("infra/tools/translate.py")
            .args(arguments)
            .current_dir(root)
            .output()
            .unwrap();
        assert!(
            printed.status.success(),
            "{}",
            String::from_utf8_lossy(&printed.stderr)
        );
        printed.stdout
    }

    /// A copy with other values at these JSON pointers; `null` removes a value.
    pub fn mutated(&self, edits: &[(&str, Value)]) -> Self {
        let mut copy = self.0.clone();
        for (pointer, value) in edits {
            let (parent, key) = pointer.rsplit_once('/').unwrap();
            let parent = copy.pointer_mut(parent).unwrap_or_else(|| panic!("{pointer}"));
            if let Some(list) = parent.as_array_mut() {
                list[key.parse::<usize>().unwrap()] = value.clone();
                list.retain(|value| !value.is_null());
            } else if value.is_null() {
                let removed = parent.as_object_mut().unwrap().remove(key);
                assert!(removed.is_some(), "{pointer}");
            } else {
                parent[key] = value.clone();
            }
        }
        assert_ne!(copy, self.0, "{edits:?} change nothing");
        Self(copy)
    }

    /// The resource with this logical id.
    pub fn resource(&self, id: &str) -> Result<Resource<'_>, String> {
        let found = self.resources().find(|(resource, _)| resource.id == id);
        found
            .map(|(resource, _)| resource)
            .ok_or_else(|| format!("there is no {id}"))
    }

    /// The resources of a type, such as `AWS::SQS::Queue`; at least one.
    pub fn of_type(&self, kind: &str) -> Result<Vec<Resource<'_>>, String> {
        let all: Vec<_> = self.resources().filter(|(_, other)| *other == kind).collect();
        if all.is_empty() {
            return Err(format!("there is no {kind}"));
        }
        Ok(all.into_iter().map(|(resource, _)| resource).collect())
    }

    /// All resources, each with its type.
    pub fn resources(&self) -> impl Iterator<Item = (Resource<'_>, &str)> {
        self.0["Resources"]
            .as_object()
            .unwrap()
            .iter()
            .map(|(id, value)| {
                let resource = Resource {
                    id,
                    properties: &value["Properties"],
                    declaration: value,
                    template: self,
                };
                (resource, value["Type"].as_str().unwrap())
            })
    }

    /// An entry of the template's metadata.
    pub fn metadata(&self, name: &str) -> &Value {
        &self.0["Metadata"][name]
    }

    /// A condition as it is declared.
    pub fn condition(&self, name: &str) -> &Value {
        &self.0["Conditions"][name]
    }

    /// What must hold between parameters, as it is declared.
    pub fn rules(&self) -> &Value {
        &self.0["Rules"]
    }

    /// The parameters as they are declared.
    pub fn parameters(&self) -> &Map<String, Value> {
        self.0["Parameters"].as_object().unwrap()
    }

    /// A parameter as it is declared.
    pub fn parameter(&self, name: &str) -> &Value {
        &self.parameters()[name]
    }
}

impl<'a> Resource<'a> {
    /// A property, by its path such as `/VisibilityTimeout`; the default, where it is a parameter that has one.
    pub fn get(self, path: &str) -> &'a Value {
        let value = self.properties.pointer(path).unwrap_or(&Value::Null);
        let name = value.get("Ref").and_then(Value::as_str);
        let parameter = name.and_then(|name| self.template.parameters().get(name));
        parameter
            .and_then(|parameter| parameter.get("Default"))
            .unwrap_or(value)
    }

    /// A property that is text.
    pub fn text(self, path: &str) -> &'a str {
        self.get(path).as_str().unwrap_or_default()
    }

    /// A property that is a number.
    pub fn number(self, path: &str) -> Result<u64, String> {
        let value = self.get(path);
        let number = value.as_u64().or_else(|| value.as_str()?.parse().ok());
        number.ok_or_else(|| format!("{}{path} is {value}, no number", self.id))
    }

    /// The resource that a property names by `Ref` or its ARN.
    pub fn target(self, path: &str) -> Result<Resource<'a>, String> {
        let value = self.properties.pointer(path).unwrap_or(&Value::Null);
        let id = value.get("Ref").or_else(|| value.pointer("/Fn::GetAtt/0"));
        let id = id.and_then(Value::as_str);
        let id = id.ok_or_else(|| format!("{}{path} is {value}, no resource", self.id))?;
        self.template.resource(id)
    }

    /// The statements of its policies: a role's inline ones, or the document that it is.
    pub fn statements(self) -> Vec<&'a Value> {
        let inline = self.properties["Policies"].as_array().into_iter().flatten();
        let documents = inline
            .map(|policy| &policy["PolicyDocument"])
            .chain(self.properties.get("PolicyDocument"));
        documents
            .flat_map(|document| document["Statement"].as_array().unwrap())
            .collect()
    }
}
