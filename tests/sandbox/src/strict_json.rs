//! JSON in which no object has a field twice.

use std::fmt;

use serde::de::{Deserialize, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Value};

/// Any JSON; a repeated field is an error. A [`Value`] of its own would keep the last one.
pub(crate) struct StrictJson(pub(crate) Value);

impl<'de> Deserialize<'de> for StrictJson {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(AnyJson)
    }
}

struct AnyJson;

impl<'de> Visitor<'de> for AnyJson {
    type Value = StrictJson;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("JSON")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<StrictJson, A::Error> {
        let mut fields = Map::new();
        while let Some((name, StrictJson(value))) = map.next_entry::<String, StrictJson>()? {
            if fields.contains_key(&name) {
                return Err(A::Error::custom(format_args!("{name}: the field is there twice")));
            }
            fields.insert(name, value);
        }
        Ok(StrictJson(fields.into()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<StrictJson, A::Error> {
        let mut items = Vec::new();
        while let Some(StrictJson(item)) = list.next_element()? {
            items.push(item);
        }
        Ok(StrictJson(items.into()))
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<StrictJson, E> {
        Ok(StrictJson(text.into()))
    }

    fn visit_u64<E: Error>(self, number: u64) -> Result<StrictJson, E> {
        Ok(StrictJson(number.into()))
    }

    fn visit_i64<E: Error>(self, number: i64) -> Result<StrictJson, E> {
        Ok(StrictJson(number.into()))
    }

    fn visit_f64<E: Error>(self, number: f64) -> Result<StrictJson, E> {
        Ok(StrictJson(number.into()))
    }

    fn visit_bool<E: Error>(self, value: bool) -> Result<StrictJson, E> {
        Ok(StrictJson(value.into()))
    }

    fn visit_unit<E: Error>(self) -> Result<StrictJson, E> {
        Ok(StrictJson(Value::Null))
    }
}
