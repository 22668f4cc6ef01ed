"""What a command says when it cannot do its work: one line, and an exit status."""

USAGE, FAILURE = 2, 1
"""The exit statuses: what was asked for is wrong, or it went wrong."""


class Problem(Exception):
    """Ends the command with `error: message` on stderr."""

    def __init__(self, message: str, status: int = USAGE) -> None:
        super().__init__(message)
        self.status = status
