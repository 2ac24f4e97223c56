"""Conservation: every case is in each service as often as it has to be, told by the clients' history."""

from collections import Counter

from breaking.checks import Finding, Kind, Records
from breaking.history import History, Outcome


async def cases_conserved(history: History, records: Records) -> list[Finding]:
    """Every case that a client was told of is in each service as often as it has to be, and no other one is."""
    findings = []
    submitted, accepted, decided = (
        _told(history, verb) for verb in ("case.submitted", "case.accepted", "decision.made")
    )
    for what, wanted, service, statement in (
        ("receipt", submitted, "intake", "SELECT id AS case_id FROM case_file WHERE case_number IS NOT NULL"),
        ("acceptance", accepted, "intake", "SELECT case_id FROM document WHERE series = 'acceptance'"),
        ("proceeding", accepted, "workflow", "SELECT case_id FROM proceeding"),
        ("decision", decided, "workflow", "SELECT case_id FROM decision d JOIN proceeding p ON p.id = d.proceeding_id"),
        ("licence", decided, "workflow", "SELECT case_id FROM licence"),
        ("conclusion", decided, "intake", "SELECT id AS case_id FROM case_file WHERE state = 'concluded'"),
        ("register entry", decided, "datashare", "SELECT case_id FROM licence"),
        ("disclosure", decided, "credit", "SELECT case_id FROM record WHERE state = 'disclosed'"),
    ):
        there = Counter(str(row["case_id"]) for row in await records.fetch(service, statement))
        for case, outcome in wanted.items():
            if outcome == "acknowledged" and not there[case]:
                findings.append(Finding("lost", f"{what} of case {case} at svc-{service}"))
        findings += [
            Finding("doubled", f"{what} of case {case} at svc-{service}: {times} times")
            for case, times in there.items()
            if times > 1 and case in submitted
        ]
        findings += [
            Finding("doubled", f"{what} of case {case} at svc-{service}, which nobody wanted")
            for case in there
            if case in submitted and wanted.get(case, "refused") == "refused"
        ]
    return findings


_TOLD_BY = (
    ("intake", "onestop.intake.case", ["case.submitted", "case.accepted"]),
    ("workflow", "onestop.workflow.proceeding", ["proceeding.started", "task.completed", "decision.made"]),
)
"""Which verbs of the audit trail each topic tells of, as far as the load goes."""
_DIFFERENT = """
SELECT s.key, s.last, (SELECT count(*) FROM audit a WHERE a.key = s.key AND a.verb = ANY($2::text[])) AS audited
FROM outbox_sequence s WHERE s.topic = $1
"""


async def audit_and_events_agree(history: History, records: Records) -> list[Finding]:
    """Each step of a case in the audit trail is an event, and each event a step."""
    ours = {one.about for one in history.of("acknowledged", "case.submitted")}
    rows = await records.fetch("workflow", "SELECT id, case_id FROM proceeding")
    ours |= {str(row["id"]) for row in rows if str(row["case_id"]) in ours}
    findings = []
    for service, topic, verbs in _TOLD_BY:
        for row in await records.fetch(service, _DIFFERENT, topic, verbs):
            if row["last"] != row["audited"] and str(row["key"]) in ours:
                kind: Kind = "lost" if row["last"] < row["audited"] else "doubled"
                findings.append(Finding(kind, f"{topic} {row['key']}: {row['last']} events, {row['audited']} steps"))
    return findings


def _told(history: History, verb: str) -> dict[str, Outcome]:
    """Return what is known of each case: what was acknowledged once is, whatever else was tried in vain."""
    found: dict[str, Outcome] = {}
    for outcome in ("refused", "unknown", "acknowledged"):
        found |= dict.fromkeys((one.about for one in history.of(outcome, verb)), outcome)
    return found
