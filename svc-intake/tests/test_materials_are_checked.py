"""A file is streamed, hashed and limited; what it says it is must be what it is; nothing half done is kept."""

import hashlib
from collections.abc import AsyncIterator
from typing import Any

import pytest
from intake_world import AGENT, AGENT_2, API, CLERK, PDF, PNG, Intake, food_guide, pointers, problem, read

from onestop_local.testing.client import signing_key
from onestop_runtime.assertion import GATEWAY, HEADER, make_assertion
from svc_intake.domain.file_type import ContentDoesNotFitType, MediaTypeNotTaken, require_content, require_taken


async def stored_files(intake: Intake) -> list[str]:
    return [path for batch in await batches(intake) for path in batch]


async def batches(intake: Intake) -> list[list[str]]:
    return [batch async for batch in intake.client.context.state.files.older_than(far_away(intake))]


def far_away(intake: Intake) -> Any:
    return intake.clock.instant.replace(year=2099)


async def test_a_file_is_kept_with_its_hash_and_can_be_read_back(intake: Intake):
    case = read(await intake.upload(await intake.open()))
    material = next(one for one in case["materials"] if one["code"] == "M01")
    assert material["sha256"] == hashlib.sha256(PDF).hexdigest()
    assert material["file_name"] == "申请书.pdf"
    assert material["size"] == len(PDF)
    content = await intake.client.as_(AGENT).get(f"{API}/cases/{case['id']}/materials/M01/content")
    assert content.content == PDF
    assert content.headers["content-type"] == "application/pdf"
    assert content.headers["x-content-type-options"] == "nosniff"


async def test_a_file_may_come_in_pieces(intake: Intake):
    async def pieces() -> AsyncIterator[bytes]:
        for start in range(0, len(PDF), 7):
            yield PDF[start : start + 7]

    case = read(await intake.upload(await intake.open(), content=pieces()))
    assert case["materials"][0]["sha256"] == hashlib.sha256(PDF).hexdigest()


async def test_an_announced_size_over_the_limit_is_refused(intake: Intake):
    answer = problem(await intake.upload(await intake.open(), content=PDF + b"0" * 4000), 413, "file-too-large")
    assert pointers(answer) == {"": "file-too-large"}
    assert await stored_files(intake) == []


async def test_a_size_over_the_limit_is_noticed_on_the_way(intake: Intake):
    async def endless() -> AsyncIterator[bytes]:
        yield PDF
        while True:
            yield b"0" * 1000

    problem(await intake.upload(await intake.open(), content=endless()), 413, "file-too-large")
    assert await stored_files(intake) == []


async def test_an_empty_file_is_refused(intake: Intake):
    answer = problem(await intake.upload(await intake.open(), content=b""), 422, "file-empty")
    assert pointers(answer) == {"": "file-empty"}
    assert await stored_files(intake) == []


async def test_a_format_the_guide_does_not_take_is_refused(intake: Intake):
    answer = await intake.upload(await intake.open(), media_type="image/gif", content=b"GIF89a")
    refused = problem(answer, 415, "media-type-not-taken")
    assert "PDF、JPEG 图片、PNG 图片" in refused["detail"]
    assert pointers(refused) == {"#Content-Type": "media-type-not-taken"}


@pytest.mark.parametrize("content", [PNG, b"%PD", b"MZ" + PDF])
async def test_content_that_is_not_what_it_says_is_refused(intake: Intake, content: bytes):
    answer = problem(await intake.upload(await intake.open(), content=content), 422, "content-does-not-fit-type")
    assert pointers(answer) == {"": "content-does-not-fit-type"}
    assert await stored_files(intake) == []


async def test_a_material_nobody_asked_for_is_refused(intake: Intake):
    answer = problem(await intake.upload(await intake.open(), "M03"), 404, "material-not-asked")
    assert pointers(answer) == {"{material_code}": "material-not-asked"}


async def test_a_newer_file_takes_the_place_of_the_older(intake: Intake):
    case = read(await intake.upload(await intake.open()))
    case = read(await intake.upload(case, content=PNG, media_type="image/png; charset=binary"))
    assert case["materials"][0]["media_type"] == "image/png"
    assert len(await intake.rows("SELECT 1 FROM material")) == 1


async def test_an_upload_may_name_the_version_it_is_for(intake: Intake):
    case = await intake.open()
    read(await intake.upload(case, headers={"If-Match": '"1"'}))
    problem(await intake.upload(case, headers={"If-Match": '"1"'}), 412, "stale-version")
    problem(await intake.upload(case, headers={"If-Match": "one"}), 400, "malformed-header")


