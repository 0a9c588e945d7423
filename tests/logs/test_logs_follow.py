"""Following an iat log: every record that comes, through rotation and truncation, and nothing that came before."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from log_files import T0, iat

from jwtdoctor.logs.follow import follow


def steps(*work: Callable[[], object]) -> Callable[[], bool]:
    """What happens while the follower waits; after the last of it there is nothing more to wait for."""
    left = list(work)

    def wait() -> bool:
        if not left:
            return False
        left.pop(0)()
        return True

    return wait


def append(path: Path, text: str) -> Callable[[], Any]:
    def write() -> None:
        with path.open("a") as file:
            file.write(text)

    return write


def seen(path: Path, *work: Callable[[], object]) -> list[float]:
    return [float(record["at"]) for record in follow(path, steps(*work))]


def test_records_that_come_are_told_and_older_ones_are_not(tmp_path: Path) -> None:
    path = tmp_path / "iat.jsonl"
    path.write_text(iat(T0))

    assert seen(path, append(path, iat(T0 + 1)), append(path, "no json\n" + iat(T0 + 2))) == [T0 + 1, T0 + 2]


def test_a_record_is_told_when_it_is_whole(tmp_path: Path) -> None:
    path = tmp_path / "iat.jsonl"
    path.write_text("")
    line = iat(T0)

    assert seen(path, append(path, line[:30]), append(path, line[30:])) == [T0]


def test_a_rotated_log_is_read_to_its_end_and_then_the_new_one(tmp_path: Path) -> None:
    path = tmp_path / "iat.jsonl"
    path.write_text("")

    def rotate() -> None:
        append(path, iat(T0 + 1))()
        path.rename(tmp_path / "iat.jsonl.1")
        append(tmp_path / "iat.jsonl.1", iat(T0 + 2))()
        path.write_text(iat(T0 + 3))

    assert seen(path, rotate, lambda: None) == [T0 + 1, T0 + 2, T0 + 3]


def test_a_log_that_is_cut_begins_anew(tmp_path: Path) -> None:
    path = tmp_path / "iat.jsonl"
    path.write_text(iat(T0) * 3)

    assert seen(path, lambda: path.write_text(iat(T0 + 1)), lambda: None) == [T0 + 1]


def test_a_log_that_is_gone_for_a_moment_is_waited_for(tmp_path: Path) -> None:
    path = tmp_path / "iat.jsonl"
    path.write_text("")

    assert seen(path, path.unlink, lambda: path.write_text(iat(T0)), lambda: None) == [T0]
