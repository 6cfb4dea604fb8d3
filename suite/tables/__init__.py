"""Tables, each from records or configurations alone: ``python -m suite.tables scale=nano`` builds all of them.

One module per table; ``python -m suite.tables.audit scale=nano`` builds that one alone.
"""
