"""The tests. `tests.*` modules that are not `test_*` are shared by several of them."""
