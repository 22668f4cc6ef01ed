"""What became of a request, for dependencies that commit or roll back when they are closed."""

from dataclasses import dataclass


@dataclass(slots=True)
class Outcome:
    """Ask for one in a `yield` dependency and read it after the `yield`.

    `status_code` is the status of the response, None while there is none; `exception` is what the endpoint or a
    dependency raised, None if nothing was.
    """

    status_code: int | None = None
    exception: BaseException | None = None

    @property
    def ok(self) -> bool:
        """Whether nothing was raised and the status, if known, is below 400."""
        return self.exception is None and (self.status_code is None or self.status_code < 400)
