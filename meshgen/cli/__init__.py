"""The command line. Commands are imported when they run, so that `meshgen --version` is as quick as click."""

from __future__ import annotations

TYPE_CHECKING = False  # `typing` takes a while, in which an interrupt would end in a traceback
if TYPE_CHECKING:
    from collections.abc import Sequence


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs meshgen and returns its exit code: 0 fine, 1 findings or drift, 2 usage, disk or internal.

    `arguments` are those of the process without a value; then signals end it, with 128 and their number. Nothing is
    raised, whatever happens inside.
    """
    try:
        if arguments is None:
            from meshgen import interrupts
            from meshgen.cli import streams

            interrupts.install()
            streams.stand()
        from meshgen.cli.errors import guarded

        return guarded(arguments)
    except KeyboardInterrupt:
        from meshgen import interrupts
        from meshgen.cli import streams

        streams.say(interrupts.SAID)
        return interrupts.code()
