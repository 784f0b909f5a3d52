"""Whatever bytes are mounted, they are read or refused with a reason."""

from hypothesis import given
from hypothesis import strategies as st

from tests.certificates import Authority
from zkboot.pod.errors import Problems
from zkboot.pod.tls import pem
from zkboot.pod.tls.identity import Identity
from zkboot.pod.tls.mounted import Mounted

ROOT = Authority("root")
ISSUED = ROOT.issue("zk-0")
LABELS = st.sampled_from(["CERTIFICATE", "PRIVATE KEY", "RSA PRIVATE KEY", "EC PRIVATE KEY", "EC PARAMETERS"])
CERTIFICATE, KEY = (pem.blocks(text)[0].der for text in (ISSUED.tls_crt, ISSUED.tls_key()))


@st.composite
def damaged(draw: st.DrawFn) -> bytes:
    """Return something in DER with a few bytes of it changed, cut off, or doubled."""
    content = bytearray(draw(st.sampled_from([CERTIFICATE, KEY, b""])))
    for _ in range(draw(st.integers(0, 3))):
        at = draw(st.integers(0, len(content)))
        content[at : at + draw(st.integers(0, 2))] = draw(st.binary(max_size=3))
    return bytes(content)


TEXTS = st.one_of(st.binary(max_size=40), st.builds(pem.encode, LABELS, damaged()))


@given(chain=TEXTS, key=TEXTS, authorities=TEXTS)
def test_what_is_mounted_is_read_or_refused(chain: bytes, key: bytes, authorities: bytes) -> None:
    """Nothing else comes of it than one or the other."""
    problems = Problems()
    mounted = Mounted(directory="/tls", chain=chain, key=key, authorities=authorities)
    found = Identity.parse(mounted, "ZK_TLS_DIR", problems)

    assert (found is None) == bool(problems)
