"""A Hub of one repository on the loopback, with the faults of the real one on demand."""

import base64
import hashlib
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import urlparse

COMMIT = "3f2a1c9" + "0" * 33
LFS_POINTER = b"version https://git-lfs.github.com/spec/v1\noid sha256:" + b"0" * 64 + b"\nsize 344\n"


class HubServer(ThreadingHTTPServer):
    """Serves files as `user/mario` and takes uploads.

    Attributes:
        files: Content by name.
        commit: What every revision resolves to.
        fault: What goes wrong: a status as text, "stall", "stall file", "html", or "" for nothing.
        drop_at: Bytes after which the next answer with a file breaks off; None never.
        refuse_after_drop: Whether the server answers 503 from then on.
        uploaded: Content of the last upload by name.
        requests: Method and path of every request.
    """

    daemon_threads = True

    def __init__(self, directory: Path) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.closing = threading.Event()
        self.restart(directory)

    def restart(self, directory: Path) -> None:
        """Serve the files of a directory, without any fault."""
        self.files = {path.name: path.read_bytes() for path in directory.iterdir()}
        self.commit = COMMIT
        self.fault = ""
        self.drop_at: int | None = None
        self.refuse_after_drop = False
        self.uploaded: dict[str, bytes] = {}
        self.requests: list[str] = []

    @property
    def address(self) -> str:
        """The endpoint."""
        return f"http://127.0.0.1:{self.server_address[1]}"

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say nothing: clients that hang up are part of the tests."""


@contextmanager
def serve(directory: Path) -> Iterator[HubServer]:
    """Run a server for the files of a directory."""
    server = HubServer(directory)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield server
    finally:
        server.closing.set()
        server.shutdown()
        thread.join()
        server.server_close()


class _Handler(BaseHTTPRequestHandler):
    server: HubServer
    protocol_version = "HTTP/1.1"

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""

    def do_HEAD(self) -> None:
        self.do_GET()

    def do_GET(self) -> None:
        path = urlparse(self.path).path
        self.server.requests.append(f"{self.command} {path}")
        if self._failed():
            return
        if path.startswith("/api/models/user/mario"):
            files = [{"rfilename": name, "size": len(content)} for name, content in self.server.files.items()]
            self._json({"id": "user/mario", "sha": self.server.commit, "siblings": files})
        elif path.startswith("/user/mario/resolve/"):
            self._file(path.rsplit("/", 1)[1])
        else:
            self._status(404, "RepoNotFound")

    def do_POST(self) -> None:
        path = urlparse(self.path).path
        self.server.requests.append(f"POST {path}")
        body = self._body()
        if self._failed():
            return
        if path.endswith("/preupload/main"):
            asked = json.loads(body)["files"]
            mode = {"uploadMode": "regular", "shouldIgnore": False}
            self._json({"files": [{"path": each["path"], **mode} for each in asked]})
        elif path.endswith("/commit/main"):
            self._take(body)
            self._json({"commitUrl": f"{self.server.address}/user/mario/commit/{COMMIT}", "commitOid": COMMIT})
        else:
            self._json({"url": f"{self.server.address}/user/mario", "name": "user/mario"})

    def _take(self, body: bytes) -> None:
        for line in body.splitlines():
            entry = json.loads(line)
            if entry["key"] == "file":
                self.server.uploaded[entry["value"]["path"]] = base64.b64decode(entry["value"]["content"])

    def _body(self) -> bytes:
        if "Content-Length" in self.headers:
            return self.rfile.read(int(self.headers["Content-Length"]))
        chunks = []
        while size := int(self.rfile.readline(), 16):
            chunks.append(self.rfile.read(size))
            self.rfile.readline()
        self.rfile.readline()
        return b"".join(chunks)

    def _failed(self) -> bool:
        fault = self.server.fault
        if fault.isdigit():
            codes = {"401": "RepoNotFound", "403": "GatedRepo", "404": "RepoNotFound"}
            self._status(int(fault), codes.get(fault, ""))
        elif fault == "stall" or (fault == "stall file" and self.command == "GET" and "/resolve/" in self.path):
            self.server.closing.wait(60)
        elif fault == "html":
            self._send(200, b"<!doctype html><title>Log in</title>", {"Content-Type": "text/html"})
        else:
            return False
        return True

    def _file(self, name: str) -> None:
        if name not in self.server.files:
            self._status(404, "EntryNotFound")
            return
        content = self.server.files[name]
        begin = int(self.headers.get("Range", "bytes=0-").removeprefix("bytes=").split("-")[0])
        headers = {"ETag": f'"{hashlib.sha1(content).hexdigest()}"', "X-Repo-Commit": self.server.commit}
        headers["Accept-Ranges"] = "bytes"
        if begin:
            headers["Content-Range"] = f"bytes {begin}-{len(content) - 1}/{len(content)}"
        at, self.server.drop_at = self.server.drop_at, self.server.drop_at if self.command == "HEAD" else None
        if at is not None and self.command == "GET" and self.server.refuse_after_drop:
            self.server.fault = "503"
        self._send(206 if begin else 200, content[begin:], headers, None if self.command == "HEAD" else at)

    def _json(self, value: object) -> None:
        self._send(200, json.dumps(value).encode(), {"Content-Type": "application/json"})

    def _status(self, status: int, code: str) -> None:
        self._send(status, b"", {"X-Error-Code": code} if code else {})

    def _send(self, status: int, body: bytes, headers: dict[str, str], drop_at: int | None = None) -> None:
        self.send_response(status)
        for name, value in {**headers, "Content-Length": str(len(body))}.items():
            self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body[:drop_at])
        if drop_at is not None:
            self.wfile.flush()
            self.close_connection = True
