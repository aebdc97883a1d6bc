"""Where a run finds the project: where its worker has it, and not where it was deployed from.

`prefect.yaml` names `stand_in_project` as the one pull step of every deployment, so hosts may keep
the project in different folders.
"""

from __future__ import annotations

import os
from pathlib import Path

PROJECT = Path(__file__).resolve().parent.parent


def stand_in_project() -> dict[str, str]:
    """Make the project the working directory of the run, and return it as pull steps do.

    Prefect looks for the file of a deployment's entrypoint there
    (prefect/deployments/steps/pull.py, `set_working_directory`).
    """
    os.chdir(PROJECT)
    return {"directory": str(PROJECT)}
