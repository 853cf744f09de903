"""Settings of a served page, and their checks."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from iterable_api.serving.listening import is_loopback

PASSWORD_VARIABLE: Final = "ITERABLE_RUNS_PASSWORD"  # noqa: S105 (a variable's name)
_LEAST_LENGTH: Final = 12


class PageSettingError(ValueError):
    """A setting that the page refuses. The text begins with its name and holds no secret."""


@dataclass(frozen=True)
class PageSettings:
    """How the page is served; `iterable-runs serve --help` says what each setting means.

    Attributes:
        password: None where only this machine may look.
    """

    host: str = "127.0.0.1"
    port: int = 8090
    password: str | None = None
    certfile: Path | None = None
    keyfile: Path | None = None

    def check(self) -> None:
        """Return if the page can be served like this.

        Raises:
            PageSettingError: with the first setting that is wrong.
        """
        if self.password is not None and len(self.password) < _LEAST_LENGTH:
            raise PageSettingError(f"The password is shorter than {_LEAST_LENGTH} characters.")
        if self.password is None and not is_loopback(self.host):
            raise PageSettingError(
                f"`host` is {self.host!r}, which others can reach, so the page wants a password: set "
                f"{PASSWORD_VARIABLE}, or `password-file`."
            )
        if self.keyfile and not self.certfile:
            raise PageSettingError("`keyfile` is set, and `certfile` is not.")
        for name, path in (("certfile", self.certfile), ("keyfile", self.keyfile)):
            if path and not path.is_file():
                raise PageSettingError(f"`{name}` names no file: {str(path)!r}.")

    @property
    def is_readable_on_the_way(self) -> bool:
        """Whether the password and the pages travel through a network without encryption."""
        return self.certfile is None and not is_loopback(self.host)


def read_password(file: Path | None, environment: Mapping[str, str]) -> str | None:
    """The password: from a file, if one is named, else from `PASSWORD_VARIABLE`; None if there is none.

    Raises:
        PageSettingError: if the file cannot be read, or is empty.
    """
    if file is None:
        return environment.get(PASSWORD_VARIABLE) or None
    try:
        password = file.read_text("utf-8").strip()
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8"
        raise PageSettingError(f"`password-file` cannot be read: {reason}.") from None
    if not password:
        raise PageSettingError("`password-file` is empty.")
    return password
