"""submit-orders with Powertools' batch processor, which hands out one message after the other."""

import time

import requests
from aws_lambda_powertools import Logger, Metrics
from aws_lambda_powertools.metrics import MetricUnit
from aws_lambda_powertools.utilities import parameters
from aws_lambda_powertools.utilities.batch import BatchProcessor, EventType, process_partial_response
from aws_lambda_powertools.utilities.data_classes.sqs_event import SQSRecord
from aws_lambda_powertools.utilities.typing import LambdaContext
from pydantic import ValidationError

import dead_letters
import settings
from order import order_of
from verdict import Refused, metric_of

logger = Logger(service="submit-orders")
metrics = Metrics(namespace=settings.METRICS_NAMESPACE)
metrics.set_default_dimensions(Stack=settings.STACK_NAME)
processor = BatchProcessor(event_type=EventType.SQS, raise_on_entire_batch_failure=False)
session = requests.Session()


class Token:
    """An access token, kept until shortly before its end."""

    def __init__(self) -> None:
        self.authorization = ""
        self.renew_at = 0.0

    def get(self) -> str:
        if time.monotonic() >= self.renew_at:
            self.request()
        return self.authorization

    def request(self) -> None:
        client = parameters.get_secret(settings.DESTINATION_SECRET_ARN, transform="json")
        answer = session.post(
            settings.TOKEN_URL,
            data={"grant_type": "client_credentials"},
            auth=(client["client_id"], client["client_secret"]),
            timeout=15,
        )
        answer.raise_for_status()
        granted = answer.json()
        self.authorization = f"Bearer {granted['access_token']}"
        self.renew_at = time.monotonic() + granted.get("expires_in", 300) - 30
        metrics.add_metric("TokenRequests", MetricUnit.Count, 1)


token = Token()


def post(order: dict) -> int:
    began = time.perf_counter()
    answer = session.post(
        settings.DESTINATION_URL,
        json=order,
        headers={"Authorization": token.get(), "Idempotency-Key": order["orderId"]},
        timeout=15,
    )
    metrics.add_metric("DestinationLatency", MetricUnit.Milliseconds, (time.perf_counter() - began) * 1000)
    return answer.status_code


def handle_record(record: SQSRecord) -> None:
    try:
        order = order_of(record.body)
        status = post(order)
        if status == 401:
            token.request()
            status = post(order)
        metrics.add_metric(metric_of(status), MetricUnit.Count, 1)
    except ValidationError as broken:
        dead_letters.put_invalid(record.body, broken)
        reject(record, "invalid_customer")
    except Refused as refused:
        dead_letters.put(record.body, "rejected_by_destination", str(refused))
        reject(record, "rejected_by_destination")


def reject(record: SQSRecord, reason: str) -> None:
    metrics.add_metric("OrdersRejected", MetricUnit.Count, 1)
    logger.error("order rejected", message_id=record.message_id, reason=reason)


@logger.inject_lambda_context
@metrics.log_metrics
def handler(event: dict, context: LambdaContext) -> dict:
    answer = process_partial_response(event, handle_record, processor, context)
    received, retried = len(event["Records"]), len(answer["batchItemFailures"])
    metrics.add_metric("OrdersRetried", MetricUnit.Count, retried)
    logger.info("batch settled", received=received, retried=retried)
    return answer
