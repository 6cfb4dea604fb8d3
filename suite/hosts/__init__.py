"""Host models, one file each: ``build(size, dictionary, context, make_layer) -> nn.Module``."""
