"""What `localedge uninstall` tells."""

from .entry import Entry, Words


def _talk(english: str, chinese: str) -> Entry:
    return Entry(Words(english), Words(chinese), talk=True)


TABLE: dict[str, Entry] = {
    "uninstall-nothing": _talk("There is nothing to undo.", "没有需要撤销的内容。"),
    "uninstall-plan": _talk("What will be undone:", "将要撤销："),
    "uninstall-plan-desktop": _talk("  Claude Desktop's files: {paths}", "  Claude Desktop 的文件：{paths}"),
    "uninstall-plan-trust": _talk(
        "  the local CA in the trust stores: {stores}", "  证书库中的本地 CA：{stores}"
    ),
    "uninstall-plan-hosts": _talk("  {names} in {path}", "  {path} 中的 {names}"),
    "uninstall-plan-ca": _talk("  the local CA's files and keys: {path}", "  本地 CA 的文件和密钥：{path}"),
    "uninstall-plan-config": _talk(
        "  what setup wrote into the configuration: {path}", "  设置程序写入配置的内容：{path}"
    ),
    "uninstall-plan-record": _talk("  setup's own record: {path}", "  设置程序自己的记录：{path}"),
    "uninstall-config-restored": _talk("{path} is what it was, byte for byte", "{path} 已逐字节恢复原状"),
    "uninstall-config-removed": _talk(
        "removed {path}, which setup had made", "已删除由设置程序新建的 {path}"
    ),
    "uninstall-config-as-it-was": _talk("{path} is what it was already", "{path} 已是原来的样子"),
    "uninstall-config-changed": _talk(
        "{path} has been changed since setup wrote the gateway's URL into it: it stays. Remove it, or that line, by hand.",
        "设置程序写入网关地址之后 {path} 又被修改过，因此保留。可自行删除该文件或其中那一行。",
    ),
    "uninstall-left": _talk("What is left, and how it goes:", "剩下的内容及处理方法："),
    "uninstall-left-edge": _talk(
        "  an edge is running on port {port} (pid {pid}): stop it with Ctrl-C in its window",
        "  端口 {port} 上仍有 localedge 在运行（pid {pid}）：请在其窗口按 Ctrl-C 停止",
    ),
    "uninstall-left-line": _talk(
        "  {path}:{line} leads clients to the edge: remove that line",
        "  {path}:{line} 会让客户端使用 localedge：请删除该行",
    ),
    "uninstall-left-variable": _talk(
        "  {name} is set in this shell and leads to the edge: unset it, or open a new one",
        "  当前 shell 中的 {name} 指向 localedge：请取消该变量，或打开新的 shell",
    ),
    "uninstall-left-bundle": _talk(
        "  {path}, a bundle of certificates: remove it if no variable names it",
        "  证书包 {path}：如果没有变量引用它，可以删除",
    ),
    "uninstall-left-package": _talk("  the program itself: {command}", "  程序本身：{command}"),
}
