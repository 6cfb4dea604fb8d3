"""The bench: configs, data, hosts, tasks, runs and their records, tables and figures."""
