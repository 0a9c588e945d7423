"""The classification of `jwtdoctor logs` in an engine that nobody here wrote: the same counts by cause."""

from __future__ import annotations

import importlib.util
import json
import os
import subprocess
import sys
from collections import Counter
from pathlib import Path

import installed
import pytest
from conftest import missing

import jwtdoctor
from jwtdoctor.logs.story import read

pytestmark = pytest.mark.real
CODES = ("LOGIN_NO_ERROR", "LOGIN_ERROR_RESTRICTED_DOMAIN", "LOGIN_ERROR_USER_FROZEN", "LOGIN_OAUTH_INVALID_DSIG",
         "LOGIN_ERROR_OF_NEXT_YEAR")  # fmt: skip


@pytest.fixture
def dask_python(request: pytest.FixtureRequest) -> Path:
    part = installed.python_of("local-dask")
    if part is not None:
        return part
    if importlib.util.find_spec("dask") is None or importlib.util.find_spec("pandas") is None:
        missing(request, "dask[dataframe] is not installed (.ci/real-parts local_dask)")
    return Path(sys.executable)


def test_a_local_dask_counts_the_same_causes(dask_python: Path, tmp_path: Path) -> None:
    tree, logs = tmp_path / "tree", tmp_path / "logs"
    tree.mkdir()
    (tree / "jwtdoctor").symlink_to(Path(jwtdoctor.__file__).parent, target_is_directory=True)
    logs.mkdir()
    for day in range(4):
        rows = [f"Login,2026-11-{day + 1:02}T00:{n // 60:02}:{n % 60:02}.000Z,{day}-{n},u,{CODES[n * n % 5]}"
                for n in range(500)]  # fmt: skip
        head = "EVENT_TYPE,TIMESTAMP_DERIVED,REQUEST_ID,USER_NAME,LOGIN_STATUS"
        (logs / f"{day}.csv").write_text("\n".join([head, *rows]) + "\n")

    program = Path(__file__).with_name("dask_causes.py")
    environment = {**os.environ, "PYTHONPATH": str(tree)}
    ran = subprocess.run([str(dask_python), str(program), str(logs / "*.csv")], env=environment, capture_output=True,
                         text=True, timeout=100)  # fmt: skip

    assert ran.returncode == 0, ran.stderr
    found = Counter(json.loads(ran.stdout))
    story = read([str(logs)])
    told = Counter({"granted": story.granted})
    for failure in story.failures:
        told[str(failure.cause)] += failure.count
    assert Counter({"None" if cause == "nan" else cause: n for cause, n in found.items()}) == told
    assert sum(found.values()) == 2_000
