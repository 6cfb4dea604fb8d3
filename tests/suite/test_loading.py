"""fairseq comes without its side effects."""

import logging

from suite.config.compose import compose
from suite.loading import quiet_import


def test_importing_fairseq_changes_neither_logging_nor_our_configuration() -> None:
    root = logging.getLogger()
    before = root.level, list(root.handlers), root.manager.disable
    quiet_import("fairseq.models.transformer_lm")
    assert (root.level, list(root.handlers), root.manager.disable) == before
    assert compose(["method=lsh"]).method.name == "lsh"
