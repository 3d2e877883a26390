from __future__ import annotations

from fixtures.plugins.colour import painted
from fixtures.record.ending import ending
from fixtures.record.runfile import Record
from fixtures.record.screens import COLUMNS, matrix

ROOT_IN_NAMESPACE = {"privilege": "root", "isolation": "namespace"}


def record(identifier: str, verdict: str, why: str = "") -> Record:
    return {
        "id": identifier,
        "chapter": "c",
        "question": "May it?",
        "verdict": verdict,
        "why": why,
        "held": verdict == "conforms",
        "attempts": 1,
        "trace": ["A = tcp4()"],
        "variants": [],
    }


def words(records: list[Record], failing: list[Record], machine: dict[str, str]) -> str:
    lines = ending(records, failing, "linux@6.18", machine)
    assert max(map(len, lines)) <= COLUMNS
    return " ".join(" ".join(lines).split())


def test_it_says_where_the_experiments_ran_and_what_was_not_tested() -> None:
    many = [record(f"tcp/{n}", "untestable", "option SO_X is absent") for n in range(5)]
    said = words(many, [], ROOT_IN_NAMESPACE)
    assert "as root, in network namespaces of their own: the sysctls and the firewall of the machine were not tested" in said
    assert "5 untestable: option SO_X is absent (5)." in said
    assert "for milliseconds 0.0.0.0 and [::]." in words(many, [], {"privilege": "user", "isolation": "host"})
    assert "root of a user namespace alone" in words(many, [], {"privilege": "user namespace", "isolation": "namespace"})
    assert "The experiments ran" not in words(many, [], {})


def test_it_names_what_fails_and_how_many() -> None:
    failing = [record(f"tcp/{n}", "variant") for n in range(6)]
    said = words(failing, failing, ROOT_IN_NAMESPACE)
    assert "6 experiments fail: tcp/0 (variant), tcp/1 (variant), tcp/2 (variant), tcp/3 (variant), and 2 more." in said
    assert "6 experiments depart from their rule as linux is known to: -v lists how." in said
    assert "Nothing fails" not in said


def test_a_run_of_one_experiment_shows_it() -> None:
    said = words([record("tcp/one", "conforms")], [], ROOT_IN_NAMESPACE)
    assert "conforms: tcp/one question May it? calls A = tcp4()" in said
    assert "Nothing fails." in said


def test_the_matrix_fits_80_columns() -> None:
    verdicts = ("conforms", "variant", "surprise", "stale", "untestable", "broken")
    table = matrix([record(f"tcp/{n}", verdict) | {"chapter": "address of a connection"} for n, verdict in enumerate(verdicts)])
    assert max(map(len, table[:2])) <= COLUMNS


def test_the_last_line_is_green_if_nothing_failed_and_red_if_anything_did() -> None:
    yellow = {"yellow": True, "bold": True}
    parts = [("2 conforms", yellow), ("3 variant", yellow), ("1 untestable", yellow)]
    shown, whole = painted(parts, "yellow", set())
    assert (whole, shown[0][1], shown[1][1]) == ("green", {"green": True}, {"green": True})
    shown, whole = painted(parts, "yellow", {"variant"})
    assert (whole, shown[1][1]["red"]) == ("red", True)
    assert painted([("no tests ran", yellow)], "yellow", set())[1] == "yellow"
    assert painted([("1 failed", {"red": True})], "red", set())[1] == "red"
