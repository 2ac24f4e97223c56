"""What routes ask for beside their transaction."""

from collections.abc import AsyncIterator
from typing import Annotated
from urllib.parse import unquote

from fastapi import Depends, Header, Request
from starlette.requests import ClientDisconnect

from onestop_runtime.inputs import version_of
from onestop_runtime.routing import context_of
from svc_intake.domain.material import UploadBrokenOff
from svc_intake.resources import Resources

_MAX_NAME = 200


async def _resources(request: Request) -> Resources:
    own: Resources = context_of(request).state
    return own


async def _version(if_match: Annotated[str | None, Header(alias="If-Match")] = None) -> int | None:
    """Return the version the caller names; None when he names none."""
    return None if if_match is None else version_of(if_match)


async def _file_name(
    x_file_name: Annotated[
        str, Header(description="文件名，UTF-8 按百分号编码", examples=["%E7%94%B3%E8%AF%B7%E4%B9%A6.pdf"])
    ] = "",
) -> str:
    """Return the file's name without folders and control characters."""
    name = unquote(x_file_name).replace("\\", "/").rpartition("/")[2]
    return "".join(character for character in name if character.isprintable())[:_MAX_NAME]


Own = Annotated[Resources, Depends(_resources)]
Version = Annotated[int | None, Depends(_version)]
FileName = Annotated[str, Depends(_file_name)]


async def chunks_of(request: Request) -> AsyncIterator[bytes]:
    """Yield the body as it comes; raises `UploadBrokenOff` when the sender stops."""
    try:
        async for chunk in request.stream():
            yield chunk
    except ClientDisconnect as error:
        raise UploadBrokenOff from error
