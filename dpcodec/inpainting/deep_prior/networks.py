"""The network that a fit starts from: one of ours, built anew, or a copy of the caller's own."""

from __future__ import annotations

from copy import deepcopy

from torch import nn

from dpcodec.errors import SettingsError
from dpcodec.inpainting.deep_prior.multiresunet import build
from dpcodec.inpainting.network_size import FitPlan, NetworkSize, OwnNetwork, network_size
from dpcodec.inpainting.solver_settings import SolverSettings


def plan_of(settings: SolverSettings) -> FitPlan:
    """How the settings' network is fitted.

    An own network may have an attribute `multiple`: bins and frames are padded to multiples of it. Raises
    `SettingsError` for what is no network.
    """
    own = settings.network
    if own is None or isinstance(own, str):
        return network_size(own, settings.device)
    if not isinstance(own, nn.Module):
        raise SettingsError(f"network is a {type(own).__name__}: give a name or a torch.nn.Module")
    if not any(p.requires_grad for p in own.parameters()):
        raise SettingsError(f"network {type(own).__name__} has no parameters to fit")
    multiple = getattr(own, "multiple", OwnNetwork().multiple)
    if isinstance(multiple, bool) or not isinstance(multiple, int) or multiple < 1:
        raise SettingsError(
            f"network {type(own).__name__} has multiple {multiple!r}: give a positive integer"
        )
    return OwnNetwork(multiple=multiple)


def fresh_network(settings: SolverSettings, plan: FitPlan) -> nn.Module:
    """The network before its first step. A caller's own is copied, with the weights that it has: fits do not
    see each other, and it stays as it was."""
    if isinstance(settings.network, nn.Module):
        return deepcopy(settings.network)
    assert isinstance(plan, NetworkSize)
    return build(plan, settings.seed)
