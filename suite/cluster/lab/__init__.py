"""Real slow links on one machine: servers are network namespaces, links are veth pairs shaped by the kernel.

``lshmoe-bench lab`` is the command line. Ranks use their link by :class:`suite.cluster.lab.link.Link`.
"""
