"""Everything that can go wrong, as one tree; each message says what to do next.

::

    PlaygroundError                 something a person can mend (exit 1)
    ├── UsageError                  a name or value that does not exist (exit 2)
    │   ├── UnknownPart
    │   └── BadParameter
    ├── DocumentError               one file; its neighbours go on
    │   ├── UnsupportedFile         not a kind of file we read
    │   ├── DamagedFile             cannot be parsed, crashed the parser, no pages
    │   ├── EncryptedFile           needs a password (``.password_given`` tells whether one was tried)
    │   ├── FileTooLarge            over a limit on bytes, pages or pixels
    │   ├── ParsingTimeout          over the limit on time or memory
    │   └── CutFailed               a node parser of LlamaIndex failed on it, or rewrote its text
    ├── EngineError                 a model or its server
    │   ├── EngineUnreachable       nothing answers at the address
    │   ├── ModelMissing            the server answers, the model is not there (``.pull`` names it)
    │   ├── ContextOverflow         the prompt does not fit num_ctx
    │   ├── EngineRefused           the server understood and said no (bad option, no such capability)
    │   └── EngineFailed            it broke while working (``.partial`` keeps the text so far)
    ├── DownloadError
    │   ├── DownloadForbidden       offline by choice
    │   └── DownloadFailed          unreachable, wrong checksum, no space
    ├── StoreError
    │   ├── StoreLocked             another process has the folder
    │   └── StoreUnreachable        no Qdrant server at the address
    └── Cancelled                   a person pressed Stop

Exceptions of other libraries are translated where that library is called, never further up.
"""

from __future__ import annotations


class PlaygroundError(Exception):
    """What happened, and the way out.

    Args:
        message: One sentence that names the file, page, model or option.
        fix: What to do or type next; may be empty when nothing helps.
    """

    exit_code = 1

    def __init__(self, message: str, fix: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.fix = fix

    def __str__(self) -> str:
        return f"{self.message} {self.fix}".strip()


class UsageError(PlaygroundError):
    """A name or a value that does not exist; the message lists what does."""

    exit_code = 2


class UnknownPart(UsageError):
    """No part of that name in the section."""


class BadParameter(UsageError):
    """An unknown field, or a value out of its bounds."""


class DocumentError(PlaygroundError):
    """One document could not be read or cut; others are not affected."""


class UnsupportedFile(DocumentError):
    """Not a PDF, Markdown or text file."""


class DamagedFile(DocumentError):
    """The parser could not read it, crashed on it, or found no page."""


class EncryptedFile(DocumentError):
    """A password is needed, or the one given does not open the file."""

    def __init__(self, message: str, fix: str = "", *, password_given: bool = False) -> None:
        super().__init__(message, fix)
        self.password_given = password_given


class FileTooLarge(DocumentError):
    """Over a limit on bytes, pages or pixels."""


class ParsingTimeout(DocumentError):
    """The parser took more time or memory than it is allowed."""


class CutFailed(DocumentError):
    """A node parser failed on it, or its pieces are not pieces of the text."""


class EngineError(PlaygroundError):
    """A model, or the server that runs it."""


class EngineUnreachable(EngineError):
    """Nothing answers at the engine's address."""


class ModelMissing(EngineError):
    """The engine answers but does not have the model; ``pull`` is the name that fetches it, where there is one."""

    def __init__(self, message: str, fix: str = "", *, pull: str = "") -> None:
        super().__init__(message, fix)
        self.pull = pull


class ContextOverflow(EngineError):
    """The prompt is longer than the context window."""


class EngineRefused(EngineError):
    """The engine understood the request and declined it."""


class EngineFailed(EngineError):
    """The engine broke while working; ``partial`` is the text it gave before."""

    def __init__(self, message: str, fix: str = "", *, partial: str = "") -> None:
        super().__init__(message, fix)
        self.partial = partial


class DownloadError(PlaygroundError):
    """A model file could not be had."""


class DownloadForbidden(DownloadError):
    """Downloads are switched off."""


class DownloadFailed(DownloadError):
    """Unreachable, incomplete, or not the file it should be."""


class StoreError(PlaygroundError):
    """The vector store."""


class StoreLocked(StoreError):
    """Another process has the data folder open."""


class StoreUnreachable(StoreError):
    """No Qdrant server answers at the address."""


class Cancelled(PlaygroundError):
    """A person stopped the work."""

    exit_code = 130

    def __init__(self, message: str = "Stopped.", fix: str = "") -> None:
        super().__init__(message, fix)
