"""The type of a file by its first bytes: what it says it is must be what it is."""

from onestop_legal.errors import NamedError

HEAD_BYTES = 4096
"""How many first bytes `require_content` wants to see."""

_ZIP = b"PK\x03\x04"
_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_STARTS: dict[str, tuple[bytes, ...]] = {
    "application/pdf": (b"%PDF-",),
    "image/jpeg": (b"\xff\xd8\xff",),
    "image/png": (b"\x89PNG\r\n\x1a\n",),
    "image/gif": (b"GIF87a", b"GIF89a"),
    "image/bmp": (b"BM",),
    "image/tiff": (b"II*\x00", b"MM\x00*"),
    "application/ofd": (_ZIP,),
    "application/zip": (_ZIP,),
    "application/vnd.openxmlformats-officedocument.wordprocessingml.document": (_ZIP,),
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet": (_ZIP,),
    "application/msword": (_OLE,),
    "application/vnd.ms-excel": (_OLE,),
}
_NAMES = {
    "application/pdf": "PDF",
    "image/jpeg": "JPEG 图片",
    "image/png": "PNG 图片",
    "image/gif": "GIF 图片",
    "image/bmp": "BMP 图片",
    "image/tiff": "TIFF 图片",
    "application/ofd": "OFD",
    "application/zip": "ZIP",
    "application/msword": "Word 文档",
    "application/vnd.ms-excel": "Excel 表格",
    "application/vnd.openxmlformats-officedocument.wordprocessingml.document": "Word 文档",
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet": "Excel 表格",
}


class MediaTypeNotTaken(NamedError):
    """The material is not taken in this format."""

    slug = "media-type-not-taken"
    title = "不接受这种格式的文件"
    status = 415
    pointer = "#Content-Type"


class ContentDoesNotFitType(NamedError):
    """The file's content is not what its `Content-Type` says."""

    slug = "content-does-not-fit-type"
    title = "文件内容与声明的格式不符"
    status = 422
    pointer = ""


def name_of(media_type: str) -> str:
    """Return the name people know a media type by."""
    return _NAMES.get(media_type, media_type)


def plain_media_type(content_type: str) -> str:
    """Return the media type of a `Content-Type` header without parameters, lower-cased."""
    return content_type.partition(";")[0].strip().lower()


def require_taken(media_type: str, taken: tuple[str, ...]) -> None:
    """Do nothing when the format is taken and its content can be checked; raises `MediaTypeNotTaken`."""
    if media_type not in taken or media_type not in _STARTS:
        names = "、".join(dict.fromkeys(name_of(one) for one in taken if one in _STARTS))
        raise MediaTypeNotTaken(f"这份材料可以提交的格式：{names}。" if names else "这份材料请到窗口提交原件。")


def require_content(media_type: str, head: bytes) -> None:
    """Do nothing when the first bytes are those of `media_type`; raises `ContentDoesNotFitType`."""
    if not head.startswith(_STARTS.get(media_type, ())):
        raise ContentDoesNotFitType(f"文件内容不是有效的 {name_of(media_type)}，请重新选择文件。")
