"""How often somebody may try: attempts are counted under keys, each of which has its patience."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from math import ceil
from typing import TypeAlias

from gateway.network import network_at
from gateway.signin import repository
from gateway.signin.domain import (
    ACCOUNT_PATIENCE,
    ADDRESS_PATIENCE,
    DEVICE_PATIENCE,
    Arrival,
    Patience,
    TooManyAttempts,
)
from onestop_runtime.fields import FieldCipher
from onestop_runtime.sql import Connection
from onestop_runtime.transaction import Transaction

Keys: TypeAlias = Mapping[bytes, Patience]
"""Keyed hashes of what attempts are counted by: an account, an address, a browser, a phone."""


@dataclass(frozen=True, slots=True)
class Tally:
    """Under which keys somebody's attempts are counted.

    Attributes:
        account: the one that is forgotten once he has succeeded.
    """

    account: bytes
    keys: Keys


def tally_of(
    cipher: FieldCipher,
    kind: str,
    account: str,
    arrival: Arrival,
    *,
    known_device: bool,
    patience: Patience = ACCOUNT_PATIENCE,
) -> Tally:
    """Return under which keys attempts of one kind at an account are counted.

    The owner's own browser counts by itself: strangers who guess at the account, or share its address, cannot make
    the owner wait.
    """
    if known_device:
        device = cipher.blind_index(f"{kind}-device", f"{arrival.device_token}\0{account}")
        return Tally(device, {device: DEVICE_PATIENCE})
    index = cipher.blind_index(f"{kind}-account", account)
    address = cipher.blind_index(f"{kind}-address", network_at(arrival.address))
    return Tally(index, {index: patience, address: ADDRESS_PATIENCE})


async def require_patience(connection: Connection, keys: Keys, now: datetime) -> bool:
    """Return, when the next attempt may be made, whether any was counted before; raises `TooManyAttempts`."""
    until = await repository.not_before(connection, list(keys))
    if until is not None and until > now:
        seconds = ceil((until - now).total_seconds())
        raise TooManyAttempts(f"尝试次数过多，请在 {seconds} 秒后再试。", retry_after=seconds)
    return until is not None


async def count(tx: Transaction, keys: Keys) -> None:
    """Count an attempt under each of `keys`; the next one waits as long as its patience says."""
    for key, patience in sorted(keys.items()):
        attempts = await repository.count_failure(tx.connection, key, tx.now, patience.rest)
        await _pause(tx, key, patience.pause(attempts))


async def take_turn(tx: Transaction, keys: Keys) -> None:
    """Count an attempt that costs something whether it is right or wrong; of many at once one gets through.

    Raises:
        TooManyAttempts: when a pause is due first; then nothing is counted.
    """
    counted = [
        (key, patience, await repository.count_failure(tx.connection, key, tx.now, patience.rest))
        for key, patience in sorted(keys.items())
    ]
    await require_patience(tx.connection, keys, tx.now)
    for key, patience, attempts in counted:
        await _pause(tx, key, patience.pause(attempts))


async def _pause(tx: Transaction, key: bytes, length: timedelta) -> None:
    """Let the next attempt wait; where none is due, one that began a moment earlier is not made to."""
    if length:
        await repository.set_pause(tx.connection, key, tx.now + length)
