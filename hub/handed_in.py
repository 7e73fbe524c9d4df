"""What comes from PCs without a network, carried on a stick or put on a share.

Report files (``collect --json``), each taken whole or not at all; and folders or ZIP files that collect.cmd wrote.
"""

import gzip
from collections.abc import Iterator
from pathlib import Path

from hub import dumps
from hub.hub import Hub
from hub.ingest import ingest
from hub.reports import DOCUMENT_LIMIT_BYTES, Report, ReportRefused, decode
from rules.words import sentence

_GZIP, _ZSTD, _ZIP = b"\x1f\x8b", b"\x28\xb5\x2f\xfd", b"PK"


class Unusable(Exception):  # noqa: N818 - what the file is
    """A file or folder of which nothing is taken: one sentence."""


def take(hub: Hub, path: Path) -> list[str]:
    """Take in a file or a folder, and return the devices that it is of. A second time changes nothing.

    Raises Unusable, and then nothing of it was taken.
    """
    reports = list(_reports(path))
    received_at = hub.clock()
    return [
        hub.database.write(lambda connection, one=one: ingest(connection, one, received_at)).device_id  # type: ignore[misc]
        for one in reports
    ]


def _reports(path: Path) -> Iterator[Report]:
    try:
        if path.is_symlink():
            raise Unusable(sentence("it is a link: give what it points to"))
        if path.is_dir():
            yield from map(dumps.report, dumps.folders(path))
            return
        with path.open("rb") as file:
            body = file.read(DOCUMENT_LIMIT_BYTES + 1)
        if body.startswith(_ZIP):
            with dumps.unpacked(path) as folder:
                yield from map(dumps.report, dumps.folders(folder))
            return
        yield decode(*_packed(body))
    except OSError as error:
        raise Unusable(sentence("could not be read: {error}", error=error.strerror)) from error
    except (ReportRefused, dumps.NoDump) as why:
        raise Unusable(why.args[-1]) from why


def _packed(body: bytes) -> tuple[bytes, str]:
    """Return a file's content as an agent would have sent it. PowerShell's ``>`` writes UTF-16, others a mark."""
    if body.startswith(_GZIP):
        return body, "gzip"
    if body.startswith(_ZSTD):
        return body, "zstd"
    if body.startswith((b"\xff\xfe", b"\xfe\xff")):
        body = body.decode("utf-16", "replace").encode()
    return gzip.compress(body.removeprefix(b"\xef\xbb\xbf"), 1), "gzip"
