"""`kubectl` takes the manifests, where there is one: an extra look, beside tests/test_deploy.py.

It asks a server which kinds there are even with `--dry-run=client`; the one here knows nothing else.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest

from tests.test_deploy import FOLDER, documents

KUBECTL = shutil.which("kubectl") or ""


def _kinds(version: str) -> dict[str, Any]:
    """Return what the API server says of the kinds of one group and version."""
    found = {
        d["kind"]: "metadata" in d and "namespace" in d["metadata"]
        for d in documents()
        if d["apiVersion"] == version
    }
    listed = [
        {"name": f"{kind.lower()}s", "kind": kind, "namespaced": it, "verbs": ["create", "get"]}
        for kind, it in found.items()
    ]
    return {"kind": "APIResourceList", "groupVersion": version, "resources": listed}


def _answers() -> dict[str, dict[str, Any]]:
    groups = sorted({d["apiVersion"] for d in documents()} - {"v1"})
    versions = [
        {
            "name": v.split("/")[0],
            "versions": [{"groupVersion": v, "version": v.split("/")[1]}],
            "preferredVersion": {"groupVersion": v, "version": v.split("/")[1]},
        }
        for v in groups
    ]
    return {
        "/api": {"kind": "APIVersions", "versions": ["v1"]},
        "/apis": {"kind": "APIGroupList", "groups": versions},
        "/api/v1": _kinds("v1"),
        **{f"/apis/{version}": _kinds(version) for version in groups},
    }


class _Discovery(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        answer = _answers().get(self.path.partition("?")[0])
        body = json.dumps(answer or {}).encode()
        self.send_response(200 if answer else 404)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@contextmanager
def discovery() -> Iterator[str]:
    with ThreadingHTTPServer(("127.0.0.1", 0), _Discovery) as server:
        thread = Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()


@pytest.mark.skipif(not KUBECTL, reason="kubectl is an extra; tests/test_deploy.py does without")
def test_kubectl_takes_every_manifest(tmp_path: Path) -> None:
    with discovery() as url:
        ended = subprocess.run(  # noqa: S603 - the program was found on the path
            [
                KUBECTL,
                "create",
                "--dry-run=client",
                "--validate=false",
                "--server",
                url,
                "--output",
                "name",
                *_sources(),
            ],
            capture_output=True,
            text=True,
            check=False,
            env={"PATH": os.environ["PATH"], "HOME": str(tmp_path), "KUBECONFIG": os.devnull},
        )

    assert ended.returncode == 0, ended.stderr
    assert len(ended.stdout.splitlines()) == len(documents())


def _sources() -> list[str]:
    return [
        f"--filename={path}"
        for path in sorted(FOLDER.glob("*.yaml"))
        if path.name != "kustomization.yaml"
    ]
