"""The iat log as a file: whole lines, nothing lost, nobody held up."""

from __future__ import annotations

import json
import os
import stat
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from jwtdoctor.wrappers.iatlog import IatLog

WRITER = """
import sys, threading
from jwtdoctor.wrappers.iatlog import IatLog
log = IatLog(sys.argv[1], max_bytes=int(sys.argv[3]), keep=99)
def write(thread):
    for n in range(50):
        log({"process": sys.argv[2], "thread": thread, "n": n, "text": "x" * (n * 7 % 300)})
threads = [threading.Thread(target=write, args=(t,)) for t in range(8)]
for t in threads: t.start()
for t in threads: t.join()
"""


def lines(path: Path) -> list[dict[str, object]]:
    return [json.loads(line) for line in path.read_text().splitlines()]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "iat.jsonl"


def test_a_record_is_one_line_in_a_file_of_ones_own(path: Path) -> None:
    IatLog(path)({"at": 1.5, "description": "two\nlines \x1b[31m \x9b é \ud800"})

    raw = path.read_bytes()
    assert raw.isascii()
    assert raw.count(b"\n") == 1
    assert b"\x1b" not in raw
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


@pytest.mark.parametrize("max_bytes", [10_000_000, 4_000], ids=["one file", "rotating"])
def test_many_processes_lose_and_tear_nothing(path: Path, max_bytes: int) -> None:
    writers = [
        subprocess.Popen([sys.executable, "-c", WRITER, str(path), str(number), str(max_bytes)]) for number in range(4)
    ]
    assert [writer.wait(60) for writer in writers] == [0] * 4

    files = [path, *path.parent.glob("iat.jsonl.*")]
    written = [(r["process"], r["thread"], r["n"]) for file in files for r in lines(file)]
    assert len(written) == len(set(written)) == 4 * 8 * 50
    assert (len(files) > 5) == (max_bytes == 4_000)


def test_older_files_are_numbered_and_the_oldest_goes(path: Path) -> None:
    log = IatLog(path, max_bytes=30, keep=2)
    for number in range(5):
        log({"number": number, "pad": "x" * 10})

    kept = {file.name: [r["number"] for r in lines(file)] for file in path.parent.iterdir()}
    assert kept == {"iat.jsonl": [4], "iat.jsonl.1": [3], "iat.jsonl.2": [2]}


def test_a_record_larger_than_a_file_is_written_all_the_same(path: Path) -> None:
    IatLog(path, max_bytes=10)({"pad": "x" * 100})

    assert len(lines(path)) == 1


def test_a_torn_line_damages_no_other(path: Path) -> None:
    path.write_bytes(b'{"at": 1, "torn')

    IatLog(path)({"at": 2})

    assert path.read_text().splitlines() == ['{"at": 1, "torn', '{"at": 2}']


def test_a_folder_in_which_nothing_can_be_renamed_lets_the_file_grow(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "replace", refuse)
    log = IatLog(path, max_bytes=10)
    for number in range(3):
        log({"number": number})

    assert [r["number"] for r in lines(path)] == [0, 1, 2]


def test_a_lock_in_a_stopped_process_holds_nobody_up(path: Path) -> None:
    fcntl = pytest.importorskip("fcntl")
    with path.open("a") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        IatLog(path, max_bytes=1)({"at": 1})
        IatLog(path, max_bytes=1)({"at": 2})

    assert len(lines(path)) == 2


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no /dev/full")
def test_a_full_disk_is_an_os_error() -> None:
    with pytest.raises(OSError, match="No space left"):
        IatLog("/dev/full")({"at": 1})


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no named pipes")
def test_a_pipe_that_nobody_reads_holds_nobody_up(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    log = IatLog(tmp_path / "pipe")

    def write() -> None:
        for _ in range(2_000):
            log({"pad": "x" * 100})

    writer = threading.Thread(target=write, daemon=True)
    writer.start()
    writer.join(20)
    assert not writer.is_alive()


def test_the_path_is_that_of_the_folder_where_it_was_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    log = IatLog("iat.jsonl")
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")

    log({"at": 1})

    assert (tmp_path / "iat.jsonl").exists()
