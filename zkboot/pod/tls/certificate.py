"""What a certificate says of itself: dates, names, number (RFC 5280). Whether that is true, a handshake decides."""

from dataclasses import dataclass
from datetime import UTC, datetime

from zkboot.pod.tls import der, pem
from zkboot.pod.tls.der import Value

_ALTERNATIVE_NAMES, _KEY_USAGE = bytes.fromhex("551d11"), bytes.fromhex("551d0f")
_DIGITAL_SIGNATURE = 0x80
"""The first bit of a key's usages."""

_DNS_NAME, _IP_ADDRESS = 0x82, 0x87
_UTC_TIME = 0x17


@dataclass(frozen=True, slots=True, kw_only=True)
class Certificate:
    """One certificate."""

    der: bytes
    serial: int
    subject: bytes
    """Its distinguished name, as it is encoded."""
    issuer: bytes
    """The name of who signed it."""
    algorithm: Value
    """Of its key: the kind and, of one on a curve, which curve."""
    signs_handshakes: bool
    """Whether its key may sign a handshake, as nearly all of them want it (``digitalSignature``)."""
    not_before: datetime
    not_after: datetime
    names: tuple[str, ...]
    """DNS names and addresses that it is for."""

    @classmethod
    def parse(cls, data: bytes) -> "Certificate":
        """Return what *data*, in DER, says. Raises ValueError where it is no certificate."""
        try:
            fields = der.value(data, der.SEQUENCE).parts()[0].parts()
            if fields[0].tag == der.context(0):
                # The version, which only version 1 does not say.
                del fields[0]
            serial, _, issuer, validity, subject, key = fields[:6]
            not_before, not_after = map(_time, validity.parts())
            extensions = dict(
                _extension(one)
                for field in fields[6:]
                if field.tag == der.context(3)
                for one in field.parts()[0].parts()
            )
            names = tuple(_names(extensions.get(_ALTERNATIVE_NAMES)))
            signs = _signs(extensions.get(_KEY_USAGE))
            algorithm = key.parts()[0]
        except (IndexError, ValueError):
            raise ValueError("holds something that is no certificate") from None
        return cls(
            der=data,
            serial=int.from_bytes(serial.content),
            subject=subject.encoded,
            issuer=issuer.encoded,
            algorithm=algorithm,
            signs_handshakes=signs,
            not_before=not_before,
            not_after=not_after,
            names=names,
        )


def parse_certificates(text: bytes) -> tuple[Certificate, ...]:
    """Return the certificates in *text*, which is PEM, in their order; raises ValueError with the reason."""
    # Older tools write X509 CERTIFICATE.
    found = tuple(Certificate.parse(block.der) for block in pem.blocks(text) if block.label.endswith(pem.CERTIFICATE))
    if not found:
        raise ValueError("holds no certificate in PEM")
    return found


def _time(value: der.Value) -> datetime:
    text = value.content.decode("ascii")
    if value.tag == _UTC_TIME:
        # Two digits: 50 and above are of the last century (RFC 5280, 4.1.2.5.1).
        text = ("19" if text >= "50" else "20") + text
    return datetime.strptime(text, "%Y%m%d%H%M%SZ").replace(tzinfo=UTC)


def _extension(extension: der.Value) -> tuple[bytes, bytes]:
    identifier, *_, octets = extension.parts()
    return identifier.content, octets.content


def _names(extension: bytes | None) -> list[str]:
    names: list[str] = []
    for name in [] if extension is None else der.value(extension, der.SEQUENCE).parts():
        if name.tag == _DNS_NAME:
            names.append(name.content.decode("ascii"))
        elif name.tag == _IP_ADDRESS:
            names.append(_address(name.content))
    return names


def _signs(extension: bytes | None) -> bool:
    # A certificate that lists no usages may be used for all. The first byte says how many bits of the last are unused.
    return extension is None or bool(der.value(extension, der.BIT_STRING).content[1] & _DIGITAL_SIGNATURE)


def _address(packed: bytes) -> str:
    import ipaddress

    return str(ipaddress.ip_address(packed))
