"""P1, latency: what the gateway adds to an answer at half of its maximal rate, beside its upstream alone."""

import statistics

import generator
from measure import ROUNDS, SECONDS, report
from wires import at_constant_rate

CONNECTIONS = 64


def added_latency(gateway: int, upstream: int, path: str, token: str, per_second: float) -> None:
    """Measure both ports at the same rate, in turns."""
    request = generator.get(path, {"Authorization": token})
    ours, alone = [], []
    for number in range(ROUNDS + 1):
        for port, seen in ((gateway, ours), (upstream, alone)):
            took = sorted(at_constant_rate(port, request, per_second, SECONDS, CONNECTIONS))
            if number:  # the first one opens connections
                seen.append((_share(took, 0.5), _share(took, 0.99)))
    (our_p50, our_p99), (their_p50, their_p99) = (
        map(statistics.median, zip(*seen, strict=True)) for seen in (ours, alone)
    )
    what = f"P1 latency at {per_second:,.0f} requests/s"
    report(f"{what}, p50", "ms", our_p50, their_p50, "-")
    report(f"{what}, p99", "ms", our_p99, their_p99, "-")
    added = statistics.median(our[1] - their[1] for our, their in zip(ours, alone, strict=True))
    report("P1 added latency, p99", "ms", added, None, "<= 5")


def _share(took: list[float], share: float) -> float:
    """Return within how many milliseconds this share of the answers came."""
    return took[int(len(took) * share)] * 1000
