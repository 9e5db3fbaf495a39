"""Where refused orders go, with the reason."""

import boto3
from pydantic import ValidationError

import settings

sqs = boto3.client("sqs")


def put(body: str, reason: str, detail: str) -> None:
    sqs.send_message(
        QueueUrl=settings.DEAD_LETTER_QUEUE_URL,
        MessageBody=body,
        MessageAttributes={
            "reason": {"DataType": "String", "StringValue": reason},
            "detail": {"DataType": "String", "StringValue": detail},
        },
    )


def put_invalid(body: str, broken: ValidationError) -> None:
    """Names fields and rules, never values."""
    errors = broken.errors(include_url=False, include_context=False, include_input=False)
    malformed = any(error["type"] == "json_invalid" for error in errors)
    rules = (f"{'.'.join(map(str, error['loc']))}: {error['msg']}" for error in errors)
    put(body, "malformed_message" if malformed else "invalid_customer", "; ".join(rules))
