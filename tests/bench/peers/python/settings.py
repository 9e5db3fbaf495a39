"""The function's environment variables, which are those of the function that it competes with."""

import os

SOURCE_URL = os.environ["SOURCE_URL"]
SOURCE_API_KEY_HEADER = os.environ.get("SOURCE_API_KEY_HEADER", "x-api-key")
SOURCE_SECRET_ARN = os.environ["SOURCE_SECRET_ARN"]
QUEUE_URL = os.environ["QUEUE_URL"]

DESTINATION_URL = os.environ["DESTINATION_URL"]
DESTINATION_SECRET_ARN = os.environ["DESTINATION_SECRET_ARN"]
TOKEN_URL = os.environ["TOKEN_URL"]
DEAD_LETTER_QUEUE_URL = os.environ["DEAD_LETTER_QUEUE_URL"]
MAX_IN_FLIGHT = int(os.environ.get("MAX_IN_FLIGHT", "10"))

METRICS_NAMESPACE = os.environ["METRICS_NAMESPACE"]
STACK_NAME = os.environ["STACK_NAME"]
