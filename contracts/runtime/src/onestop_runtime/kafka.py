"""How we connect to Kafka: durable, idempotent, with bounded waits."""

import ssl
from collections.abc import Mapping
from typing import Any

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer

from onestop_runtime.settings import ConnectionSettings

PUBLISH_SECONDS = 2.0
"""Upper bound of one batch's publication; shorter than the bucket lease."""
SESSION_SECONDS = 6
"""How long the partitions of a process that was killed wait for another one; brokers allow no less by default."""
MOST_BYTES = 1024 * 1024
"""Largest event with its headers; what brokers take unless they are told otherwise."""


def connection(settings: ConnectionSettings) -> dict[str, Any]:
    """Return what every client of the broker is told: where it is, how it is believed, how we prove ourselves."""
    options: dict[str, Any] = {
        "bootstrap_servers": settings.kafka_bootstrap,
        "client_id": f"onestop-{settings.SERVICE}",
        "security_protocol": settings.kafka_security_protocol,
    }
    if settings.kafka_security_protocol.endswith("SSL"):
        options["ssl_context"] = ssl.create_default_context(cafile=settings.kafka_ca_file)
    if settings.kafka_security_protocol.startswith("SASL"):
        options |= {
            "sasl_mechanism": settings.kafka_sasl_mechanism,
            "sasl_plain_username": settings.kafka_username,
            "sasl_plain_password": settings.kafka_password,
        }
    return options


def producer(settings: ConnectionSettings) -> AIOKafkaProducer:
    """Return a producer that is not yet started."""
    return AIOKafkaProducer(
        **connection(settings),
        acks="all",
        enable_idempotence=True,
        request_timeout_ms=int(PUBLISH_SECONDS * 1000),
        linger_ms=0,
        max_batch_size=256 * 1024,
        max_request_size=MOST_BYTES,
    )


def consumer(settings: ConnectionSettings, group: str) -> AIOKafkaConsumer:
    """Return a consumer of `group` that is not yet started or subscribed."""
    return AIOKafkaConsumer(
        **connection(settings),
        group_id=group,
        enable_auto_commit=False,
        auto_offset_reset="earliest",
        session_timeout_ms=SESSION_SECONDS * 1000,
        heartbeat_interval_ms=2_000,
        rebalance_timeout_ms=30_000,
        max_poll_interval_ms=300_000,
        max_poll_records=200,
        fetch_max_wait_ms=250,
        fetch_max_bytes=8 * 1024 * 1024,
    )


def headers_of(row: Mapping[str, Any], source: str) -> list[tuple[str, bytes]]:
    """Return the CloudEvents 1.0 headers (binary mode) of an outbox row."""
    headers = [
        ("ce_specversion", "1.0"),
        ("ce_id", str(row["event_id"])),
        ("ce_source", f"/{source}"),
        ("ce_type", row["type"]),
        ("ce_subject", str(row["key"])),
        ("ce_time", row["occurred_at"].isoformat()),
        ("ce_sequence", str(row["sequence"])),
        ("ce_aggregateversion", str(row["version"])),
        ("content-type", "application/json"),
    ]
    if row["traceparent"]:
        headers.append(("traceparent", row["traceparent"]))
    return [(name, value.encode()) for name, value in headers]
