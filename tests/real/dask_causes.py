"""Run by a Python that has Dask: the causes of Login event files, counted as docs/logs.md shows it."""

from __future__ import annotations

import json
import sys


def main() -> None:
    import dask.dataframe as dd
    import pandas as pd

    from jwtdoctor import causes_of

    def causes(statuses: pd.Series) -> pd.Series:
        return pd.Series(causes_of(statuses), index=statuses.index, dtype="object")

    logins = dd.read_csv(sys.argv[1], dtype=str)
    logins["cause"] = logins["LOGIN_STATUS"].map_partitions(causes, meta=("cause", "object"))
    counts = logins.groupby("cause", dropna=False).size().compute(scheduler="processes", num_workers=2)
    print(json.dumps({str(cause): int(count) for cause, count in counts.items()}))


if __name__ == "__main__":
    main()
