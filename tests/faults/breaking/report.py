"""The report of a long run: `docs/faults.md`."""

import os
import platform
import statistics
import subprocess
from collections import defaultdict
from datetime import UTC, datetime
from pathlib import Path

from breaking.runner import Run, Strike
from breaking.stand import ROOT, Stand

FILE = ROOT / "docs" / "faults.md"


def write(run: Run, stand: Stand, remark: str = "", file: Path = FILE) -> None:
    """Write what a run has shown, whatever it is."""
    file.parent.mkdir(exist_ok=True)
    file.write_text("\n".join(_lines(run, stand, remark)) + "\n")


def _lines(run: Run, stand: Stand, remark: str) -> list[str]:
    counted, commands = run.history.count(), run.history.commands
    kinds = defaultdict(list)
    for finding in run.findings:
        kinds[finding.kind].append(finding.what)
    sent = sum(one.attempts for one in commands)
    return [
        "# What happens when it breaks",
        "",
        "Written by `make faults`, which starts a stack of its own, breaks it again and again while people work on it,",
        "and holds what they were told against what the services have written down. The seed makes the same faults",
        "strike in the same order: `ONESTOP_FAULTS_SEED`.",
        "",
        *([remark, ""] if remark else []),
        "| | |",
        "|---|---|",
        f"| date | {datetime.now(UTC):%Y-%m-%d %H:%M} UTC |",  # noqa: DTZ005, RUF100, TID251 - the run's own date
        f"| commit | {_commit()} |",
        f"| machine | {_machine()} |",
        f"| seed | {run.seed} |",
        f"| lasted | {run.seconds / 60:.0f} minutes |",
        f"| faults | {sum(not one.impossible for one in run.strikes)} |",
        f"| kills | {sum(stand.kills.values())}: {_counted(stand.kills)} |",
        f"| commands | {len(commands)}, sent {sent} times: {_counted(dict(counted))} |",
        f"| readings | {run.history.reads} |",
        f"| cases walked to their end under load | {run.cases} |",
        f"| further cases accepted | {run.entered} |",
        f"| **lost** | **{len(kinds['lost'])}** |",
        f"| **doubled** | **{len(kinds['doubled'])}** |",
        f"| out of order | {len(kinds['disorder'])} |",
        f"| left behind | {len(kinds['stuck'])} |",
        f"| walks that did not come to their end | {len(run.broken)} |",
        "",
        "## What was checked",
        "",
        *(f"- {line}" for line in run.checked),
        "",
        *_findings(run),
        "## How long until it works again",
        "",
        "From the moment at which what was broken is mended (for a kill: at which another process has been started)",
        "until a case opened then is submitted, accepted, reviewed, decided, licensed, registered and disclosed.",
        f"Before anything was broken that took {run.undisturbed:.1f} s; all times are under load, on this machine.",
        "",
        "| fault | struck | lasted, s | median, s | longest, s |",
        "|---|---:|---:|---:|---:|",
        *_rows(run.strikes),
    ]


def _rows(strikes: list[Strike]) -> list[str]:
    by_fault = defaultdict(list)
    for strike in strikes:
        by_fault[strike.fault].append(strike)
    rows = []
    for fault, several in sorted(by_fault.items()):
        struck = [one for one in several if not one.impossible]
        if not struck:
            rows.append(f"| {fault} | not possible: {several[0].impossible} | | | |")
            continue
        recoveries = [one.recovery for one in struck]
        lasted = statistics.median(one.lasted for one in struck)
        rows.append(
            f"| {fault} | {len(struck)} | {lasted:.1f} | {statistics.median(recoveries):.1f} | {max(recoveries):.1f} |"
        )
    return rows


def _findings(run: Run) -> list[str]:
    told = [f"- {one.kind}: {one.what}" for one in run.findings[:50]] + [f"- walk: {one}" for one in run.broken[:20]]
    return ["## What was found", "", *told, ""] if told else []


def _counted(counts: dict[str, int]) -> str:
    return ", ".join(f"{number} {what}" for what, number in sorted(counts.items(), key=lambda pair: -pair[1]))


def _commit() -> str:
    asked = ["git", "log", "-1", "--format=%h %s"]
    commit = subprocess.run(asked, cwd=ROOT, capture_output=True, text=True, check=False).stdout.strip()  # noqa: S603
    changed = subprocess.run(["git", "status", "--porcelain", "-uno"], cwd=ROOT, capture_output=True, check=False)  # noqa: S607
    return f"{commit}{' (with changes)' if changed.stdout.strip() else ''}"


def _machine() -> str:
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 1e9
    busy = os.getloadavg()[2]
    return (
        f"{os.cpu_count()} cores, {memory:.0f} GB, {platform.system()} {platform.machine()}, "
        f"Python {platform.python_version()}; load average of 15 minutes {busy:.1f}"
    )
