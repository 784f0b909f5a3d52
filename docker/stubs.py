"""Writes one start script for each console command of an installed wheel: `stubs.py LIBRARY BIN PREFIX...`.

pip's own scripts start the interpreter with `site`, which costs a probe more than the probe itself. These start it with
-I (no PYTHON* variable, no user directory) and -S (no site), and name the one directory that holds the packages. Only
commands whose names begin with a PREFIX are written. Runs while an image is built.
"""

import sys
from importlib.metadata import distributions
from pathlib import Path

STUB = """\
#!/usr/bin/python3 -IS
import sys
{first}sys.path.insert(0, "{library}")
from {module} import {function}
sys.exit({function}())
"""

END_ON_SIGTERM = """\
import _signal, posix
_signal.signal(15, lambda *_: posix._exit(143))
"""
"""Process 1 ignores a signal that it has no handler for, and a command that starts a server imports for long."""


def main() -> None:
    """Write the scripts that the command line asks for."""
    library, folder, *prefixes = sys.argv[1:]
    for distribution in distributions(name="zk-kafka-boot", path=[library]):
        for command in distribution.entry_points.select(group="console_scripts"):
            if command.name.startswith(tuple(prefixes)):
                module, _, function = command.value.partition(":")
                first = END_ON_SIGTERM if module.endswith(".cli") else ""
                script = Path(folder, command.name)
                script.write_text(
                    STUB.format(first=first, library=library, module=module, function=function), encoding="utf-8"
                )
                script.chmod(0o755)


if __name__ == "__main__":
    main()
