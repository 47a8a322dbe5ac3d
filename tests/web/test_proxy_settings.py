"""What WEB_BASE_PATH and WEB_TRUSTED_PROXIES may say, and how the gateway is found."""

import ipaddress

import pytest
from flask import Flask

import gateways
import proxy_settings
from ocr_contract.setting_fields import SettingError, dump
from web_settings import from_environment


@pytest.mark.parametrize(
    ("text", "path"),
    [("", ""), ("/", ""), ("  ", ""), ("/ocr", "/ocr"), ("/ocr/", "/ocr"),
     (" /a/b-c_d.e~f ", "/a/b-c_d.e~f")],
)  # fmt: skip
def test_a_base_path(text: str, path: str) -> None:
    assert from_environment({"WEB_BASE_PATH": text}).base_path == path


@pytest.mark.parametrize(
    "text",
    ["ocr", "http://x/ocr", "//ocr", "/a//b", "/../x", "/a/./b", "/a b", "/a?b", "/a%20b", "/a;b",
     "/é", "/a\nb", "/" + "x" * 300, "/images", "/api/x", "/static/"],
)  # fmt: skip
def test_what_is_no_base_path(text: str) -> None:
    with pytest.raises(SettingError, match=r"WEB_BASE_PATH is .* it must be "):
        from_environment({"WEB_BASE_PATH": text})


def test_the_pages_own_addresses_are_known(app: Flask) -> None:
    first = {rule.rule.split("/")[1] for rule in app.url_map.iter_rules()} - {""}
    assert first == proxy_settings.OWN_ADDRESSES


def test_addresses_and_networks() -> None:
    settings = from_environment({"WEB_TRUSTED_PROXIES": "127.0.0.1, 172.18.0.0/16,,FD00::/8"})
    assert settings.trusted_proxies == (
        ipaddress.ip_network("127.0.0.1/32"),
        ipaddress.ip_network("172.18.0.0/16"),
        ipaddress.ip_network("fd00::/8"),
    )
    (line,) = [line for line in dump(settings) if line.startswith("WEB_TRUSTED_PROXIES")]
    name, _, value = line.partition("=")
    assert set(from_environment({name: value}).trusted_proxies) == set(settings.trusted_proxies)
    assert from_environment({}).trusted_proxies == ()


@pytest.mark.parametrize(
    "text", ["*", "proxy.example", "127.0.0.1:80", "172.18.0.1/16", "10.0.0.0/33", "1.2.3", "a,b",
             "0.0.0.0/0", "::/0", "127.0.0.1;::1"]
)  # fmt: skip
def test_what_names_no_proxy(text: str) -> None:
    with pytest.raises(SettingError, match=r"WEB_TRUSTED_PROXIES is .* it must be "):
        from_environment({"WEB_TRUSTED_PROXIES": text})


def test_the_gateway(monkeypatch: pytest.MonkeyPatch) -> None:
    found = {ipaddress.ip_address("fe80::1"), ipaddress.ip_address("172.18.0.1")}
    monkeypatch.setattr(gateways, "default_gateways", lambda: frozenset(found))
    settings = from_environment({"WEB_TRUSTED_PROXIES": "192.0.2.7,Gateway"})
    assert [str(network) for network in settings.trusted_proxies] == [
        "192.0.2.7/32", "172.18.0.1/32", "fe80::1/128",
    ]  # fmt: skip
    found.clear()
    with pytest.raises(SettingError, match="there is no gateway"):
        from_environment({"WEB_TRUSTED_PROXIES": "gateway"})


@pytest.mark.parametrize(
    ("text", "address"),
    [("127.0.0.1", "127.0.0.1"), ("::ffff:192.0.2.1", "192.0.2.1"), ("::1", "::1"),
     ("fe80::1%eth0", "fe80::1"), ("", None), ("unix:", None), ("192.0.2.1:80", None)],
)  # fmt: skip
def test_an_address(text: str, address: str | None) -> None:
    found = proxy_settings.parse_address(text)
    assert (None if found is None else str(found)) == address
