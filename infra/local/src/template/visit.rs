//! Visits every value of a template.

use serde_json::Value;

/// Applies `change` to a value and everything in it, outer values first.
pub(super) fn visit(value: &mut Value, change: &mut impl FnMut(&mut Value)) {
    change(value);
    if let Some(object) = value.as_object_mut() {
        object.values_mut().for_each(|value| visit(value, change));
    } else if let Some(array) = value.as_array_mut() {
        array.iter_mut().for_each(|value| visit(value, change));
    }
}
