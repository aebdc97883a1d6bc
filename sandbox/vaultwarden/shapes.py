"""What the API returns: ciphers, collections, organisations and profiles as 1.37.2 writes them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sandbox.vaultwarden.identity import account_keys

if TYPE_CHECKING:
    from datetime import datetime

    from sandbox.vaultwarden.accounts import Account
    from sandbox.vaultwarden.vault import Collection, StoredCipher, Vault

_OTHER_KINDS = (
    "secureNote",
    "card",
    "identity",
    "sshKey",
    "bankAccount",  # this and the next two are new in 1.37.0
    "driversLicense",
    "passport",
)


def wire_time(moment: datetime | None) -> str | None:
    """Return a time with microseconds, as Vaultwarden writes it."""
    return moment.strftime("%Y-%m-%dT%H:%M:%S.%fZ") if moment else None


def cipher_json(vault: Vault, account: Account, cipher: StoredCipher) -> dict[str, Any]:
    """Return one cipher as this account sees it."""
    login = _login(cipher.data)
    editable = vault.may_write(account, cipher)
    common = {
        "name": cipher.name,
        "notes": cipher.notes,
        "fields": cipher.fields,
        "passwordHistory": cipher.password_history,
    }
    return {
        "object": "cipherDetails",
        "id": cipher.cipher_id,
        "type": cipher.kind,
        "creationDate": wire_time(cipher.created_at),
        "revisionDate": wire_time(cipher.updated_at),
        "deletedDate": wire_time(cipher.deleted_at),
        "archivedDate": None,
        "reprompt": cipher.reprompt,
        "organizationId": cipher.organization_id,
        "key": cipher.key,
        "attachments": None,
        "organizationUseTotp": True,
        "collectionIds": cipher.collection_ids,
        **common,
        "data": {**login, **common},
        "login": login,
        **dict.fromkeys(_OTHER_KINDS),
        "folderId": None,
        "favorite": False,
        "edit": editable,
        "viewPassword": True,
        "permissions": {"delete": editable, "restore": editable},
    }


def collection_json(vault: Vault, account: Account, collection: Collection) -> dict[str, Any]:
    """Return one collection with this account's rights in it."""
    return {
        "id": collection.collection_id,
        "organizationId": vault.organization_id,
        "name": collection.encrypted_name,
        "externalId": None,
        "object": "collectionDetails",
        "readOnly": collection.read_only and not account.is_elevated(),
        "hidePasswords": collection.hide_passwords and not account.is_elevated(),
        "manage": account.is_elevated(),
        "type": 0,
        "defaultUserCollectionEmail": None,
    }


def profile_json(vault: Vault, account: Account) -> dict[str, Any]:
    """Return the account's own profile with its organisation."""
    return {
        "_status": 0,
        "id": account.user_id,
        "name": account.name,
        "email": account.email,
        "emailVerified": True,
        "premium": True,
        "premiumFromOrganization": False,
        "culture": "en-US",
        "twoFactorEnabled": False,
        "key": account.akey,
        "privateKey": account.private_key,
        "accountKeys": account_keys(account),
        "securityStamp": account.security_stamp,
        "organizations": [_organization(vault, account)],
        "providers": [],
        "providerOrganizations": [],
        "forcePasswordReset": False,
        "avatarColor": None,
        "usesKeyConnector": False,
        "object": "profile",
    }


def _organization(vault: Vault, account: Account) -> dict[str, Any]:
    return {
        "id": vault.organization_id,
        "name": vault.organization_name,
        "identifier": None,
        "enabled": True,
        "status": 2,
        "type": account.membership,
        "userId": account.user_id,
        "key": vault.wrapped_keys[account.user_id],
        "keyConnectorEnabled": False,
        "useSecretsManager": False,
        "usePolicies": True,
        "useTotp": True,
        "useResetPassword": False,
        "ssoBound": False,
        "permissions": {},
        "object": "profileOrganization",
    }


def _login(data: dict[str, Any]) -> dict[str, Any]:
    uris = data.get("uris")
    return {
        "username": data.get("username"),
        "password": data.get("password"),
        "totp": data.get("totp"),
        "uri": uris[0]["uri"] if uris else None,
        "uris": uris,
        "passwordRevisionDate": data.get("passwordRevisionDate"),
        "autofillOnPageLoad": data.get("autofillOnPageLoad"),
        "fido2Credentials": data.get("fido2Credentials"),
    }
