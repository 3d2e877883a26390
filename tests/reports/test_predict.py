from __future__ import annotations

import io
import json
import os
import random
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from fixtures import models
from fixtures.language.words import OK
from fixtures.models import MODELS, Platform
from fixtures.models.linux import Linux
from fixtures.models.state import ADDRESSES
from fixtures.specification.clauses import BASES
from reports.__main__ import CLOSED_PIPE, main
from reports.catalogue import ROOT, all_rows
from reports.predict import Predictor
from reports.scripts import Step, read_script
from tests.helpers.scripts import random_script
from tests.language.test_worlds import DISPUTE, GAP, Silent, Torn

#: Where a model asks for a setting by its name.
SETTING = re.compile(r'settings\.get\("([^"]+)"')

CLASH = """\
# two servers
A = tcp4(SO_REUSEADDR)

A.bind(127.0.0.1:P)
A.listen()
B = tcp4(SO_REUSEADDR)
B.bind(127.0.0.1:P)
"""


@pytest.fixture(autouse=True)
def unsure(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(MODELS, "torn", Torn)
    monkeypatch.setitem(MODELS, "gap", Silent)


def feed(monkeypatch: pytest.MonkeyPatch, text: str | bytes) -> None:
    content = text.encode() if isinstance(text, str) else text
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(content)))


