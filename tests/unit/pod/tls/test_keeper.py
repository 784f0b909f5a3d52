"""Who keeps a server's TLS files fresh outlives whatever goes wrong: readiness is answered from its process."""

from pathlib import Path

from tests.certificates import Authority
from zkboot.pod.tls.keeper import Keeper, Renewal


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
