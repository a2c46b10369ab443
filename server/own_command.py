"""What to type to start this program again: what people are told to type next has to work where they are."""

import contextlib
import os
import shlex
import shutil
import sysconfig
from pathlib import Path

OF_MAKE = ".venv/bin/hereabouts"
"""Where `make` installs it; who starts it so has a Makefile at hand, with shorter commands."""


def own_command() -> str:
    """Return the `hereabouts` that belongs to this very program, as short as it can be typed here."""
    program = Path(sysconfig.get_path("scripts"), "hereabouts")
    found = shutil.which(program.name)
    # Installed for one user alone, it is not where all others' programs are.
    if found is not None and (not program.exists() or Path(found).resolve() == program.resolve()):
        return program.name
    with contextlib.suppress(OSError):  # a server may be started in a folder that is gone by now
        if program.is_relative_to(Path.cwd()):
            return shlex.quote(os.path.relpath(program))
    return shlex.quote(str(program))
