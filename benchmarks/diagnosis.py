"""Scores the diagnosis on recorded cases: right first, right among three, and whether its words keep their promise.

    python benchmarks/diagnosis.py                         # the table
    python benchmarks/diagnosis.py --wrong --view org      # each case that is not right first
    python benchmarks/diagnosis.py --brittle               # with the text removed, and with each fact removed in turn
    python benchmarks/diagnosis.py --fit                   # cross-validated search around the scale
    python benchmarks/diagnosis.py FILE.jsonl …            # other cases of the same form

Two sets lie in `tests/cases`: `dev-*`, which came with the knowledge, and `found-*`, which readers who had not seen the
tool collected later from public threads and notes, so that it shows more of what is not known yet. What was learnt from
either is in the knowledge now: neither tells how the next case will go.

A line of a file is `{"case": …, "accept": [slug, …], "tier": "A", "view": "org"}`; the view `both` counts in both. The
floor is "the commonest cause
for this text", which needs the labels of the very cases that it is scored on and is therefore generous to itself.
"""

from __future__ import annotations

import argparse
import json
import random
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from jwtdoctor.checkup import seen_of
from jwtdoctor.intake.casefile import case_from
from jwtdoctor.knowledge.load import Knowledge, load
from jwtdoctor.model.case import Case
from jwtdoctor.model.names import Likelihood
from jwtdoctor.model.report import Report
from jwtdoctor.reasoning.conclude import conclude
from jwtdoctor.reasoning.responses import fold
from jwtdoctor.reasoning.weigh import SCALE, Scale

CASES = Path(__file__).resolve().parent.parent / "tests" / "cases"
ENOUGH = 5
"""A flow with fewer cases than this says nothing of itself."""


@dataclass(frozen=True, slots=True)
class Recorded:
    """One recorded case: what was observed, and the causes that count as right (the first is the label)."""

    case: Case
    accept: tuple[str, ...]
    tier: str
    view: str
    provider: str
    text: str
    raw: dict[str, Any]

    @property
    def views(self) -> tuple[str, ...]:
        return ("outside", "org") if self.view == "both" else (self.view,)


@dataclass(frozen=True, slots=True)
class Scored:
    """A recorded case and what was made of it."""

    recorded: Recorded
    report: Report

    @property
    def order(self) -> list[str]:
        return [v.cause for v in self.report.verdicts]

    @property
    def is_first(self) -> bool:
        return bool(self.order) and self.order[0] in self.recorded.accept

    @property
    def is_among_three(self) -> bool:
        return any(cause in self.recorded.accept for cause in self.order[:3])

    @property
    def word(self) -> Likelihood | None:
        return self.report.verdicts[0].likelihood if self.report.verdicts else None


def main() -> None:
    options = _options()
    knowledge = load()
    for title, files in _sets(options.files):
        recorded = [r for path in files for r in read(path, knowledge)]
        chosen = [r for r in recorded if options.view in (None, *r.views) and options.tier in (None, r.tier)]
        chosen = [r for r in chosen if options.provider in (None, r.provider)]
        print(f"\n== {title}")
        if options.fit:
            fit(chosen, knowledge)
            continue
        scored = [score(r, knowledge) for r in chosen]
        table(scored)
        words(scored)
        if options.wrong:
            wrong(scored)
        if options.brittle:
            brittle(chosen, knowledge)


def _sets(named: Sequence[str]) -> list[tuple[str, list[Path]]]:
    if named:
        return [("the files that were named", [Path(path) for path in named])]
    return [(f"{name}-*", sorted(CASES.glob(f"{name}-*.jsonl"))) for name in ("dev", "found")]


def read(path: Path, knowledge: Knowledge) -> list[Recorded]:
    """The recorded cases of a file. The view is the line's own, else what the file's name ends in."""
    rows = []
    for line in path.read_text(encoding="utf-8").splitlines():
        row = json.loads(line)
        case = case_from(row["case"], path.name)
        accept = tuple(knowledge.canonical_cause(slug) or slug for slug in row["accept"])
        view = row.get("view") or ("org" if path.stem.endswith("-org") else "outside")
        text = " | ".join(fold(str(part)) for part in row.get("ambiguous_text") or _text_of(row["case"]) if part)
        rows.append(Recorded(case, accept, row["tier"], view, case.provider, text, row["case"]))
    return rows