@pytest.fixture
def predict(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Any:
    def call(text: str | bytes, *options: str, platform: str = "linux") -> tuple[int, str, str]:
        feed(monkeypatch, text)
        status = main(["predict", "--platform", platform, *options, "-"])
        said = capsys.readouterr()
        return status, said.out, said.err

    return call


def answers(text: str, platform: str = "linux", uid: int = 0, settings: dict[str, str] | None = None) -> list[str]:
    name, _, version = platform.partition("@")
    return ["|".join(one.names) for one in Predictor(Platform(name, version), uid, settings).predict(read_script(text))]


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


def test_user_and_settings() -> None:
    ports = "A = tcp4(SO_REUSEPORT)\nA.bind(127.0.0.1:P)\nB = stranger: tcp4(SO_REUSEPORT)\nB.bind(127.0.0.1:P)"
    assert answers(ports)[-1] == "EADDRINUSE"
    assert answers(ports, uid=60001)[-1] == "ok"
    six = "A = tcp6()\nA.bind([::]:P)\nB = tcp4()\nB.bind(0.0.0.0:P)"
    assert answers(six)[-1] == "EADDRINUSE"
    assert answers(six, settings={"net.ipv6.bindv6only": "1"})[-1] == "ok"


def test_options_reach_the_model(predict: Any) -> None:
    script = "A = tcp6()\nA.bind([::]:P)\nB = stranger: tcp4()\nB.bind(0.0.0.0:P) = ok"
    assert predict(script, "--uid", "1000", "--setting", "net.ipv6.bindv6only=1")[0] == 0
    assert predict(script, "--uid", "1000")[0] == 1


def test_a_setting_that_no_model_knows_is_refused_with_those_that_are_near(predict: Any) -> None:
    status, out, err = predict("A = tcp4()", "--setting", "net.ipv6.bindv6olny=1")
    assert (status, out) == (2, "")
    assert "--setting net.ipv6.bindv6olny: linux has no such setting" in err
    assert "near are net.ipv6.bindv6only" in err
    assert "known are addresses" in predict("A = tcp4()", "--setting", "net.ipv6.bindv6only=1", platform="windows")[2]


def test_a_setting_that_the_model_does_not_use_yet_is_told(predict: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Linux, "unmodelled", ("x.y",))
    told = "x.y: the model of linux does not use this setting yet, and answers as if it had its default"
    assert f"platform linux\nnote: {told}\n" in predict("A = tcp4()", "--setting", "x.y=1")[1]
    assert json.loads(predict("A = tcp4()", "--setting", "x.y=1", "--format", "json")[1])["notes"] == [told]
    assert "notes" not in json.loads(predict("A = tcp4()", "--format", "json")[1])


@pytest.mark.parametrize(
    ("platform", "told"),
    [
        ("macos@99", "only 11 to 15"),
        ("freebsd@9", "only 10.4 to 16"),
        ("linux@2.6", "only 3.8 to"),
        ("lwip@2.2", "only 2.1.3"),
        ("linux@6.18.44", ""),
        ("freebsd@15.1", ""),
        ("windows@xp", ""),
    ],
)
def test_a_version_that_nobody_read_is_told_and_only_predicted(predict: Any, platform: str, told: str) -> None:
    answered = json.loads(predict("A = tcp4()\nA.bind(127.0.0.1:P)", "--format", "json", platform=platform)[1])
    bases = {one["basis"] for one in answered["answers"]}
    if told:
        assert bases == {"predicted"}
        assert answered["notes"] == [f"nobody has read or observed {platform}, {answered['notes'][0].partition(', ')[2]}"]
        assert told in answered["notes"][0]
    else:
        assert "predicted" not in bases
        assert "notes" not in answered


def test_every_setting_that_a_model_asks_for_is_one_that_it_has() -> None:
    asked = {name for path in Path(models.__file__).parent.rglob("*.py") for name in SETTING.findall(path.read_text(encoding="utf-8"))}
    assert asked == {ADDRESSES, *(name for model in MODELS.values() for name in model.knobs)}
    for model in MODELS.values():
        assert {name for one in model.configurations for name in one} <= set(model.knobs)
        assert not set(model.knobs) & set(model.unmodelled)


def batch(predict: Any, *lines: object) -> tuple[int, list[dict[str, Any]]]:
    text = b"".join((line if isinstance(line, bytes) else json.dumps(line).encode()) + b"\n" for line in lines)
    status, out, err = predict(text, "--batch")
    assert err == ""
    return status, [json.loads(line) for line in out.splitlines()]


def test_batch_keeps_the_order(predict: Any) -> None:
    scripts = [{"id": n, "script": "Z = tcp4()\n" * (n == 0) + CLASH} for n in range(50)]
    status, found = batch(predict, *scripts)
    assert status == 0
    assert [one["id"] for one in found] == list(range(50))
    assert [len(one["answers"]) for one in found] == [6] + [5] * 49
    assert all(set(one) == {"id", "platform", "answers"} for one in found)


@pytest.mark.parametrize(
    ("line", "identifier", "error"),
    [
        ({"id": "x", "script": "A = tcp4()\n\nA.bond()"}, "x", "line 3: 'A.bond()': unknown call 'bond'"),
        ({"id": "x", "script": ""}, "x", "line 1: there is no call"),
        ({"id": "x"}, "x", 'input line 2: "script" is missing'),
        ({"id": "x", "script": ["A = tcp4()"]}, "x", 'input line 2: "script" is not a string'),
        ({"script": "what"}, None, "line 1: 'what': expected NAME"),
        (["A = tcp4()"], None, "input line 2: not a JSON object"),
        (b"A = tcp4()", None, "input line 2: not a JSON object"),
        (b"", None, "input line 2: not a JSON object"),
        (b"\xff\xfe{}", None, "input line 2: not a JSON object"),
        (b"[" * 100_000, None, "input line 2: not a JSON object"),
        ({"id": "x", "script": "A = tcp4() \ud800"}, "x", "line 1: "),
    ],
)
def test_a_batch_goes_on_after_an_error(predict: Any, line: object, identifier: object, error: str) -> None:
    status, found = batch(predict, {"id": "a", "script": CLASH}, line, {"id": "b", "script": CLASH})
    assert status == 2
    assert [one["id"] for one in found] == ["a", identifier, "b"]
    assert set(found[1]) == {"id", "platform", "error"}
    assert found[1]["error"].startswith(error)
    assert found[0]["answers"] == found[2]["answers"]


def test_a_batch_with_a_contradiction(predict: Any) -> None:
    assert batch(predict, {"id": 1, "script": "A = tcp4() = EMFILE"}, {"id": 2, "script": CLASH})[0] == 1


MISTAKES = [
    (("--platform", "nosuch", "-"), "--platform nosuch: no such platform; known are "),
    (("--platform", "linux@new", "-"), "--platform linux@new: version 'new': expected a number such as 5.10"),
    (("--platform", "linux@", "-"), "--platform linux@: version '': expected a number"),
    (
        ("--platform", "linux", "missing.txt"),
        "missing.txt: cannot be read: No such file or directory; name a file, or - for standard input",
    ),
    (("--platform", "linux", "."), ".: cannot be read: "),
    (("--platform", "linux", "--batch", "."), ".: cannot be read: "),
    (("--platform", "linux", "binary"), "binary: line 2: not UTF-8 text; save it as UTF-8"),
    (("--platform", "linux", "empty"), "empty: line 1: there is no call; write one a line, such as A = tcp4()"),
    (("--platform", "linux", "wrong"), "wrong: line 2: 'A.bond()': unknown call 'bond'; known are "),
    (("--platform", "linux", "far"), "far: line 2: 'A.bind(127.0.0.1:70000)': 127.0.0.1:70000 is not an address"),
    (("--platform", "linux", "program"), "program: line 1: 'run(nosuch, 127.0.0.1:P)': run does not take (nosuch, 127.0.0.1:P)"),
    (("--platform", "linux", "--batch", "--format", "text", "-"), "--batch writes JSON: leave out --format text"),
]
FILES = {
    "binary": b"A = tcp4()\n\x80\xff\x00",
    "empty": b"# nothing\n\n",
    "wrong": b"A = tcp4()\nA.bond()\n",
    "far": b"A = tcp4()\nA.bind(127.0.0.1:70000)\n",
    "program": b"run(nosuch, 127.0.0.1:P)\n",
}


@pytest.mark.parametrize(("arguments", "message"), MISTAKES)
def test_a_mistake_is_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], arguments: tuple[str, ...], message: str
) -> None:
    monkeypatch.chdir(tmp_path)
    for name, content in FILES.items():
        Path(name).write_bytes(content)
    feed(monkeypatch, CLASH)
    assert main(["predict", *arguments]) == 2
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.startswith(f"addrinuse: {message}")
    assert said.err.count("\n") == 1


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("predict", "-"), "the following arguments are required: --platform"),
        (("predict", "--platform", "linux"), "the following arguments are required: FILE"),
        (("predict", "--platform", "linux", "--uid", "me", "-"), "argument --uid: 'me' is not a user: give a number"),
        (("predict", "--platform", "linux", "--setting", "x", "-"), "argument --setting: 'x': write NAME=VALUE"),
        (("predict", "--platform", "linux", "--format", "xml", "-"), "argument --format: invalid choice: 'xml'"),
        (("what",), "argument VERB: invalid choice: 'what'"),
    ],
)
def test_a_wrong_argument_is_one_line(capsys: pytest.CaptureFixture[str], arguments: tuple[str, ...], message: str) -> None:
    with pytest.raises(SystemExit) as caught:
        main(list(arguments))
    said = capsys.readouterr().err
    assert caught.value.code == 2
    assert message in said
    assert said.count("\n") == 1


