"""Each rule's own examples, on SQLite and on PostgreSQL."""

import dataclasses

from collectors.host import tables
from rules.examples import in_memory, judged, measured, run_examples
from rules.load import load
from tests.rules.databases import on_postgresql

RULEBOOK = load()
FACTS = tables()


def test_every_example_comes_out_as_it_says() -> None:
    """Rows in, verdict and reason out: a rule's examples are its tests."""
    ran, problems = run_examples(RULEBOOK, FACTS)

    assert [] == [str(problem) for problem in problems]
    assert ran > 100


def test_an_example_that_comes_out_otherwise_is_told() -> None:
    """The runner says which example of which file expected what, and what it found."""
    check = RULEBOOK.checks["antivirus-enabled"]
    wrong = dataclasses.replace(check, examples=({"given": {"antivirus": []}, "gives": ["pass", "enabled"]},))
    rulebook = dataclasses.replace(RULEBOOK, checks={check.id: wrong}, targets={})

    _, problems = run_examples(rulebook, FACTS)

    assert ["checks/antivirus-enabled.yaml, examples 1: expected ['pass', 'enabled'], found ['fail', 'absent']"] == [
        str(problem).partition(" (")[0] for problem in problems
    ]


def test_both_databases_give_the_same_rows(postgresql: str) -> None:
    """The SQL runs unchanged on SQLite and PostgreSQL, and every verdict, detail and row of evidence is the same."""
    memory = in_memory(RULEBOOK, FACTS)
    compared = 0
    with on_postgresql(postgresql, RULEBOOK, FACTS) as server:
        for check in RULEBOOK.checks.values():
            for example in check.examples:
                here = judged(RULEBOOK, FACTS, check, example, memory)
                assert judged(RULEBOOK, FACTS, check, example, server) == here
                compared += 1
        for target in RULEBOOK.targets.values():
            for example in target.examples:
                counted = measured(RULEBOOK, FACTS, target, example, memory)
                assert measured(RULEBOOK, FACTS, target, example, server) == counted
                compared += 1

    assert compared > 100
