"""The claims ledger: every number and statement of the paper, held against one scale's records.

``suite/conf/claims.yaml`` lists claims, the places they are looked at and the tests they are judged by;
``lshmoe-bench claims scale=nano`` writes ``results/<scale>/claims.{json,md}``. See docs/claims.md.
"""
