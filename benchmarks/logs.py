"""What `jwtdoctor logs` costs on generated Login event files, beside a raw scan by the same engine and a csv loop.

    python benchmarks/logs.py [--size 0.02] [--size 0.1 --size 1] [--folder DIR]

Sizes are gigabytes; each is generated (by the engine itself, in some seconds), read and removed. Each kind runs in a
process of its own, so that its peak of memory is its own; the raw scan counts rows by LOGIN_STATUS, and so does the
loop over `csv.DictReader`. Figures are compared as ratios to the raw scan; seconds are for interest.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

ROW_BYTES = 345
"""Of the generated file, about."""
KINDS = {"raw scan": "scan", "jwtdoctor logs": "logs", "csv loop": "loop"}
GENERATE = """COPY (SELECT 'Login' AS EVENT_TYPE, strftime(t, '%Y%m%d%H%M%S.%g') AS "TIMESTAMP",
    left(md5(i::VARCHAR), 22) AS REQUEST_ID, '00D000000000001' AS ORGANIZATION_ID, who AS USER_ID,
    (i % 300)::VARCHAR AS RUN_TIME, '20' AS CPU_TIME, '/services/oauth2/token' AS URI, '' AS SESSION_KEY,
    left(md5((i * 3)::VARCHAR), 16) AS LOGIN_KEY, 'S' AS REQUEST_STATUS, '33' AS DB_TOTAL_TIME, '' AS BROWSER_TYPE,
    '9998.0' AS API_VERSION, '' AS API_TYPE, 'user' || u || '@acme.example' AS USER_NAME, 'TLSv1.3' AS TLS_PROTOCOL,
    'ECDHE-RSA-AES256-GCM-SHA384' AS CIPHER_SUITE, '' AS AUTHENTICATION_METHOD_REFERENCE, 'i' AS LOGIN_TYPE,
    CASE WHEN i % 5 = 0 THEN 'oauthrefreshtoken' ELSE '' END AS LOGIN_SUB_TYPE, '10.0.' || u % 20 || '.7' AS SOURCE_IP,
    strftime(t, '%Y-%m-%dT%H:%M:%S.%gZ') AS TIMESTAMP_DERIVED, who || 'AAA' AS USER_ID_DERIVED,
    'Salesforce.com IP' AS CLIENT_IP, '' AS URI_ID_DERIVED,
    CASE WHEN i % 97 = 0 THEN 'LOGIN_ERROR_RESTRICTED_DOMAIN' ELSE 'LOGIN_NO_ERROR' END AS LOGIN_STATUS
    FROM (SELECT i, i * 7919 % 500 AS u, '005' || lpad((i * 7919 % 500)::VARCHAR, 12, '0') AS who,
        TIMESTAMP '2026-01-01' + to_milliseconds(i * {step_ms}) AS t FROM range({rows}) r(i))
    ) TO '{path}' (HEADER, FORCE_QUOTE *)"""
A_YEAR_MS = 31_536_000_000


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--size", type=float, action="append", help="gigabytes; repeatable  [default: 0.02]")
    parser.add_argument("--folder", type=Path, help="where the file is made  [default: the temporary folder]")
    parser.add_argument("--only", choices=tuple(KINDS.values()), help=argparse.SUPPRESS)
    parser.add_argument("--file", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.only:
        measured(options.only, options.file)
        return
    print(f"{'Login events':16}{'':16}{'seconds':>9}{'ratio':>8}{'peak MB':>9}")
    for size in options.size or [0.02]:
        with tempfile.TemporaryDirectory(dir=options.folder) as folder:
            path = Path(folder) / "login.csv"
            generate(path, int(size * 1e9 / ROW_BYTES))
            compare(path)


def generate(path: Path, rows: int) -> None:
    import duckdb

    with duckdb.connect() as connection:
        connection.execute(
            GENERATE.format(rows=rows, step_ms=max(1, A_YEAR_MS // rows), path=str(path).replace("'", "''"))
        )


def compare(path: Path) -> None:
    size = path.stat().st_size

    results = {name: run(kind, path) for name, kind in KINDS.items()}
    first = results["raw scan"][0]
    for number, (name, (took_s, peak)) in enumerate(results.items()):
        label = f"{size / 1e9:.2f} GB" if number == 0 else ""
        print(f"{label:16}{name:16}{took_s:>9.2f}{took_s / first:>8.1f}{peak:>9.0f}", flush=True)


def run(kind: str, path: Path) -> tuple[float, float]:
    """(seconds, peak megabytes) of one kind in a process of its own."""
    command = [sys.executable, __file__, "--only", kind, "--file", str(path)]
    took_s, peak = subprocess.run(command, capture_output=True, text=True, check=True).stdout.split()
    return float(took_s), float(peak)


def measured(kind: str, path: str) -> None:
    import resource

    work = {"scan": scan, "logs": logs, "loop": loop}[kind]
    began = time.perf_counter()
    work(path)
    took_s = time.perf_counter() - began
    unit = 1e6 if sys.platform == "darwin" else 1e3
    print(took_s, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / unit)


def scan(path: str) -> None:
    import duckdb

    with duckdb.connect() as connection:
        query = "SELECT LOGIN_STATUS, count(*) FROM read_csv(?, header = true, all_varchar = true) GROUP BY 1"
        connection.execute(query, [path]).fetchall()


def logs(path: str) -> None:
    from jwtdoctor.logs.story import read

    assert read([path]).refused


def loop(path: str) -> None:
    import csv

    with Path(path).open(newline="", encoding="utf-8") as file:
        Counter(row["LOGIN_STATUS"] for row in csv.DictReader(file))


if __name__ == "__main__":
    main()
