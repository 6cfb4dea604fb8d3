"""What the device can do at best: copies, matrix products, launches, waiting."""

import torch

from suite.card.clock import seconds, wait

COPY_BYTES = {"cuda": 2**30, "cpu": 2**24}
MATMUL_SIZE = {"cuda": 8192, "cpu": 256}


def copy(device: torch.device) -> dict[str, float]:
    """Bytes read and written per second by a copy on the device."""
    source = torch.empty(COPY_BYTES[device.type], dtype=torch.uint8, device=device)
    target = torch.empty_like(source)
    took = seconds(lambda: target.copy_(source), device)
    return {"bytes_per_second": 2 * source.nbytes / took}


def matmul(device: torch.device, dtype: torch.dtype) -> dict[str, float]:
    """Floating-point operations per second of a large square product."""
    size = MATMUL_SIZE[device.type]
    left, right = (torch.randn(size, size, device=device).to(dtype) for _ in range(2))
    out = torch.empty_like(left)
    took = seconds(lambda: torch.mm(left, right, out=out), device)
    return {"flops_per_second": 2 * size**3 / took}


def launch(device: torch.device) -> dict[str, float]:
    """Seconds per operation on eight numbers, launched without waiting in between."""
    value = torch.zeros(8, device=device)
    return {"seconds": seconds(lambda: value.add_(1), device)}


def sync(device: torch.device) -> dict[str, float]:
    """Seconds per operation on eight numbers whose result the host waits for."""
    value = torch.zeros(8, device=device)

    def wait_for_it() -> None:
        value.add_(1)
        wait(device)
        value[0].item()

    return {"seconds": seconds(wait_for_it, device)}
