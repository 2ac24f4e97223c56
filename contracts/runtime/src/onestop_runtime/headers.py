"""Headers that routes read and write themselves, as OpenAPI describes them.

Described here and not as parameters of the handlers, they cost nothing when a request comes.
"""

from typing import Any
from uuid import UUID

from onestop_runtime import positions


def _header(name: str, description: str, example: str, *, required: bool = True) -> dict[str, Any]:
    return {
        "name": name, "in": "header", "required": required, "description": description,
        "schema": {"type": "string"}, "example": example,
    }  # fmt: skip


KEY = _header(
    "Idempotency-Key", "每次提交一个新值（例如 UUID），重试时保持不变", "018f3b1c-7e4a-7c21-9a55-0000000000aa"
)
VERSION = _header("If-Match", "读取时得到的 ETag", '"3"')
_EXAMPLE_POSITION = positions.encode_positions({
    ("onestop.intake.case", UUID("018f3b1c-7e4a-7c21-9a55-000000000021")): 2
})  # fmt: skip
POSITION = [
    _header(
        positions.HEADER,
        "此前操作返回的位置标记（可用逗号并列多个）：等到这些操作在此处生效后再答复，"
        f"最多等 {positions.WAIT_SECONDS} 秒，否则为 503 position-not-reached",
        _EXAMPLE_POSITION,
        required=False,
    ),
    _header(
        "Prefer",
        f"`wait=秒数` 改变最多等待的时间（0 至 {positions.MOST_SECONDS}）；`stale` 表示等不到时也接受旧内容",
        "wait=5, stale",
        required=False,
    ),
]
READ = {
    positions.STATE_HEADER: {
        "description": "仅在请求带位置标记时：`reached` 已生效；`stale` 尚未生效，内容是旧的；"
        "`unrelated` 标记与本服务无关",
        "schema": {"type": "string", "enum": ["reached", "stale", "unrelated"]},
        "example": "reached",
    }
}
_TOLD = {
    positions.HEADER: {
        "description": "位置标记：随后的读取带上它，就一定能看到本次操作的结果；没有产生事件的操作不返回",
        "schema": {"type": "string"},
        "example": _EXAMPLE_POSITION,
    }
}
WRITTEN = READ | _TOLD
