"""`grade verify`: proves that a course holds together, for the people who teach with it and those who edit it.

Each part looks at one promise of a challenge and gives a row for each thing that it looked at. The solution, the stubs,
the known mistakes and the mutants run in one child, one after another; nothing of them is ever run in the parent.
"""
