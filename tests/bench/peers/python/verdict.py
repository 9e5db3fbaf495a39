"""What a status of the destination says about the order."""

REFUSED = {400, 413, 422}


class Retry(Exception):
    """The message stays on the queue: the batch processor makes an item failure of this."""


class Refused(Exception):
    """The destination will never take this order."""


def metric_of(status: int) -> str:
    """The metric that a final answer counts for; raises otherwise."""
    if 200 <= status < 300:
        return "OrdersDelivered"
    if status == 409:
        return "OrdersDuplicate"
    if status in REFUSED:
        raise Refused(f"the destination answered {status}")
    raise Retry(f"the destination answered {status}")
