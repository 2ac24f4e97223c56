"""The platform's own word: its conservation ledger, asked through the gateway as its operator does."""

from typing import Any

from breaking.checks import Finding
from breaking.people import People

_API = "/workflow/v1/conservation"


async def ledger_closes(people: People) -> list[Finding]:
    """Have all books compared now; every case and every obligation is where it has to be."""
    command = people.history.begin("workflow", "conservation.requested", "")
    asked = (await people.do("operator", command, "POST", f"{_API}/runs", json={})).json()

    async def over() -> Any:
        run = await people.read("operator", f"{_API}/runs/{asked['id']}")
        return run if run and run["ended_at"] else None

    run = await people.until(over, f"conservation {asked['id']}")
    if run["error"]:
        return [Finding("stuck", f"not all books were compared: {run['error']}")]
    if run["result"]["settled"]:
        return []
    named = (await people.read("operator", f"{_API}/findings", limit="100"))["items"]
    found = [f"{one['leg']}: {one['subject']} {one['flaw']} at svc-{one['service']}, {one['stage']}" for one in named]
    return [Finding("lost", what) for what in found or [str(run["result"]["findings"])]]
