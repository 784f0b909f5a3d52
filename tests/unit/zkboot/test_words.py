"""Four-letter words: real replies, every cut of them, and what no ZooKeeper would say."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zkboot.pod.errors import BootError, NotServingError, ProtocolError, UnreachableError
from zkboot.words import MODES, parse_mntr, parse_ruok, parse_srvr

DATA = Path(__file__).parents[2] / "data" / "zookeeper"
"""Replies as real servers sent them, ``<version>-<role>.<word>``."""

PARSERS = {"ruok": parse_ruok, "srvr": parse_srvr, "mntr": parse_mntr}

NOT_SERVING = b"This ZooKeeper instance is not currently serving requests\n"


def recorded(pattern: str) -> list[Path]:
    """Return the recorded replies whose file name fits *pattern*; an empty list would test nothing."""
    paths = sorted(DATA.glob(pattern))
    assert paths
    return paths


def by_name(value: object) -> str | None:
    """Return the file name as the test's id."""
    return value.name if isinstance(value, Path) else None


# --- real replies ------------------------------------------------------------------------------------


@pytest.mark.parametrize("version", ["3.4.14", "3.9.5"])
@pytest.mark.parametrize("role", ["leader", "follower", "observer", "standalone"])
def test_the_mode_of_a_real_server_is_read(version: str, role: str) -> None:
    """From the oldest to the newest."""
    assert parse_srvr((DATA / f"{version}-{role}.srvr").read_bytes()) == role


def test_the_mode_of_a_read_only_server_is_read() -> None:
    """Its reply has a line more; whether it serves is not decided here."""
    assert parse_srvr((DATA / "3.9.5-read-only.srvr").read_bytes()) == "read-only"


@pytest.mark.parametrize("path", recorded("*-not-whitelisted.srvr"), ids=by_name)
def test_srvr_needs_no_whitelist(path: Path) -> None:
    """It is the one word that every server answers."""
    assert parse_srvr(path.read_bytes()) in MODES


@pytest.mark.parametrize(
    "path", [path for path in recorded("*.ruok") if "not-whitelisted" not in path.name], ids=by_name
)
def test_a_real_server_is_alive_in_every_role(path: Path) -> None:
    """Without a quorum, too."""
    parse_ruok(path.read_bytes())


@pytest.mark.parametrize(
    "path",
    [path for path in recorded("*.mntr") if not path.stem.endswith(("not-whitelisted", "no-quorum"))],
    ids=by_name,
)
def test_every_row_of_a_real_server_is_read(path: Path) -> None:
    """As many as there are lines, none of them changed."""
    reply = path.read_bytes()
    rows = parse_mntr(reply)

    assert "".join(f"{key}\t{value}\n" for key, value in rows).encode() == reply
    assert dict(rows)["zk_version"].startswith(path.name.split("-", maxsplit=1)[0])
    assert dict(rows)["zk_server_state"] in MODES


@pytest.mark.parametrize("path", recorded("*-no-quorum.[sm]*"), ids=by_name)
def test_a_real_server_without_a_quorum_is_not_serving(path: Path) -> None:
    """It says so itself, and the operator shall wait."""
    with pytest.raises(NotServingError) as raised:
        PARSERS[path.suffix[1:]](path.read_bytes(), "zk-0:2181")

    assert str(raised.value) == "zk-0:2181 is not serving requests: it has no quorum, or is still starting"


@pytest.mark.parametrize(
    "path", [path for path in recorded("*-not-whitelisted.*") if path.suffix != ".srvr"], ids=by_name
)
def test_a_word_off_the_whitelist_is_told_with_its_cure(path: Path) -> None:
    """The variable to set stands in the message."""
    word = path.suffix[1:]
    with pytest.raises(ProtocolError) as raised:
        PARSERS[word](path.read_bytes(), "zk-0:2181")

    assert str(raised.value) == (
        f"zk-0:2181 refuses {word}, which its 4lw.commands.whitelist leaves out:"
        " set ZK_CFG_4lw_commands_whitelist='srvr, ruok, mntr' and restart it"
    )


# --- every cut ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", recorded("*.srvr"), ids=by_name)
def test_a_cut_reply_to_srvr_never_shows_another_mode(path: Path) -> None:
    """Before the whole line of the mode is there, no mode is; after it, the right one."""
    reply = path.read_bytes()
    whole = reply.find(b"\n", reply.find(b"Mode: ")) + 1 if b"Mode: " in reply else len(reply)
    for length in range(len(reply)):
        cut = reply[:length]
        if length >= whole:
            assert parse_srvr(cut) == parse_srvr(reply)
        else:
            with pytest.raises((ProtocolError, UnreachableError, NotServingError)):
                parse_srvr(cut)


@pytest.mark.parametrize("path", recorded("3.4.14-*.mntr"), ids=by_name)
def test_a_cut_reply_to_mntr_is_no_reply(path: Path) -> None:
    """A value without its last digits is a wrong value; only a cut between two rows cannot be seen."""
    reply = path.read_bytes()
    for length in range(len(reply)):
        cut = reply[:length]
        if cut.endswith(b"\n"):
            assert parse_mntr(cut) == parse_mntr(reply)[: cut.count(b"\n")]
        else:
            with pytest.raises((ProtocolError, UnreachableError, NotServingError)):
                parse_mntr(cut)


@pytest.mark.parametrize("length", [1, 2, 3])
def test_half_a_word_is_no_sign_of_life(length: int) -> None:
    """Exactly ``imok``, nothing else."""
    with pytest.raises(ProtocolError):
        parse_ruok(b"imok"[:length])


