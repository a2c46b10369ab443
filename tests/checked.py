"""`hereabouts check` as a test runs it: on any free port, and without a socket of the machine's."""

from click.testing import CliRunner

from server.cli import main

STRONG = bytes(range(32)).hex()


def run(*arguments: str, **environ: str) -> tuple[int, str]:
    runner = CliRunner(env={"XDG_RUNTIME_DIR": "", **environ})
    result = runner.invoke(main, ["check", "--port", "0", *arguments])
    return result.exit_code, result.output
