"""The questions that are asked of the table of events. Each is one query, and the engine does the counting.

`asked` are requests for a login or a token. A request whose row does not say what became of it is neither granted nor
refused. Times leave here as epoch seconds.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from jwtdoctor.logs.columns import CHANGE_TYPES, LOGIN_KINDS
from jwtdoctor.logs.engine import Engine, Row, literal
from jwtdoctor.model.story import AppUse, Change, DriftBin, Rate, Tally, UnusualSource

DIMENSIONS = {
    "app": "app",
    "user": "who",
    "address": "address",
    "key": '"key"',
    "client": "agent",
    "host": "host",
    "audience": "audience",
    "flow": "flow",
    "country": "country",
    "TLS": "tls",
}
"""What refusals may be about -> its column."""
EDGES_S = (-300.0, -60.0, -30.0, -5.0, 5.0, 30.0, 60.0, 300.0)
"""Of the table of drift: positive is a fast local clock."""
BEFORE_UNUSUAL = 20
"""Requests from elsewhere without which no address is unusual."""
MOST_USUAL = 5
"""Who comes from more addresses than these has no usual ones."""
FEWEST_GONE = 5
"""Requests without which a value is not missed."""


@dataclass(frozen=True, slots=True)
class Words:
    """Refusals with the same words, as they were counted."""

    said: str
    detail: str
    flow: str
    count: int
    first_at: float | None
    last_at: float | None
    kinds: tuple[str, ...]
    ahead_s: float | None
    """Median of how far the clock was off."""


def prepare(engine: Engine) -> None:
    kinds = ", ".join(literal(kind) for kind in LOGIN_KINDS)
    engine.do(f"CREATE VIEW asked AS SELECT * FROM events WHERE kind IN ({kinds})")


def keep_only(engine: Engine, *, since: float | None, app: Sequence[str], user: Sequence[str]) -> int:
    """Drops what is not asked about; how many rows that were. `app` and `user`: spellings of one name, folded."""
    wanted: list[str] = []
    values: list[object] = []
    if since is not None:
        wanted.append("ts >= make_timestamp(CAST(CAST(? AS DOUBLE) * 1000000 AS BIGINT))")
        values.append(since)
    if app:
        wanted.append("(lower(app) IN (SELECT unnest(?)) OR lower(app_id) IN (SELECT unnest(?)))")
        values += [list(app), list(app)]
    if user:
        wanted.append("(lower(who) IN (SELECT unnest(?)) OR lower(who_id) IN (SELECT unnest(?)))")
        values += [list(user), list(user)]
    if not wanted:
        return 0
    before = engine.one("SELECT count(*) FROM events")[0]
    engine.do(f"DELETE FROM events WHERE ({' AND '.join(wanted)}) IS NOT TRUE", values)
    return int(before - engine.one("SELECT count(*) FROM events")[0])


def totals(engine: Engine) -> Row:
    """(asked, refused, granted, calls, calls refused, first, last)."""
    return engine.one("""SELECT count(*) FILTER (kind IN (SELECT DISTINCT kind FROM asked)),
        count(*) FILTER (ok = false AND kind IN (SELECT DISTINCT kind FROM asked)),
        count(*) FILTER (ok AND kind IN (SELECT DISTINCT kind FROM asked)),
        count(*) FILTER (kind = 'api'), count(*) FILTER (kind = 'api' AND ok = false),
        epoch(min(ts)), epoch(max(ts)) FROM events""")


def words(engine: Engine, most: int) -> list[Words]:
    """The words of refusals, the most frequent first."""
    rows = engine.rows(
        """SELECT coalesce(said, ''), coalesce(detail, ''),
        CASE WHEN kind IN ('iat', 'text') THEN coalesce(flow, '') ELSE '' END AS f, count(*) AS n,
        epoch(min(ts)), epoch(max(ts)), list(DISTINCT kind ORDER BY kind), median(ahead_s)
        FROM asked WHERE ok = false GROUP BY ALL ORDER BY n DESC, 1, 2, 3 LIMIT ?""",
        [most],
    )
    return [Words(said, detail, flow, n, first, last, tuple(kinds), ahead_s)
            for said, detail, flow, n, first, last, kinds, ahead_s in rows]  # fmt: skip


def series(engine: Engine, start: float, step_s: float, count: int, where: str = "true",
           values: Sequence[object] = ()) -> tuple[list[int], list[int]]:  # fmt: skip
    """(asked, refused) of each of `count` buckets of `step_s` from `start` on."""
    asked, refused = [0] * count, [0] * count
    for place, n, bad in engine.rows(f"""SELECT CAST(floor((epoch(ts) - ?) / ?) AS BIGINT) AS place, count(*),
            count(*) FILTER (ok = false) FROM asked WHERE ts IS NOT NULL AND {where} GROUP BY place""",
            [start, step_s, *values]):  # fmt: skip
        asked[min(max(place, 0), count - 1)] += n
        refused[min(max(place, 0), count - 1)] += bad
    return asked, refused


def moments(engine: Engine, low: float, high: float) -> Row:
    """(first and last refusal within, last granted before, first granted after the last refusal)."""
    return engine.one(
        """WITH within AS (SELECT min(ts) AS first, max(ts) AS last FROM asked
            WHERE ok = false AND epoch(ts) >= ? AND epoch(ts) < ?)
        SELECT epoch(any_value(w.first)), epoch(any_value(w.last)), epoch(max(a.ts) FILTER (a.ok AND a.ts < w.first)),
            count(*) FILTER (a.ok AND a.ts > w.last) FROM asked a, within w""",
        [low, high],
    )


def of_words(engine: Engine, said: Words, what: str, most: int) -> tuple[tuple[Tally, ...], int]:
    """The values of one dimension among these refusals, the most frequent first; and how many there are."""
    column = DIMENSIONS[what]
    rows = engine.rows(
        f"""SELECT {column} AS v, count(*) AS n, epoch(min(ts)), epoch(max(ts)), count(*) OVER ()
        FROM asked WHERE ok = false AND coalesce(said, '') = ? AND coalesce(detail, '') = ? AND {column} IS NOT NULL
        GROUP BY v ORDER BY n DESC, v LIMIT ?""",
        [said.said, said.detail, most],
    )
    return tuple(Tally(v, n, n, first, last) for v, n, first, last, _ in rows), rows[0][4] if rows else 0


def granted_after(engine: Engine, said: Words) -> int:
    """How many requests of the same kind of log were granted after the last of these refusals."""
    kinds = ", ".join(literal(kind) for kind in said.kinds)
    found = engine.one(f"SELECT count(*) FROM asked WHERE ok AND kind IN ({kinds}) AND epoch(ts) > ?", [said.last_at])
    return int(found[0])


def by_value(engine: Engine, what: str, low: float, high: float) -> list[Row]:
    """Each value with refusals in a stretch of time, and each that is gone since its beginning:
    (value, first, last, asked before, asked within, refused within, asked in all, refused in all)."""
    column = DIMENSIONS[what]
    within, gone_s = f"epoch(ts) BETWEEN {low!r} AND {high!r}", max(high - low, 172_800.0)
    return engine.rows(f"""SELECT {column} AS v, epoch(min(ts)) AS first, epoch(max(ts)) AS last,
        count(*) FILTER (epoch(ts) < {low!r}), count(*) FILTER ({within}) AS n,
        count(*) FILTER (ok = false AND {within}) AS bad, count(*), count(*) FILTER (ok = false)
        FROM asked WHERE {column} IS NOT NULL AND ts IS NOT NULL GROUP BY v
        HAVING bad > 0 OR (n = 0 AND count(*) >= {FEWEST_GONE} AND last < {low!r} AND last > {low - gone_s!r})
        ORDER BY bad DESC, count(*) DESC, v LIMIT 200""")


def clock_before_and_within(engine: Engine, low: float, high: float) -> Row:
    """Median drift before and within a stretch of time, and of how many replies each."""
    return engine.one(
        """SELECT median(ahead_s) FILTER (epoch(ts) < ?), count(ahead_s) FILTER (epoch(ts) < ?),
        median(ahead_s) FILTER (epoch(ts) BETWEEN ? AND ?), count(ahead_s) FILTER (epoch(ts) BETWEEN ? AND ?)
        FROM asked""",
        [low, low, low, high, low, high],
    )


def settings_changed(engine: Engine, start: float, hours: int, most: int) -> list[Change]:
    """What event files tell of somebody changing the org shortly before."""
    types = ", ".join(literal(one) for one in CHANGE_TYPES)
    rows = engine.rows(
        f"""SELECT said, epoch(ts), coalesce(who, '') FROM events WHERE event_type IN ({types})
        AND epoch(ts) BETWEEN ? AND ? ORDER BY ts DESC LIMIT ?""",
        [start - hours * 3600, start + 60, most],
    )
    return [Change("setting", "changed", said or "", at, 0, 0, who) for said, at, who in rows]


def drift(engine: Engine) -> tuple[DriftBin, ...]:
    """Requests and refusals by how far the clock was off."""
    place = " + ".join(f"CAST(ahead_s >= {edge} AS INTEGER)" for edge in EDGES_S)
    rows = engine.rows(f"""SELECT {place} AS p, count(*), count(*) FILTER (ok = false) FROM asked
        WHERE ahead_s IS NOT NULL GROUP BY p ORDER BY p""")
    bounds = (None, *EDGES_S, None)
    return tuple(DriftBin(bounds[p], bounds[p + 1], n, bad) for p, n, bad in rows)


def apps(engine: Engine, most: int) -> tuple[tuple[AppUse, ...], int]:
    """The apps that log in or call, the latest first; and how many more there are."""
    rows = engine.rows(
        """SELECT app, count(*) FILTER (kind <> 'api'), count(*) FILTER (kind <> 'api' AND ok = false),
        count(*) FILTER (kind = 'api'), epoch(max(ts)) AS last, count(DISTINCT who), count(DISTINCT address),
        count(*) OVER () FROM events WHERE app IS NOT NULL AND kind <> 'event' GROUP BY app
        ORDER BY last DESC NULLS LAST, app LIMIT ?""",
        [most],
    )
    found = [AppUse(app, logins, bad, calls, last, _users_of(engine, app), users, addresses)
             for app, logins, bad, calls, last, users, addresses, _ in rows]  # fmt: skip
    return tuple(found), (rows[0][7] - len(rows) if rows else 0)


def _users_of(engine: Engine, app: str) -> tuple[Tally, ...]:
    rows = engine.rows(
        """SELECT who, count(*) AS n, count(*) FILTER (ok = false), epoch(min(ts)), epoch(max(ts))
        FROM events WHERE app = ? AND who IS NOT NULL GROUP BY who ORDER BY n DESC, who LIMIT 5""",
        [app],
    )
    return tuple(Tally(who, n, bad, first, last) for who, n, bad, first, last in rows)


def unusual(engine: Engine, most: int) -> tuple[tuple[UnusualSource, ...], int]:
    """Addresses from which somebody came who had come from few others before, often and for a day at least."""
    rows = engine.rows(
        f"""WITH hours AS (
            SELECT coalesce(who, app) AS w, address, date_trunc('hour', ts) AS h, count(*) AS n,
                count(*) FILTER (ok = false) AS bad, min(ts) AS first, any_value(country) AS country
            FROM events WHERE address IS NOT NULL AND ts IS NOT NULL AND coalesce(who, app) IS NOT NULL GROUP BY ALL),
        places AS (SELECT w, address, min(first) AS first, sum(n) AS n, sum(bad) AS bad, any_value(country) AS country,
            row_number() OVER (PARTITION BY w ORDER BY min(first), address) - 1 AS places_before,
            min(min(first)) OVER (PARTITION BY w) AS began FROM hours GROUP BY w, address),
        so_far AS (SELECT w, h, sum(sum(n)) OVER (PARTITION BY w ORDER BY h) - sum(n) AS before
            FROM hours GROUP BY w, h)
        SELECT w, address, epoch(p.first), n, bad, before, places_before, coalesce(country, ''), count(*) OVER ()
        FROM places p JOIN so_far s USING (w) WHERE s.h = date_trunc('hour', p.first) AND before >= {BEFORE_UNUSUAL}
            AND places_before BETWEEN 1 AND {MOST_USUAL} AND p.first >= began + INTERVAL 1 DAY
        ORDER BY bad DESC, p.first DESC, address LIMIT ?""",
        [most],
    )
    found = [UnusualSource(w, address, first, int(n), int(bad), int(before), places, country)
             for w, address, first, n, bad, before, places, country, _ in rows]  # fmt: skip
    return tuple(found), (rows[0][8] - len(rows) if rows else 0)


def rates(engine: Engine, most: int) -> tuple[Rate, ...]:
    """The busiest sixty minutes of whoever logs in most; refused attempts count there too."""
    rows = engine.rows(
        """WITH hours AS (SELECT coalesce(who, app) AS w, date_trunc('hour', ts) AS h, count(*) AS n
            FROM asked WHERE ts IS NOT NULL AND coalesce(who, app) IS NOT NULL GROUP BY ALL),
        busy AS (SELECT w FROM hours GROUP BY w ORDER BY max(n) DESC, w LIMIT 20),
        minutes AS (SELECT coalesce(who, app) AS w, date_trunc('minute', ts) AS m, count(*) AS n,
            count(*) FILTER (flow = 'refresh-token') AS refreshes FROM asked
            WHERE ts IS NOT NULL AND coalesce(who, app) IN (FROM busy) GROUP BY ALL),
        sliding AS (SELECT w, m, n, refreshes, sum(n) OVER (PARTITION BY w ORDER BY m
            RANGE BETWEEN INTERVAL 59 MINUTES PRECEDING AND CURRENT ROW) AS hour FROM minutes)
        SELECT w, CAST(max(hour) AS BIGINT) AS most, epoch(min_by(m, -hour)) + 60, CAST(sum(refreshes) AS BIGINT),
            CAST(sum(n) AS BIGINT) FROM sliding GROUP BY w ORDER BY most DESC, w LIMIT ?""",
        [most],
    )
    return tuple(Rate(*row) for row in rows)


def call_failures(engine: Engine, most: int) -> tuple[Tally, ...]:
    rows = engine.rows(
        """SELECT coalesce(said, ''), count(*) AS n, count(*), epoch(min(ts)), epoch(max(ts)) FROM events
        WHERE kind = 'api' AND ok = false GROUP BY 1 ORDER BY n DESC, 1 LIMIT ?""",
        [most],
    )
    return tuple(Tally(*row) for row in rows)


def event_types(engine: Engine) -> tuple[Tally, ...]:
    rows = engine.rows("""SELECT event_type, count(*) AS n, count(*) FILTER (ok = false), epoch(min(ts)), epoch(max(ts))
        FROM events WHERE event_type IS NOT NULL GROUP BY event_type ORDER BY n DESC, event_type""")
    return tuple(Tally(*row) for row in rows)


def totals_without(engine: Engine, what: str, value: str, low: float, high: float) -> Row:
    """(asked, refused) of all other values of a dimension in a stretch of time."""
    column = DIMENSIONS[what]
    return engine.one(
        f"""SELECT count(*), count(*) FILTER (ok = false) FROM asked
        WHERE {column} IS NOT NULL AND {column} <> ? AND epoch(ts) BETWEEN ? AND ?""",
        [value, low, high],
    )


def begin_of(engine: Engine, what: str) -> float | None:
    """When the first value of a dimension was seen."""
    found: float | None = engine.one(f"SELECT epoch(min(ts)) FROM asked WHERE {DIMENSIONS[what]} IS NOT NULL")[0]
    return found
