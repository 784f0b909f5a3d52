"""ZK_CFG_*: which key of zoo.cfg a name stands for, which are refused, which are secret, which were misspelt."""

import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zkboot.keys import KNOWN_KEYS, extra_keys, is_secret, key_of, nearest_key, variable_of
from zkboot.pod.environ import EnvReader
from zkboot.settings import OWNED_KEYS, VARIABLES


@pytest.mark.parametrize(
    ("name", "key"),
    [
        ("ZK_CFG_4lw_commands_whitelist", "4lw.commands.whitelist"),
        ("ZK_CFG_fips___mode", "fips-mode"),
        ("ZK_CFG_connection__throttle__tokens", "connection_throttle_tokens"),
        ("ZK_CFG_ssl_keyStore_passwordPath", "ssl.keyStore.passwordPath"),
        ("ZK_CFG_authProvider_1", "authProvider.1"),
        ("ZK_CFG_SSL", "SSL"),
        ("ZK_CFG_a___b__c_d", "a-b_c.d"),
    ],
)
def test_a_name_stands_for_a_key(name: str, key: str) -> None:
    """Three underscores are a dash, two are one, one is a dot; the case is kept."""
    assert key_of(name) == key


@pytest.mark.parametrize("key", sorted(KNOWN_KEYS))
def test_every_key_of_zookeeper_can_be_reached(key: str) -> None:
    """The rule leaves none out."""
    assert key_of(variable_of(key)) == key


@given(st.from_regex(r"[A-Za-z0-9]([-_.]?[A-Za-z0-9])*", fullmatch=True))
def test_no_two_keys_share_a_name(key: str) -> None:
    """A name read back is the key again, so no variable can hide another."""
    assert key_of(variable_of(key)) == key


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("ZK_CFG_", "ZK_CFG_ names no key of zoo.cfg"),
        ("ZK_CFG__", "ZK_CFG__ names no key of zoo.cfg"),
        ("ZK_CFG____", "ZK_CFG____ names no key of zoo.cfg"),
        ("ZK_CFG_a____b", "ZK_CFG_a____b has more than three underscores in a row, which no rule covers"),
        ("ZK_CFG_a b", "ZK_CFG_a b names no key of zoo.cfg"),
        ("ZK_CFG_a\nclientPort", "ZK_CFG_a\nclientPort names no key of zoo.cfg"),
        ("ZK_CFG_é", "ZK_CFG_é names no key of zoo.cfg"),
        (os.fsdecode(b"ZK_CFG_\xff"), "ZK_CFG_\udcff names no key of zoo.cfg"),
        ("ZK_CFG_FILE", "ZK_CFG and ZK_CFG_FILE name no key of zoo.cfg"),
        *[
            (variable_of(key), f"{variable_of(key)}: zoo.cfg's {key} has a variable of its own: set {owner}")
            for key, owner in OWNED_KEYS.items()
        ],
        (
            "ZK_CFG_server_1",
            "ZK_CFG_server_1: zoo.cfg's server.1 is generated: set ZK_REPLICAS and ZK_DOMAIN, or ZK_SERVERS",
        ),
        (
            "ZK_CFG_server_x",
            "ZK_CFG_server_x: zoo.cfg's server.x is generated: set ZK_REPLICAS and ZK_DOMAIN, or ZK_SERVERS",
        ),
        (
            "ZK_CFG_dynamicConfigFile",
            "ZK_CFG_dynamicConfigFile: zoo.cfg's dynamicConfigFile is generated: set ZK_SERVERS, or ZK_RECONFIG=true",
        ),
    ],
    ids=ascii,
)
def test_a_name_that_may_set_no_key_is_refused(name: str, reason: str) -> None:
    """With the variable to use instead, where there is one."""
    env = EnvReader({name: "/some/path"})

    assert extra_keys(env, OWNED_KEYS) == ({}, frozenset())
    assert [*map(str, env.problems)] == [reason]


def test_every_key_that_is_refused_names_a_variable_that_exists() -> None:
    """A hint that leads nowhere is worse than none."""
    assert set(OWNED_KEYS.values()) <= {variable.name for variable in VARIABLES}
    assert OWNED_KEYS.keys() <= KNOWN_KEYS


