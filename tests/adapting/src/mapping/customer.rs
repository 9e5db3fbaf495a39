//! The source's customer: its fields, and the rules that each must follow.

use std::borrow::Cow;

use email_address::{EmailAddress, Options};
use serde_json::{Value, value::RawValue};

use super::{
    field::Field,
    violations::{Invalid, Violations},
};
use crate::{
    domain::customer_id::CustomerId,
    fields::{InvalidObject, fields},
};

/// The field that holds a customer's id. All functions know the id; nothing but the mapping knows any other field.
pub const ID: &str = "id";

/// A customer that follows all rules. Its texts are trimmed, and not blank.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Customer<'a> {
    pub id: CustomerId,
    pub name: Cow<'a, str>,
    /// A bare address (RFC 5321), without a display name.
    pub email: Cow<'a, str>,
    pub phone: Option<Cow<'a, str>>,
    pub address: Address<'a>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Address<'a> {
    pub line1: Cow<'a, str>,
    pub line2: Option<Cow<'a, str>>,
    pub city: Cow<'a, str>,
    pub state: Option<Cow<'a, str>>,
    pub postal_code: Cow<'a, str>,
    pub country: Cow<'a, str>,
}

/// A customer that breaks rules.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InvalidCustomer {
    /// Where it has a valid one.
    pub id: Option<CustomerId>,
    pub violations: Violations,
}

/// Finds a customer's id, and reads nothing else of the customer.
///
/// # Returns
/// `None` where `customer` is no object, or its [`ID`] is absent, there twice or not an id.
#[must_use]
pub fn read_customer_id(customer: &RawValue) -> Option<CustomerId> {
    let [id] = fields(customer.get(), [ID]).ok()?;
    CustomerId::from_json(id?)
}

impl<'a> Customer<'a> {
    /// Reads a customer from the source's JSON. Fields that it does not know are ignored.
    ///
    /// # Errors
    /// Every rule that the customer breaks.
    pub fn read(json: &'a RawValue) -> Result<Self, InvalidCustomer> {
        let mut violations = Violations::default();
        let Ok(fields) = Fields::find(json).map_err(|error| add(&mut violations, "customer", error)) else {
            // Perhaps it is another field that is there twice.
            let id = read_customer_id(json);
            return Err(InvalidCustomer { id, violations });
        };
        let id = fields.id.json.and_then(CustomerId::from_json);
        match fields.check(id.clone(), &mut violations) {
            Ok(customer) => Ok(customer),
            Err(Invalid { .. }) => Err(InvalidCustomer { id, violations }),
        }
    }
}

fn add(violations: &mut Violations, path: &'static str, error: InvalidObject) -> Invalid {
    let rule = match error {
        InvalidObject::NotAnObject => "must be an object",
        InvalidObject::RepeatedField => "a field is there twice",
    };
    violations.add(path, rule)
}

/// A customer's fields, unparsed.
struct Fields<'a> {
    id: Field<'a>,
    name: Field<'a>,
    email: Field<'a>,
    phone: Field<'a>,
    address: Field<'a>,
}

impl<'a> Fields<'a> {
    fn find(customer: &'a RawValue) -> Result<Self, InvalidObject> {
        let paths = [ID, "name", "email", "phone", "address"];
        let [id, name, email, phone, address] = Field::find(customer, paths)?;
        Ok(Self {
            id,
            name,
            email,
            phone,
            address,
        })
    }

    fn check(self, id: Option<CustomerId>, violations: &mut Violations) -> Result<Customer<'a>, Invalid> {
        // All fields are checked before the first `?`: every violation is reported.
        let id = id.ok_or_else(|| {
            violations.add(
                self.id.path,
                "required: a string that is not blank, or an integer",
            )
        });
        let name = self.name.required_text(violations);
        let email = email(self.email, violations);
        let phone = self.phone.optional_text(violations);
        let address = address(self.address, violations);
        Ok(Customer {
            id: id?,
            name: name?,
            email: email?,
            phone: phone?,
            address: address?,
        })
    }
}

