"""Kafka: the jars, the Java, the broker."""

import gc
import hashlib
import http.server
import threading
import warnings
from collections.abc import Iterator
from pathlib import Path

import pytest
from aiokafka.admin import AIOKafkaAdminClient

from onestop_local import archive, jars, java
from onestop_local.archive import ClassArchive
from onestop_local.errors import LocalError
from onestop_local.jars import Jar
from onestop_local.kafka import Kafka, new_cluster_id
from onestop_local.topics import Topic, create_topics

CONTENT = b"not really a jar"


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A Maven repository on this machine."""
    root = tmp_path / "repository"
    folder = root / "org" / "example" / "thing" / "1.0"
    folder.mkdir(parents=True)
    (folder / "thing-1.0.jar").write_bytes(CONTENT)
    (folder / "thing-1.0.jar.sha1").write_text(hashlib.sha1(CONTENT).hexdigest())  # noqa: S324 - Maven's own sum

    class Quiet(http.server.SimpleHTTPRequestHandler):
        def __init__(self, *arguments: object) -> None:
            super().__init__(*arguments, directory=str(root))  # type: ignore[arg-type]

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Quiet) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        monkeypatch.setenv("ONESTOP_MAVEN_REPOSITORY", f"http://127.0.0.1:{server.server_port}")
        monkeypatch.setenv("ONESTOP_CACHE", str(tmp_path / "cache"))
        monkeypatch.delenv("ONESTOP_KAFKA_LIBS", raising=False)
        yield folder
        server.shutdown()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ResourceWarning)  # jgo leaves the connection of a refused download open
        gc.collect()


def locked(monkeypatch: pytest.MonkeyPatch, *wanted: Jar) -> None:
    monkeypatch.setattr(jars, "locked", lambda: wanted)


def test_every_jar_is_locked_with_its_sum():
    names = {jar.filename for jar in jars.locked()}
    assert "kafka_2.13-4.1.1.jar" in names
    assert "kafka-clients-4.1.1.jar" in names
    assert "log4j-slf4j2-impl-2.25.2.jar" in names
    assert all(len(jar.sha256) == 64 for jar in jars.locked())
    assert len({jar.coordinate.rpartition(":")[0] for jar in jars.locked()}) == len(jars.locked())


def test_jars_are_downloaded_once_and_verified(repository: Path, monkeypatch: pytest.MonkeyPatch):
    locked(monkeypatch, Jar("org.example:thing:1.0", hashlib.sha256(CONTENT).hexdigest()))
    told: list[tuple[int, int]] = []
    library = jars.library(lambda done, total: told.append((done, total)))
    assert [file.name for file in library.iterdir()] == ["thing-1.0.jar"]
    assert told == [(1, 1)]
    (repository / "thing-1.0.jar").unlink()
    assert jars.library() == library


def test_a_jar_with_another_sum_is_not_used(repository: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    assert repository.exists()
    locked(monkeypatch, Jar("org.example:thing:1.0", "0" * 64))
    with pytest.raises(LocalError, match="校验和不符"):
        jars.library()
    assert list((tmp_path / "cache").iterdir()) == []


def test_a_jar_the_repository_does_not_have_is_named(repository: Path, monkeypatch: pytest.MonkeyPatch):
    assert repository.exists()
    locked(monkeypatch, Jar("org.example:other:1.0", "0" * 64))
    with pytest.raises(LocalError, match=r"other-1\.0\.jar"):
        jars.library()


def test_a_java_home_counts_when_it_is_new_enough(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("JAVA_HOME", str(tmp_path))
    (tmp_path / "release").write_text('JAVA_VERSION="21.0.4"\n')
    assert java.java() == tmp_path / "bin" / "java"
    (tmp_path / "release").write_text('JAVA_VERSION="11.0.2"\n')
    assert java.java() != tmp_path / "bin" / "java"


def test_a_java_home_that_is_none_is_passed_over(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("JAVA_HOME", str(tmp_path / "nowhere"))
    assert java.java().exists()


def test_no_archive_is_kept_for_jars_that_somebody_else_looks_after(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(archive, "cache_directory", lambda: tmp_path / "cache")
    assert ClassArchive(java.java(), tmp_path / "libs").recording(tmp_path / "classes.jsa") == []


def test_a_cluster_id_is_never_taken_for_an_option():
    made = [new_cluster_id() for _ in range(2000)]
    assert all(len(one) == 22 and not one.startswith("-") for one in made)


async def test_topics_and_address_outlive_a_restart(tmp_path: Path):
    broker = Kafka(tmp_path / "kafka")
    broker.start()
    try:
        address = broker.bootstrap
        wanted = (Topic("onestop.test.thing", 3, 1, {"retention.ms": "-1"}),)
        assert await create_topics(address, wanted) == 1
        assert await create_topics(address, wanted) == 0
    finally:
        broker.stop()
    again = Kafka(tmp_path / "kafka")
    again.start()
    try:
        assert again.bootstrap == address
        admin = AIOKafkaAdminClient(bootstrap_servers=address)
        await admin.start()
        (described,) = await admin.describe_topics(["onestop.test.thing"])
        assert len(described["partitions"]) == 3
        await admin.close()
    finally:
        again.stop()
    assert again.pid is None
