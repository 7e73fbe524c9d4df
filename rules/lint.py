"""What a rule must be beyond being read: complete in both languages, used, tested, and unable to pass by accident."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from rules.engine import Check, Query, QueryError, Target, parameters, utc_now
from rules.examples import ZONE
from rules.load import REASONS, Plan, Rulebook
from rules.memory import open_memory, reading, tables_of
from rules.problems import Located, Problem
from rules.school import Nothing
from rules.tables import VIEWS
from rules.words import Sentence, sentence

TITLE_LIMIT = 150
REMEDY_LIMIT = 400
REASON_LIMIT = 200
ORDERS = ("ensure", "make sure", "check", "đảm bảo", "hãy", "kiểm tra")
"""How a title may not begin: it states what holds, as a fact."""

STATE_WORDS_REFUSED = ("on", "off", "yes", "no", "true", "false")
"""YAML 1.1 and people read these as something else than a state."""

ENGINE_REASONS = (
    "never_came", "table_failed", "table_timed_out", "table_expired", "not_here", "rule_failed", "rows_not_one",
    "answer_not_understood", "waived", "ran_out",
)  # fmt: skip
ALWAYS_NAMED = {"now", "today", "midnight", "tomorrow"}
VERDICTS = ("pass", "fail", "unknown", "not_applicable")


def lint(rulebook: Rulebook, facts: Mapping[str, type]) -> list[Problem]:
    """Return everything that a rule lacks. ``facts``: the fact classes by table (``collectors.host.tables()``)."""
    problems = list(_reasons_of_the_engine(rulebook))
    names = {*tables_of(rulebook, facts), *VIEWS}
    for check in rulebook.checks.values():
        document = rulebook.documents[f"checks/{check.id}.yaml"]
        problems += _words(document, check)
        problems += _check(rulebook, document, check)
        problems += _tables(document, check, names)
        problems += _check_sql(document, check)
        problems += _check_examples(document, check)
    for target in rulebook.targets.values():
        document = rulebook.documents[f"targets/{target.id}.yaml"]
        problems += _words(document, target)
        problems += _target(rulebook, document, target)
    problems += _one_meaning(rulebook)
    problems += _runs(rulebook, facts)
    return problems


def _reasons_of_the_engine(rulebook: Rulebook) -> Iterator[Problem]:
    for name in ENGINE_REASONS:
        if name not in rulebook.reasons:
            yield Problem(REASONS, None, name, sentence("expected the sentence of this reason"))
    for name in rulebook.reasons:
        if name not in ENGINE_REASONS:
            yield Problem(REASONS, None, name, sentence("expected a reason that the engine gives"))


def _words(document: Located, rule: Check | Target) -> Iterator[Problem]:
    for text in rule.title.values():
        if len(text) > TITLE_LIMIT:
            yield document.problem("title", sentence("expected at most {limit} letters", limit=TITLE_LIMIT))
        if text.lower().startswith(ORDERS):
            yield document.problem("title", sentence("expected what should hold, as a fact, not an order"))
        if text.rstrip().endswith("."):
            yield document.problem("title", sentence("expected no full stop at the end"))
    for text in rule.remedy.values():
        if len(text) > REMEDY_LIMIT:
            yield document.problem("remedy", sentence("expected at most {limit} letters", limit=REMEDY_LIMIT))
    if rule.title["vi"] == rule.title["en"]:
        yield document.problem("title", sentence("expected a text in both languages: {{vi: …, en: …}}"))


def _check(rulebook: Rulebook, document: Located, check: Check) -> Iterator[Problem]:
    users = [target for target in rulebook.targets.values() if check.id in target.checks]
    if not users:
        yield document.problem("id", sentence("expected a target that uses this check"))
    for plan in rulebook.plans.values():
        if check.clause not in plan.clauses:
            clauses = ", ".join(plan.clauses)
            yield document.problem("clause", sentence("expected one of the plan's clauses: {words}", words=clauses))
        if any(target.id in plan.demands for target in users):
            yield from _limits(document, check.sql, {*plan.limits_of(rulebook, check.id)})
    for name, words in check.reasons.items():
        if name in STATE_WORDS_REFUSED:
            yield document.problem("reasons", sentence("expected another word than {word}", word=name))
        if name in rulebook.reasons:
            yield document.problem("reasons", sentence("expected another name: {name} is the engine's", name=name))
        if any(len(text) > REASON_LIMIT for text in words.values()):
            yield document.problem("reasons", sentence("expected at most {limit} letters", limit=REASON_LIMIT))
        if _places(words["vi"]) != _places(words["en"]):
            yield document.problem(
                "reasons", sentence("expected the same names in both languages of {name}", name=name)
            )


def _tables(document: Located, check: Check, names: set[str]) -> Iterator[Problem]:
    for field, tables in (("needs", check.needs), ("uses", check.uses)):
        for name in tables:
            if name not in names:
                yield document.problem(field, sentence("expected the name of a table, found {name}", name=name))
    bare = _without_comments(check.sql)
    inner = {*re.findall(r"\b([a-z_]+) AS \(", bare)}
    read = {name for name in re.findall(r"\b(?:FROM|JOIN)\s+([a-z_]+)", bare) if name not in inner}
    through = {name for view in read & set(VIEWS) for name in re.findall(r"\b(?:FROM|JOIN)\s+([a-z_]+)", VIEWS[view])}
    declared = {"device", *check.needs, *check.uses}
    for name in sorted((read | through) & (names - set(VIEWS)) - declared):
        yield document.problem("uses", sentence("expected {name} too: the SQL reads it", name=name))
    for name in sorted(declared - {"device"} - read - through):
        yield document.problem("uses", sentence("expected only tables that the SQL reads, found {name}", name=name))


def _check_sql(document: Located, check: Check) -> Iterator[Problem]:
    bare = _without_comments(check.sql)
    if re.search(r"\bELSE\s+'pass'", bare, re.IGNORECASE):
        yield document.problem("sql", sentence("expected no ELSE 'pass': a forgotten case would pass"))
    if not re.search(r"ELSE 'unknown' END AS verdict", bare):
        yield document.problem("sql", sentence("expected the verdict to end in: ELSE 'unknown' END AS verdict"))
    if not re.search(r"\bFROM\s+device\b", bare):
        yield document.problem("sql", sentence("expected the SQL to start from device"))
    given = {*re.findall(r"(?:THEN|ELSE)\s+'([a-z_0-9]+)'(?![^']*END AS verdict)", bare)}
    said = {*re.findall(r"'([a-z_0-9]+)'", bare)}
    for name in check.reasons:
        if name not in said:
            yield document.problem(
                "reasons", sentence("expected only reasons that the SQL gives, found {name}", name=name)
            )
    for name in sorted(given - {*check.reasons, *VERDICTS} - _words_of_columns(bare)):
        yield document.problem("reasons", sentence("expected the sentence of {name}: the SQL gives it", name=name))
    columns = {*re.findall(r"\b(?:AS\s+)?([a-z_]+)\b", bare)}
    for name, words in check.reasons.items():
        for place in sorted(_places(words["en"]) - columns):
            expected = sentence("expected a column {column} for the sentence of {name}", column=place, name=name)
            yield document.problem("sql", expected)


def _words_of_columns(sql: str) -> set[str]:
    """Return the words that are compared with columns of facts, or say what is not a reason."""
    return {*re.findall(r"(?:=|<>)\s*'([a-z_0-9]+)'", sql)}


def _check_examples(document: Located, check: Check) -> Iterator[Problem]:
    bare = _without_comments(check.sql)
    shown = {(example.get("gives") or [None])[0] for example in check.examples}
    for verdict in VERDICTS:
        possible = re.search(rf"(?:THEN|ELSE)\s+'{verdict}'", bare)
        if possible and verdict not in shown:
            yield document.problem(
                "examples", sentence("expected an example for the verdict {verdict}", verdict=verdict)
            )
    reasons = {(example.get("gives") or [None, None])[1] for example in check.examples}
    for name in check.reasons:
        if name not in reasons:
            yield document.problem("examples", sentence("expected an example for the reason {name}", name=name))


def _target(rulebook: Rulebook, document: Located, target: Target) -> Iterator[Problem]:
    shown = {example.get("gives", {}).get("verdict") for example in target.examples}
    for verdict in ("pass", "fail", "unknown"):
        if verdict not in shown:
            yield document.problem(
                "examples", sentence("expected an example for the verdict {verdict}", verdict=verdict)
            )
    if target.population not in {*Nothing}:
        words = ", ".join(Nothing)
        yield document.problem("population", sentence("expected one of: {words}", words=words))
    if not any(target.id in plan.demands for plan in rulebook.plans.values()):
        yield document.problem("id", sentence("expected a plan that demands this target"))
    if target.sql is not None:
        yield from _target_sql(rulebook, document, target, target.sql)


def _target_sql(rulebook: Rulebook, document: Located, target: Target, sql: str) -> Iterator[Problem]:
    bare = _without_comments(sql)
    if re.search(r"\bELSE\s+'pass'", bare, re.IGNORECASE):
        yield document.problem("sql", sentence("expected no ELSE 'pass': a forgotten case would pass"))
    for plan in rulebook.plans.values():
        if target.id in plan.demands:
            yield from _limits(document, sql, _named_by(plan, target))
    said = {word for text in re.findall(r"'([a-z_0-9 ]+)'", bare) for word in text.split()}
    for name in target.words:
        if name not in said:
            yield document.problem("words", sentence("expected only words that the SQL gives, found {name}", name=name))
    for name in sorted(_reasons_said(bare) - {*target.words}):
        yield document.problem("words", sentence("expected what {name} says: the SQL gives it", name=name))


def _reasons_said(sql: str) -> set[str]:
    """Return the reasons that SQL gives: the words of each CASE that ends AS reason."""
    cases = re.findall(r"CASE((?:(?!\bCASE\b).)*?)END AS reason", sql, re.DOTALL)
    return {word for case in cases for word in re.findall(r"(?:THEN|ELSE)\s+'([a-z_0-9]+)'", case)}


def _named_by(plan: Plan, target: Target) -> set[str]:
    demand = plan.demands[target.id]
    return {"threshold", *demand.limits, *(f"level_{level}" for level in demand.levels)}


def _limits(document: Located, sql: str, limits: set[str]) -> Iterator[Problem]:
    days = [name for name in limits if name.endswith("_days")]
    known = ALWAYS_NAMED | limits | {f"{name}_{way}" for name in days for way in ("ago", "ahead")}
    for name in sorted({*re.findall(r"(?<![:\w]):([a-z_]\w*)", _without_comments(sql))} - known):
        yield document.problem("sql", sentence("expected a limit of the plan, found :{name}", name=name))


def _one_meaning(rulebook: Rulebook) -> Iterator[Problem]:
    """Refuse a former id that is another rule's present or former one: an id never changes its meaning."""
    for kind, rules in (("checks", rulebook.checks), ("targets", rulebook.targets)):
        taken: dict[str, str] = {}
        for rule in rules.values():
            document = rulebook.documents[f"{kind}/{rule.id}.yaml"]
            for alias in rule.aliases:
                if alias in rules or taken.setdefault(alias, rule.id) != rule.id:
                    yield document.problem(
                        "aliases", sentence("expected an id that no other rule has: {name}", name=alias)
                    )


