"""The table is whole, the defaults are valid, a wrong value is one sentence and exit code 9."""

import dataclasses
import json
import subprocess
import sys
from pathlib import Path

import pytest

import web_settings
from ocr_contract.setting_fields import Retired, SettingError, dump, meta_of
from project import ROOT
from web_settings import WebSettings, from_environment


def test_a_variable_is_named_after_its_field() -> None:
    for field in dataclasses.fields(WebSettings):
        assert meta_of(field).env == f"WEB_{field.name.upper()}"
        assert meta_of(field).text.endswith(".")


def test_defaults() -> None:
    settings = from_environment({"PATH": "/bin", "WEB_PORT": ""})
    assert (settings.bind, settings.port) == ("127.0.0.1", 5000)
    assert settings.data_folder == Path("data").absolute()
    assert settings.allowed_hosts == {"localhost", "127.0.0.1", "[::1]"}


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("WEB_PORT", "0"),
        ("WEB_PORT", "65536"),
        ("WEB_PORT", "５０００"),
        ("WEB_PORT", "5e3"),
        ("WEB_THREADS", "-1"),
        ("WEB_QUERY_LIMIT_S", "nan"),
        ("WEB_QUERY_LIMIT_S", "soon"),
        ("WEB_PAGE_SIZE", "0"),
        ("WEB_ALLOWED_HOSTS", "*"),
        ("WEB_ALLOWED_HOSTS", " , "),
        ("WEB_BIND", "http://x"),
        ("WEB_PUBLISHED_ADDRESS", "a b"),
        ("WEB_SESSION_HOURS", "0"),
        ("WEB_LOG_LEVEL", "loud"),
        ("WEB_MAX_STREAMS", "33"),
        ("WEB_PROT", "5000"),
    ],
)
def test_a_wrong_value_names_its_variable(variable: str, value: str) -> None:
    with pytest.raises(SettingError, match=variable):
        from_environment({variable: value})


@pytest.mark.parametrize(
    ("bind", "published", "is_open"),
    [
        ("127.0.0.1", "", False),
        ("127.8.9.1", "", False),
        ("::1", "", False),
        ("[::1]", "", False),
        ("localhost", "", False),
        ("::ffff:127.0.0.1", "", False),
        ("0.0.0.0", "127.0.0.1", False),  # in a container that is published to this machine only
        ("0.0.0.0", "[::1]", False),
        ("0.0.0.0", "", True),
        ("::", "", True),
        ("192.0.2.1", "", True),
        ("scans.example", "", True),
        ("0.0.0.0", "0.0.0.0", True),
        ("127.0.0.1", "192.0.2.1", True),
    ],
)
def test_other_machines_need_a_password(bind: str, published: str, is_open: bool) -> None:
    variables = {"WEB_BIND": bind, "WEB_PUBLISHED_ADDRESS": published}
    if is_open:
        with pytest.raises(SettingError, match="WEB_PASSWORD_FILE"):
            from_environment(variables)
    else:
        assert from_environment(variables).password_file is None
    guarded = from_environment(variables | {"WEB_PASSWORD_FILE": "some/file"})
    assert guarded.password_file == Path("some/file").absolute()


def test_a_setting_of_an_earlier_version_warns_and_names_its_successor(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    retired = {"WEB_VISITORS": Retired("WEB_THREADS", "It counts threads.")}
    monkeypatch.setattr(web_settings, "RETIRED", retired)
    assert web_settings.or_exit({"WEB_VISITORS": "8"}) == from_environment({})
    assert capsys.readouterr().err == (
        "web_service: WEB_VISITORS is no longer a setting and changes nothing. "
        "Use WEB_THREADS instead. It counts threads.\n"
    )


def test_print_config_without_a_python_path(tmp_path: Path) -> None:
    environment = {"WEB_PORT": "5080", "WEB_DATA_FOLDER": "d", "WEB_PASSWORD_FILE": ""}
    command = [sys.executable, str(ROOT / "flask" / "web_settings.py"), "--print-config"]
    ended = subprocess.run(
        command, env=environment, cwd=tmp_path, capture_output=True, text=True, check=True
    )
    lines = ended.stdout.splitlines()
    assert "WEB_PORT=5080" in lines
    assert f"WEB_DATA_FOLDER={tmp_path / 'd'}" in lines
    printed = from_environment(dict(line.split("=", 1) for line in lines))
    assert dump(printed) == lines


def test_exit_code_and_one_sentence(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as stop:
        web_settings.or_exit({"WEB_PORT": "many"})
    assert stop.value.code == 9
    said = capsys.readouterr().err
    assert said == ("web_service: WEB_PORT is 'many'; it must be a whole number from 1 to 65535.\n")
    with pytest.raises(SystemExit):
        web_settings.or_exit({"WEB_PORT": "many", "WEB_LOG_FORMAT": "json"})
    assert json.loads(capsys.readouterr().err)["message"].startswith("WEB_PORT is 'many'")
