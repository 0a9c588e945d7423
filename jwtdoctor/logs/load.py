"""The logs into one table of events: in parallel by the engine's own readers, and by washing where these stumble.

A clean file costs one pass of the engine. A file with a line that the strict reader rejects is taken out again, washed
into a clean copy (`wash.py`) and read anew: a hostile file costs itself and nobody else, and nothing of it is lost.

Afterwards: rows that were delivered twice are counted once (event log files are delivered at least once, and a late
daily file repeats the whole day), a login that stands both in Login History and in an event file becomes one that has
the app of the one and the code of the other, and what one row knows of a user or an app by its id, the others learn.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from jwtdoctor.logs.columns import COLUMNS, KIND_WORDS, RAW, event_select, iat_select, raw_select
from jwtdoctor.logs.engine import Engine, literal, path_literal
from jwtdoctor.logs.files import LogFile
from jwtdoctor.logs.plain import FOUND, plain_to_csv
from jwtdoctor.logs.records import records_to_csv
from jwtdoctor.logs.wash import Told, Washed, wash_csv, wash_lines
from jwtdoctor.model.story import SourceRead

LONGEST_LINE = 2_000_000
"""Bytes of a line that the engine's reader takes; a longer one is washed."""
MOST_REJECTS = 1_000
FILES_AT_ONCE = 400
_DIALECT = "header = true, auto_detect = false, quote = '\"', escape = '\"', strict_mode = true"
_REJECTS = f"store_rejects = true, rejects_table = 'rejected', rejects_scan = 'scanned', rejects_limit = {MOST_REJECTS}"


Way = Callable[[Sequence[LogFile]], str]
"""The query that reads files of one form."""


@dataclass(slots=True)
class Loaded:
    """What was read, by kind, and what is to be said of it."""

    sources: tuple[SourceRead, ...] = ()
    warnings: list[str] = field(default_factory=list)
    mended: dict[int, int] = field(default_factory=lambda: defaultdict(int))
    """Mended rows by the number of their file."""
    unread: dict[int, int] = field(default_factory=lambda: defaultdict(int))
    """Rows of which nothing could be made, likewise."""


def load(files: Sequence[LogFile], engine: Engine) -> Loaded:
    """Reads every file into the table `events`."""
    loaded = Loaded()
    engine.do(f"CREATE TABLE events ({COLUMNS})")
    engine.do("CREATE TABLE files (path VARCHAR, number INTEGER)")
    for group in _groups(files):
        _load_group(group, engine, loaded)
    loaded.warnings += [f"{file.name}: empty" for file in files if file.kind == "empty"]
    repeated = _without_repeats(engine)
    _learn(engine)
    twins = _without_twins(engine)
    if twins:
        count = sum(twins.values())
        loaded.warnings.append(f"{count:,} logins stand in Login History and in event files; each is counted once")
    loaded.sources = _sources(files, engine, loaded, Counter(repeated) + Counter(twins))
    return loaded


def _groups(files: Iterable[LogFile]) -> list[list[LogFile]]:
    """Files that one query reads: same kind, header and packing."""
    by_form: dict[tuple[object, ...], list[LogFile]] = defaultdict(list)
    for file in files:
        if file.kind != "empty":
            by_form[(file.kind, file.header, file.delimiter, file.is_packed, file.is_utf8, file.is_headed)].append(file)
    return [group[i : i + FILES_AT_ONCE] for group in by_form.values() for i in range(0, len(group), FILES_AT_ONCE)]


def _load_group(group: list[LogFile], engine: Engine, loaded: Loaded) -> None:
    kind = group[0].kind
    if kind == "records":
        for file in group:
            _load_converted(file, engine, loaded)
    elif kind == "text":
        for file in group:
            _load_plain(file, engine, loaded)
    elif kind == "iat":
        _load_lines(group, engine, loaded)
    else:
        _load_tables(group, engine, loaded)


def _load_tables(group: list[LogFile], engine: Engine, loaded: Loaded) -> None:
    """CSVs. Those that the strict reader does not take as they are become raw rows first."""
    direct = [file for file in group if file.is_utf8 and file.is_headed]
    stumbled = [file for file in group if file not in direct]
    for file in [*stumbled, *_read(direct, engine, lambda files: _from_tables(files, engine, loaded))]:
        clean = engine.new_file(".csv")
        washed = wash_csv(file.path, clean, delimiter=file.delimiter, told=_told(engine, file))
        _load_raw(file, clean, washed, engine, loaded)