def test_an_interruption_is_one_line(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    def interrupted(path: str) -> str:
        raise KeyboardInterrupt

    monkeypatch.setattr("reports.predict.read_text", interrupted)
    assert main(["predict", "--platform", "linux", "-"]) == 2
    assert capsys.readouterr().err == "addrinuse: interrupted\n"


def reports(*arguments: str, stdin: bytes, stdout: int) -> subprocess.CompletedProcess[bytes]:
    command = [sys.executable, "-m", "reports", *arguments]
    return subprocess.run(command, cwd=ROOT, input=stdin, stdout=stdout, stderr=subprocess.PIPE, check=False, timeout=60)


def test_a_pipe_that_nobody_reads_any_more_is_no_error_to_tell() -> None:
    reader, writer = os.pipe()
    os.close(reader)
    try:
        line = json.dumps({"id": 1, "script": CLASH}).encode() + b"\n"
        done = reports("predict", "--platform", "linux", "--batch", "-", stdin=line * 200, stdout=writer)
    finally:
        os.close(writer)
    assert (done.returncode, done.stderr) == (CLOSED_PIPE, b"")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full")
def test_a_full_disk_is_one_line() -> None:
    with open("/dev/full", "wb") as full:
        done = reports("predict", "--platform", "linux", "-", stdin=CLASH.encode(), stdout=full.fileno())
    assert (done.returncode, done.stderr.count(b"\n")) == (2, 1)
    assert b"could not be written: No space left" in done.stderr


def test_every_experiment_gives_the_same_answers_again() -> None:
    predictor = Predictor(Platform("linux"))
    wrong = []
    for row in all_rows():
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


@pytest.mark.parametrize("value", ["x", "", "1e3", "-1", "0x1", "1;2", "99999999999", "٣"])
def test_a_setting_that_is_no_number_is_refused(value: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["predict", "--platform", "linux", "--setting", f"net.ipv4.tcp_tw_reuse_delay={value}", "-"])
    assert ended.value.code == 2
    (line,) = capsys.readouterr().err.strip().splitlines()
    assert f"net.ipv4.tcp_tw_reuse_delay={value}" in line
    assert "write a number" in line
