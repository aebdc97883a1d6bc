"""`make crash`: play the matrix and write its pages, one for each runbook and the list of them."""

from __future__ import annotations

import argparse
import os
import secrets
import shutil
import signal
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.crash.matrix import Matrix

TABLES = ("forward", "reject", "back", "faults", "meanwhile", "duels")


def main() -> int:
    """Return 0 if every invariant held in every case."""
    wanted = _arguments()
    for name in [*os.environ]:
        if name.startswith(("RUNBOOK_", "PREFECT_")):
            del os.environ[name]
    for number in (
        signal.SIGINT,
        signal.SIGTERM,
    ):  # either ends it with all that belongs to the end
        signal.signal(number, signal.default_int_handler)
    folder = Path(tempfile.mkdtemp(prefix="crash-"))
    os.environ["PREFECT_HOME"] = str(folder / "home")
    is_good = _play(wanted, folder)
    if is_good:
        shutil.rmtree(folder)
    else:
        sys.stdout.write(f"the cases that went wrong are kept in {folder}\n")
    return 0 if is_good else 1


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make crash", description=__doc__)
    parser.add_argument("--seed", type=int, default=secrets.randbelow(10**6))
    parser.add_argument("--lanes", type=int, default=2 * (os.cpu_count() or 2))
    parser.add_argument("--every", action="store_true", help="every boundary; takes hours")
    parser.add_argument("--table", action="append", choices=TABLES, help="only these tables")
    parser.add_argument("--runbook", action="append", help="only these runbooks")
    parser.add_argument("--only", default="", help="only cases whose title has this text")
    parser.add_argument(
        "--minutes", type=float, help="how long cases are begun, shared by the tables"
    )
    parser.add_argument("--record", type=Path, help="file that keeps what was played; a second "
                        "call with it and the same seed plays what is left")  # fmt: skip
    parser.add_argument(
        "--pages", type=Path, help="folder of the pages, if not docs/crash-matrix; the list of them "
        "goes beside it")  # fmt: skip
    return parser.parse_args()


def _play(wanted: argparse.Namespace, folder: Path) -> bool:
    # after the environment is clean: Prefect reads its settings when it is imported
    from tests.crash.fleet import launch, shared_files  # noqa: PLC0415
    from tests.crash.leaks import told_by  # noqa: PLC0415
    from tests.crash.matrix import Matrix, in_order, playable_runbooks  # noqa: PLC0415
    from tests.crash.page import PAGES, write_pages  # noqa: PLC0415
    from tests.crash.record import read_record, write_record  # noqa: PLC0415

    names = in_order(_asked_for(wanted.runbook, playable_runbooks()))
    fleet = launch(folder, wanted.lanes)
    matrix = Matrix(fleet, names, wanted.seed, every=wanted.every, only=wanted.only)
    if wanted.record is not None and wanted.record.exists():
        matrix.known = read_record(wanted.record)
    if wanted.record is not None:
        matrix.keep = lambda: write_record(matrix.whole(), wanted.record)
    sys.stdout.write(f"seed {wanted.seed}, {wanted.lanes} lanes, in {folder}\n")
    try:
        tables = wanted.table or TABLES
        for table in tables:
            if wanted.minutes is not None:
                matrix.until = time.monotonic() + 60 * wanted.minutes / len(tables)
            _table(matrix, table)
    except KeyboardInterrupt:
        sys.stdout.write("interrupted; the pages tell of what was played so far\n")
    finally:
        fleet.close()
    values = {value for verdict in matrix.played for value in verdict.values}
    matrix.record.leaking = sorted({path.name for path in told_by(shared_files(folder), values)})
    matrix.finish()
    if wanted.record is not None:
        write_record(matrix.record, wanted.record)
    write_pages(matrix, wanted.pages or PAGES)
    return not (matrix.record.leaking or any(v.violations or v.broke for v in matrix.played))


def _asked_for(names: list[str] | None, known: list[str]) -> list[str]:
    unknown = sorted({*names} - {*known}) if names else []
    if unknown:
        sys.exit(f"there is no runbook {unknown[0]}; there are {', '.join(known)}")
    return names or known


def _table(matrix: Matrix, table: str) -> None:
    match table:
        case "forward":
            matrix.forward()
        case "reject" | "back":
            matrix.other(table)
        case "faults":
            matrix.faults()
        case "meanwhile":
            matrix.meanwhile()
        case _:
            matrix.duels()


if __name__ == "__main__":
    sys.exit(main())
