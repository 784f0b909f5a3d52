"""Who this pod is: its name taken apart, and where name and domain come from."""

import os
from pathlib import Path

import pytest

from zkboot.pod.environ import EnvReader
from zkboot.pod.errors import IdentityError
from zkboot.pod.identity import Host, PodIdentity, find_identity, is_domain, is_label
from zkboot.pod.variables import Text

DOMAIN = Text("ZK_DOMAIN", None, "")
SERVICE = "zk-svc.default.svc.cluster.local"


def host(name: str = "node-7.example.org", domain: str = "") -> Host:
    """Return a machine that says *name* and *domain* of itself."""
    return Host(name=lambda: name, domain=lambda: domain)


def found(environ: dict[str, str], on: Host) -> tuple[str, str | None]:
    """Return the pod's name and domain as *environ* and the machine *on* say them, no problem noted."""
    env = EnvReader(environ)
    identity = find_identity(env, DOMAIN, on)

    assert not env.problems
    return identity.pod_name, identity.domain


@pytest.mark.parametrize(
    ("pod_name", "statefulset", "ordinal"),
    [
        ("zk-0", "zk", 0),
        ("zk-10", "zk", 10),
        ("my-zk-1", "my-zk", 1),
        ("a-1-2", "a-1", 2),
        ("1-2", "1", 2),
        ("ZK-3", "ZK", 3),
        ("zk-2.zk-svc.default", "zk", 2),
        ("zk-2147483646", "zk", 2147483646),
        ("z" * 61 + "-0", "z" * 61, 0),
    ],
)
def test_a_pod_name_is_a_statefulset_and_an_ordinal(pod_name: str, statefulset: str, ordinal: int) -> None:
    """The last dash divides; what follows a dot is no part of the name."""
    identity = PodIdentity.parse(pod_name)

    assert (identity.statefulset, identity.ordinal) == (statefulset, ordinal)
    assert identity.pod_name == pod_name.partition(".")[0]


@pytest.mark.parametrize(
    ("pod_name", "reason"),
    [
        ("", "is not <statefulset>-<ordinal>"),
        ("zk", "is not <statefulset>-<ordinal>"),
        ("zk-", "is not <statefulset>-<ordinal>"),
        ("-0", "is not <statefulset>-<ordinal>"),
        ("zk0", "is not <statefulset>-<ordinal>"),
        ("zk-a", "is not <statefulset>-<ordinal>"),
        ("zk-0a", "is not <statefulset>-<ordinal>"),
        ("zk-0 ", "is not <statefulset>-<ordinal>"),
        ("zk-0\n", "is not <statefulset>-<ordinal>"),
        ("zk-\n0", "is not <statefulset>-<ordinal>"),
        ("zk-+1", "is not <statefulset>-<ordinal>"),
        ("zk-1_0", "is not <statefulset>-<ordinal>"),
        ("zk-\u0663", "is not <statefulset>-<ordinal>"),
        ("zk-\uff13", "is not <statefulset>-<ordinal>"),
        ("zk-²", "is not <statefulset>-<ordinal>"),
        ("zk\u20100", "is not <statefulset>-<ordinal>"),
        ("zk.svc-0", "is not <statefulset>-<ordinal>"),
        (".zk-0", "is not <statefulset>-<ordinal>"),
        (os.fsdecode(b"zk-\xff"), "is not <statefulset>-<ordinal>"),
        ("zk--1", "'zk-' is no StatefulSet's name"),
        ("-zk-1", "'-zk' is no StatefulSet's name"),
        ("z_k-1", "'z_k' is no StatefulSet's name"),
        ("zk -1", "'zk ' is no StatefulSet's name"),
        ("zk/../etc-1", "'zk/' is no StatefulSet's name"),
        ("zké-1", "'zké' is no StatefulSet's name"),
        (os.fsdecode(b"z\xffk-1"), "is no StatefulSet's name"),
        ("zk-08", "the ordinal '08' has a leading zero"),
        ("zk-00", "the ordinal '00' has a leading zero"),
        ("zk-010", "the ordinal '010' has a leading zero"),
        ("zk-2147483647", "the ordinal 2147483647 is too large"),
        ("zk-" + "9" * 5000, "is too large"),
        ("z" * 62 + "-0", "64 characters are more than the 63 of a host name"),
    ],
    ids=ascii,
)
def test_a_name_without_a_canonical_ordinal_is_refused(pod_name: str, reason: str) -> None:
    """A shell would take 08 for octal, Python for eight: it is refused rather than guessed."""
    if pod_name.startswith("zk/"):
        reason = "is not <statefulset>-<ordinal>"
    with pytest.raises(IdentityError) as caught:
        PodIdentity.parse(pod_name, source="POD_NAME")

    (problem,) = caught.value.problems
    assert reason in problem
    assert problem.startswith(f"POD_NAME {pod_name!r}")
    assert problem.endswith(": set POD_NAME")


def test_peers_share_the_domain() -> None:
    """The governing service names every pod of the set."""
    identity = PodIdentity.parse("my-zk-1", SERVICE)

    assert identity.fqdn == f"my-zk-1.{SERVICE}"
    assert identity.peer(0) == f"my-zk-0.{SERVICE}"


def test_without_a_domain_a_pod_is_called_by_its_bare_name() -> None:
    """Good enough for a single server."""
    assert PodIdentity.parse("zk-0").fqdn == "zk-0"


