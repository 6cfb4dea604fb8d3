"""The paper's scalability model (§3.3, Appendix A.2): as printed, and corrected for what the print leaves out.

All numbers are per step of one GPU, forward and backward. The printed equations have no bytes per element, so the time
of an all-to-all is in seconds only if an element of a row takes one byte.
"""


def all_to_all_seconds(
    tokens: float, top_k: int, hidden: int, layers: int, servers: int, bytes_per_second: float
) -> float:
    """Eq. 7 as printed: ``4·l·(n·k/w)·h·(w−1)/B_inter``. Traffic inside a server is left out.

    Args:
        tokens: n, per GPU.
        top_k: k, experts per token.
        hidden: h.
        layers: l, all of them MoE layers.
        servers: w.
        bytes_per_second: B_inter, between servers.
    """
    return 4 * layers * (tokens * top_k / servers) * hidden * (servers - 1) / bytes_per_second


def compute_seconds(tokens: float, top_k: int, hidden: int, layers: int, flops_per_second: float) -> float:
    """Eq. 8 as printed: ``24·(1+2k)·n·l·h² / FLOPs``, that is 6 FLOPs for each of 4(1+2k)·l·h² active parameters."""
    return 24 * (1 + 2 * top_k) * tokens * layers * hidden**2 / flops_per_second


def ratio(top_k: int, hidden: int, servers: int, flops_per_second: float, bytes_per_second: float) -> float:
    """Eqs. 6 and 9 as printed: ``FLOPs/(6·B_inter) · k/(1+2k) · (w−1)/(w·h)``, all-to-all over compute time."""
    per_server = (servers - 1) / (servers * hidden)
    return flops_per_second / (6 * bytes_per_second) * top_k / (1 + 2 * top_k) * per_server


def shared_bytes_per_second(nic_bytes_per_second: float, nics_per_server: int, gpus_per_server: int) -> float:
    """A GPU's share of its server's NICs when all GPUs send at once; bytes/s."""
    return nic_bytes_per_second * nics_per_server / gpus_per_server


def corrected_all_to_all_seconds(
    tokens: float,
    top_k: int,
    hidden: int,
    layers: int,
    servers: int,
    nic_bytes_per_second: float,
    *,
    bytes_per_element: float,
    nics_per_server: int,
    gpus_per_server: int,
) -> float:
    """Eq. 7 with elements of ``bytes_per_element`` bytes and the NICs shared by all GPUs of a server; seconds."""
    rate = shared_bytes_per_second(nic_bytes_per_second, nics_per_server, gpus_per_server)
    return bytes_per_element * all_to_all_seconds(tokens, top_k, hidden, layers, servers, rate)


def corrected_ratio(
    top_k: int,
    hidden: int,
    servers: int,
    flops_per_second: float,
    nic_bytes_per_second: float,
    *,
    bytes_per_element: float,
    nics_per_server: int,
    gpus_per_server: int,
) -> float:
    """Eqs. 6 and 9 with the corrections of :func:`corrected_all_to_all_seconds`."""
    rate = shared_bytes_per_second(nic_bytes_per_second, nics_per_server, gpus_per_server)
    return bytes_per_element * ratio(top_k, hidden, servers, flops_per_second, rate)


def share(ratio: float) -> float:
    """All-to-all over the whole step, ``f = kappa/(1+kappa)``."""
    return ratio / (1 + ratio)


def kappa(share: float) -> float:
    """All-to-all over the rest of the step, ``kappa = f/(1−f)``, the inverse of :func:`share`.

    Raises:
        ValueError: ``share`` is outside [0, 1).
    """
    if not 0 <= share < 1:
        raise ValueError(f"share: {share} is not within [0, 1)")
    return share / (1 - share)
