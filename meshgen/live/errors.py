"""What keeps a cluster from being read: each failure with its code and what to do about it."""

from __future__ import annotations

from typing import ClassVar

from meshgen.diagnostics import Diagnostic, diagnose


class LiveError(Exception):
    """The cluster cannot be read. `message` stands alone, `help` is one sentence."""

    code: ClassVar[str]

    def __init__(self, message: str, help: str) -> None:  # noqa: A002 - as in `Diagnostic`
        super().__init__(message)
        self.message = message
        self.help = help

    def diagnostic(self, cluster: str) -> Diagnostic:
        """The failure as a finding about `cluster`, the name in the fleet."""
        return diagnose(self.code, self.message, help=self.help, object=f"cluster/{cluster}")


class MissingLibraryError(LiveError):
    """The extra `live` is not installed."""

    code = "MG740"


class KubeconfigError(LiveError):
    """There is no such kubeconfig or context, or it says something that cannot be used."""

    code = "MG741"


class CredentialsError(LiveError):
    """The API server does not know who asks (401), or the credential plugin gave nothing."""

    code = "MG742"


class UnreachableError(LiveError):
    """The API server does not answer, or not in time."""

    code = "MG743"


class TLSError(LiveError):
    """One of the two does not trust the other's certificate."""

    code = "MG744"


class ForbiddenError(LiveError):
    """The user may not read something (403); `why` is the server's message."""

    code = "MG745"

    def __init__(self, path: str, why: str) -> None:
        super().__init__(f"the API server refuses `GET {path}`: {why}", RIGHTS)
        self.path = path
        self.why = why


class AnswerError(LiveError):
    """An answer that no reader can use. `status` is HTTP's, 0 where there is none of a failure."""

    code = "MG746"

    def __init__(self, path: str, what: str, status: int = 0) -> None:
        super().__init__(
            f"`GET {path}` gives no answer that can be used: {what}",
            f"Try it with `kubectl get --raw '{path}'`: the API server, or something before it, is to blame.",
        )
        self.status = status


class NotFoundError(AnswerError):
    """Nothing is there (404): the object, or the kind."""


class ExpiredError(AnswerError):
    """The rest of a list is no longer to be had (410)."""


RIGHTS = "Give the user the ClusterRole of docs/howto/inventory.md, or choose another user by `--context`."
