"""Double of the Kubernetes API with what runs behind it: Flux, the sops operator, rollouts."""
