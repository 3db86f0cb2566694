"""A zip file that is gone on with later: what was written of it stays, and its members are remembered.

Of a zip file only the list at its end knows where members begin, so whoever keeps that list can add members
to what another process wrote, and close it.
"""

from __future__ import annotations

import zipfile
from collections.abc import Iterable
from typing import IO, Any, cast

from wellness.gateways.takeout.pieces import SealedPieces

# What the list at the end says of a member.
_SAID = (
    "filename",
    "date_time",
    "compress_type",
    "create_version",
    "extract_version",
    "flag_bits",
    "external_attr",
    "CRC",
    "compress_size",
    "file_size",
    "header_offset",
)


def resumed(file: SealedPieces, members: Iterable[list[Any]]) -> zipfile.ZipFile:
    """The archive that goes on at the end of what is written; a file that tells and cannot seek is enough."""
    archive = zipfile.ZipFile(cast(IO[bytes], file), "w", zipfile.ZIP_DEFLATED)
    for said in members:
        info = _member(said)
        archive.filelist.append(info)
        archive.NameToInfo[info.filename] = info
    return archive


def members(archive: zipfile.ZipFile) -> list[list[Any]]:
    """What must be remembered of each member to go on."""
    return [[getattr(info, name) for name in _SAID] for info in archive.filelist]


def leave_open(archive: zipfile.ZipFile) -> None:
    """Write nothing more: without this the list would be written when the object goes."""
    archive.fp = None


def stored(name: str) -> zipfile.ZipInfo:
    """A member that is compressed already."""
    info = zipfile.ZipInfo(name)
    info.compress_type = zipfile.ZIP_STORED
    return info


def _member(said: list[Any]) -> zipfile.ZipInfo:
    info = zipfile.ZipInfo()
    for name, value in zip(_SAID, said, strict=True):
        setattr(info, name, tuple(value) if name == "date_time" else value)
    info.orig_filename = info.filename
    return info
