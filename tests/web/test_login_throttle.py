"""Attempts are few, for one address and for all, and what is remembered stays small."""

import ipaddress

import pytest
from polling import Clock

import login_throttle
from login_throttle import ADDRESS_BURST, ADDRESS_INTERVAL_S, TOTAL_BURST, LoginThrottle, group


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def throttle(clock: Clock) -> LoginThrottle:
    return LoginThrottle(clock=clock)


def admitted(throttle: LoginThrottle, addresses: list[str]) -> int:
    return sum(throttle.admit(address) == 0 for address in addresses)


def test_a_thousand_attempts_from_one_address(throttle: LoginThrottle, clock: Clock) -> None:
    assert admitted(throttle, ["10.0.0.1"] * 1000) == ADDRESS_BURST
    assert throttle.admit("10.0.0.1") == pytest.approx(ADDRESS_INTERVAL_S)
    assert throttle.admit("10.0.0.2") == 0
    clock.now += ADDRESS_INTERVAL_S
    assert admitted(throttle, ["10.0.0.1"] * 10) == 1
    clock.now += 1e6  # a long rest gives back the burst, and no more than it
    assert admitted(throttle, ["10.0.0.1"] * 1000) == ADDRESS_BURST


def test_a_thousand_attempts_from_a_thousand_addresses(throttle: LoginThrottle) -> None:
    throttle.admit("192.168.1.5")
    throttle.succeeded("192.168.1.5")
    strangers = [f"10.0.{number // 250}.{number % 250}" for number in range(1000)]
    assert admitted(throttle, strangers) == TOTAL_BURST - 1
    # Who has been let in before is not kept out by them, but has a limit as well.
    assert admitted(throttle, ["192.168.1.5"] * 1000) == ADDRESS_BURST


def test_success_forgives_what_was_mistyped(throttle: LoginThrottle) -> None:
    assert admitted(throttle, ["10.0.0.1"] * ADDRESS_BURST) == ADDRESS_BURST
    throttle.succeeded("10.0.0.1")
    assert throttle.admit("10.0.0.1") == 0


def test_memory_is_bounded(throttle: LoginThrottle, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(login_throttle, "MAX_ADDRESSES", 50)
    for number in range(1000):
        address = str(ipaddress.ip_address(number + 1))
        throttle.admit(address)
        if number % 2:
            throttle.succeeded(address)
    assert throttle.size <= 100


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("10.0.0.1", "10.0.0.1"),
        ("::ffff:10.0.0.1", "10.0.0.1"),
        ("2001:db8:1:2:3::4", "2001:db8:1:2::/64"),
        ("fe80::1%eth0", "fe80::/64"),
        ("", "unknown"),
        ("unix", "unknown"),
    ],
)
def test_one_household_is_one_address(address: str, expected: str) -> None:
    assert group(address) == expected
