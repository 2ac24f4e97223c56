"""Password hashes: argon2id (19 MiB, 2 passes), computed in few threads before which few may wait."""

import asyncio
import os
import unicodedata
from base64 import b64encode
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractAsyncContextManager
from typing import Final

from argon2 import PasswordHasher, Type
from argon2.exceptions import InvalidHashError, VerificationError
from argon2.low_level import ARGON2_VERSION

from gateway.signin.password_rules import require_fit
from gateway.turns import sign_in_turns

_HASHER: Final = PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1, type=Type.ID)


class Passwords:
    """Checks passwords; the same work for a name that nobody has."""

    def __init__(self, workers: int, queue: int) -> None:
        self._threads = ThreadPoolExecutor(workers, thread_name_prefix="password")
        self._turns = sign_in_turns(workers * 2, queue)
        self._nobody = _hash_of_nothing()

    def turn(self) -> AbstractAsyncContextManager[None]:
        """Wait for one's turn to check a password.

        What is decided by earlier failures belongs inside: so no more guesses run at once than there are turns.

        Raises:
            Overloaded: when too many wait already.
        """
        return self._turns.turn()

    async def verify(self, known: str | None, password: str) -> bool:
        """Tell whether `password` is the one of the hash `known`; None stands for a name that nobody has."""
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._threads, _verify, known, self._nobody, password)

    async def new_hash(self, password: str, about: Sequence[str]) -> str:
        """Return the hash of a password that somebody chooses.

        Raises:
            UnfitPassword: when it is easily guessed by who knows what is `about` the person.
            Overloaded: when too many wait already.
        """
        async with self.turn():
            return await asyncio.get_running_loop().run_in_executor(self._threads, _chosen, password, about)

    async def better_hash(self, known: str, password: str) -> str | None:
        """Return a new hash when `known` was made with weaker parameters than today's."""
        if not _HASHER.check_needs_rehash(known):
            return None
        return await asyncio.get_running_loop().run_in_executor(self._threads, hash_password, password)

    def close(self) -> None:
        """End the threads."""
        self._threads.shutdown(wait=False, cancel_futures=True)


def hash_password(password: str) -> str:
    """Return the argon2id hash of `password`; takes about 20 ms."""
    return _HASHER.hash(_normalised(password))


def _hash_of_nothing() -> str:
    """Return a hash that no password has: it costs nothing to make, and to check it what every hash costs."""
    salt, digest = (b64encode(os.urandom(length)).decode().rstrip("=") for length in (16, 32))
    hasher = _HASHER
    parameters = f"m={hasher.memory_cost},t={hasher.time_cost},p={hasher.parallelism}"
    return f"$argon2id$v={ARGON2_VERSION}${parameters}${salt}${digest}"


def hash_passwords(passwords: Iterable[str]) -> list[str]:
    """Return the hashes of many passwords, computed on every core."""
    with ThreadPoolExecutor(os.cpu_count()) as threads:
        return list(threads.map(hash_password, passwords))


def _chosen(password: str, about: Sequence[str]) -> str:
    require_fit(password, about)
    return hash_password(password)


def password_fits(hashed: str, password: str) -> bool:
    """Tell whether `hashed` is the hash of `password`; takes about 20 ms."""
    try:
        return _HASHER.verify(hashed, _normalised(password))
    except (VerificationError, InvalidHashError):
        return False


def _verify(known: str | None, nobody: str, password: str) -> bool:
    return password_fits(known or nobody, password) and known is not None


def _normalised(password: str) -> bytes:
    """Return the bytes of a password the way NIST SP 800-63B asks: NFKC, so that every keyboard agrees."""
    return unicodedata.normalize("NFKC", password).encode()
