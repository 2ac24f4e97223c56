"""Kafka's classes as the Java machine has parsed them once (class-data sharing): the next start is 2.5 s quicker.

The first broker of a user writes the archive when it stops. An archive that does not fit is passed over by the Java
machine, so nothing here can keep a broker from starting.
"""

import contextlib
import hashlib
import os
import shutil
import subprocess
from pathlib import Path

from onestop_local.workspace import cache_directory


class ClassArchive:
    """The archive for one Java and one set of jars, in the cache that stacks share."""

    def __init__(self, java: Path, library: Path) -> None:
        home = java.parent.parent
        release = home / "release"
        said = release.read_text() if release.exists() else ""
        key = hashlib.sha256(f"{home}\n{said}".encode()).hexdigest()[:16]
        self._java = java
        self._kept = library.parent == cache_directory()  # a folder that somebody else looks after may change
        self._has_base = (home / "lib" / "server" / "classes.jsa").exists()
        self._base = cache_directory() / f"java-{key}.jsa"
        self._classes = cache_directory() / f"{library.name}-{key}.jsa"

    @property
    def exists(self) -> bool:
        """Whether an earlier broker has written it."""
        return self._classes.exists() and (self._has_base or self._base.exists())

    def reading(self) -> list[str]:
        """Return the options for a Java program that may use what there is."""
        if not self._kept:
            return []
        if self.exists:
            return [f"-XX:SharedArchiveFile={self._classes}"]
        return self._on_base()

    def recording(self, file: Path) -> list[str]:
        """Return the options for a broker: use the archive, or write one to `file` when it stops."""
        if not self._kept or self.exists:
            return self.reading()
        return [*self._on_base(), f"-XX:ArchiveClassesAtExit={file}"]

    def keep(self, file: Path) -> None:
        """Take over what a broker has written; without it the next one tries again."""
        if file.exists():
            with contextlib.suppress(OSError):
                arriving = self._classes.with_suffix(f".{os.getpid()}")
                shutil.move(file, arriving)
                arriving.replace(self._classes)

    def _on_base(self) -> list[str]:
        """Return the option for Java's own classes; some builds of Java come without their archive."""
        if self._has_base:
            return []
        if not self._base.exists():
            arriving = self._base.with_suffix(f".{os.getpid()}")
            command = [str(self._java), "-Xshare:dump", "-XX:+UseSerialGC", f"-XX:SharedArchiveFile={arriving}"]
            subprocess.run(command, capture_output=True, check=False)  # noqa: S603 - the Java that runs Kafka
            with contextlib.suppress(OSError):
                arriving.replace(self._base)
        return [f"-XX:SharedArchiveFile={self._base}"] if self._base.exists() else []
