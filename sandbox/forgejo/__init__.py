"""Double of Forgejo: people with tokens and keys, what an account does with its own tokens, and what
a site administrator does with everybody's.

Protocol as in Forgejo's documentation, "API Usage" and "Access Token Scope", and its source
`routers/api/v1/api.go`, `routers/api/v1/user/app.go` and `modules/structs/admin_user.go` (Forgejo 16).
"""

from sandbox.forgejo.server import Forgejo
from sandbox.forgejo.users import ACCOUNT

__all__ = ["ACCOUNT", "Forgejo"]