def score(recorded: Recorded, knowledge: Knowledge, scale: Scale = SCALE) -> Scored:
    return Scored(recorded, conclude(seen_of(recorded.case), knowledge, scale))


def table(scored: Sequence[Scored]) -> None:
    """Right first and among three, by provider, view and tier, beside the floor."""
    print(f"{'':46}{'cases':>6}{'first':>8}{'three':>8}{'floor':>8}{'certain':>9}{'right':>7}")
    groups: list[tuple[str, Callable[[Scored], bool]]] = []
    for family in ("salesforce", "others"):
        for view in ("org", "outside"):
            for tier in ("A", "B", "C", "all"):
                groups.append((f"{family} · {view} · {tier}", _in_group(family, view, tier)))
    for name, belongs in groups:
        group = [s for s in scored if belongs(s)]
        if group:
            print(_row(name, group))
    by_provider = sorted({s.recorded.provider for s in scored})
    for provider in by_provider if len(by_provider) > 1 else []:
        group = [s for s in scored if s.recorded.provider == provider]
        print(_row(f"  {provider}", group))
    _flows(scored)


def _flows(scored: Sequence[Scored]) -> None:
    """The flows that have enough cases to be judged by themselves: all tiers, then tier A alone."""
    print("\nby flow, where it has five cases or more")
    for family in ("salesforce", "others"):
        for view in ("org", "outside"):
            for flow in sorted({s.recorded.case.flow for s in scored if s.recorded.case.flow}):
                for tier in ("all", "A"):
                    belongs = _in_group(family, view, tier)
                    group = [s for s in scored if s.recorded.case.flow == flow and belongs(s)]
                    if len(group) >= ENOUGH:
                        print(_row(f"  {family} · {view} · {flow} · {tier}", group))


def _in_group(family: str, view: str, tier: str) -> Callable[[Scored], bool]:
    def belongs(s: Scored) -> bool:
        is_salesforce = s.recorded.provider == "salesforce"
        return (
            is_salesforce == (family == "salesforce") and view in s.recorded.views and tier in (s.recorded.tier, "all")
        )

    return belongs


def _row(name: str, group: Sequence[Scored]) -> str:
    count = len(group)
    certain = [s for s in group if s.word is Likelihood.ALMOST_CERTAIN]
    right = sum(s.is_first for s in certain)
    return (
        f"{name:46}{count:>6}{_share(sum(s.is_first for s in group), count):>8}"
        f"{_share(sum(s.is_among_three for s in group), count):>8}{_share(floor(group), count):>8}"
        f"{_share(len(certain), count):>9}{right:>4}/{len(certain)}"
    )


def floor(group: Sequence[Scored]) -> int:
    """How many are right by the commonest label of their text within the group; a case without a text has its own."""
    labels: dict[str, Counter[str]] = defaultdict(Counter)
    for s in group:
        labels[s.recorded.text].update([s.recorded.accept[0]])
    return sum(labels[s.recorded.text].most_common(1)[0][0] in s.recorded.accept for s in group)


def words(scored: Sequence[Scored]) -> None:
    """How often each likelihood word was right about the first verdict."""
    print("\nhow often the first verdict was right, by its word")
    for word in Likelihood:
        group = [s for s in scored if s.word is word]
        if group:
            print(f"  {word.value:16}{sum(s.is_first for s in group):>5} of {len(group)}")
    silent = sum(s.word is None for s in scored)
    if silent:
        print(f"  {'no verdict':16}{silent:>5}")


def wrong(scored: Iterable[Scored]) -> None:
    print()
    for s in scored:
        if not s.is_first:
            best = ", ".join(f"{v.cause} {v.score}" for v in s.report.verdicts[:4])
            mark = "!" if s.word is Likelihood.ALMOST_CERTAIN else " " if s.is_among_three else "-"
            r = s.recorded
            print(f"{mark}{r.tier} {r.case.id} {r.view} {r.case.flow} [{r.text[:60]}] facts {r.raw.get('facts')}")
            print(f"      wanted {'/'.join(r.accept)}; said {best}")


