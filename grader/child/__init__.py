"""What runs in the child: the nursery that forks, the worker that holds the learner's code, and their tools.

Nothing in this package decides a verdict, and nothing in it knows a challenge.
"""
