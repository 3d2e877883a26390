"""The user, the settings and the version for which a model answers."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from fixtures import models
from fixtures.models import MODELS
from fixtures.models.linux import Linux
from fixtures.models.state import ADDRESSES
from reports.__main__ import main
from tests.reports.predict.asking import answers

#: Where a model asks for a setting by its name.
SETTING = re.compile(r'settings\.get\("([^"]+)"')


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


@pytest.mark.parametrize("value", ["x", "", "1e3", "-1", "0x1", "1;2", "99999999999", "٣"])
def test_a_setting_that_is_no_number_is_refused(value: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["predict", "--platform", "linux", "--setting", f"net.ipv4.tcp_tw_reuse_delay={value}", "-"])
    assert ended.value.code == 2
    (line,) = capsys.readouterr().err.strip().splitlines()
    assert f"net.ipv4.tcp_tw_reuse_delay={value}" in line
    assert "write a number" in line