def brittle(recorded: Sequence[Recorded], knowledge: Knowledge) -> None:
    """What is lost without the text, and the facts whose loss changes a right verdict into a wrong one."""
    without = [score(replace(r, case=speechless(r.case)), knowledge) for r in recorded]
    print("\nwith the text removed")
    table(without)
    lost: Counter[str] = Counter()
    times: Counter[str] = Counter()
    for r in recorded:
        if not score(r, knowledge).is_first:
            continue
        for seen in r.case.observations:
            if seen.fact.startswith("reply."):
                continue  # the text is taken away above
            times[seen.fact] += 1
            kept = tuple(o for o in r.case.observations if o.fact != seen.fact)
            if not score(replace(r, case=replace(r.case, observations=kept)), knowledge).is_first:
                lost[seen.fact] += 1
    print("\nright verdicts that one fact alone holds up")
    for fact, count in lost.most_common():
        print(f"  {fact:40}{count:>4} of {times[fact]}")


def speechless(case: Case) -> Case:
    """The case without anything that was said: no reply, no text, and no fact that was read in them."""
    kept = tuple(seen for seen in case.observations if not seen.fact.startswith(("reply.", "login_history.")))
    return replace(case, reply=None, text=None, observations=kept)


def fit(recorded: Sequence[Recorded], knowledge: Knowledge, folds: int = 5) -> None:
    """Tries scales around the present one; each is judged only on folds that did not choose it."""
    shuffled = list(recorded)
    random.Random(7).shuffle(shuffled)
    scales = list(_neighbours(SCALE))
    results = {n: [score(r, knowledge, s) for r in shuffled] for n, (_, s) in enumerate(scales)}
    held: list[float] = []
    for fold_number in range(folds):
        inside = [i for i in range(len(shuffled)) if i % folds != fold_number]
        outside = [i for i in range(len(shuffled)) if i % folds == fold_number]
        best = max(results, key=lambda n: _worth([results[n][i] for i in inside]))
        held.append(_worth([results[best][i] for i in outside]))
        print(f"fold {fold_number}: chose {scales[best][0]}, worth {held[-1]:.3f} on the held-back fold")
    print(f"mean on held-back folds {sum(held) / folds:.3f}; the present scale {_worth(results[0]):.3f}")
    for n, (name, _) in sorted(enumerate(scales), key=lambda row: -_worth(results[row[0]])):
        print(f"  {_worth(results[n]):.3f}  {name}")


def _neighbours(scale: Scale) -> Iterable[tuple[str, Scale]]:
    yield "present", scale
    for name in ("unlisted", "almost_certain", "lead", "other_flow", "leader_gap"):
        for step in (-4, -2, 2, 4):
            yield f"{name} {step:+}", replace(scale, **{name: getattr(scale, name) + step})
    for name in ("clue", "general", "reading"):
        for word, value in getattr(scale, name).items():
            for step in (-3, -1, 1, 3):
                changed = {**getattr(scale, name), word: value + step}
                table: dict[str, Any] = {name: changed}
                yield f"{name}.{word} {step:+}", replace(scale, **table)


def _worth(scored: Sequence[Scored]) -> float:
    """Right first and among three, with a wrong promise costing five right ones."""
    if not scored:
        return 0.0
    wrongly = sum(s.word is Likelihood.ALMOST_CERTAIN and not s.is_first for s in scored)
    promised = sum(s.word is Likelihood.ALMOST_CERTAIN and s.is_first for s in scored)
    first, three = sum(s.is_first for s in scored), sum(s.is_among_three for s in scored)
    return (first + 0.5 * three + 0.2 * promised - 5 * wrongly) / len(scored)


def _share(part: int, whole: int) -> str:
    return f"{100 * part / whole:.0f} %" if whole else "-"


def _text_of(case: dict[str, Any]) -> list[Any]:
    body = (case.get("reply") or {}).get("body") or ""
    try:
        parsed = json.loads(body)
        return [parsed.get("error"), parsed.get("error_description")]
    except (ValueError, AttributeError):
        return [body or case.get("text")]


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("files", nargs="*")
    parser.add_argument("--view", choices=("org", "outside"))
    parser.add_argument("--tier", choices=("A", "B", "C"))
    parser.add_argument("--provider")
    parser.add_argument("--wrong", action="store_true")
    parser.add_argument("--brittle", action="store_true")
    parser.add_argument("--fit", action="store_true")
    return parser.parse_args()


if __name__ == "__main__":
    main()
