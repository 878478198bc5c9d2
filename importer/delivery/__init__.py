"""Delivery: rows leave a keyed queue with bounded concurrency, each attempt durable before its request.

`worker` retries with backoff; `rate_limit` throttles (and learns from 429), `concurrency` is AIMD,
`circuit_breaker` waits through an outage, `abort_rules` end a run. It knows neither HTTP nor SQL.
"""

from importer.delivery.abort_rules import Abort
from importer.delivery.circuit_breaker import CircuitBreaker
from importer.delivery.rate_limit import RateLimiter
from importer.delivery.worker import Delivery, DeliveryOptions

__all__ = ["Abort", "CircuitBreaker", "Delivery", "DeliveryOptions", "RateLimiter"]
