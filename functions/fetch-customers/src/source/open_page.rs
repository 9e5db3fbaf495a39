//! The page that is read, and what was read of it: a page that broke off is read again without returning a customer
//! twice.

use std::hash::{DefaultHasher, Hasher};

use serde_json::value::RawValue;
use url::Url;

use super::{json_array::Element, page::Page};

/// The page that is read.
pub(super) struct OpenPage {
    pub(super) url: Url,
    pub(super) page: Page,
    /// The elements that were returned.
    pub(super) passed: Passed,
    /// While the page is read again: the elements that came again so far.
    pub(super) replayed: Option<Passed>,
    /// How often it broke off.
    pub(super) breaks: u32,
    /// The last element, where its id leads to the next page.
    pub(super) last: Option<Box<RawValue>>,
}

impl OpenPage {
    pub(super) fn new(url: Url, page: Page, breaks: u32) -> Self {
        Self {
            url,
            page,
            passed: Passed::default(),
            replayed: None,
            breaks,
            last: None,
        }
    }

    /// An element that was not returned yet; `None` for one that was.
    ///
    /// # Errors
    /// The page has changed since it was read first.
    pub(super) fn accept(&mut self, element: Element) -> Result<Option<Element>, Changed> {
        let Some(replayed) = &mut self.replayed else {
            self.passed.add(&element);
            return Ok(Some(element));
        };
        replayed.add(&element);
        if replayed.count() == self.passed.count() {
            if !replayed.is_same(&self.passed) {
                return Err(Changed);
            }
            self.replayed = None;
        }
        Ok(None)
    }
}

/// A page that is read again is not what it was.
pub(super) struct Changed;

/// The elements that were read of a page: their number, and a hash over all of them. It takes the same memory for any
/// number.
#[derive(Debug, Clone, Default)]
pub(super) struct Passed {
    count: u64,
    hasher: DefaultHasher,
}

impl Passed {
    pub(super) fn add(&mut self, element: &Element) {
        self.count += 1;
        match element {
            Element::Json(json) => self.hasher.write(json.get().as_bytes()),
            Element::Malformed(malformed) => self.hasher.write(&malformed.text),
            Element::TooLarge(element) => {
                self.hasher.write(&element.beginning);
                self.hasher.write_u64(element.bytes);
            }
        }
        // So that the elements `1, 23` are not `12, 3`. No UTF-8 has this byte.
        self.hasher.write_u8(0xff);
    }

    pub(super) const fn count(&self) -> u64 {
        self.count
    }

    /// Whether the elements are the same, with all certainty that 64 bits give.
    pub(super) fn is_same(&self, other: &Self) -> bool {
        self.count == other.count && self.hasher.finish() == other.hasher.finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn passed(elements: &[&str]) -> Passed {
        let mut passed = Passed::default();
        for json in elements {
            passed.add(&Element::Json(RawValue::from_string((*json).to_owned()).unwrap()));
        }
        passed
    }

    #[test]
    fn same_elements_are_recognized() {
        let reference = passed(&["1", "23"]);
        assert!(reference.is_same(&passed(&["1", "23"])));
        for other in [
            &["1"][..],
            &["12", "3"],
            &["23", "1"],
            &["1", "23", "4"],
            &["1", "24"],
        ] {
            assert!(!reference.is_same(&passed(other)), "{other:?}");
        }
    }
}