async def test_a_material_can_be_taken_out_of_a_draft(intake: Intake):
    case = read(await intake.upload(await intake.open()))
    path = f"/cases/{case['id']}/materials/M01"
    case = read(await intake.call(AGENT, "DELETE", path, version=case["version"]))
    assert case["materials"][0]["state"] == "missing"
    problem(await intake.call(AGENT, "DELETE", path, version=case["version"]), 404, "material-not-handed-in")
    problem(await intake.call(AGENT, "GET", f"{path}/content"), 404, "material-not-handed-in")


async def test_nobody_hands_in_for_somebody_else(intake: Intake):
    case = await intake.open()
    answer = problem(await intake.upload(case, caller=AGENT_2), 404, "case-not-found")
    assert pointers(answer) == {"{case_id}": "case-not-found"}
    problem(await intake.upload(await intake.submitted(), caller=CLERK), 403, "not-permitted")


async def test_the_clerk_reads_it_and_leaves_a_trace(intake: Intake):
    case = await intake.submitted()
    path = f"/cases/{case['id']}/materials/M01/content"
    assert (await intake.call(CLERK, "GET", path)).content == PDF
    assert (await intake.call(AGENT, "GET", path)).content == PDF
    traces = await intake.rows("SELECT actor FROM audit WHERE verb = 'material.read'")
    assert [trace["actor"] for trace in traces] == [CLERK.sub]


async def test_a_file_name_cannot_leave_its_folder(intake: Intake):
    case = read(await intake.upload(await intake.open(), headers={"X-File-Name": "..%2F..%2Fetc%2Fpasswd%0D%0A.pdf"}))
    assert case["materials"][0]["file_name"] == "passwd.pdf"


async def test_a_large_file_goes_through_in_parts(intake: Intake):
    guide = food_guide()
    guide["materials"][0]["max_bytes"] = 20 * 1024 * 1024
    await intake.publish(guide, number=2)
    content = PDF + b"0" * 12 * 1024 * 1024
    case = read(await intake.upload(await intake.open(), content=content))
    assert case["materials"][0]["sha256"] == hashlib.sha256(content).hexdigest()
    assert (await intake.call(AGENT, "GET", f"/cases/{case['id']}/materials/M01/content")).content == content


async def test_a_sender_that_stops_leaves_nothing(intake: Intake):
    case = await intake.open()
    messages = iter([{"type": "http.request", "body": PDF, "more_body": True}, {"type": "http.disconnect"}])
    token = make_assertion(AGENT, signing_key(GATEWAY), issuer=GATEWAY, audience="svc-intake")
    headers = {"content-type": "application/pdf", HEADER: token}
    answers: list[dict[str, Any]] = []

    async def receive() -> dict[str, Any]:
        return next(messages)

    async def send(message: dict[str, Any]) -> None:
        answers.append(message)

    path = f"{API}/cases/{case['id']}/materials/M01"
    scope = {
        "type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "method": "PUT", "path": path,
        "raw_path": path.encode(), "query_string": b"", "root_path": "", "scheme": "http", "client": ("127.0.0.1", 1),
        "server": ("service.test", 80), "headers": [(name.encode(), value.encode()) for name, value in headers.items()],
    }  # fmt: skip
    await intake.client._asgi.app(scope, receive, send)  # type: ignore[arg-type]
    assert answers[0]["status"] == 400
    assert await stored_files(intake) == []


async def test_a_store_that_takes_nothing_says_so(intake: Intake):
    case = await intake.open()
    (intake.folder / "files" / "materials").touch()
    answer = await intake.upload(case)
    problem(answer, 503, "service-unavailable")
    assert answer.headers["retry-after"] == "10"
    assert (await intake.read(case))["materials"][0]["state"] == "missing"


@pytest.mark.parametrize(
    ("media_type", "head"),
    [
        ("application/pdf", b"%PDF-1.4"),
        ("image/jpeg", b"\xff\xd8\xff\xe0"),
        ("image/png", b"\x89PNG\r\n\x1a\n"),
        ("image/tiff", b"MM\x00*"),
        ("application/ofd", b"PK\x03\x04"),
        ("application/msword", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"),
    ],
)
def test_every_format_is_known_by_its_first_bytes(media_type: str, head: bytes):
    require_content(media_type, head)
    require_taken(media_type, (media_type,))
    with pytest.raises(ContentDoesNotFitType):
        require_content(media_type, b"<html>")


def test_a_format_that_cannot_be_checked_is_not_taken():
    with pytest.raises(MediaTypeNotTaken, match="窗口"):
        require_taken("text/plain", ("text/plain",))
