//! The built templates, adapted to what the local AWS supports. The templates themselves do not depend on it.

mod alarm_arns;
mod numeric_parameters;
mod unsupported;
mod visit;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::error::Error;
use crate::local_aws::LocalTemplate;
use visit::visit;

/// Writes the template that is deployed locally to `path`: the built one, without what MiniStack does not support. Its
/// nested templates are written beside it.
pub(crate) fn adapt(
    built: &Path,
    path: PathBuf,
    parameters: &BTreeMap<String, String>,
) -> Result<LocalTemplate, Error> {
    let unreadable = |reason: String| Error::Template {
        path: built.to_owned(),
        reason,
    };
    let text = std::fs::read_to_string(built).map_err(Error::io(format!("read {}", built.display())))?;
    let mut template: Value = serde_saphyr::from_str(&text).map_err(|error| unreadable(error.to_string()))?;
    let mut notes = unsupported::remove(&mut template);
    notes.extend(numeric_parameters::write(&mut template, parameters));
    alarm_arns::write(&mut template);
    let folder = built.parent().unwrap_or(Path::new("/"));
    make_absolute(&mut template, folder);
    for (id, location) in nested(&mut template) {
        if let Value::String(relative) = location {
            let path = path.with_file_name(format!("{id}.json"));
            let inner = adapt(&folder.join(&*relative), path, &BTreeMap::new())?;
            *relative = inner.path.display().to_string();
            notes.extend(inner.notes);
        }
    }
    let text = serde_json::to_vec_pretty(&template).map_err(|error| unreadable(error.to_string()))?;
    std::fs::write(&path, text).map_err(Error::io(format!("write {}", path.display())))?;
    Ok(LocalTemplate { path, notes })
}

/// The built template's paths are relative to itself.
fn make_absolute(template: &mut Value, folder: &Path) {
    visit(template, &mut |value| {
        if let Some(Value::String(artifact)) = value.get_mut("CodeUri") {
            *artifact = folder.join(&*artifact).display().to_string();
        }
    });
}

/// Where each nested template is, by its logical id.
fn nested(template: &mut Value) -> impl Iterator<Item = (&String, &mut Value)> {
    let resources = template.get_mut("Resources").and_then(Value::as_object_mut);
    let resources = resources.into_iter().flatten();
    resources.filter_map(|(id, resource)| {
        let kind = resource.get("Type").and_then(Value::as_str);
        let is_nested = kind == Some("AWS::Serverless::Application");
        let location = resource.pointer_mut("/Properties/Location")?;
        is_nested.then_some((id, location))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nested_template_is_adapted_too() {
        let folder = tempfile::tempdir().unwrap();
        let built = folder.path().join("built");
        std::fs::create_dir_all(built.join("Watch")).unwrap();
        std::fs::write(
            built.join("template.yaml"),
            "Resources:\n  Watch:\n    Type: AWS::Serverless::Application\n    Properties: {Location: Watch/template.yaml}\n  \
             Work:\n    Type: AWS::Serverless::Function\n    Properties: {CodeUri: Work}\n",
        )
        .unwrap();
        std::fs::write(
            built.join("Watch/template.yaml"),
            "Resources:\n  Query:\n    Type: AWS::Logs::QueryDefinition\n",
        )
        .unwrap();

        let path = folder.path().join("template.json");
        let adapted = adapt(&built.join("template.yaml"), path.clone(), &BTreeMap::new()).unwrap();

        assert_eq!(adapted.path, path);
        assert_eq!(
            adapted.notes,
            ["not deployed, because MiniStack does not support AWS::Logs::QueryDefinition: Query"]
        );
        let read = |path: &Path| -> Value { serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap() };
        let outer = read(&path);
        let location = outer.pointer("/Resources/Watch/Properties/Location");
        let location = location.and_then(Value::as_str).unwrap();
        assert_eq!(location, folder.path().join("Watch.json").display().to_string());
        assert_eq!(
            outer.pointer("/Resources/Work/Properties/CodeUri").unwrap(),
            &built.join("Work").display().to_string()
        );
        assert_eq!(
            read(Path::new(location)).pointer("/Resources"),
            Some(&serde_json::json!({}))
        );
    }
}
