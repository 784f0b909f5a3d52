"""Reads users and passwords from a folder: each file has the name of a user, and holds the password."""

from zkboot.pod.errors import Problems
from zkboot.pod.logins import Logins
from zkboot.pod.moment import OF_THE_KUBELET, read_at_one_moment
from zkboot.pod.reads import list_directory, read_bytes


def read_logins(directory: str, variable: str, problems: Problems) -> Logins | None:
    """Return the users in *directory*.

    Notes what is wrong with them under the *variable* that names the folder, and then returns None. Raises FileError
    where a file cannot be read.
    """
    contents = read_at_one_moment(directory, lambda place: _read(directory, place))
    return Logins.parse(directory, contents, variable, problems)


def _read(directory: str, place: str) -> dict[str, bytes]:
    """Return the content of each file in *place*, by name; messages say *directory*. Raises FileError."""
    found: dict[str, bytes] = {}
    for name in list_directory(place):
        if not name.startswith(OF_THE_KUBELET):
            # None: the kubelet has just removed the file, so all will be read again.
            content = read_bytes(f"{place}/{name}", name=f"{directory}/{name}")
            if content is not None:
                found[name] = content
    return found