@pytest.mark.parametrize(
    ("environ", "on", "pod_name"),
    [
        ({"POD_NAME": "zk-1", "HOSTNAME": "zk-2"}, host("zk-3"), "zk-1"),
        ({"HOSTNAME": "zk-2"}, host("zk-3"), "zk-2"),
        ({"POD_NAME": "", "HOSTNAME": ""}, host("zk-3"), "zk-3"),
    ],
    ids=["POD_NAME", "HOSTNAME", "the host"],
)
def test_the_pod_name_comes_from_the_first_that_says_one(environ: dict[str, str], on: Host, pod_name: str) -> None:
    """POD_NAME, else HOSTNAME, else the host's own name."""
    assert found(environ, on)[0] == pod_name


@pytest.mark.parametrize(
    ("environ", "on", "domain"),
    [
        ({"POD_NAME": "zk-0.a", "ZK_DOMAIN": "b"}, host("zk-0.c", "d"), "b"),
        ({"POD_NAME": "zk-0.a"}, host("zk-0.c", "d"), "a"),
        ({"POD_NAME": "zk-0"}, host("zk-0", "d"), "d"),
        ({"POD_NAME": "zk-0"}, host("zk-0.c", "d"), "d"),
        ({}, host("zk-0.c", "d"), "c"),
        ({"POD_NAME": "zk-0"}, host("zk-0", ""), None),
        ({"POD_NAME": "zk-0"}, host("zk-1", "d"), None),
        ({"POD_NAME": "zk-0"}, host("node-7", "example.org"), None),
        ({"POD_NAME": "zk-0."}, host("node-7", "example.org"), None),
        ({"POD_NAME": "zk-0", "ZK_DOMAIN": SERVICE + "."}, host(), SERVICE),
    ],
    ids=[
        "variable",
        "pod name",
        "host",
        "host's domain, not its name",
        "host's name",
        "nobody",
        "another pod's host",
        "hostNetwork: the node is not the pod",
        "pod name that ends in a dot",
        "a root dot is cut",
    ],
)
def test_the_domain_comes_from_the_first_that_knows_one(environ: dict[str, str], on: Host, domain: str | None) -> None:
    """The variable, else the pod's own name, else the host, but only where the host is the pod."""
    assert found(environ, on)[1] == domain


def test_the_host_is_asked_for_its_domain_only_where_that_matters() -> None:
    """A DNS question may take seconds."""

    def asked() -> str:
        raise AssertionError("asked for the domain")

    found({"POD_NAME": "zk-0", "ZK_DOMAIN": "a"}, Host(name=lambda: "zk-0", domain=asked))
    found({"POD_NAME": "zk-0"}, Host(name=lambda: "node-7", domain=asked))


@pytest.mark.parametrize("domain", ["a b", "a..b", "-a", "a_b", "a,b:1", "é.org", "a/b", "x" * 64, "a." * 127, "[::1]"])
def test_a_domain_that_is_none_is_a_problem(domain: str) -> None:
    """It would end up in every server line."""
    env = EnvReader({"POD_NAME": "zk-0", "ZK_DOMAIN": domain})

    find_identity(env, DOMAIN, host())

    (problem,) = map(str, env.problems)
    assert problem.startswith("ZK_DOMAIN=")
    assert problem.endswith("is not a DNS domain: set ZK_DOMAIN")


def test_a_bad_domain_of_the_pods_name_is_told_as_such() -> None:
    """Nobody set ZK_DOMAIN, so it is not to blame."""
    env = EnvReader({"POD_NAME": "zk-0.a_b"})
    find_identity(env, DOMAIN, host())

    assert [*map(str, env.problems)] == ["POD_NAME='zk-0.a_b': its domain 'a_b' is not a DNS domain: set ZK_DOMAIN"]


@pytest.mark.parametrize("variable", ["POD_NAME", "HOSTNAME"])
def test_a_name_that_cannot_be_read_makes_nobody_else_of_the_pod(variable: str, tmp_path: Path) -> None:
    """A broken POD_NAME is an error, not a reason to look at HOSTNAME."""
    for environ in ({variable: "zk-0\n"}, {f"{variable}_FILE": str(tmp_path / "nowhere")}):
        env = EnvReader({"HOSTNAME": "zk-1", **environ} if variable == "POD_NAME" else environ)

        with pytest.raises(IdentityError, match=variable):
            find_identity(env, DOMAIN, host("zk-2"))
        assert len([*env.problems]) == 1


def test_a_pod_name_can_be_read_from_a_file(tmp_path: Path) -> None:
    """The downward API can mount it, newline and all."""
    (tmp_path / "name").write_text("zk-4\n")

    assert found({"POD_NAME_FILE": str(tmp_path / "name")}, host())[0] == "zk-4"


@pytest.mark.parametrize("text", ["a", "A1", "a-b", "0", "x" * 63])
def test_a_label_is_letters_digits_and_inner_dashes(text: str) -> None:
    """RFC 1035, in any case."""
    assert is_label(text)


@pytest.mark.parametrize("text", ["", "-a", "a-", "-", "a_b", "a.b", "é", "a\n", "x" * 64, "²"])
def test_anything_else_is_no_label(text: str) -> None:
    """A label that resolves nowhere would only fail later."""
    assert not is_label(text)


def test_a_domain_has_253_characters_at_most() -> None:
    """Longer names cannot be asked for."""
    longest = ".".join(["x" * 63] * 3 + ["x" * 61])

    assert is_domain(longest)
    assert not is_domain(longest + "x")
    assert not is_domain("")
