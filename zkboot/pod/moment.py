"""Reads all files of a mounted Secret as they were at one moment: an old file and a new one need not belong together.

Where a Secret changes, the kubelet writes a new folder, and then points the link ``..data`` to it; the files that a pod
sees are links through ``..data``. So that link is followed once, and all files are read from the folder behind it.
"""

import os
from collections.abc import Callable
from typing import TypeVar

from zkboot.pod.errors import FileError

T = TypeVar("T")

OF_THE_KUBELET = ".."
"""How the names of the kubelet's own folders and links begin."""

_DATA = "..data"
_TRIES = 3


def read_at_one_moment(directory: str, read: Callable[[str], T]) -> T:
    """Return what *read* returns for the folder where the files of the mounted *directory* really are.

    Where the kubelet has replaced the files meanwhile, *read* is called again. Raises FileError as *read* does.
    """
    for _ in range(_TRIES - 1):
        place = _place(directory)
        try:
            found = read(place)
        except FileError:
            if place == _place(directory):
                raise
        else:
            # After a change *found* may lack files that were just being removed.
            if place == _place(directory):
                return found
        # The kubelet has replaced the folder meanwhile, so the new one is read.
    return read(_place(directory))


def _place(directory: str) -> str:
    """Return where the files of *directory* really are."""
    return os.path.realpath(f"{directory}/{_DATA}" if os.path.lexists(f"{directory}/{_DATA}") else directory)
