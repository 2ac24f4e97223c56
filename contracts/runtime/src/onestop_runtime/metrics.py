"""What an operator watches, for Prometheus."""

from prometheus_client import Counter, Gauge, Histogram

REQUEST_SECONDS = Histogram(
    "onestop_request_seconds",
    "Time to answer a request",
    ["service", "method", "route", "status"],
    buckets=(0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10),
)
SHED = Counter("onestop_requests_shed_total", "Requests told to come back because too many wait", ["service"])
OUTBOX_DEPTH = Gauge("onestop_outbox_depth", "Events committed and not yet published", ["service"])
OUTBOX_AGE = Gauge("onestop_outbox_oldest_seconds", "Age of the oldest event not yet published", ["service"])
OUTBOX_PUBLISHED = Counter("onestop_outbox_published_total", "Events acknowledged by the broker", ["service"])
OUTBOX_QUARANTINED = Counter(
    "onestop_outbox_quarantined_total", "Aggregates whose event cannot be published", ["service"]
)
OUTBOX_HELD_UP = Gauge(
    "onestop_outbox_held_up", "Aggregates that wait for an event that was not published", ["service"]
)
LEASE_TAKEOVERS = Counter(
    "onestop_outbox_lease_takeovers_total", "Bucket leases taken over from another owner", ["service"]
)
INBOX_APPLIED = Counter("onestop_inbox_applied_total", "Messages applied", ["service", "topic"])
INBOX_DUPLICATES = Counter("onestop_inbox_duplicates_total", "Messages seen before", ["service", "topic"])
INBOX_PARKED = Counter(
    "onestop_inbox_parked_total", "Messages parked behind a gap or a dead letter", ["service", "topic"]
)
INBOX_DEAD = Counter(
    "onestop_inbox_dead_letters_total", "Aggregates set aside because a message failed", ["service", "topic"]
)
INBOX_HELD_UP = Gauge(
    "onestop_inbox_held_up",
    "Aggregates whose events wait: behind one that failed (dead) or one that did not arrive (gap)",
    ["service", "kind"],
)
INBOX_GAP_AGE = Gauge(
    "onestop_inbox_oldest_gap_seconds", "Age of the oldest gap in the events of an aggregate", ["service"]
)
CONSUMER_LAG = Gauge(
    "onestop_consumer_lag", "Messages of the partitions of this process not yet taken", ["service", "topic"]
)
INBOX_LATENCY = Histogram(
    "onestop_inbox_latency_seconds",
    "From the event's instant to its effect",
    ["service", "topic"],
    buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 5, 30, 300),
)
POSITION_SECONDS = Histogram(
    "onestop_position_seconds",
    "How long requests waited for a position, and how it ended: reached, not-reached, held-up, failed",
    ["service", "outcome"],
    buckets=(0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2, 5, 10),
)
POSITIONS_WAITED_FOR = Gauge("onestop_positions_waited_for", "Positions that requests wait for now", ["service"])
