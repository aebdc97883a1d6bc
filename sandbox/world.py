"""A whole world in one directory: made from nothing, running until it is closed."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal, Self

from sandbox.access import AccessLog
from sandbox.anthropic import Anthropic
from sandbox.app import App
from sandbox.authentik import Authentik
from sandbox.banks import Banks
from sandbox.clock import Clock
from sandbox.cluster.agenda import Pace
from sandbox.cluster.control import Cluster
from sandbox.console import Console
from sandbox.database import URL_PATH, Database, DatabaseServer
from sandbox.described import described
from sandbox.exoscale import Exoscale, exoscale_keys
from sandbox.faults import Faults
from sandbox.forgejo import Forgejo
from sandbox.identity import Identity
from sandbox.keybook import Keybook
from sandbox.keyring import Ring
from sandbox.keys import (
    LEAVING,
    OWNERS,
    draw_credentials,
    write_credentials,
    write_identities,
    write_readonly,
)
from sandbox.kubeconfig import write_kubeconfig
from sandbox.layout import SOPS_FILE, VAULT_ADMIN, Layout
from sandbox.manifests import infra_files
from sandbox.matrix import Synapse
from sandbox.naming import KEY_PATH, SECRET_PATH
from sandbox.odoo import Odoo
from sandbox.openrouter import OpenRouter, openrouter_keys
from sandbox.programs import ProgramFailed
from sandbox.qtsp import Portal
from sandbox.remote import Remote
from sandbox.server import Server
from sandbox.sopsfile import creation_rules, encrypt_tree, set_value
from sandbox.staff import GROUPS, LEAVER, hire
from sandbox.state import sops_values
from sandbox.steering import Steering
from sandbox.stripe import Stripe, expire, seed_endpoint, stripe_endpoints, stripe_keys
from sandbox.values import draw_values, letters
from sandbox.vaultwarden.control import Vaultwarden
from sandbox.vaultwarden.seed import VaultOptions
from sandbox.wire import Wire

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path
    from types import TracebackType

    from sandbox.routes import Answer

ANTHROPIC, OPENROUTER = "ai_agents.anthropic_api_key", "ai_agents.openrouter_api_key"
FORGEJO, STRIPE_WEBHOOK = "forgejo.sync_bot_token", "pulse_website.stripe_webhook_secret"
STRIPE_KEY, ODOO = "pulse_website.stripe_secret_key", "odoo_demo.api_key"
MATRIX = "matrix.admin_token"
"""SOPS paths of the values that a provider has made."""
CAN_DISABLE = frozenset({ANTHROPIC, OPENROUTER, STRIPE_WEBHOOK})
"""Those whose provider keeps a key that is disabled."""


@dataclass(frozen=True)
class Options:
    """What a caller may choose about a world."""

    pace: Pace = field(default_factory=Pace)
    vault: VaultOptions = field(default_factory=VaultOptions)
    database: DatabaseServer | None = None
    """A real PostgreSQL whose roles become those of the world; without one nobody signs in."""


class World:
    """Doubles that run in threads of this interpreter, and the hands of everyone else.

    `World.create` starts one; `close`, or leaving the `with` block, ends every thread. The
    directory is left to the caller.
    """

    def __init__(self, layout: Layout, values: Mapping[str, str], options: Options) -> None:
        self.layout = layout
        self.values = dict(values)
        """The seeded values by dotted path; they do not follow what happens later."""
        self.edits: set[str] = set()
        """Every value that `edit` has put somewhere."""
        self.credentials = draw_credentials()
        self.faults = Faults()
        self.clock = Clock()
        """The time of Vaultwarden and of the provider."""
        readers = write_identities(layout)
        write_credentials(layout, self.credentials)
        write_readonly(layout.credential(VAULT_ADMIN), self.values["vaultwarden.admin_token"])
        self.remote = _seed_remote(layout, self.values, readers)
        self.vaultwarden = Vaultwarden(self.clock, options.vault, self.values, self.credentials)
        self.anthropic = Ring(self.clock, self.values[ANTHROPIC])
        self.openrouter = openrouter_keys(self.clock, self.values[OPENROUTER])
        self.forgejo = Forgejo(
            self.clock,
            self.values[FORGEJO],
            self.credentials.forgejo_password,
            self.credentials.forgejo_admin_token,
            GROUPS,
        )
        self.stripe = stripe_endpoints(self.clock)
        self.stripe_keys = stripe_keys(self.clock, self.values[STRIPE_KEY])
        self.exoscale = exoscale_keys(self.clock, self.values[KEY_PATH], self.values[SECRET_PATH])
        self.odoo = Odoo(self.clock, self.values[ODOO])
        self.matrix = Synapse(self.clock, self.values[MATRIX])
        self.rings: Mapping[str, Ring | Keybook] = {
            ANTHROPIC: self.anthropic,
            OPENROUTER: self.openrouter,
            FORGEJO: self.forgejo.tokens,
            STRIPE_WEBHOOK: self.stripe,
            STRIPE_KEY: self.stripe_keys,
            SECRET_PATH: self.exoscale,
            ODOO: self.odoo.keys,
            MATRIX: self.matrix.tokens,
        }
        """By SOPS path, the provider's keys, for each value that is one of them."""
        self.qtsp = Portal()
        self.banks = Banks(self.values[f"pulse_banking.{kind}_a"] for kind in ("qwac", "qseal"))
        token = self.credentials.kubernetes_token
        operator_key = layout.age_key("operator")
        self.cluster = Cluster(self.remote, operator_key, self.values, token, options.pace)
        self.authentik = Authentik(GROUPS, self.credentials.authentik_token)
        self.identity = Identity(self.clock, hire(layout), self.credentials.oidc_client_secret)
        password = self.credentials.postgres_password
        self.database = (
            Database(options.database, self.values, password) if options.database else None
        )
        self.log = AccessLog(layout.access_log)
        self._servers: dict[str, Server] = {}
        self._start()

    @classmethod
    def create(
        cls,
        directory: Path,
        values: Mapping[str, str] | None = None,
        options: Options | None = None,
    ) -> Self:
        """Build a world in `directory`, start it and return it.

        `values` sets chosen values by dotted SOPS path, such as `ai_agents.anthropic_api_key`.
        Raises `FileExistsError` when the directory is not empty, `ValueError` for a path that the
        tree does not have, `ProgramFailed` when sops or git are not there.
        """
        drawn = draw_values(values)
        directory.mkdir(parents=True, exist_ok=True)
        if any(directory.iterdir()):
            message = f"{directory} is not empty; name a new directory for the sandbox"
            raise FileExistsError(message)
        options = options or Options()
        if options.database is not None:
            drawn[URL_PATH] = options.database.url_like(drawn[URL_PATH])
        return cls(Layout(directory.resolve()), drawn, options)

    @property
    def urls(self) -> dict[str, str]:
        """The address of each double, and of the control server."""
        return {name: server.url for name, server in self._servers.items()}

    def sops_value(self, path: str) -> str:
        """Return one value of the SOPS file on `main`, in clear."""
        return sops_values(self)[path]

    def set_as_human(self, path: str, value: str, message: str | None = None) -> str:
        """Set one value with sops and push it to `main`, as Petra does; return the commit.

        Whoever is overtaken by another push pulls, and sets it again.
        """
        while True:
            pulled = self.remote.head()
            encrypted = self.remote.file(SOPS_FILE, pulled) or b""
            changed = set_value(encrypted, path, value, self.layout.age_key("staff"))
            try:
                return self.remote.commit(
                    {SOPS_FILE: changed}, message or f"Set {path}", upon=pulled
                )
            except ProgramFailed:
                if self.remote.head() == pulled:
                    raise

    def edit(self, at: Literal["sops", "vaultwarden"], name: str) -> None:
        """Put a fresh value into one place by hand: a path of the SOPS file, or an item."""
        value = letters(32)
        self.edits.add(value)
        if at == "sops":
            self.set_as_human(name, value)
        else:
            self.vaultwarden.edit_as_human(name, value)

    def expire_stripe_key(self) -> None:
        """Let the Stripe key this world was made with expire, as a person does; twice is as once."""
        expire(self.stripe_keys, self.values[STRIPE_KEY])

    def disable_key(self, path: str, *, is_disabled: bool = True) -> bool:
        """Let the key this world was made with be disabled, as a person does; False for others."""
        ring = self.rings[path] if path in CAN_DISABLE else None
        found = ring.key_of(self.values[path]) if ring is not None else None
        if isinstance(ring, Ring) and found is not None:
            ring.update(found.key_id, status="inactive" if is_disabled else "active")
        elif isinstance(ring, Keybook) and found is not None:
            ring.change(found.key_id, status="disabled" if is_disabled else "active")
        return found is not None

    def remove_lost_odoo_keys(self) -> None:
        """Remove the keys of runs that SOPS does not hold, as a person does; twice is as once."""
        self.odoo.remove_by_hand(self.sops_value(ODOO))

    def close(self) -> None:
        """End every server and thread; closing twice is harmless."""
        for server in self._servers.values():
            server.ask_to_stop()
        for server in self._servers.values():
            server.stop()
        self.cluster.close()
        if self.database is not None:
            self.database.close()
        self.log.close()

    def __enter__(self) -> Self:
        """Return the running world."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Close the world."""
        self.close()

    def _start(self) -> None:
        try:
            self._serve("vaultwarden", self.vaultwarden.answer)
            self._serve("kubernetes", self.cluster.answer)
            admin_key = self.credentials.anthropic_admin_key
            self._serve("anthropic", Anthropic(self.anthropic, admin_key).answer)
            management_key = self.credentials.openrouter_management_key
            self._serve("openrouter", OpenRouter(self.openrouter, management_key).answer)
            self._serve("console", Console(self.anthropic, self.stripe_keys, self.matrix).answer)
            self._serve("qtsp", self.qtsp.answer)
            self._serve("banks", self.banks.answer)
            own = (self.credentials.exoscale_key, self.credentials.exoscale_secret)
            self._serve("exoscale", Exoscale(self.exoscale, own).answer)
            self._serve("odoo", self.odoo.answer)
            self._serve("matrix", self.matrix.answer)
            self._serve("app", App(self.cluster, self.urls, self.rings, self.database).answer)
            receiver = f"{self._servers['app'].url}/webhooks/stripe"
            seed_endpoint(self.stripe, self.values[STRIPE_WEBHOOK], receiver)
            api_key = self.credentials.stripe_api_key
            self._serve("stripe", Stripe(self.stripe, api_key, self.stripe_keys).answer)
            self._serve("identity", self.identity.answer)
            self._serve("authentik", self.authentik.answer)
            self._serve("forgejo", self.forgejo.answer)
            self._serve("control", Steering(self).answer)
            write_kubeconfig(self.layout, self.urls["kubernetes"])
            told = described(self, self.anthropic.key_of(self.values[ANTHROPIC]))
            self.layout.world_json.write_text(json.dumps(told, indent=2) + "\n")
        except BaseException:
            self.close()
            raise

    def _serve(self, name: str, answer: Answer) -> None:
        server = Server(name, Wire(name, answer, self.log, self.faults))
        self._servers[name] = server
        server.start()


def _seed_remote(layout: Layout, values: Mapping[str, str], readers: tuple[str, ...]) -> Remote:
    remote = Remote.init(layout.remote)
    names = [LEAVER if owner in LEAVING else owner for owner in OWNERS]
    rules = creation_rules(readers, names).encode()
    remote.commit({".sops.yaml": rules, **infra_files()}, "Describe the platform's namespaces")
    remote.commit({SOPS_FILE: encrypt_tree(values, readers)}, "Add the platform's secrets")
    return remote