def _load_lines(group: list[LogFile], engine: Engine, loaded: Loaded) -> None:
    """iat logs: a JSON object a line."""
    direct = [file for file in group if file.is_utf8]
    stumbled = [file for file in group if not file.is_utf8]
    for file in [*stumbled, *_read(direct, engine, _from_lines)]:
        clean = engine.new_file(".jsonl")
        washed = wash_lines(file.path, clean, told=_told(engine, file))
        _note(file, washed, loaded)
        _read_copy(file, clean, engine, loaded, _from_lines)


def _load_converted(file: LogFile, engine: Engine, loaded: Loaded) -> None:
    clean = engine.new_file(".csv")
    _load_raw(file, clean, records_to_csv(file.path, clean, told=_told(engine, file)), engine, loaded)


def _load_plain(file: LogFile, engine: Engine, loaded: Loaded) -> None:
    clean = engine.new_file(".csv")
    washed, is_zoneless = plain_to_csv(file.path, clean, told=_told(engine, file))
    _note(file, washed, loaded)
    if is_zoneless:
        loaded.warnings.append(f"{file.name}: its times name no zone; read as UTC")
    if not washed.rows:
        loaded.warnings.append(f"{file.name}: no login and no token error in it")
    _read_copy(file, clean, engine, loaded, _from_found)


def _load_raw(file: LogFile, clean: Path, washed: Washed, engine: Engine, loaded: Loaded) -> None:
    _note(file, washed, loaded)
    _read_copy(file, clean, engine, loaded, lambda files: _from_tables(files, engine, loaded))


def _read_copy(file: LogFile, clean: Path, engine: Engine, loaded: Loaded, way: Way) -> None:
    """Reads a washed copy, and removes it. That it is not taken either must not happen, and is never kept quiet."""
    if _read([_as_copy(file, clean)], engine, way):
        loaded.warnings.append(f"{file.name}: could not be read, even washed; nothing of it is counted")
    clean.unlink()


def _as_copy(file: LogFile, clean: Path) -> LogFile:
    return replace(file, path=clean, size=clean.stat().st_size, is_packed=False, is_utf8=True, header=tuple(RAW),
                   delimiter=",", is_headed=True)  # fmt: skip


def _note(file: LogFile, washed: Washed, loaded: Loaded) -> None:
    loaded.mended[file.number] += washed.mended
    loaded.unread[file.number] += washed.unread
    if washed.is_cut_off:
        loaded.warnings.append(f"{file.name}: the archive breaks off before its end; what came before was read")


def _told(engine: Engine, file: LogFile) -> Told | None:
    """Progress by bytes; of an archive only how much came out of it is known."""
    tell = engine.progress
    if tell is None:
        return None
    read = 0

    def told(more: int) -> None:
        nonlocal read
        read += more
        share = -1.0 if file.is_packed or not file.size else min(read / file.size, 1.0)
        tell(f"reading {file.name}, {_megabytes(read)}", share)

    return told


def _read(group: list[LogFile], engine: Engine, way: Way) -> list[LogFile]:
    """Reads files by one query; returns those of which some line was rejected, their rows taken out again."""
    if not group:
        return []
    import duckdb

    engine.do("DROP TABLE IF EXISTS rejected; DROP TABLE IF EXISTS scanned; DELETE FROM files")
    names = [[str(file.path) for file in group], [file.number for file in group]]
    engine.do("INSERT INTO files SELECT unnest(?), unnest(?)", names)
    what = f"reading {group[0].name}" if len(group) == 1 else f"reading {len(group)} files"
    try:
        engine.slowly(f"{what}, {_megabytes(sum(file.size for file in group))}", way(group))
    except duckdb.Error:
        # A file as a whole (a broken archive, a header that it does not keep to): which one, each tells for itself.
        return group if len(group) == 1 else [bad for one in group for bad in _read([one], engine, way)]
    found = engine.rows("SELECT DISTINCT file_path FROM rejected JOIN scanned USING (scan_id, file_id)")
    rejected = {path for (path,) in found}
    again = [file for file in group if str(file.path) in rejected]
    if again:
        engine.do("DELETE FROM events WHERE file IN (SELECT unnest(?))", [[file.number for file in again]])
    return again


# --- the queries that read


def _from_tables(group: Sequence[LogFile], engine: Engine, loaded: Loaded) -> str:
    first = group[0]
    columns = ", ".join(f"'c{place}': 'VARCHAR'" for place in range(len(first.header)))
    scan = _scan(group, f"columns = {{{columns}}}, delim = {literal(first.delimiter)}, {_DIALECT}")
    raw = f"SELECT number AS file, {raw_select(first.header)} FROM {scan}"
    is_day_first = "EVENT_TYPE" not in first.header and _is_day_first(group, raw, engine, loaded)
    return f"INSERT INTO events SELECT {event_select(day_first=is_day_first)} FROM ({raw})"


