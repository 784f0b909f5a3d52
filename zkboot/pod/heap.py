"""The JVM's heap, as an operator says it and as ``-Xmx`` takes it."""

from dataclasses import dataclass

from zkboot.pod.variables import Variable

_KIB = 1024
_UNITS = {"k": _KIB, "m": _KIB**2, "g": _KIB**3, "K": _KIB, "M": _KIB**2, "G": _KIB**3}

LARGEST_HEAP = 16 * _KIB**4
"""More memory than any machine has: a larger heap is a slip of the finger."""

SMALLEST_HEAP = 2049 * _KIB
"""``java``'s manual, ``-Xmx``: "greater than 2 MB", in whole kilobytes; with 2 MB a JVM of Java 17 does not start."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Heap:
    """The JVM's heap: a fixed size as Java spells it, or a share of the container's memory limit."""

    size: str | None = None
    """As ``-Xmx`` takes it; None for a share."""
    percent: int | None = None
    """Share of the memory limit, 1..100; None for a fixed size."""

    @property
    def fixed_bytes(self) -> int | None:
        """The fixed size in bytes; None for a share."""
        return None if self.size is None else int(self.size[:-1]) * _UNITS[self.size[-1]]

    def within(self, limit: int) -> str:
        """Return the size as ``-Xmx`` takes it where the container may use *limit* bytes."""
        if self.percent is None:
            return str(self.size)
        return f"{limit * self.percent // 100 // _KIB}k"

    def __str__(self) -> str:
        """Return the heap as the operator would type it."""
        return f"{self.percent}%" if self.size is None else self.size


class HeapSize(Variable[Heap]):
    """A heap size."""

    allowed = "<digits>[kKmMgG] in 2049k..16384G, or a share of the memory limit, 1%..100%"

    def parse(self, text: str) -> Heap:
        digits, unit = text[:-1], text[-1:]
        if not digits.isascii() or not digits.isdigit() or len(digits) > 9:
            raise ValueError(f"is not {self.allowed}")
        number = int(digits)
        if unit == "%" and 1 <= number <= 100:
            return Heap(percent=number)
        if SMALLEST_HEAP <= number * _UNITS.get(unit, 0) <= LARGEST_HEAP:
            return Heap(size=text)
        raise ValueError(f"is not {self.allowed}")
