"""submit-orders with Powertools' asynchronous batch processor, which hands out all messages at once."""

import asyncio
import time

import aiohttp
from aws_lambda_powertools import Logger, Metrics
from aws_lambda_powertools.metrics import MetricUnit
from aws_lambda_powertools.utilities import parameters
from aws_lambda_powertools.utilities.batch import (
    AsyncBatchProcessor,
    EventType,
    async_process_partial_response,
)
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
processor = AsyncBatchProcessor(event_type=EventType.SQS, raise_on_entire_batch_failure=False)


class OrderApi:
    """The destination, with a token that is kept until shortly before its end. Lives as long as the event loop, which
    Powertools keeps from one invocation to the next."""

    def __init__(self) -> None:
        self.session = aiohttp.ClientSession(
            # The pool is what bounds the orders under way at once.
            connector=aiohttp.TCPConnector(limit=settings.MAX_IN_FLIGHT),
            timeout=aiohttp.ClientTimeout(total=15),
        )
        self.lock = asyncio.Lock()
        self.authorization = ""
        self.renew_at = 0.0

    async def token(self, stale: str | None = None) -> str:
        async with self.lock:
            if time.monotonic() >= self.renew_at or self.authorization == stale:
                await self.request_token()
            return self.authorization

    async def request_token(self) -> None:
        client = parameters.get_secret(settings.DESTINATION_SECRET_ARN, transform="json")
        answer = await self.session.post(
            settings.TOKEN_URL,
            data={"grant_type": "client_credentials"},
            auth=aiohttp.BasicAuth(client["client_id"], client["client_secret"]),
        )
        answer.raise_for_status()
        granted = await answer.json()
        self.authorization = f"Bearer {granted['access_token']}"
        self.renew_at = time.monotonic() + granted.get("expires_in", 300) - 30
        metrics.add_metric("TokenRequests", MetricUnit.Count, 1)

    async def post(self, order: dict) -> int:
        authorization = await self.token()
        status = await self.post_with(authorization, order)
        if status == 401:
            status = await self.post_with(await self.token(stale=authorization), order)
        return status

    async def post_with(self, authorization: str, order: dict) -> int:
        began = time.perf_counter()
        headers = {"Authorization": authorization, "Idempotency-Key": order["orderId"]}
        async with self.session.post(settings.DESTINATION_URL, json=order, headers=headers) as answer:
            await answer.read()
        metrics.add_metric("DestinationLatency", MetricUnit.Milliseconds, (time.perf_counter() - began) * 1000)
        return answer.status


api: OrderApi | None = None


async def handle_record(record: SQSRecord) -> None:
    # A session needs a running loop.
    global api
    if api is None:
        api = OrderApi()
    try:
        status = await api.post(order_of(record.body))
        metrics.add_metric(metric_of(status), MetricUnit.Count, 1)
    except ValidationError as broken:
        await asyncio.to_thread(dead_letters.put_invalid, record.body, broken)
        reject(record, "invalid_customer")
    except Refused as refused:
        await asyncio.to_thread(dead_letters.put, record.body, "rejected_by_destination", str(refused))
        reject(record, "rejected_by_destination")


def reject(record: SQSRecord, reason: str) -> None:
    metrics.add_metric("OrdersRejected", MetricUnit.Count, 1)
    logger.error("order rejected", message_id=record.message_id, reason=reason)


@logger.inject_lambda_context
@metrics.log_metrics
def handler(event: dict, context: LambdaContext) -> dict:
    answer = async_process_partial_response(event, handle_record, processor, context)
    received, retried = len(event["Records"]), len(answer["batchItemFailures"])
    metrics.add_metric("OrdersRetried", MetricUnit.Count, retried)
    logger.info("batch settled", received=received, retried=retried)
    return answer
