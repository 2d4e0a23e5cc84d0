"""What `localedge doctor` says of proxies that could take what is meant for the edge."""

from .entry import Entry, Words


def _found(fact: str, step: str, fact_zh: str, step_zh: str) -> Entry:
    return Entry(Words(fact, step), Words(fact_zh, step_zh))


_DIRECT = "or use https://127.0.0.1:{port}, which goes directly."
_DIRECT_ZH = "或使用 https://127.0.0.1:{port}，它不经过代理。"

TABLE: dict[str, Entry] = {
    "doctor-proxies-none": Entry(
        Words("No proxy is set, neither in the environment nor in the system."),
        Words("环境变量和系统中均未设置代理。"),
        talk=True,
    ),
    "doctor-proxies-good": Entry(
        Words("Proxies are set ({where}), and what is meant for the edge goes past them."),
        Words("已设置代理（{where}），但访问 localedge 的请求不经过它们。"),
        talk=True,
    ),
    "doctor-proxy-loopback": _found(
        "{names}: what {programs} means for {hosts} goes to a proxy, because NO_PROXY does not list that.",
        "Set NO_PROXY where the proxy is set, and in this shell.",
        "由于 NO_PROXY 没有列出 {hosts}，{names} 会让 {programs} 把访问它的请求发给代理。",
        "请在设置代理的地方以及当前 shell 中设置 NO_PROXY。",
    ),
    "doctor-proxy-dead": _found(
        "{names}: nobody listens at the proxy {proxy}.",
        "Start the proxy program again, or take the variable out, also where it is set.",
        "{names} 指定了代理 {proxy}，但没有程序在监听。",
        "请重新启动代理程序（如 Clash），或去掉该变量（包括设置它的地方）。",
    ),
    "doctor-system-proxy-dead": _found(
        "The proxy settings of {where} name {proxy}, and nobody listens there: browsers and Claude reach no site.",
        "Start the proxy program again, or turn the proxy off in the system's settings.",
        "{where} 的代理设置指向 {proxy}，但没有程序在监听：浏览器和 Claude 无法访问任何网站。",
        "请重新启动代理程序（如 Clash），或在系统设置中关闭代理。",
    ),
    "doctor-system-proxy-loopback": _found(
        "The proxy settings of {where} have the exception <-loopback>: even 127.0.0.1 goes through {proxy}.",
        "Take that exception out, then restart Claude.",
        "{where} 的代理设置中有例外项 <-loopback>：连 127.0.0.1 也会经过代理 {proxy}。",
        "请删除该例外项，然后重启 Claude。",
    ),
    "doctor-system-proxy-names": _found(
        "The proxy settings of {where} send {names} to {proxy}: only 127.0.0.1 and localhost go directly by themselves.",
        f"Add the name to the exceptions of the proxy, {_DIRECT}",
        "{where} 的代理设置会把 {names} 发给 {proxy}：只有 127.0.0.1 和 localhost 默认直连。",
        f"请把该名称加入代理的例外列表，{_DIRECT_ZH}",
    ),
    "doctor-pac-missing": _found(
        "The proxy settings of {where} name the script {pac}, which is not there.",
        "Start the program that provides it, or take it out of the system's settings.",
        "{where} 的代理设置指定了脚本 {pac}，但它不存在。",
        "请启动提供该脚本的程序，或在系统设置中去掉它。",
    ),
    "doctor-pac": _found(
        "In {where} the script {pac} decides about proxies: 127.0.0.1 and localhost go directly, {names} as it says.",
        f"If that name is not reached, except it in the script, {_DIRECT}",
        "{where} 由脚本 {pac} 决定是否使用代理：127.0.0.1 和 localhost 直连，{names} 由脚本决定。",
        f"如果无法访问该名称，请在脚本中将其排除，{_DIRECT_ZH}",
    ),
    "doctor-pac-detected": _found(
        "{where} asks the network for a proxy script: 127.0.0.1 and localhost go directly, {names} as the script says.",
        f"If that name is not reached, turn the detection off, {_DIRECT}",
        "{where} 会自动检测网络中的代理脚本：127.0.0.1 和 localhost 直连，{names} 由脚本决定。",
        f"如果无法访问该名称，请关闭自动检测，{_DIRECT_ZH}",
    ),
}