def _runs(rulebook: Rulebook, facts: Mapping[str, type]) -> Iterator[Problem]:
    """Ask each rule about no device at all: SQL that names what does not exist fails here, not at a school."""
    connection = open_memory(rulebook, facts)
    with reading(connection) as query:
        for plan in rulebook.plans.values():
            for check in rulebook.checks.values():
                named = parameters(plan.limits_of(rulebook, check.id), utc_now(), ZONE)
                if why := _error(query, f"SELECT device_id, verdict, reason FROM (\n{check.sql}\n) AS judged", named):
                    yield rulebook.documents[f"checks/{check.id}.yaml"].problem("sql", why)
            for target in rulebook.targets.values():
                demand = plan.demands.get(target.id)
                if target.sql is None or demand is None:
                    continue
                named = parameters(demand.limits, utc_now(), ZONE, demand.levels) | {"threshold": demand.threshold}
                if why := _error(query, f"SELECT verdict FROM (\n{target.sql}\n) AS judged", named):
                    yield rulebook.documents[f"targets/{target.id}.yaml"].problem("sql", why)
    connection.close()


def _error(query: Query, sql: str, named: Mapping[str, Any]) -> Sentence | None:
    try:
        query(sql, named)
    except QueryError as error:
        return sentence("expected SQL that runs: {error}", error=error)
    return None


def _places(text: str) -> set[str]:
    return {*re.findall(r"\{([a-z_]+)\}", text)}


def _without_comments(sql: str) -> str:
    return re.sub(r"--[^\n]*", "", sql)
