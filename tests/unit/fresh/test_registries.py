"""What a fresh machine is told of this one's registries."""

from pathlib import Path

import pytest

from tests.fresh import registries


def certificate(text: str) -> str:
    """Return something that has a certificate's form."""
    return f"-----BEGIN CERTIFICATE-----\n{text}\n-----END CERTIFICATE-----\n"


def test_only_certificates_of_ones_own_are_handed_on(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Those that Debian ships come with its package."""
    debians = tmp_path / "debian" / "mozilla"
    debians.mkdir(parents=True)
    (debians / "one.crt").write_text(certificate("one"))
    bundle = tmp_path / "bundle.crt"
    bundle.write_text(certificate("one") + "# a comment\n" + certificate("own"))
    monkeypatch.setattr(registries, "_DEBIANS", debians.parent)
    monkeypatch.setenv("SSL_CERT_FILE", str(bundle))

    assert registries.own_certificates() == [certificate("own")]


def test_pips_index_is_handed_on(monkeypatch: pytest.MonkeyPatch) -> None:
    """Under the variable's name, wherever it was set; folders and files of this machine are not."""
    monkeypatch.setenv("PIP_INDEX_URL", "https://packages.example/simple")
    monkeypatch.setenv("PIP_CERT", "/etc/own.pem")
    found = registries.pip_environ()

    assert found["PIP_INDEX_URL"] == "https://packages.example/simple"
    assert "PIP_CERT" not in found


def test_maven_settings_are_the_users(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Where there are any."""
    monkeypatch.setenv("HOME", str(tmp_path))
    assert registries.maven_settings() is None
    (tmp_path / ".m2").mkdir()
    (tmp_path / ".m2" / "settings.xml").touch()

    assert registries.maven_settings() == tmp_path / ".m2" / "settings.xml"
