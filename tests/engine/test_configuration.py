"""What looks like a secret and is none is refused with the reason, and what is one passes."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.catalogue import Catalogue
from engine.configuration import check_catalogue, judge, objection
from engine.loading import load

ROOT = Path(__file__).resolve().parents[2]
ENTRY = """\
secrets:
  {name}:
    title: {title}
    sops: {{file: infra/secrets/a.enc.yaml, path: {path}}}
    vaultwarden: {{collection: plana-staff, item: Something}}
{more}"""


def findings(name: str, path: str, title: str = "Something", more: str = "") -> list[str]:
    text = ENTRY.format(name=name, path=path, title=title, more=more)
    return [str(each) for each in check_catalogue(*load(text, "s.yaml", Catalogue))]


@pytest.mark.parametrize(
    ("name", "path", "title", "told"),
    [
        ("letsencrypt-tls-key", "plana.tls_key", "TLS", "cert-manager gets from Let's Encrypt"),
        ("website-tls", "plana.tls_key", "Let's Encrypt key", "rotates with each renewal"),
        ("acme-account", "plana.acme_account_key", "ACME", "cert-manager"),
        ("redis-place", "redis.service_url", "Redis", "address of a service, which is topology"),
        ("redis-host", "redis.host", "Redis", "address of a service"),
        ("erp-endpoint", "plana_erp.api", "ERP", "address of a service"),
        ("customer-email", "plana.contact", "A customer", "personal data and no secret"),
        ("contacts", "plana.customer_email_addresses", "Contacts", "personal data"),
        ("contact", "plana.billing_contact", "E-mail address", "personal data"),
        ("contact", "plana.billing_contact", "Customer e-mail", "personal data"),
        ("contact", "plana.customer_mail", "Contact", "personal data"),
        ("website", "plana.website_key", "Let's Encrypt key of the website", "cert-manager"),
        ("cert-manager", "plana.api_tls_key", "Something", "cert-manager"),
        ("something", "plana.acme_key", "Something", "cert-manager"),
        ("acme", "plana.private_key", "ACME certificate", "cert-manager"),
    ],
)
def test_what_is_no_secret_is_refused_with_the_reason(
    name: str, path: str, title: str, told: str
) -> None:
    [found] = findings(name, path, title)

    assert found.startswith(f"s.yaml:2:3: `{name}` is no secret: ")
    assert told in found
    assert "hint: " in found


SERVICE, TLS, PERSON = "address of a service", "cert-manager", "personal data"


@pytest.mark.parametrize(
    ("path", "title", "what"),
    [
        ("postgresql.db_host", "Database host", SERVICE),
        ("postgresql.db_port", "Database port", SERVICE),
        ("mailu_hetzner.smtp_host", "smtp", SERVICE),
        ("monitoring.webhook_host", "Something", SERVICE),
        ("redis.urls", "Redis", SERVICE),
        ("plana.endpoints", "Something", SERVICE),
        ("plana.allowed_hosts", "Something", SERVICE),
        ("redis.redis_ports", "Redis", SERVICE),
        ("plana.domains", "Something", SERVICE),
        ("plana.hostnames", "Something", SERVICE),
        ("redis.address", "Redis", SERVICE),
        ("plana.redisUrl", "Something", SERVICE),
        ("plana.url", "Redis password", SERVICE),
        ("plana.baseURL", "Something", SERVICE),
        ("plana.website_url_prod", "Website", SERVICE),
        ("plana.url_1", "Website", SERVICE),
        ("plana.public_endpoint_v2", "Website", SERVICE),
        ("plana.redis", "URL of Redis", SERVICE),
        ("plana.api", "Endpoint of the API", SERVICE),
        ("plana.customer_email_list", "Something", PERSON),
        ("plana.email_of_customer", "Something", PERSON),
        ("plana.emailAddress", "Something", PERSON),
        ("plana.emailaddress", "Something", PERSON),
        ("plana.customer_address", "Something", PERSON),
        ("plana.contact", "E-mail of customer ACME", PERSON),
        ("plana.contact", "Customers' e-mails", PERSON),
        ("load_balancer.tls_key", "Let\u2019s Encrypt TLS private key", TLS),
        ("load_balancer.tls_key", "Lets  Encrypt", TLS),
        ("load_balancer.tls_key", "cert - manager", TLS),
    ],
)
def test_no_spelling_of_what_is_no_secret_gets_by(path: str, title: str, what: str) -> None:
    [found] = findings("something", path, title)

    assert what in found


@pytest.mark.parametrize(
    ("path", "title"),
    [
        ("mailu_hetzner.root_password", "Root password of the Hetzner host"),
        ("mailu_hetzner.dkim_private_key", "DKIM key of the mail domain"),
        ("plana.token", "Registry token of port"),
        ("plana.redis_url", "Redis URL with password"),
        ("plana.root_password", "Hetzner host"),
        ("plana.databaseUrl", "Something"),
        ("plana.url", "URL of the database"),
        ("plana.webhookUrl", "Something"),
        ("plana.webhook_endpoint", "Something"),
        ("plana.recovery", "Recovery phrase of the host"),
        ("plana.login", "PostgreSQL login of pulse-events"),
    ],
)
def test_a_secret_of_a_host_or_in_an_address_passes(path: str, title: str) -> None:
    assert findings("something", path, title) == []


@pytest.mark.parametrize(
    "name",
    [
        "anthropic_api_key",
        "alertmanager_webhook_url",
        "database_url",
        "email_password",
        "host_key_passphrase",
        "new_bank_client_id",
        "smtp_url",
        "acmeworks_token",
        "Password for outgoing mail",
        "mailu relay mail",
        "hetzner_mail",
        "mail_token",
        "Password of the mail address",
        "key for customer e-mail",
        "acme_bank_client_secret",
        "acme-bank-api-key",
        "ACME Bank",
        "ACME",
        "acme_account_password",
        "acme_eab_hmac_key",
        "cert_manager_dns_token",
        "cert-manager-exoscale-api-key",
    ],
)
def test_what_gives_an_attacker_something_passes(name: str) -> None:
    assert judge(name) is None


@pytest.mark.parametrize(
    ("name", "path", "title"),
    [
        ("office-mail", "mailu_hetzner.office_mail", "Password of the office"),
        ("acme", "pulse_banking.acme_bank_client_secret", "ACME"),
        ("dns-access", "exoscale.dns_token", "cert-manager"),
    ],
)
def test_what_one_name_calls_a_credential_is_one_whatever_the_others_are_like(
    name: str, path: str, title: str
) -> None:
    assert findings(name, path, title) == []


@pytest.mark.parametrize("path", ["plana.front_office_mail", "plana.acme_account_key"])
def test_where_a_name_may_mean_two_things_an_entry_may_say_which(path: str) -> None:
    because = "    secret_because: Whoever knows it reads what the office gets.\n"
    [found] = findings("something", path)

    assert "secret_because" in found
    assert findings("something", path, more=because) == []


def test_an_entry_may_say_why_an_address_is_a_secret() -> None:
    because = "    secret_because: Whoever knows it can post into our channel.\n"

    assert findings("chat-url", "plana.chat_url", more=because) == []


@pytest.mark.parametrize("name", ["letsencrypt-key", "customer-email"])
def test_for_some_things_there_is_no_exception(name: str) -> None:
    because = "    secret_because: Whoever knows it can do something bad.\n"

    assert len(findings(name, "plana.value", more=because)) == 1


def test_two_entries_at_one_place_are_told() -> None:
    more = """\
  again:
    title: The same once more
    sops: {file: infra/secrets/a.enc.yaml, path: plana.token}
    vaultwarden: {collection: plana-staff, item: Another}
