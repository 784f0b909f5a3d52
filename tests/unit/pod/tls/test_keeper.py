"""Who keeps a server's TLS files fresh outlives whatever goes wrong: readiness is answered from its process."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.certificates import Authority
from zkboot.pod.errors import RestartNeededError
from zkboot.pod.tls.keeper import PATIENCE, Keeper, Renewal


def test_a_failure_that_nobody_has_thought_of_is_a_status_and_a_line(tmp_path: Path) -> None:
    """Said once, though it comes again with each change."""
    said: list[str] = []
    root = Authority()

    def renew() -> Renewal:
        raise RuntimeError("no\nname")

    keeper = Keeper("zkboot", renew, mounted=str(tmp_path), store=f"{tmp_path}/none", say=said.append)
    for _ in range(2):
        root.issue("zk-0").write(tmp_path, root.ca_crt)
        keeper.look()

    assert said == ["TLS: RuntimeError: no\\nname"]
    assert "zkboot_tls_exit_status 1\n" in keeper.render()


def test_a_restart_that_no_look_shows_is_told_until_something_changes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A further try would find nothing wrong; an alert that waits for a quarter of an hour would never come."""
    said: list[str] = []
    now = [0.0]
    monkeypatch.setattr("zkboot.pod.tls.keeper.time.monotonic", lambda: now[0])
    root = Authority()
    end = datetime.now(UTC)
    outcomes: list[Exception | None] = [RestartNeededError("restart the server"), None]

    def renew() -> Renewal:
        outcome = outcomes.pop(0)
        if outcome is not None:
            raise outcome
        return Renewal(is_new=False, end=end)

    keeper = Keeper("zkboot", renew, mounted=str(tmp_path), store=f"{tmp_path}/none", say=said.append)
    root.issue("zk-0").write(tmp_path, root.ca_crt)
    for _ in range(20):
        keeper.look()
        now[0] += PATIENCE
    assert said == ["TLS: restart the server"]
    assert "zkboot_tls_exit_status 75\n" in keeper.render()

    root.issue("zk-0").write(tmp_path, root.ca_crt)
    keeper.look()
    assert "zkboot_tls_exit_status 0\n" in keeper.render()
