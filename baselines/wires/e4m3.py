"""The 8-bit float e4m3fn (Micikevicius et al., arXiv 2209.05433) as uint8: gloo refuses float8 tensors."""

import torch
from torch import Tensor

LARGEST = 448.0


def encode_e4m3(values: Tensor) -> Tensor:
    """uint8 codes of float32 values in [-448, 448], rounded to nearest; NaN stays NaN."""
    return values.to(torch.float8_e4m3fn).view(torch.uint8)


def decode_e4m3(codes: Tensor) -> Tensor:
    """New float32 tensor of finite codes; the two codes of NaN decode to ±480."""
    # On a CPU the built-in cast goes value by value. In float16 bits e4m3 is itself shifted by 7 places, sign moved
    # to the top, with an exponent bias larger by 8: subnormals included.
    half = codes.view(torch.int8).to(torch.int16).bitwise_left_shift_(7).bitwise_and_(~0x4000)
    return half.view(torch.float16).to(torch.float32).mul_(2.0**8)
