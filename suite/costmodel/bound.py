"""Upper bound of a method's speed-up, from three measured numbers."""


def speedup_bound(share: float, bytes_ratio: float, overhead: float) -> float:
    """S = 1 / (1 − f(1−ρ) + h): the step shrinks by the bytes saved in all-to-alls and grows by the reduction's time.

    Only bandwidth is modelled: there is no latency, and the cost of experts does not depend on their rows.

    Args:
        share: f, seconds inside all-to-alls over seconds per step, both of vanilla.
        bytes_ratio: ρ, the method's bytes on the wire over vanilla's.
        overhead: h, the method's seconds spent reducing rows over vanilla's seconds per step.

    Returns:
        The method's predicted speed-up over vanilla.

    Raises:
        ValueError: ``share`` is outside [0, 1], or another argument is negative.
    """
    if not 0 <= share <= 1:
        raise ValueError(f"share: {share} is not within [0, 1]")
    if bytes_ratio < 0 or overhead < 0:
        raise ValueError(f"bytes_ratio, overhead: {bytes_ratio}, {overhead} must not be negative")
    return 1 / (1 - share * (1 - bytes_ratio) + overhead)
