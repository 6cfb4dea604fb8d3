"""Host models, one file each.

A host is a module with ``OBJECTIVES``, the objectives of tasks that it serves, and ``build(size, inputs, make_layer)``,
which returns a :class:`~suite.hosts.model.HostModel`.
"""
