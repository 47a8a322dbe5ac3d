"""How shares and chances are written, so that none looks surer than it is."""

_ONE_PERCENT = 0.01


def percent(fraction: float | None) -> str:
    """0.987 as "98 %": rounded down, so that only a certain reading is shown as 100 %."""
    return "–" if fraction is None else f"{int(fraction * 100 + 1e-9)} %"


def doubt_percent(doubt: float) -> str:
    """0.123 as "12 %"; what is below one, or above 99, as such: no measured chance is certain."""
    if doubt > 1 - _ONE_PERCENT:
        return "> 99 %"
    return f"{round(doubt * 100)} %" if doubt >= _ONE_PERCENT else "< 1 %"
