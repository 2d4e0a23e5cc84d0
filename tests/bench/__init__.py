"""localedge beside other proxies: `python -m tests.bench` from the top of a checkout (Linux).

nginx, Caddy, HAProxy, hypercorn and wrk are used where they are installed, h2load (nghttp2) in the lane that
needs it; what is missing shows as n/a.  Nothing here is a test: pytest collects nothing from this package,
and no figure of it decides whether tests pass.
"""
