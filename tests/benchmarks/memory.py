"""Peak memory of a piece of work, from PyTorch's own record of every allocation."""

from collections.abc import Callable

from torch.profiler import ProfilerActivity, profile


def peak_bytes(function: Callable[[], object]) -> int:
    """Most bytes that ``function`` holds at once in tensors it allocates on the CPU, autograd's included.

    Counted by the profiler at each allocation and release, so neither what the process held before nor what the C
    library keeps in reserve plays a part, and the number is the same in every run.
    """
    with profile(activities=[ProfilerActivity.CPU], profile_memory=True) as profiler:
        function()
    events = profiler.profiler.kineto_results.events()
    held = peak = 0
    for event in sorted((event for event in events if event.name() == "[memory]"), key=lambda event: event.start_ns()):
        held += event.nbytes()
        peak = max(peak, held)
    return peak
