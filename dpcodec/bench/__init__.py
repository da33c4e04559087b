"""The experiments: what README and docs claim, measured again by a command."""
