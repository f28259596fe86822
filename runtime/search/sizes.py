"""From where on a tenant's documents are many."""

EXACT_ITEMS = 5_000
"""Up to so many of a tenant's documents every one is compared, which takes as long as asking the indexes of a tenant
with more, who gets indexes of their own. Every change of the tables has to look at each of them, so that they are not
for everybody."""
KEEP_SHARE = 0.5
"""Of `EXACT_ITEMS`: a tenant with fewer documents does not need indexes any more. Between the two nothing
changes, so that nobody's are built and dropped in turns."""
