"""fetch-customers with Powertools: reads the source while it arrives, and sends batches of ten from some threads."""

import json
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from itertools import islice

import boto3
import ijson
import requests
from aws_lambda_powertools import Logger, Metrics
from aws_lambda_powertools.metrics import MetricUnit
from aws_lambda_powertools.utilities import parameters
from aws_lambda_powertools.utilities.typing import LambdaContext
from botocore.config import Config

import settings

BATCH = 10
CALLS_IN_FLIGHT = 16

logger = Logger(service="fetch-customers")
metrics = Metrics(namespace=settings.METRICS_NAMESPACE)
metrics.set_default_dimensions(Stack=settings.STACK_NAME)
session = requests.Session()
sqs = boto3.client("sqs", config=Config(max_pool_connections=CALLS_IN_FLIGHT))


class NotEnqueued(Exception):
    """SQS did not take a message: the run fails, and is repeated by Lambda."""


def customers():
    """Every customer of every page, one by one."""
    key = parameters.get_secret(settings.SOURCE_SECRET_ARN, transform="json")["api_key"]
    url = settings.SOURCE_URL
    while url:
        with session.get(
            url, headers={settings.SOURCE_API_KEY_HEADER: key}, stream=True, timeout=60
        ) as page:
            page.raise_for_status()
            metrics.add_metric("SourcePages", MetricUnit.Count, 1)
            page.raw.decode_content = True
            yield from ijson.items(page.raw, "item", use_float=True, buf_size=64 * 1024)
            url = page.links.get("next", {}).get("url")


def send(order_date: str, batch: list) -> int:
    entries = [
        {"Id": str(at), "MessageBody": json.dumps({"order_date": order_date, "customer": customer})}
        for at, customer in enumerate(batch)
    ]
    answer = sqs.send_message_batch(QueueUrl=settings.QUEUE_URL, Entries=entries)
    if answer.get("Failed"):
        raise NotEnqueued(f"SQS did not take {len(answer['Failed'])} messages")
    return len(answer["Successful"])


@logger.inject_lambda_context
@metrics.log_metrics
def handler(event: dict, context: LambdaContext) -> dict:
    order_date = event["order_date"]
    fetched = enqueued = 0
    calls: set[Future] = set()
    source = customers()
    with ThreadPoolExecutor(CALLS_IN_FLIGHT) as pool:
        while batch := list(islice(source, BATCH)):
            fetched += len(batch)
            if len(calls) == CALLS_IN_FLIGHT:
                done, calls = wait(calls, return_when=FIRST_COMPLETED)
                enqueued += sum(call.result() for call in done)
            calls.add(pool.submit(send, order_date, batch))
        enqueued += sum(call.result() for call in calls)
    metrics.add_metric("CustomersFetched", MetricUnit.Count, fetched)
    metrics.add_metric("CustomersEnqueued", MetricUnit.Count, enqueued)
    logger.info("run ended", order_date=order_date, fetched=fetched, enqueued=enqueued)
    return {"order_date": order_date, "fetched": fetched, "enqueued": enqueued}