/// An address' fields, unparsed.
struct AddressFields<'a> {
    line1: Field<'a>,
    line2: Field<'a>,
    city: Field<'a>,
    state: Field<'a>,
    postal_code: Field<'a>,
    country: Field<'a>,
}

impl<'a> AddressFields<'a> {
    fn find(address: &'a RawValue) -> Result<Self, InvalidObject> {
        let paths = [
            "address.line1",
            "address.line2",
            "address.city",
            "address.state",
            "address.postal_code",
            "address.country",
        ];
        let [line1, line2, city, state, postal_code, country] = Field::find(address, paths)?;
        Ok(Self {
            line1,
            line2,
            city,
            state,
            postal_code,
            country,
        })
    }

    fn check(self, violations: &mut Violations) -> Result<Address<'a>, Invalid> {
        let line1 = self.line1.required_text(violations);
        let line2 = self.line2.optional_text(violations);
        let city = self.city.required_text(violations);
        let state = self.state.optional_text(violations);
        let postal_code = self.postal_code.required_text(violations);
        let country = self.country.required_text(violations);
        Ok(Address {
            line1: line1?,
            line2: line2?,
            city: city?,
            state: state?,
            postal_code: postal_code?,
            country: country?,
        })
    }
}

fn email<'a>(field: Field<'a>, violations: &mut Violations) -> Result<Cow<'a, str>, Invalid> {
    let email = field.required_text(violations)?;
    // A bare address, without a display name in front.
    match EmailAddress::parse_with_options(&email, Options::default().without_display_text()) {
        Ok(_) => Ok(email),
        Err(_) => Err(violations.add(field.path, "must be a valid e-mail address")),
    }
}

fn address<'a>(field: Field<'a>, violations: &mut Violations) -> Result<Address<'a>, Invalid> {
    let Some(json) = field.json else {
        return Err(violations.add(field.path, "required"));
    };
    match AddressFields::find(json) {
        Ok(fields) => fields.check(violations),
        Err(error) => Err(add(violations, field.path, error)),
    }
}

/// The values of a customer that are personal data, and so belong in no log, metric or error: every text and number in
/// its personal fields, whether or not it follows the rules.
///
/// An element of the source's array that is no customer is personal data as a whole.
#[must_use]
pub fn personal_values(customer: &RawValue) -> Vec<String> {
    let mut values = Vec::new();
    match Fields::find(customer) {
        Ok(fields) => fields.personal(&mut values),
        Err(_) => push_leaves(customer, &mut values),
    }
    values
}

impl Fields<'_> {
    fn personal(&self, values: &mut Vec<String>) {
        // Without `..`, here and below: a new field does not compile before it is decided here.
        let Self {
            id: _,
            name,
            email,
            phone,
            address,
        } = self;
        for json in [name, email, phone].into_iter().filter_map(|field| field.json) {
            push_leaves(json, values);
        }
        let Some(json) = address.json else { return };
        match AddressFields::find(json) {
            Ok(fields) => fields.personal(values),
            Err(_) => push_leaves(json, values),
        }
    }
}

impl AddressFields<'_> {
    fn personal(&self, values: &mut Vec<String>) {
        let Self {
            line1,
            line2,
            city,
            state,
            postal_code,
            country,
        } = self;
        for json in [line1, line2, city, state, postal_code, country]
            .into_iter()
            .filter_map(|field| field.json)
        {
            push_leaves(json, values);
        }
    }
}

/// The texts and numbers in a JSON value.
fn push_leaves(json: &RawValue, values: &mut Vec<String>) {
    let mut rest = vec![serde_json::from_str(json.get()).unwrap_or_default()];
    while let Some(value) = rest.pop() {
        match value {
            Value::Null | Value::Bool(_) => {}
            Value::Number(number) => values.push(number.to_string()),
            Value::String(text) => values.push(text.trim().to_owned()),
            Value::Array(items) => rest.extend(items),
            Value::Object(fields) => rest.extend(fields.into_iter().map(|(_, value)| value)),
        }
    }
}
