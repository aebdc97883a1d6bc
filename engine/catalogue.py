"""The catalogue: which secrets there are, and where each of them lives. It holds no value."""

from __future__ import annotations

from typing import Any, Literal, Self

from pydantic import Field, model_validator

from engine.durations import Duration
from engine.qualified import Kind
from engine.runbook import Slug, Strict
from engine.wording import wrong_inside


class SopsPlace(Strict):
    """Where the value stands in the store the cluster is reconciled from."""

    file: str
    path: str
    """Dotted keys, e.g. `ai_agents.anthropic_api_key`."""


class VaultwardenPlace(Strict):
    """Where the value stands in the store people look into."""

    collection: str
    item: str
    field: str = "password"


class FluxPlace(Strict):
    """What carries the value from git into the cluster."""

    kustomization: str
    namespace: str = ""
    """Where the Kustomization is; empty where that is `flux.namespace` of the settings."""


class KubernetesPlace(Strict):
    """The Secret the value becomes, and the workload that reads it."""

    namespace: str
    secret: str
    key: str
    workload: str | tuple[str, ...]
    """Kind and name, e.g. `deployment/ai-agents`; all of them where several read the Secret."""


class Check(Strict):
    """A request that shows the consumer works with the value it now has."""

    url: str
    status: int = Field(200, ge=100, le=599)


class Generate(Strict):
    """How a new value is made, for secrets whose value is ours to choose."""

    format: Literal["hex", "base64url"] = "hex"
    bytes: int = Field(32, ge=16, le=128)


class PostgresPlace(Strict):
    """Whose password it is, at the platform's database server."""

    role: str
    """The role that owns what the service uses; where there are no logins, the one that signs in."""
    logins: tuple[str, str] | None = None
    """Its two login roles, of which one is in force and the other rests."""


class Consumer(Strict):
    """One of several that read the same secret, each in its own namespace."""

    flux: FluxPlace
    kubernetes: KubernetesPlace
    check: Check


class CertificateSlot(Strict):
    """A secret that is a certificate with its key: one of two slots that take turns."""

    kind: Kind
    beside: SopsPlace
    """The other slot. Whichever of the two ends last is in force, and is never written over."""
    loaded: str
    """An address of the application that names the certificates it has loaded, by SHA-256."""
    accepted: str
    """An address with `{item}` for a bank, that says with which certificate it is served."""


class Secret(Strict):
    """One entry of the catalogue."""

    title: str
    owner: str = ""
    sops: SopsPlace
    vaultwarden: VaultwardenPlace
    flux: FluxPlace | None = None
    kubernetes: KubernetesPlace | None = None
    check: Check | None = None
    consumers: dict[Slug, Consumer] = Field(default_factory=dict)
    """All that read it, where those are several services, in place of the three above."""
    postgres: PostgresPlace | None = None
    generate: Generate | None = None
    certificate: CertificateSlot | None = None
    identifier: Slug | None = None
    """The entry that names it: the other half of a pair, without which it opens nothing."""
    max_age: Duration | None = None
    """After this a rotation is due."""
    secret_because: str = Field("", pattern=r"^$|^.{15,300}$")
    """What an attacker could do with it, where its name is that of configuration."""

    @model_validator(mode="after")
    def _has_one_kind_of_consumer(self) -> Self:
        if self.consumers and (self.flux or self.kubernetes or self.check):
            raise ValueError("flux, kubernetes and check belong into each of `consumers`")
        return self

    @model_validator(mode="after")
    def _has_another_slot_beside(self) -> Self:
        if self.certificate is not None and self.certificate.beside == self.sops:
            path = ("certificate", "beside")
            raise wrong_inside(path, "this is the slot itself, and the other one is meant")
        return self

    @property
    def places(self) -> tuple[KubernetesPlace, ...]:
        """Return every Secret of the cluster that holds it."""
        alone = (self.kubernetes,) if self.kubernetes else ()
        return (*alone, *(each.kubernetes for each in self.consumers.values()))


CERTIFICATE_PLACES = ("slots", "sops", "kubernetes", "file", "tls")


class SecretKey(Strict):
    """A certificate in a Kubernetes Secret."""

    namespace: str
    secret: str
    key: str = "tls.crt"


