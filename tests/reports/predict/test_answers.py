"""What is answered to a script, and why."""

from __future__ import annotations

import json
import random
from pathlib import Path
from typing import Any

import pytest

from fixtures.language.words import OK
from fixtures.models import MODELS, Platform
from fixtures.specification.clauses import BASES
from reports.__main__ import main
from reports.catalogue import all_rows
from reports.predict import Predictor
from reports.scripts import Step, read_script
from tests.helpers.sampling import exhaustively
from tests.helpers.scripts import random_script
from tests.language.test_worlds import DISPUTE, GAP
from tests.reports.predict.asking import CLASH, answers


def test_json(predict: Any) -> None:
    status, out, err = predict(CLASH, "--format", "json", platform="linux@6.18")
    assert (status, err) == (0, "")
    found = json.loads(out)
    assert (found["id"], found["platform"]) == (None, "linux@6.18")
    assert [(one["line"], one["call"], one["answer"]) for one in found["answers"]] == [
        (2, "A = tcp4(SO_REUSEADDR)", "ok"),
        (4, "A.bind(127.0.0.1:P)", "ok"),
        (5, "A.listen()", "ok"),
        (6, "B = tcp4(SO_REUSEADDR)", "ok"),
        (7, "B.bind(127.0.0.1:P)", "EADDRINUSE"),
    ]
    assert set(found["answers"][-1]) == {"line", "call", "answer", "decided_by", "basis", "source"}
    assert (found["answers"][-1]["decided_by"], found["answers"][-1]["basis"]) == ("linux/listener-blocks", "observed")
    assert found["answers"][-1]["source"].endswith("ipv4/inet_connection_sock.c, inet_bind_conflict")


def test_text(predict: Any) -> None:
    status, out, _ = predict(CLASH)
    assert status == 0
    lines = out.splitlines()
    assert lines[0] == "platform linux"
    assert "    7  B.bind(127.0.0.1:P) = EADDRINUSE  linux/listener-blocks  observed" in lines
    at = lines.index("linux/listener-blocks (observed)")
    assert lines[at + 1] == "    SO_REUSEADDR does not help against a listener, not even between wildcard and specific addresses."
    assert lines[at + 2].endswith("ipv4/inet_connection_sock.c, inet_bind_conflict")
    assert f"observed: {BASES['observed']}" in lines