# --- what no ZooKeeper says --------------------------------------------------------------------------


@pytest.mark.parametrize("word", PARSERS)
def test_an_empty_reply_is_a_server_that_hung_up(word: str) -> None:
    """It stops, or has no room for one more connection: wait and ask again."""
    with pytest.raises(UnreachableError) as raised:
        PARSERS[word](b"", "zk-0:2181")

    assert str(raised.value) == (
        f"zk-0:2181 closed the connection without an answer to {word}: it is stopping, or its maxClientCnxns is reached"
    )


@pytest.mark.parametrize(
    "reply",
    [b"imok\n", b" imok", b"imokimok", b"IMOK", b"imok\0", b"HTTP/1.1 400 Bad Request\r\n\r\n", b"\xff\xfe\x1b[2J"],
    ids=["newline", "blank", "twice", "capitals", "nul", "http", "bytes"],
)
def test_another_answer_to_ruok_is_no_zookeeper(reply: bytes) -> None:
    """The message shows what came, escaped."""
    with pytest.raises(ProtocolError) as raised:
        parse_ruok(reply, "zk-0:2181")

    assert str(raised.value).startswith("zk-0:2181 answered ruok with '")
    assert str(raised.value).isprintable()


@pytest.mark.parametrize(
    "reply",
    [
        b"imok",
        b"Mode: leader",
        b"Mode: \n",
        b"Mode: Leader\n",
        b"Mode: leader \n",
        b"mode: leader\n",
        b" Mode: leader\n",
        b"Mode: leader\r\n",
        b"Mode: leader\nMode: follower\n",
        b"Mode: lead\xff\n",
        b"\n",
        b"HTTP/1.1 400 Bad Request\r\n\r\n",
    ],
    ids=repr,
)
def test_a_reply_to_srvr_without_one_clear_mode_is_refused(reply: bytes) -> None:
    """To guess could send clients to a server that is none."""
    with pytest.raises(ProtocolError, match=r"^zk-0:2181 answered srvr with"):
        parse_srvr(reply, "zk-0:2181")


@pytest.mark.parametrize(
    "reply",
    [
        b"zk_version",
        b"zk_version\n",
        b"zk_a\t1\nzk_b 2\n",
        b"zk_a\t1\n\n",
        b"\t1\n",
        b"imok",
        b"<html>\n",
        b"zk_a\t1\nzk_b\t",
    ],
    ids=repr,
)
def test_a_reply_to_mntr_with_a_line_that_is_no_row_is_refused(reply: bytes) -> None:
    """A dump with a hole is no dump."""
    with pytest.raises(ProtocolError, match=r"^zk-0:2181 answered mntr with"):
        parse_mntr(reply, "zk-0:2181")


@pytest.mark.parametrize(
    ("reply", "rows"),
    [
        (b"zk_a\t1\n", [("zk_a", "1")]),
        (b"zk_a\t\n", [("zk_a", "")]),
        (b"zk_a\tb\tc\n", [("zk_a", "b\tc")]),
        (b"zk_a\t1\nzk_a\t2\n", [("zk_a", "1"), ("zk_a", "2")]),
        (b'zk_x{quantile="0.5"}\tNaN\n', [('zk_x{quantile="0.5"}', "NaN")]),
        (b"zk_\xc3\xa4\t\xff\n", [("zk_ä", "\\xff")]),
    ],
    ids=["row", "empty-value", "tab-in-value", "twice", "labels", "no-utf-8"],
)
def test_a_row_is_kept_as_sent(reply: bytes, rows: list[tuple[str, str]]) -> None:
    """What is not understood here is still passed on."""
    assert parse_mntr(reply) == rows


def test_the_not_serving_line_of_an_older_kind_has_no_newline() -> None:
    """``hash`` sends it so; it means the same."""
    with pytest.raises(NotServingError):
        parse_srvr(NOT_SERVING.removesuffix(b"\n"))


def test_the_refusal_of_another_word_is_no_refusal_of_this_one() -> None:
    """Then the reply is not to this question at all."""
    with pytest.raises(ProtocolError, match="answered ruok with"):
        parse_ruok(b"mntr is not executed because it is not in the whitelist.\n")


@pytest.mark.parametrize("word", PARSERS)
@given(reply=st.binary(max_size=400))
def test_any_bytes_get_a_verdict_in_one_line(word: str, reply: bytes) -> None:
    """No traceback, no control character, no flood."""
    try:
        PARSERS[word](reply, "zk-0:2181")
    except BootError as error:
        (problem,) = error.problems
        assert problem.isprintable()
        assert len(problem) < 260


@given(
    st.lists(
        st.tuples(
            st.text(st.characters(exclude_characters="\t\n", codec="utf-8"), min_size=1),
            st.text(st.characters(exclude_characters="\n", codec="utf-8")),
        ),
        min_size=1,
    )
)
def test_rows_survive_the_wire(rows: list[tuple[str, str]]) -> None:
    """Whatever a server may put into them."""
    reply = "".join(f"{key}\t{value}\n" for key, value in rows).encode()

    assert parse_mntr(reply) == rows


@pytest.mark.parametrize(
    "reply", [b"", NOT_SERVING, b"srvr is not executed because it is not in the whitelist.\n", b"Mode: lost\n", b"HTTP"]
)
def test_a_reason_does_not_repeat_the_server(reply: bytes) -> None:
    """In a table of servers its address has a column of its own."""
    with pytest.raises(BootError) as raised:
        parse_srvr(reply, "zk-0:2181")

    assert "zk-0:2181" in str(raised.value)
    assert "zk-0:2181" not in raised.value.reason
