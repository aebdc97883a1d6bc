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
from adapters.shared.searching import contents_of, files_at, files_naming, turns_of
from adapters.sops.configuration import named, readers
from adapters.sops.datakeys import is_same_key, readers_of
from adapters.sops.document import Document, parse
from adapters.sops.location import SUFFIXES
from adapters.sops.program import Sops
from adapters.sops.replacement import equal
from engine.errors import Refused

MARK = "ENC[AES256_GCM,"
"""What every file that sops encrypts holds."""

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

    Raises `Refused` if a file cannot be opened, has other readers than its rule, or would lose more
    than these; `Invalid` for a `.sops.yaml` in a form that is not understood.
    """
    work = _Work(sops, checkout, recipients)
    for recipient, turns in work.turns.items():
        if not turns:  # a wrong letter would be taken for somebody who is out already
            raise Refused(
                f"nobody was ever a reader as {recipient}",
                hint=f"Check whose recipient was typed; {CONFIGURATION} and its history name all.",
            )
    work.configure(edit)
    for file in work.encrypted:
        had = readers_of(work.before(file))
        theirs = [each for each in recipients if each in had]
        if not theirs and not any(_is_stale(work, file, each, identity) for each in recipients):
            continue
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


def add_readers(sops: Sops, checkout: Checkout, recipients: Sequence[str], edit: Edit) -> Revision:
    """Return main with readers more, in the rules that `edit` gives them and all files of those.

    Raises as `remove_readers` does.
    """
    work = _Work(sops, checkout)
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

    def __init__(
        self, sops: Sops, checkout: Checkout, leaving: Sequence[str] | None = None
    ) -> None:
        """Take in hand what names those who leave or has; every encrypted file where nobody does."""
        self.sops, self.checkout = sops, checkout
        files = files_at(checkout, checkout.main)
        self.configurations = tuple(f for f in files if PurePosixPath(f).name == CONFIGURATION)
        texts = [MARK] if leaving is None else leaving
        found = {
            name: None for text in texts for name in files_naming(checkout, checkout.main, text)
        }
        self.turns = {who: turns_of(checkout, who) for who in leaving or ()}
        had = {name: None for turns in self.turns.values() for name in turns if name in files}
        named = {**found, **had}
        self.encrypted = tuple(
            _encrypted(checkout, [n for n in named if n not in self.configurations])
        )
        every = [*self.configurations, *self.encrypted]
        self._old = checkout.place(checkout.main, every)
        self.folder = checkout.place(checkout.main, every)

    def configure(self, edit: Edit) -> None:
        """Let `edit` change each `.sops.yaml` that has rules."""
        for file in self.configurations:
            path = self.folder / file
            text = path.read_text(encoding="utf-8")
            if "creation_rules" in text:
                path.write_text(edit(text, file), encoding="utf-8")

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


def _encrypted(checkout: Checkout, files: list[str]) -> Iterator[str]:
    """Yield the files that sops has encrypted; refuse those in a form that is not handled."""
    contents = contents_of(checkout.git, [(checkout.main, file) for file in files])
    for file, raw in zip(files, contents, strict=True):
        if raw is None or MARK.encode() not in raw:
            continue  # it speaks of a reader, as a page of documentation may
        if not file.endswith(SUFFIXES):
            raise Refused(
                f"{file} is encrypted in a form that is not handled here",
                hint=f"Only {', '.join(SUFFIXES)} are. Change its readers by hand first: sops "
                "updatekeys, then sops rotate.",
            )
        parse(raw, file)
        yield file


def _is_stale(work: _Work, file: str, recipient: str, identity: Path | None) -> bool:
    """Tell whether a file they no longer read is under a data key that they had."""
    turns = work.turns[recipient].get(file)
    if not turns:
        return False
    raw = next(contents_of(work.checkout.git, [(f"{turns[0]}^", file)]))
    if raw is None:
        return False
    last = parse(raw, file)
    return recipient in readers_of(last) and is_same_key(last, work.before(file), identity)


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
            text = (checkout.content(commit, file) or b"").decode()
            if "creation_rules" in text:
                yield file, text
