"""What holds for all tests: none may be left out.

Whatever a test needs is set up by `make test`, so a skipped test means a broken set-up, and
the run fails.
"""

import hypothesis
import pytest

# A property is no measure of speed: on a busy machine one example may take long.
hypothesis.settings.register_profile("whatever the machine", deadline=None)
hypothesis.settings.load_profile("whatever the machine")

NOT_RUN = ("skipped", "xfailed")


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    if reporter is not None and session.exitstatus == pytest.ExitCode.OK:
        left_out = sum(len(reporter.stats.get(outcome, ())) for outcome in NOT_RUN)
        if left_out:
            reporter.write_line(f"\nerror: {left_out} tests did not run; see the reasons below.")
            session.exitstatus = pytest.ExitCode.TESTS_FAILED