def test_extra_keys_come_sorted_and_whole() -> None:
    """So that zoo.cfg does not change from start to start; an empty variable counts as unset."""
    env = EnvReader({"ZK_CFG_b": "a=b # c", "ZK_CFG_a": "2", "ZK_CFG_c": "", "ZK_REPLICAS": "3"})

    assert list(extra_keys(env, OWNED_KEYS)[0].items()) == [("a", "2"), ("b", "a=b # c")]
    assert not env.problems


def test_a_value_from_a_file_is_a_secret(tmp_path: Path) -> None:
    """Else nobody would have put it there."""
    (tmp_path / "value").write_text("s3cret\n")
    env = EnvReader({"ZK_CFG_a_FILE": str(tmp_path / "value"), "ZK_CFG_b": "2"})

    assert extra_keys(env, OWNED_KEYS) == ({"a": "s3cret", "b": "2"}, frozenset({"a"}))


@pytest.mark.parametrize("key", ["ssl_keyStore_pasword", "ssl_trustStore_passwrd", "ssl_quorum_keystore_pass__word"])
def test_a_mistyped_secret_is_a_secret(key: str) -> None:
    """The warning says what was meant; the summary must not say the value."""
    env = EnvReader({f"ZK_CFG_{key}": "s3cret"})
    extra, secret_keys = extra_keys(env, OWNED_KEYS)

    assert secret_keys == extra.keys()


@pytest.mark.parametrize(
    "key", ["sasl.jaas.config", "ldap.bindpw", "tls.private.key", "metrics.api.key", "superUserPass"]
)
def test_a_plugins_secret_is_known_by_its_name(key: str) -> None:
    """ZooKeeper passes on what it does not know."""
    assert is_secret(key)


@pytest.mark.parametrize("value", [" a", "a ", "\ta", "a\f", "a\v", "\x01a", "a\x1f"])
def test_a_blank_at_either_end_is_refused(value: str) -> None:
    """ZooKeeper trims it, so it cannot be meant; a secret is not repeated."""
    env = EnvReader({"ZK_CFG_a": value, "ZK_CFG_ssl_keyStore_password": value})
    extra_keys(env, OWNED_KEYS)

    reason = "begins or ends in a blank or a control character, which ZooKeeper would cut off"
    assert [*map(str, env.problems)] == [
        f"ZK_CFG_a={value!r} {reason}",
        f"ZK_CFG_ssl_keyStore_password: its value {reason}",
    ]


def test_the_keys_whose_values_are_secret() -> None:
    """Of all that ZooKeeper knows: passwords and digests, no paths, no counts."""
    assert sorted(key for key in KNOWN_KEYS if is_secret(key)) == [
        "DigestAuthenticationProvider.superDigest",
        "SASLAuthenticationProvider.superPassword",
        "ssl.keyStore.password",
        "ssl.quorum.keyStore.password",
        "ssl.quorum.trustStore.password",
        "ssl.trustStore.password",
    ]


@pytest.mark.parametrize("key", ["myPlugin.PASSWORD", "auth.token", "db.passwd", "clientSecret", "x.passphrase"])
def test_a_key_that_sounds_secret_is(key: str) -> None:
    """Rather one mask too many, for keys nobody knows."""
    assert is_secret(key)


@pytest.mark.parametrize(
    ("key", "nearest"),
    [
        ("autopurge.purgeInteval", "autopurge.purgeInterval"),
        ("clientport", "clientPort"),
        ("4lw.command.whitelist", "4lw.commands.whitelist"),
        ("reconfigenabled", "reconfigEnabled"),
        ("standaloneEnabled", None),
        ("authProvider.sasl", None),
        ("group.1", None),
        ("weight.1", None),
        ("my.own.plugin", None),
    ],
)
def test_a_misspelt_key_is_recognised(key: str, nearest: str | None) -> None:
    """ZooKeeper itself takes any key, and says nothing."""
    assert nearest_key(key) == nearest