class Certificate(Strict):
    """One entry of the catalogue's `certificates`: exactly one place where it can be read."""

    title: str
    owner: str = ""
    kind: Kind | None = None
    """What it must be by its QcType; anything where it is left out."""
    slots: tuple[Slug, ...] = Field((), max_length=2)
    """Two secrets that take turns to hold it; the one that ends last is in force."""
    sops: SopsPlace | None = None
    kubernetes: SecretKey | None = None
    file: str = ""
    """A PEM file; a relative path starts at the folder of the catalogue."""
    tls: str = Field("", pattern=r"^$|^[^\s:/]+:\d{1,5}$")
    """Host and port of an endpoint that presents it."""
    organisation: str = ""
    """The organizationIdentifier it must bear; banks know the holder by it."""
    runbook: Slug | None = None
    """What renews it; a reminder links to its form."""

    @model_validator(mode="after")
    def _is_in_one_place(self) -> Self:
        given = [name for name in CERTIFICATE_PLACES if getattr(self, name)]
        if len(given) != 1:
            told = " and ".join(given) or "none"
            raise ValueError(
                f"name one of {', '.join(CERTIFICATE_PLACES)} to read it from, not {told}"
            )
        if len(self.slots) == 1:
            raise ValueError("`slots` are two secrets that take turns, not one")
        return self


class Items(Strict):
    """Items of a vault's collection."""

    collection: str
    item: str
    """Its name; `*` stands for any text."""


class Alone(Strict):
    """What is in one store on purpose, so that its absence from the other is no drift."""

    sops: SopsPlace | None = None
    """In its path `*` stands for any text."""
    vaultwarden: Items | None = None
    because: str = Field(pattern=r"^.{15,300}$")
    """Why it has no mirror."""

    @model_validator(mode="after")
    def _is_in_one_store(self) -> Self:
        if (self.sops is None) == (self.vaultwarden is None):
            raise ValueError("name the one store it is in, `sops` or `vaultwarden`")
        return self


class Catalogue(Strict):
    """The whole of `secrets.yaml`."""

    secrets: dict[Slug, Secret] = Field(default_factory=dict)
    certificates: dict[Slug, Certificate] = Field(default_factory=dict)
    alone: tuple[Alone, ...] = ()

    @model_validator(mode="after")
    def _slots_are_known(self) -> Self:
        for name, entry in self.certificates.items():
            for number, slot in enumerate(entry.slots):
                if slot not in self.secrets or self.secrets[slot].certificate is None:
                    raise wrong_inside(
                        ("certificates", name, "slots", number),
                        f"no secret `{slot}` has a `certificate`, so it is no slot",
                    )
                if slot in entry.slots[:number]:
                    raise wrong_inside(
                        ("certificates", name, "slots", number),
                        f"`{slot}` is named twice, and takes no turns with itself",
                    )
        return self

    @model_validator(mode="after")
    def _identifiers_are_known(self) -> Self:
        taken: dict[str, str] = {}
        for name, entry in self.secrets.items():
            if entry.identifier is None:
                continue
            other = self.secrets.get(entry.identifier)
            if other is None or other.identifier is not None or entry.identifier == name:
                raise wrong_inside(
                    ("secrets", name, "identifier"),
                    f"`{entry.identifier}` is no entry of its own, or has one itself",
                )
            first = taken.setdefault(entry.identifier, name)
            if first != name:
                raise wrong_inside(
                    ("secrets", name, "identifier"),
                    f"`{first}` and `{name}` have the same identifier",
                )
        return self

    def facts(self, name: str, entry: Secret | None = None) -> dict[str, Any]:
        """Return what `${{ secret.… }}` may refer to for one entry; empty for an unknown name.

        Of a pair, `secret.identifier` is the whole entry of the other half. `entry` is taken in the
        place of the catalogue's own.
        """
        found = entry or self.secrets.get(name)
        if found is None:
            return {}
        told = {"name": name, **found.model_dump(mode="json", exclude_none=True)}
        return {**told, "identifier": self.facts(found.identifier)} if found.identifier else told

    def identifier_of(self, name: str) -> str:
        """Return the entry that names this one; empty where it is no secret of a pair."""
        entry = self.secrets.get(name)
        return (entry.identifier or "") if entry is not None else ""

    def beside_of(self, name: str) -> str:
        """Return the other slot of the certificate this one takes turns with; empty for no slot."""
        entry = self.secrets.get(name)
        place = entry.certificate.beside if entry and entry.certificate else None
        slots = (other for other, each in self.secrets.items() if each.sops == place)
        return next((other for other in slots if other != name), "")

    def lead_of(self, name: str) -> str:
        """Return the entry that runs are about: of a pair the secret, else the entry itself."""
        leads = (lead for lead, entry in self.secrets.items() if entry.identifier == name)
        return next(leads, name)


class Group(Strict):
    """People who may approve together."""

    description: str = ""
    members: tuple[str, ...] = ()
    """Subjects; used where no gateway says who is in which group."""


class People(Strict):
    """The whole of `people.yaml`: the groups that gates may name."""

    groups: dict[Slug, Group] = Field(default_factory=dict)

    def groups_of(self, subject: str) -> tuple[str, ...]:
        """Name the groups `subject` is a member of."""
        return tuple(name for name, group in self.groups.items() if subject in group.members)
