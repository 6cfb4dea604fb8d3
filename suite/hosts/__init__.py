"""Host models, one file each.

A host is a module with ``OBJECTIVES``, the objectives of tasks that it serves, and ``build(size, inputs, make_layer)``.
The model that it builds takes a batch's ``inputs`` as keyword arguments, returns logits with one row per target, and
has ``streams``: which of its MoE layers see which tokens.
"""
