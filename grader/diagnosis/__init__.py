"""Recognises known mistakes. Everything here happens in the parent, after the checks, and changes no outcome.

    checks ──▶ recording ──▶ the same messages to each known mistake, in a child of their own ──▶ who answers alike?

A mistake is named if its answers agree with the learner's on everything that the checks of a function asked, those
that passed included, and if no other mistake's answers do. Where that is not so, nothing is claimed.
"""