def _is_day_first(group: Sequence[LogFile], raw: str, engine: Engine, loaded: Loaded) -> bool:
    """Whether dates of an export begin with the day: some number there is above 12. And whether they name no zone."""
    number = "TRY_CAST(regexp_extract(\"time\", '^([0-9]{1,2})[/.-]', 1) AS INTEGER)"
    zoneless = """"time" ~ '[0-9]( [AP]M)?$' AND NOT "time" ~ '[+-][0-9]{2}:?[0-9]{2}$'"""
    is_day_first, is_zoneless = engine.one(f"SELECT bool_or({number} > 12), bool_or({zoneless}) FROM ({raw})")
    if is_zoneless:
        name = group[0].name if len(group) == 1 else f"{len(group)} exports"
        loaded.warnings.append(f"{name}: its times name no zone; read as UTC")
    return bool(is_day_first)


def _from_lines(group: Sequence[LogFile]) -> str:
    scan = _scan(group, "columns = {'line': 'VARCHAR'}, delim = '\x01', header = false, auto_detect = false, "
                 "quote = '', escape = '', strict_mode = false")  # fmt: skip
    return f"INSERT INTO events WITH lines AS (SELECT number AS file, line FROM {scan} WHERE line <> '') {iat_select()}"


def _from_found(group: Sequence[LogFile]) -> str:
    columns = ", ".join(f"{literal(one)}: 'VARCHAR'" for one in FOUND)
    scan = _scan(group, f"columns = {{{columns}}}, delim = ',', {_DIALECT}")
    return f"""INSERT INTO events BY NAME SELECT make_timestamp(CAST(TRY_CAST(ts AS DOUBLE) * 1000000 AS BIGINT)) AS ts,
        'text' AS kind, number AS file, ok = 'True' AS ok, nullif(said, '') AS said, nullif(detail, '') AS detail,
        nullif(flow, '') AS flow, hash(number, raw_id) AS id, true AS is_keyed FROM {scan}"""


def _scan(group: Sequence[LogFile], how: str) -> str:
    """The rows of these files, each with the number of its file."""
    paths = ", ".join(path_literal(file.path) for file in group)
    packed = "gzip" if group[0].is_packed else "none"
    read = f"read_csv([{paths}], {how}, compression = '{packed}', max_line_size = {LONGEST_LINE}, {_REJECTS}"
    if len(group) == 1:
        return f"(SELECT *, {group[0].number} AS number FROM {read}))"
    return f"(SELECT r.*, f.number FROM {read}, filename = true) r JOIN files f ON f.path = r.filename)"


# --- rows that know of each other


def _without_repeats(engine: Engine) -> dict[tuple[int, str], int]:
    """Drops what was delivered twice; how many rows of each file and kind that were.

    A row with an id of its own (a request, a record) stands once. Of equal rows without one, as many stay as the file
    with most of them has: a second export repeats the first, but two logins of one second are two.
    """
    engine.do("DELETE FROM events WHERE kind = 'header'")
    engine.do("CREATE TEMP TABLE twice AS SELECT id FROM events GROUP BY id HAVING count(*) > 1")
    if not engine.one("SELECT count(*) FROM twice")[0]:
        return {}
    engine.do("""CREATE TEMP TABLE repeated AS SELECT place FROM (
        SELECT place, row_number() OVER (PARTITION BY id, nth ORDER BY file, place) AS copy FROM (
            SELECT rowid AS place, id, file, CASE WHEN is_keyed THEN 0
                ELSE row_number() OVER (PARTITION BY id, file ORDER BY rowid) END AS nth
            FROM events WHERE id IN (FROM twice))) WHERE copy > 1""")
    counts = engine.rows("SELECT file, kind, count(*) FROM events WHERE rowid IN (FROM repeated) GROUP BY ALL")
    engine.do("DELETE FROM events WHERE rowid IN (FROM repeated)")
    return {(file, kind): count for file, kind, count in counts}


