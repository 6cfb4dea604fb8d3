"""Pages of docs/ that are generated: ``lshmoe-bench docs`` writes them, ``make docs`` builds the site around them."""
