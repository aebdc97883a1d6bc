"""Double of Vaultwarden 1.37.2 at the wire, with real end-to-end encryption of its own."""
