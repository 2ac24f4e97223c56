"""Kafka's jars: named and summed in a committed lock, downloaded once per user, verified before use.

`python -m onestop_local.jars` resolves them anew and rewrites the lock (part of `make lock`).
"""

import concurrent.futures
import contextlib
import hashlib
import os
import shutil
import tempfile
import tomllib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from onestop_local.errors import LocalError
from onestop_local.workspace import cache_directory

LOCK = Path(__file__).with_name("kafka.lock.toml")
KAFKA = ("org.apache.kafka:kafka_2.13:4.1.1",)
LOGGING = ("org.apache.logging.log4j:log4j-core:2.25.2", "org.apache.logging.log4j:log4j-slf4j2-impl:2.25.2")
_PARALLEL = 6

Progress = Callable[[int, int], None]
"""Told how many jars of how many are there."""


@dataclass(frozen=True, slots=True)
class Jar:
    """One locked jar; `coordinate` is `group:artifact:version`."""

    coordinate: str
    sha256: str

    @property
    def filename(self) -> str:
        """`artifact-version.jar`."""
        _, artifact, version = self.coordinate.split(":")
        return f"{artifact}-{version}.jar"


def locked() -> tuple[Jar, ...]:
    """Return the jars of the committed lock."""
    dependencies = tomllib.loads(LOCK.read_text())["dependencies"]
    return tuple(Jar(f"{one['groupId']}:{one['artifactId']}:{one['version']}", one["sha256"]) for one in dependencies)


def library(progress: Progress | None = None) -> Path:
    """Return the folder that holds exactly the locked jars; download it first if there is none.

    `ONESTOP_KAFKA_LIBS` names a folder to use instead (an unpacked Kafka's `libs`).

    Raises:
        LocalError: without network, when a sum differs, or when the disk is full.
    """
    given = os.environ.get("ONESTOP_KAFKA_LIBS")
    if given:
        return Path(given)
    name = hashlib.sha256(LOCK.read_bytes()).hexdigest()[:16]
    ready = cache_directory() / f"kafka-{name}"
    if ready.is_dir():
        return ready
    ready.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=ready.parent, prefix="kafka-new-") as scratch:
        made = Path(scratch) / "lib"
        made.mkdir()
        _download(made, Path(scratch) / "repository", progress)
        with contextlib.suppress(OSError):  # another run may have been quicker; its folder is as good
            made.rename(ready)
    return ready


def _download(into: Path, repository: Path, progress: Progress | None) -> None:
    jars = locked()
    with concurrent.futures.ThreadPoolExecutor(_PARALLEL) as pool:
        waiting = [pool.submit(_fetch, jar, into, repository) for jar in jars]
        try:
            for done, future in enumerate(concurrent.futures.as_completed(waiting), start=1):
                future.result()
                if progress:
                    progress(done, len(jars))
        except BaseException:
            pool.shutdown(cancel_futures=True)
            raise


def _fetch(jar: Jar, into: Path, repository: Path) -> None:
    import requests  # noqa: PLC0415 - only the first start of a machine downloads

    try:
        path = _context(repository).create_dependency(jar.coordinate).artifact.resolve()
    except requests.RequestException as error:
        raise LocalError(
            f"无法下载 Kafka 组件 {jar.filename}（{type(error).__name__}）。",
            "首次启动需要访问 Maven 仓库：请检查网络或代理（HTTPS_PROXY）；"
            "也可用 ONESTOP_MAVEN_REPOSITORY 指定镜像，或用 ONESTOP_KAFKA_LIBS 指定已有的 Kafka libs 目录。",
        ) from error
    except OSError as error:
        raise LocalError(f"无法保存 {jar.filename}：{error.strerror}", "请检查磁盘空间和目录权限。") from error
    except RuntimeError as error:
        raise LocalError(f"仓库中没有 {jar.filename}。", "请检查 ONESTOP_MAVEN_REPOSITORY。") from error
    with path.open("rb") as content:
        actual = hashlib.file_digest(content, "sha256").hexdigest()
    if actual != jar.sha256:
        raise LocalError(
            f"{jar.filename} 的校验和不符：应为 {jar.sha256}，实为 {actual}。",
            "下载的文件已被改动或损坏，未予采用。请更换网络或镜像后再试。",
        )
    shutil.move(path, into / jar.filename)


def _context(repository: Path):  # type: ignore[no-untyped-def]  # noqa: ANN202 - a type of a lazy import
    from jgo.maven import MavenContext  # noqa: PLC0415 - 0.8 s of imports that only a download needs

    mirror = os.environ.get("ONESTOP_MAVEN_REPOSITORY")
    remote = {"mirror": mirror.rstrip("/")} if mirror else None
    return MavenContext(repo_cache=repository, local_repos=[], remote_repos=remote, timeout=30)


def _resolve(repository: Path) -> Iterator[object]:
    """Resolve Kafka and the logger apart: the logger's own test dependencies would pin an older Kafka."""
    from jgo.maven import compare_versions  # noqa: PLC0415

    context = _context(repository)
    chosen: dict[tuple[str, str], object] = {}
    for group in (KAFKA, LOGGING):
        inputs, found = context.resolver.resolve([context.create_dependency(one) for one in group])
        for dependency in (*inputs, *found):
            key = (dependency.groupId, dependency.artifactId)
            known = chosen.get(key)
            if known is None or compare_versions(dependency.version, known.version) > 0:  # type: ignore[attr-defined]
                chosen[key] = dependency
    return iter([chosen[key] for key in sorted(chosen)])


def write_lock() -> None:
    """Resolve the jars and write their versions and SHA-256 sums."""
    from jgo.env import LockFile  # noqa: PLC0415

    with tempfile.TemporaryDirectory() as scratch:
        resolved = list(_resolve(Path(scratch)))
        made = LockFile.from_resolved_dependencies(resolved, environment_name="kafka")  # type: ignore[arg-type]
    lines = ["# Kafka's jars and their SHA-256 sums. Made by `make lock`; do not edit.", ""]
    for one in made.dependencies:
        lines += [
            "[[dependencies]]",
            *(f'{key} = "{getattr(one, key)}"' for key in ("groupId", "artifactId", "version", "sha256")),
            "",
        ]
    LOCK.write_text("\n".join(lines))


if __name__ == "__main__":
    write_lock()
