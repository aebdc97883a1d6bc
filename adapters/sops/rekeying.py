"""What a change of readers makes of a repository: `.sops.yaml` and every file it decides about.

The order is sops' own (README, "Adding and removing keys"): rules first, then `updatekeys`, then,
where somebody left, `rotate`; the other way round the new data key would be wrapped for them as
well. All of it happens in a temporary directory and becomes one commit or nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from adapters.shared.checkout import CONFIGURATION, Checkout
from adapters.shared.searching import files_at
from adapters.sops.configuration import has_rules, named, readers
from adapters.sops.datakeys import readers_of
from adapters.sops.document import Document, parse
from adapters.sops.past import Past, encrypted, in_form, unhandled
from adapters.sops.program import Sops
from adapters.sops.replacement import equal
from engine.errors import Refused

Edit = Callable[[str, str], str]
"""Returns the text of a `.sops.yaml` as it shall be, given text and name."""


@dataclass(frozen=True)
class Revision:
    """A repository as it shall be."""

    folder: Path
    files: tuple[str, ...]
    """Those that differ from main; none where all is as it shall be."""


Build = Callable[[Checkout], Revision]
"""Makes of main what it shall be."""


def remove_readers(
    sops: Sops, checkout: Checkout, recipients: Sequence[str], edit: Edit, identity: Path | None
) -> Revision:
    """Return main without some readers: no rule and no file names them, no data key is one they had.

    Data keys are compared with all that they had in any file, as a file may have another name by now.
    Raises `Refused` if a file cannot be opened, has other readers than its rule, would lose more than
    these, or is theirs in a form that is not handled; `Invalid` for a `.sops.yaml` in a form that is not
    understood.
    """
    past = Past(checkout, recipients, identity)
    work = _Work(sops, checkout, [file for file, raw in encrypted(checkout) if past.has(file, raw)])
    work.configure(edit)
    for file in work.encrypted:
        had = readers_of(work.before(file))
        theirs = [each for each in recipients if each in had]
        wanted = set(had) - set(theirs)
        if not wanted:
            raise Refused(
                f"nobody but the one who leaves can read {file}",
                hint="Encrypt it to somebody else first, or delete it.",
            )
        follows = not theirs or sops.follow_rules(work.folder / file)
        sops.rotate(work.folder / file, *(() if follows else ("--rm-age", ",".join(theirs))))
        work.check(file, wanted)
    return work.revision()


def add_readers(
    sops: Sops,
    checkout: Checkout,
    recipients: Sequence[str],
    edit: Edit,
    *,
    passes_over: bool = False,
) -> Revision:
    """Return main with readers more, in the rules that `edit` gives them and all files of those.

    A file in a form that is not handled is refused, or passed over. Raises as `remove_readers` does.
    """
    found = {file: in_form(raw, file) for file, raw in encrypted(checkout)}
    strange = [file for file, document in found.items() if document is None]
    if strange and not passes_over:
        raise unhandled(strange[0])
    work = _Work(sops, checkout, [file for file in found if file not in strange])
    work.configure(edit)
    for file in work.encrypted:
        had = set(readers_of(work.before(file)))
        if not sops.follow_rules(work.folder / file):
            continue
        has = set(readers_of(work.after(file)))
        if has != had:
            work.check(file, had | (has & set(recipients)))
    return work.revision()


class _Work:
    """The files in hand, as they are and as they become."""

    def __init__(self, sops: Sops, checkout: Checkout, files: Sequence[str]) -> None:
        """Take in hand some encrypted files of main, and all rules."""
        self.sops, self.encrypted = sops, tuple(files)
        self.configurations = tuple(
            file
            for file in files_at(checkout, checkout.main)
            if PurePosixPath(file).name == CONFIGURATION
        )
        every = [*self.configurations, *self.encrypted]
        self._old = checkout.place(checkout.main, every)
        self.folder = checkout.place(checkout.main, every)

    def configure(self, edit: Edit) -> None:
        """Let `edit` change each `.sops.yaml` that has rules; line ends stay as they are."""
        for file in self.configurations:
            path = self.folder / file
            text = _text_of(path.read_bytes(), file)
            if has_rules(text, file):
                path.write_bytes(edit(text, file).encode())

    def before(self, file: str) -> Document:
        """Return an encrypted file of main."""
        return parse((self._old / file).read_bytes(), file)

    def after(self, file: str) -> Document:
        """Return an encrypted file as it has become."""
        return parse((self.folder / file).read_bytes(), file)

    def check(self, file: str, wanted: set[str]) -> None:
        """Raise `Refused` unless the file has these readers, and the content it had."""
        has = set(readers_of(self.after(file)))
        if has != wanted:
            more, fewer = ", ".join(sorted(has - wanted)), ", ".join(sorted(wanted - has))
            differ = [
                *([f"it would gain {more}"] if more else []),
                *([f"lose {fewer}"] if fewer else []),
            ]
            raise Refused(
                f"{file} has other readers than its rule in {CONFIGURATION}: "
                + " and ".join(differ),
                hint="Nothing was changed. Decide who may read it: correct the rule, or run "
                "sops updatekeys on the file, then start again.",
            )
        old, new = (self.sops.read_all(folder / file) for folder in (self._old, self.folder))
        if not equal(old, new):
            raise Refused(
                f"{file} would hold something else after it was encrypted anew",
                hint="Nothing was changed. Compare the version of sops with the one the file is from.",
            )

    def revision(self) -> Revision:
        """Return what has changed."""
        every = (*self.configurations, *self.encrypted)
        differ = ((self._old / f).read_bytes() != (self.folder / f).read_bytes() for f in every)
        return Revision(
            self.folder, tuple(f for f, other in zip(every, differ, strict=True) if other)
        )


def all_rules(checkout: Checkout, commit: str) -> tuple[str, ...]:
    """Return what the rules of a commit are for, those of every `.sops.yaml` together."""
    texts = _configurations(checkout, commit)
    return tuple(dict.fromkeys(rule for file, text in texts for rule in readers(text, file)))


def rules_of(checkout: Checkout, commit: str, recipient: str) -> dict[str, tuple[str, ...]]:
    """Return for each `.sops.yaml` of a commit the rules that name a reader."""
    return {
        file: tuple(rule for rule, who in readers(text, file).items() if recipient in who)
        for file, text in _configurations(checkout, commit)
    }


def named_as(checkout: Checkout, commit: str, name: str) -> tuple[str, ...]:
    """Return the recipients that a comment in a `.sops.yaml` of a commit says are a person's."""
    texts = _configurations(checkout, commit)
    return tuple(dict.fromkeys(who for file, text in texts for who in named(text, file, name)))


def _configurations(checkout: Checkout, commit: str) -> Iterator[tuple[str, str]]:
    """Yield name and text of each `.sops.yaml` that has rules."""
    for file in files_at(checkout, commit):
        if PurePosixPath(file).name == CONFIGURATION:
            text = _text_of(checkout.content(commit, file) or b"", file)
            if has_rules(text, file):
                yield file, text


def _text_of(raw: bytes, file: str) -> str:
    try:
        return raw.decode()
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
    raise Refused(f"{file} is not UTF-8 at line {line}", hint="Save it as UTF-8, then start again.")
