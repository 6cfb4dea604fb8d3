"""One self-contained page per scale: ``lshmoe-bench report scale=nano`` writes ``results/<scale>/report.html``.

It shows what is there (claims, tables, figures, studies, runs) and says what is not; it computes no number itself.
"""