"""

    [found] = findings("a-token", "plana.token", more=more)

    assert found.startswith("s.yaml:8:11: `again` is at the place of `a-token`, line 2\n")


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("{role: plana}", "{role: plana}"),
        ("{role: events, logins: [events_a, events_b]}", "{role: events_b}"),
        (
            "{role: events, logins: [events_a, events_b]}",
            "{role: more, logins: [more_a, events_a]}",
        ),
    ],
)
def test_two_entries_that_sign_in_with_one_role_are_told(one: str, other: str) -> None:
    more = f"""\
    postgres: {one}
  again:
    title: The same once more
    sops: {{file: infra/secrets/a.enc.yaml, path: plana.other_token}}
    vaultwarden: {{collection: plana-staff, item: Another}}
    postgres: {other}
"""

    [found] = findings("a-token", "plana.token", more=more)

    assert found.startswith("s.yaml:11:15: `again` signs in with a role of `a-token`, line 2\n")
    assert "`consumers`" in found


def test_two_services_may_share_the_role_that_owns_what_they_use() -> None:
    more = """\
    postgres: {role: events, logins: [events_a, events_b]}
  again:
    title: The same once more
    sops: {file: infra/secrets/a.enc.yaml, path: plana.other_token}
    vaultwarden: {collection: plana-staff, item: Another}
    postgres: {role: events, logins: [worker_a, worker_b]}
"""

    assert findings("a-token", "plana.token", more=more) == []


def test_every_entry_of_the_shipped_catalogue_is_a_secret() -> None:
    text = (ROOT / "runbooks" / "secrets.yaml").read_text()
    catalogue = load(text, "secrets.yaml", Catalogue)[0]

    assert [n for n, entry in catalogue.secrets.items() if objection(n, entry)] == []
