"""Recorded machines made on the spot, and a hub of a few lines that answers as each test wants."""

import contextlib
import gzip
import json
import os
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

OS_RELEASE = 'NAME="Debian GNU/Linux"\nVERSION_ID="12"\n'


def recorded(folder: Path, *, hanging: tuple[str, ...] = (), now: str = "2026-03-02T01:15:00Z") -> Path:
    """Record a machine that has an operating system. A ``hanging`` path never gives an end: it is a pipe."""
    files = {
        "/etc/os-release": OS_RELEASE,
        "/proc/sys/kernel/hostname": "lab1-pc01\n",
        "/proc/sys/kernel/osrelease": "6.1.0-18-amd64\n",
        "/proc/sys/kernel/arch": "x86_64\n",
        "/proc/stat": "cpu 1 2 3\nbtime 1772400000\n",
    }
    for path in {**files, **dict.fromkeys(hanging)}:
        target = folder / "root" / path.lstrip("/")
        target.parent.mkdir(parents=True, exist_ok=True)
        if path in hanging:
            os.mkfifo(target)
        else:
            target.write_text(files[path], encoding="utf-8")
    for listed in ("/sys/block", "/sys/class/net"):
        (folder / "root" / listed.lstrip("/")).mkdir(parents=True, exist_ok=True)
    said = {"system": "linux", "now": now, "probes": []}
    (folder / "machine.json").write_text(json.dumps(said), encoding="utf-8")
    return folder


Reply = tuple[int, bytes]


def taken(**more: Any) -> Reply:
    """Return the answer of a hub that takes the report."""
    return 200, json.dumps({"accepted": True, "device_id": "pc-1", "resend": [], **more}).encode()


@dataclass
class Hub:
    """What a test's hub got, and what it answers next; the last answer holds for good."""

    url: str = ""
    replies: list[Reply] = field(default_factory=lambda: [taken()])
    reports: list[dict[str, Any]] = field(default_factory=list)
    sizes: list[int] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)
    slow_seconds: float = 0.0
    answer: Callable[[dict[str, Any]], Reply] | None = None

    def reply(self, report: dict[str, Any]) -> Reply:
        """Return the answer to a report."""
        if self.answer is not None:
            return self.answer(report)
        return self.replies.pop(0) if len(self.replies) > 1 else self.replies[0]


@contextmanager
def listening() -> Iterator[Hub]:
    """Run a hub over real HTTP."""
    hub = Hub()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            report = json.loads(gzip.decompress(body))
            hub.reports.append(report)
            hub.sizes.append(len(body))
            hub.headers.append(dict(self.headers))
            status, content = hub.reply(report)
            self.send_response(status)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            for start in range(0, len(content), 8):
                if hub.slow_seconds:
                    self.wfile.write(content[start : start + 8])
                    time.sleep(hub.slow_seconds)
                else:
                    self.wfile.write(content[start:])
                    break

        def log_message(self, *_: object) -> None:
            pass

        def handle(self) -> None:
            with contextlib.suppress(OSError):  # the agent went away, as a test wanted
                super().handle()

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    hub.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, args=[0.05], daemon=True)
    thread.start()
    try:
        yield hub
    finally:
        server.shutdown()
        server.server_close()