def _learn(engine: Engine) -> None:
    """Names for ids, the app of a login by its session, and one login out of two rows of it."""
    engine.do("""CREATE TEMP TABLE people AS SELECT who_id, any_value(who) AS who FROM events
        WHERE who IS NOT NULL AND who_id IS NOT NULL GROUP BY who_id""")
    engine.do("UPDATE events SET who = p.who FROM people p WHERE events.who IS NULL AND events.who_id = p.who_id")
    engine.do("UPDATE events SET who = who_id WHERE who IS NULL AND who_id IS NOT NULL")
    engine.do("""CREATE TEMP TABLE apps AS SELECT app_id, any_value(app) AS app FROM events
        WHERE app IS NOT NULL AND app_id IS NOT NULL GROUP BY app_id""")
    engine.do("UPDATE events SET app = a.app FROM apps a WHERE events.app IS NULL AND events.app_id = a.app_id")
    engine.do("UPDATE events SET app = app_id WHERE app IS NULL AND app_id IS NOT NULL")
    engine.do("""CREATE TEMP TABLE sessions AS SELECT login_key, any_value(app) AS app FROM events
        WHERE kind = 'api' AND app IS NOT NULL AND login_key IS NOT NULL GROUP BY login_key""")
    engine.do("""UPDATE events SET app = s.app FROM sessions s
        WHERE events.app IS NULL AND events.kind = 'login-event' AND events.login_key = s.login_key""")


def _without_twins(engine: Engine) -> dict[tuple[int, str], int]:
    """One row where a login stands in Login History and in an event file: same user, second and address.

    The event's row stays, and gets the app; how many rows of each file of Login History went.
    """
    kinds = {kind for (kind,) in engine.rows("SELECT DISTINCT kind FROM events")}
    if not {"login-history", "login-event"} <= kinds:
        return {}
    side = """SELECT rowid AS place, who, address, app, date_trunc('second', ts) AS at, row_number() OVER
        (PARTITION BY who, address, date_trunc('second', ts) ORDER BY rowid) AS nth
        FROM events WHERE kind = '{}' AND who IS NOT NULL AND ts IS NOT NULL"""
    engine.do(f"""CREATE TEMP TABLE twins AS SELECT h.place AS history, e.place AS event, h.app AS app
        FROM ({side.format("login-history")}) h JOIN ({side.format("login-event")}) e
        ON h.who = e.who AND h.at = e.at AND h.nth = e.nth AND h.address IS NOT DISTINCT FROM e.address""")
    engine.do("UPDATE events SET app = coalesce(events.app, t.app) FROM twins t WHERE events.rowid = t.event")
    gone = engine.rows(
        "SELECT file, kind, count(*) FROM events WHERE rowid IN (SELECT history FROM twins) GROUP BY ALL"
    )
    engine.do("DELETE FROM events WHERE rowid IN (SELECT history FROM twins)")
    return {(file, kind): count for file, kind, count in gone}


def _sources(
    files: Sequence[LogFile], engine: Engine, loaded: Loaded, repeated: Mapping[tuple[int, str], int]
) -> tuple[SourceRead, ...]:
    rows = engine.rows("SELECT file, kind, count(*), count(*) FILTER (ts IS NULL) FROM events GROUP BY ALL")
    left = {(number, kind) for number, kind, _, _ in rows}
    rows += [(number, kind, 0, 0) for number, kind in repeated if (number, kind) not in left]
    of_kind: dict[str, SourceRead] = {}
    main = _main_kinds(rows)
    for number, kind, count, untimed in rows:
        name = main.get(number, "text") if kind == "unread" else kind
        one = of_kind.setdefault(name, SourceRead(name, 0, 0))
        if kind == "unread":
            of_kind[name] = replace(one, unread=one.unread + count)
            continue
        is_main = kind == main[number]
        of_kind[name] = replace(
            one,
            files=one.files + 1,
            rows=one.rows + count,
            bytes=one.bytes + (files[number].size if is_main else 0),
            repeated=one.repeated + repeated.get((number, kind), 0),
            mended=one.mended + (loaded.mended.get(number, 0) if is_main else 0),
            unread=one.unread + (loaded.unread.get(number, 0) if is_main else 0),
            without_time=one.without_time + untimed,
        )
    engine.do("DELETE FROM events WHERE kind = 'unread'")
    return tuple(of_kind[kind] for kind in KIND_WORDS if kind in of_kind)


def _main_kinds(rows: Iterable[tuple[int, str, int, int]]) -> dict[int, str]:
    """The kind that most rows of each file have."""
    most: dict[int, tuple[int, str]] = {}
    for number, kind, count, _ in rows:
        if kind != "unread" and count > most.get(number, (-1, ""))[0]:
            most[number] = (count, kind)
    return {number: kind for number, (_, kind) in most.items()}


def _megabytes(size: int) -> str:
    return f"{size / 1e9:.1f} GB" if size >= 1e9 else f"{size / 1e6:.0f} MB"
