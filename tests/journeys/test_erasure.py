"""A person is erased at the gateway; over real Kafka the other services forget their copies."""

import json
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any
from uuid import UUID

from aiokafka import AIOKafkaConsumer, TopicPartition

from gateway.erasures import service as erasures
from gateway.main import SERVICE as GATEWAY
from gateway.seed import fill
from onestop_local.checks import eventually
from onestop_local.testing.client import signing_key
from onestop_messages.gateway import MandateGiven, PersonErased
from onestop_runtime.assertion import GATEWAY as ISSUER
from onestop_runtime.caller import Caller
from svc_intake.main import SERVICE as INTAKE

SEED = {
    "companies": [{"credit_code": "91130371MA7001010P", "name": "秦皇岛开发区山海食品有限公司"}],
    "people": [
        {
            "username": "leaving",
            "password_hash": "x",
            "name": "周海燕",
            "identity_number": "130371198506121246",
            "phone": "15400000001",
            "mandates": [{"credit_code": "91130371MA7001010P", "valid_from": "2026-01-01"}],
        }
    ],
}


async def test_who_is_erased_is_forgotten_by_every_service(
    service_client: Callable[..., Awaitable[Any]], kafka: str, tmp_path: Path
):
    key = tmp_path / "assertion-key.json"
    key.write_text(json.dumps(signing_key(ISSUER).as_dict(private=True)))
    gateway = await service_client(GATEWAY, kafka=kafka, issuer="http://gateway.test", assertion_key=key)
    intake = await service_client(INTAKE, kafka=kafka)
    await fill(gateway.transaction, gateway.context.state.cipher, SEED)
    gateway.context.wake_relay()
    pool = intake.context.pool
    person = await gateway.context.pool.fetchval("SELECT id FROM person WHERE username = 'leaving'")
    mandate = await gateway.context.pool.fetchval("SELECT id FROM mandate WHERE agent_id = $1", person)
    known = "SELECT true FROM mandate WHERE id = $1 AND agent_id = $2"
    await eventually(lambda: pool.fetchval(known, mandate, person), "受理服务得知授权")
    await intake.context.state.cipher.encrypt(pool, person, "case_file", "form", person, b"{}")

    async with gateway.transaction(Caller(sub=person, kind="natural", acr="2", client="web")) as tx:
        await erasures.ask(tx, gateway.context.state.cipher)
    gateway.context.wake_relay()

    forgotten = "SELECT true FROM audit WHERE verb = 'person.forgotten' AND key = $1"
    await eventually(lambda: pool.fetchval(forgotten, person), "受理服务删除此人的信息")
    gone = "SELECT NOT EXISTS (SELECT FROM mandate WHERE id = $1) OR NULL"
    await eventually(lambda: pool.fetchval(gone, mandate), "受理服务删除授权副本")
    assert await pool.fetchval("SELECT count(*) FROM data_key WHERE subject = $1", person) == 0
    assert (await last_of(kafka, PersonErased.TOPIC, person)).startswith(b'{"person_id"')
    assert await last_of(kafka, MandateGiven.TOPIC, mandate) is None


async def last_of(kafka: str, topic: str, key: UUID) -> Any:
    """Return what a compacted topic keeps of an aggregate: the payload of its last event, None for a tombstone."""
    consumer = AIOKafkaConsumer(bootstrap_servers=kafka, enable_auto_commit=False)
    await consumer.start()
    partitions = [TopicPartition(topic, number) for number in await partitions_of(consumer, topic)]
    consumer.assign(partitions)
    await consumer.seek_to_beginning()
    ends = await consumer.end_offsets(partitions)
    kept: list[Any] = []
    while any([await consumer.position(it) < ends[it] for it in partitions]):
        for messages in (await consumer.getmany(timeout_ms=500)).values():
            kept += [message.value for message in messages if message.key == key.bytes]
    await consumer.stop()
    return kept[-1]


async def partitions_of(consumer: AIOKafkaConsumer, topic: str) -> list[int]:
    await consumer._client.add_topic(topic)
    return sorted(consumer.partitions_for_topic(topic) or ())
