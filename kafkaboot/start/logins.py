"""Who may log in at a node: the users of the mounted folder, and as which of them the node itself logs in."""

from kafkaboot.config.sasl import user_problems, version_problems
from kafkaboot.config.settings import Settings
from kafkaboot.values.knobs import SASL_DIR
from kafkaboot.values.version import Version
from zkboot.pod.errors import Problems
from zkboot.pod.login_files import read_logins
from zkboot.pod.logins import Logins


def find_logins(problems: Problems, settings: Settings, version: Version | None, mode: str | None) -> Logins | None:
    """Return who may log in; None where nobody has to log in, or where the users are wrong, which is noted.

    Raises FileError where a file cannot be read.
    """
    if settings.sasl_dir is None or version is None:
        return None
    for problem in version_problems(settings, version, mode):
        problems.note(problem)
    logins = read_logins(settings.sasl_dir, SASL_DIR.name, problems)
    if logins is None:
        return None
    scope = problems.scope()
    for problem in user_problems(settings, logins):
        problems.note(problem)
    return None if scope else logins
