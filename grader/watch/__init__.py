"""`grade watch`: grades again on each save, with a child that stays warm. Everything here happens in the parent.

`events` says what was saved and which keys were pressed, `affected` which steps that concerns, `watching` grades them.
"""
