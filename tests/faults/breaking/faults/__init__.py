"""The faults, a noun each: `strike` breaks something and, where that has an end, mends it again."""

from breaking.faults.clocks import ClockStep
from breaking.faults.connections import ConnectionsTakenAway, PoolHeldUp
from breaking.faults.deliveries import Duplicates, Reordered
from breaking.faults.disk import FullDisk
from breaking.faults.fault import Fault, NotPossible
from breaking.faults.kills import BackendKilled, BrokerKilled, DatabaseKilled, DatabaseStopped, ProcessKilled, Storm
from breaking.faults.lines import CutLine, HalfOpenLine, SlowLine
from breaking.faults.pauses import BrokerAway, Pause, RelayPause
from breaking.faults.poison import PoisonApplied, PoisonPublished
from breaking.faults.raising import RaisingConsumer

__all__ = [
    "BackendKilled",
    "BrokerAway",
    "BrokerKilled",
    "ClockStep",
    "ConnectionsTakenAway",
    "CutLine",
    "DatabaseKilled",
    "DatabaseStopped",
    "Duplicates",
    "Fault",
    "FullDisk",
    "HalfOpenLine",
    "NotPossible",
    "Pause",
    "PoisonApplied",
    "PoisonPublished",
    "PoolHeldUp",
    "ProcessKilled",
    "RaisingConsumer",
    "RelayPause",
    "Reordered",
    "SlowLine",
    "Storm",
]
