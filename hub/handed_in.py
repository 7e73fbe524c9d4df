"""Report files that come from PCs without a network, carried on a stick: each is taken whole or not at all."""

import gzip
from pathlib import Path

from hub.hub import Hub
from hub.ingest import ingest
from hub.reports import DOCUMENT_LIMIT_BYTES, ReportRefused, decode
from rules.words import sentence

_GZIP, _ZSTD = b"\x1f\x8b", b"\x28\xb5\x2f\xfd"


class Unusable(Exception):  # noqa: N818 - what the file is
    """A file of which nothing is taken: one sentence."""


def take(hub: Hub, path: Path) -> str:
    """Take in a file, JSON or packed, and return the device that it is of. A second time changes nothing.

    Raises Unusable.
    """
    try:
        with path.open("rb") as file:
            body = file.read(DOCUMENT_LIMIT_BYTES + 1)
    except OSError as error:
        raise Unusable(sentence("could not be read: {error}", error=error.strerror)) from error
    try:
        report = decode(*_packed(body))
    except ReportRefused as why:
        raise Unusable(why.args[-1]) from why
    received_at = hub.clock()
    answer = hub.database.write(lambda connection: ingest(connection, report, received_at))
    device_id: str = answer.device_id
    return device_id


def _packed(body: bytes) -> tuple[bytes, str]:
    """Return a file's content as an agent would have sent it. PowerShell's ``>`` writes UTF-16, others a mark."""
    if body.startswith(_GZIP):
        return body, "gzip"
    if body.startswith(_ZSTD):
        return body, "zstd"
    if body.startswith((b"\xff\xfe", b"\xfe\xff")):
        body = body.decode("utf-16", "replace").encode()
    return gzip.compress(body.removeprefix(b"\xef\xbb\xbf"), 1), "gzip"
