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
pub const ID: &str = "customer_id";

/// A customer that follows all rules. Its texts are trimmed, and not blank.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Customer<'a> {
    pub id: CustomerId,
    /// First and last name, one of which may be missing.
    pub name: String,
    /// A bare address (RFC 5321), without a display name.
    pub email: Cow<'a, str>,
    pub phone: Option<Cow<'a, str>>,
    pub address: Address<'a>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Address<'a> {
    pub street: Cow<'a, str>,
    pub city: Cow<'a, str>,
    pub state: Cow<'a, str>,
    pub zip: Cow<'a, str>,
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
    first_name: Field<'a>,
    last_name: Field<'a>,
    email: Field<'a>,
    phone: Field<'a>,
    address: Field<'a>,
}

impl<'a> Fields<'a> {
    fn find(customer: &'a RawValue) -> Result<Self, InvalidObject> {
        let paths = [ID, "first_name", "last_name", "email", "phone", "address"];
        let [id, first_name, last_name, email, phone, address] = Field::find(customer, paths)?;
        Ok(Self {
            id,
            first_name,
            last_name,
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
        let name = full_name(self.first_name, self.last_name, violations);
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
    street: Field<'a>,
    city: Field<'a>,
    state: Field<'a>,
    zip: Field<'a>,
}

impl<'a> AddressFields<'a> {
    fn find(address: &'a RawValue) -> Result<Self, InvalidObject> {
        let paths = ["address.street", "address.city", "address.state", "address.zip"];
        let [street, city, state, zip] = Field::find(address, paths)?;
        Ok(Self {
            street,
            city,
            state,
            zip,
        })
    }

    fn check(self, violations: &mut Violations) -> Result<Address<'a>, Invalid> {
        let street = self.street.required_text(violations);
        let city = self.city.required_text(violations);
        let state = self.state.required_text(violations);
        let zip = zip(self.zip, violations);
        Ok(Address {
            street: street?,
            city: city?,
            state: state?,
            zip: zip?,
        })
    }
}

fn full_name(first: Field<'_>, last: Field<'_>, violations: &mut Violations) -> Result<String, Invalid> {
    let first = first.optional_text(violations);
    let last = last.optional_text(violations);
    match (first?, last?) {
        (None, None) => Err(violations.add(
            "first_name, last_name",
            "one of the two is required, and not blank",
        )),
        (Some(name), None) | (None, Some(name)) => Ok(name.into_owned()),
        (Some(first), Some(last)) => Ok([&first, " ", &last].concat()),
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

/// A zip code. An integer has lost its leading zeros: a US zip has five digits.
fn zip<'a>(field: Field<'a>, violations: &mut Violations) -> Result<Cow<'a, str>, Invalid> {
    match field.json.map(RawValue::get) {
        Some(digits) if digits.bytes().all(|byte| byte.is_ascii_digit()) => {
            Ok(format!("{digits:0>5}").into())
        }
        Some(json) if !json.starts_with('"') => {
            Err(violations.add(field.path, "must be text or an integer of 0 or more"))
        }
        Some(_) | None => field.required_text(violations),
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
            first_name,
            last_name,
            email,
            phone,
            address,
        } = self;
        for json in [first_name, last_name, email, phone]
            .into_iter()
            .filter_map(|field| field.json)
        {
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
            street,
            city,
            state,
            zip,
        } = self;
        for json in [street, city, state, zip]
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
