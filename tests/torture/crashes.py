"""kill -9 at random moments, and two generators at once: never a torn file, a wrong mode, or anything left over."""

import random
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from tests.torture.campaign import Campaign, Run
from tests.torture.generators import Content, Generator, kafka, zookeeper
from zkboot.pod.rendered import PRIVATE

_LONGEST_MS = 110
"""A little more than a generator takes, so that the kill falls anywhere in it, behind its end included."""


def kills(generator: Generator, count: int, chance: random.Random) -> str:
    """Kill the generator *count* times and return the campaign's line; AssertionError at the first fault."""
    wholes = [generator.finish(which) for which in (0, 1)]
    killed = 0
    for at in range(count):
        process = generator.start(at % 2)
        time.sleep(chance.uniform(0, _LONGEST_MS) / 1000)
        process.kill()
        process.communicate()
        killed += process.returncode != 0
        for fault in faults(generator.content(), wholes):
            raise AssertionError(f"{generator.name}, kill {at}: {fault}")
        if at % 10 == 9:
            left = sorted(set(generator.finish(at % 2)) ^ set(wholes[at % 2]))
            if left:
                raise AssertionError(f"{generator.name}, kill {at}: the next start left {left}")
    return f"crashes: {generator.name} {count} kills ({killed} before its end), 0 torn, 0 wrong modes, 0 left over"


def pairs(generator: Generator, count: int) -> str:
    """Run two at once *count* times and return the campaign's line; AssertionError where there is no whole winner."""
    wholes = [generator.finish(which) for which in (0, 1)]
    for at in range(count):
        for process in [generator.start(which) for which in (0, 1)]:
            process.communicate()
            if process.returncode != 0:
                raise AssertionError(f"{generator.name}, pair {at}: status {process.returncode}")
        found = generator.content()
        if not any(found.keys() == whole.keys() and all(_is(found[n], whole[n]) for n in whole) for whole in wholes):
            raise AssertionError(f"{generator.name}, pair {at}: the files are a mixture of two starts")
    return f"pairs: {generator.name} {count} pairs, each with one whole winner"


def _is(found: tuple[int, bytes], whole: tuple[int, bytes]) -> bool:
    """Return whether one file is another, mode and bytes; one that held a secret before may stay private."""
    return found[1] == whole[1] and found[0] in (whole[0], PRIVATE)


def faults(found: Content, wholes: list[Content]) -> Iterator[str]:
    """Yield what is wrong with *found*: every file must be, mode and bytes, as one of *wholes* has it."""
    names = set(wholes[0]) | set(wholes[1])
    for name, (mode, content) in found.items():
        if name not in names:
            if name.startswith(".") and name.endswith(".zkboot-tmp"):
                if mode & 0o077:
                    # A temporary file gets its final mode before its final name; only a public file may be public.
                    public = any(whole[target][0] & 0o077 for whole in wholes for target in whole if target in name)
                    if not public:
                        yield f"{name} is readable by others"
                continue
            yield f"{name} has nothing to do here"
        elif not any(_is((mode, content), whole[name]) for whole in wholes if name in whole):
            yield f"{name} (mode {mode:o}) is neither the old file nor the new one"
    for name in sorted(names - set(found)):
        yield f"{name} is missing"


def _killing(generator: Callable[[Path], Generator]) -> Run:
    return lambda count, chance, scratch: kills(generator(scratch), count, chance)


def _pairing(generator: Callable[[Path], Generator]) -> Run:
    return lambda count, _, scratch: pairs(generator(scratch), count)


CAMPAIGNS = (
    Campaign(name="kills-zookeeper", short=40, long=500, run=_killing(zookeeper)),
    Campaign(name="kills-kafka", short=40, long=500, run=_killing(kafka)),
    Campaign(name="pairs-zookeeper", short=20, long=100, run=_pairing(zookeeper)),
    Campaign(name="pairs-kafka", short=20, long=100, run=_pairing(kafka)),
)
