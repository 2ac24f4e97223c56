"""`make bench` and `make bench-P2`: see `benches.py`."""

import sys

import benches
import edge_bench
import stack as stacks
import uvloop

from onestop_local.stack import Stack


async def _on_a_stack(names: list[str]) -> None:
    supervisor, _ = stacks.start()
    try:
        stack = Stack.read(stacks.NAME)
        for name in names:
            async with stacks.signed_in(stack) as apis:  # anew: a token is good for 10 minutes
                await benches.ON_A_STACK[name](stack, apis)
    finally:
        stacks.stop(supervisor)


def main(chosen: list[str]) -> None:
    """Run the chosen benchmarks, or all."""
    names = chosen or ["P10", *benches.ON_A_STACK]
    unknown = set(names) - {"P10", *benches.ON_A_STACK}
    if unknown:
        raise SystemExit(
            f"not measured here: {', '.join(sorted(unknown))}; there are P10, {', '.join(benches.ON_A_STACK)}"
        )
    if "P1" in names and not edge_bench.can_run():
        names.remove("P1")
    if "P10" in names:
        benches.p10()
    if rest := [name for name in names if name != "P10"]:
        uvloop.run(_on_a_stack(rest))


main(sys.argv[1:])
