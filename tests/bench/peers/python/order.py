"""A customer becomes an order: every rule of the transformation, as pydantic models."""

import base64
import hashlib
from datetime import timezone
from typing import Annotated

from pydantic import (
    AfterValidator,
    AwareDatetime,
    BaseModel,
    BeforeValidator,
    EmailStr,
    Field,
    StrictInt,
    StrictStr,
    StringConstraints,
    model_validator,
)

CROCKFORD = bytes.maketrans(b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567", b"0123456789ABCDEFGHJKMNPQRSTVWXYZ")


def blank_is_none(value):
    return None if isinstance(value, str) and not value.strip() else value


def not_blank(value: str) -> str:
    if not value.strip():
        raise ValueError("must not be blank")
    return value


Text = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1)]
OptionalText = Annotated[Text | None, BeforeValidator(blank_is_none)]
# To the letter: half of the order's identity.
CustomerId = Annotated[StrictInt, AfterValidator(str)] | Annotated[StrictStr, AfterValidator(not_blank)]
# An integer is a zip code that lost its leading zeros.
Zip = Annotated[StrictInt, Field(ge=0), AfterValidator(lambda zip: f"{zip:05}")] | Text
Email = Annotated[EmailStr, BeforeValidator(lambda email: email.strip() if isinstance(email, str) else email)]


class Address(BaseModel):
    street: Text
    city: Text
    state: Text
    zip: Zip


class Customer(BaseModel):
    customer_id: CustomerId
    first_name: OptionalText = None
    last_name: OptionalText = None
    email: Email
    phone: OptionalText = None
    address: Address

    @model_validator(mode="after")
    def has_a_name(self):
        if self.first_name is None and self.last_name is None:
            raise ValueError("first_name, last_name: one of the two is required")
        return self


class Message(BaseModel):
    order_date: AwareDatetime
    customer: Customer


def order_of(body: str) -> dict:
    """The order of a message; a ValidationError names every rule that its customer breaks."""
    message = Message.model_validate_json(body)
    customer, address = message.customer, message.customer.address
    utc = message.order_date.astimezone(timezone.utc)
    order_date = utc.strftime("%Y-%m-%dT%H:%M:%SZ")
    info = {
        "id": customer.customer_id,
        "name": " ".join(filter(None, (customer.first_name, customer.last_name))),
        "contactEmail": customer.email,
    }
    if customer.phone is not None:
        info["contactPhone"] = customer.phone
    return {
        "orderId": order_id(customer.customer_id, order_date),
        "customerInfo": info,
        "shippingAddress": {
            "line1": address.street,
            "city": address.city,
            "region": address.state,
            "postalCode": address.zip,
        },
        "orderDate": order_date,
    }


def order_id(customer_id: str, order_date: str) -> str:
    digest = hashlib.sha256(f"{customer_id}\n{order_date}".encode()).digest()
    code = base64.b32encode(digest[:10]).translate(CROCKFORD).decode()
    return f"ORD-{order_date[:10].replace('-', '')}-{code}"