def test_a_file_is_its_id(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "script"
    path.write_bytes(b"\xef\xbb\xbf" + CLASH.replace("\n", "\r\n").encode())
    assert main(["predict", "--platform", "stevens", "--format", "json", str(path)]) == 0
    assert json.loads(capsys.readouterr().out)["id"] == str(path)


def test_worlds_that_differ(predict: Any) -> None:
    binds = "".join(f"{name} = tcp4()\n{name}.bind(127.0.0.1:P)\n" for name in "ABC")
    script = f"{binds}B.listen()\nshows(127.0.0.1:P, LISTEN)"
    status, out, _ = predict(script, "--format", "json", platform="torn")
    assert status == 0
    found = [(one["answer"], one["decided_by"], one["basis"]) for one in json.loads(out)["answers"]]
    torn = (["ok", "EADDRINUSE"], DISPUTE.id, "disputed")
    assert found[3] == found[5] == torn
    assert found[7] == (["ok", "EAGAIN"], DISPUTE.id, "disputed")
    _, out, _ = predict(script, platform="torn")
    assert "B.bind(127.0.0.1:P) = ok|EADDRINUSE" in out
    assert "    one side: EADDRINUSE (reported: The Open Group" in out


def test_too_many_worlds(predict: Any) -> None:
    binds = "".join(f"{name} = tcp4()\n{name}.bind(127.0.0.1:P)\n" for name in "ABCDEFGHIJKLM")
    status, out, err = predict(binds, platform="torn")
    assert (status, out) == (2, "")
    assert err == "addrinuse: standard input: the script has more than 1024 outcomes: too many answers are open; make it shorter\n"


def test_unknown(predict: Any) -> None:
    script = "A = tcp4()\nA.bind(127.0.0.1:P)\nB = tcp4()\nB.bind(127.0.0.1:P) = ok\nB.listen()"
    status, out, _ = predict(script, "--format", "json", platform="gap")
    assert status == 0
    found = [(one["answer"], one["decided_by"], one["basis"]) for one in json.loads(out)["answers"]]
    assert found[3:] == [("unknown", GAP.id, "unknown")] * 2


@pytest.mark.parametrize(
    ("platform", "expected", "status"),
    [("linux", "EADDRINUSE", 0), ("linux", "ok", 1), ("linux", "ok|EADDRINUSE", 0), ("torn", "ok", 0), ("torn", "EACCES", 1)],
)
def test_expectations(predict: Any, platform: str, expected: str, status: int) -> None:
    script = f"A = tcp4()\nA.bind(127.0.0.1:P)\nB = tcp4()\nB.bind(127.0.0.1:P) = {expected}\n"
    found, out, _ = predict(script, "--format", "json", platform=platform)
    assert found == status
    assert [one.get("expected") for one in json.loads(out)["answers"]] == [None, None, None, expected if status else None]
    found, out, _ = predict(script, platform=platform)
    marked = [line for line in out.splitlines() if line.startswith("!")]
    assert found == status
    assert [line.endswith(f"  expected {expected}") for line in marked] == [True] * status


@pytest.mark.parametrize(
    ("script", "expected"),
    [
        ("A = tcp4(SO_EXCLBIND)\nA.bind(127.0.0.1:P)\nA.listen()\nB = A.accept()\nB.recv(1)", ["ENOPROTOOPT"] + ["EBADF"] * 4),
        ("A = tcp4()\nA.setsockopt(SO_EXCLBIND, 1)\nA.getsockopt(SO_EXCLBIND)", ["ok", "ENOPROTOOPT", "ENOPROTOOPT"]),
        ("run(echo_once, 127.0.0.1:P, SO_EXCLBIND)\nrun(echo_once, 127.0.0.1:P)", ["ENOPROTOOPT", "ok"]),
        ("A = tcp4()\nA.bind(127.0.0.1:P)\nA.listen()\nB = A.accept()\nB.close()\nC = B.dup()", ["ok"] * 3 + ["EAGAIN", "EBADF", "EBADF"]),
        ("A = udp4()\nA.bind(127.0.0.1:P)\nA.recv(1)\nA.close()\nA.recv(1)", ["ok", "ok", "EAGAIN", "ok", "EBADF"]),
        ("A = tcp4()\nA.bind(127.0.0.1:P)\nshows(127.0.0.1:P, TIME_WAIT)", ["ok", "ok", "EAGAIN"]),
        ("A = udp4()\nA.join([ff05::fb])\nA.join(127.0.0.1)\nA.join(224.0.0.251)", ["ok", "ENOPROTOOPT", "EINVAL", "ok"]),
        ("A = tcp4(IPV6_V6ONLY=1)\nB = udp4()\nB.listen()\nB.send(1)", ["ENOPROTOOPT", "ok", "EOPNOTSUPP", "EDESTADDRREQ"]),
        ("A = tcp4(SO_EXCLBIND)\nB = tcp4()\nB.bind(127.0.0.1:port(A))", ["ENOPROTOOPT", "ok", "EBADF"]),
        ("A = tcp4()\nB = A.dup()\nA.bind(127.0.0.1:0)\nC = tcp4()\nC.bind(127.0.0.1:port(B))", ["ok"] * 4 + ["EADDRINUSE"]),
        ("A = tcp4()\nB = tcp4()\nB.bind(127.0.0.1:port(A))", ["ok"] * 3),
    ],
)
def test_every_call_gets_an_answer(script: str, expected: list[str]) -> None:
    assert answers(script) == expected


@pytest.mark.parametrize("one_in", [8, *exhaustively(1)])
def test_every_experiment_gives_the_same_answers_again(one_in: int) -> None:
    predictor = Predictor(Platform("linux"))
    wrong = []
    for row in all_rows()[::one_in]:
        seen, *others = Platform("linux").predict(row.script)
        if seen.trace:
            played = predictor.predict(read_script("\n".join(seen.lines)))
            answers = [{world.trace[step][1].name for world in (seen, *others)} for step in range(len(seen.trace))]
            if [set(one.names) for one in played] != answers or any(one.contradicts for one in played):
                wrong.append(row.experiment.id)
    assert wrong == []


@pytest.mark.parametrize("tries", [40, pytest.param(1000, marks=pytest.mark.exhaustive)])
@pytest.mark.parametrize("name", MODELS)
def test_no_script_is_too_strange(name: str, tries: int) -> None:
    predictor = Predictor(Platform(name))
    for seed in range(tries):
        played = predictor.predict(read_script(random_script(random.Random(seed))))
        assert all(one.names for one in played)
        assert all(one.basis in BASES for one in played)


def test_a_step_without_expectation_contradicts_nothing() -> None:
    made, bound = Predictor(Platform("linux")).predict(read_script("A = tcp4()\nA.bind(127.0.0.1:P) = ok"))
    assert (made.contradicts, bound.contradicts) == (False, False)
    assert bound.step == Step(2, bound.step.call, OK)
