"""What the gateway tells Prefect's server is in force, although Prefect was imported before."""

from __future__ import annotations

import os
from pathlib import Path

from demo.processes import run
from demo.stage import ROOT

SCRIPT = """\
from adapters.gateway import GatewaySettings
from gateway import serve
from prefect.settings import get_current_settings

serve._prepare_environment(GatewaySettings(url="http://127.0.0.1:4999"))
server = get_current_settings().server
print(server.ui.api_url, server.api.cors_allowed_origins)
"""


def told(folder: Path, extra: dict[str, str]) -> str:
    """Return what Prefect's settings are once the gateway has prepared them, in a new process."""
    (folder / "told_by_gateway.py").write_text(SCRIPT)
    log = folder / "told.log"
    paths = os.pathsep.join([str(folder), str(ROOT)])
    run(["told_by_gateway"], log, {"PYTHONPATH": paths, "PREFECT_HOME": str(folder), **extra}, ROOT)
    return log.read_text().splitlines()[-1]


def test_the_ui_asks_the_gateway_and_no_other_site_reads(tmp_path: Path) -> None:
    assert told(tmp_path, {}) == "/api http://127.0.0.1:4999"


def test_an_operator_may_say_otherwise_where_the_ui_asks(tmp_path: Path) -> None:
    said = {"PREFECT_UI_API_URL": "https://runs.example.org/api"}

    assert told(tmp_path, said) == "https://runs.example.org/api http://127.0.0.1:4999"
