"""Programs that open TLS and sign what they pass on with a root of their own, known by its name.

The words are what stands in the names of the issuers that they make, as their vendors' help pages and the
tools' own sources have them.  They are chosen so that no public authority is among them.
"""

from collections.abc import Iterable

_PRODUCTS: dict[str, tuple[str, ...]] = {
    # on the machine itself
    "Kaspersky": ("kaspersky",),
    "ESET": ("eset ssl filter", "eset, spol"),
    "Avast": ("avast",),
    "AVG": ("avg web", "avg technologies"),
    "Bitdefender": ("bitdefender",),
    "Norton": ("norton web", "norton security"),
    "McAfee": ("mcafee web gateway", "mcafee root", "mcafee, llc"),
    "Dr.Web": ("dr.web", "drweb", "spider gate"),
    "G DATA": ("g data",),
    "AdGuard": ("adguard",),
    "360": ("qihoo", "360 total security", "360 safe"),
    "Watt Toolkit (Steam++)": ("steamtools",),
    "DevSidecar": ("devsidecar", "dev-sidecar"),
    # on the way
    "Zscaler": ("zscaler",),
    "Netskope": ("netskope", "goskope"),
    "Fortinet FortiGate": ("fortinet", "fortigate"),
    "Palo Alto Networks": ("palo alto",),
    "Blue Coat / Symantec Web Security": ("blue coat", "bluecoat", "proxysg", "symantec web security"),
    "Cisco Umbrella": ("cisco umbrella", "opendns"),
    "Cisco Secure Web Appliance": ("ironport", "cisco secure web"),
    "Sophos": ("sophos",),
    "Check Point": ("check point", "checkpoint"),
    "Forcepoint": ("forcepoint", "websense"),
    "Skyhigh / Trellix": ("skyhigh", "trellix"),
    "SonicWall": ("sonicwall",),
    "WatchGuard": ("watchguard", "fireware https"),
    "Barracuda": ("barracuda",),
    "Cloudflare Gateway": ("gateway ca - cloudflare",),
    "Cato Networks": ("cato networks",),
    "iboss": ("iboss",),
    "Sangfor": ("sangfor",),
    "Qi An Xin": ("qianxin", "qi-anxin", "qi an xin"),
    # for developers
    "Charles": ("charles proxy",),
    "Fiddler": ("fiddler",),
    "mitmproxy": ("mitmproxy",),
    "Burp Suite": ("portswigger",),
    "OWASP ZAP": ("zap root ca", "owasp zed", "zed attack proxy"),
    "Proxyman": ("proxyman",),
    "HTTP Toolkit": ("http toolkit",),
    "Surge": ("surge generated ca", "surge ca"),
    "Reqable": ("reqable",),
    "whistle": ("whistle.",),
    "AnyProxy": ("anyproxy",),
}


def inspector(issuer: Iterable[str]) -> str | None:
    """The product whose root this is, from the names of an issuer (CN, O, OU); None for any other."""
    names = "\n".join(issuer).lower()
    for product, words in _PRODUCTS.items():
        if any(word in names for word in words):
            return product
    return None
