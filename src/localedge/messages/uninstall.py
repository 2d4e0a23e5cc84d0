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
    "uninstall-plan-left": _talk(
        "  what a killed command left: {paths}", "  被中断的命令留下的文件：{paths}"
    ),
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
    "uninstall-config-gone": _talk(
        "{path} is gone; the gateway's URL in it was {url} before setup",
        "{path} 已不存在；设置之前其中的网关地址为 {url}",
    ),
    "uninstall-config-gone-none": _talk(
        "{path} is gone; it named no gateway before setup", "{path} 已不存在；设置之前其中没有网关地址"
    ),
    "uninstall-config-url-only": _talk(
        "{path} has been changed since setup: only the gateway's URL in it is what it was ({url})",
        "{path} 在设置之后又被修改过：只恢复了其中的网关地址（{url}）",
    ),
    "uninstall-config-url-only-none": _talk(
        "{path} has been changed since setup: only the gateway's URL is gone from it, as it named none before",
        "{path} 在设置之后又被修改过：只去掉了其中的网关地址（设置之前没有）",
    ),
    "uninstall-config-changed": _talk(
        "{path} has another gateway than setup wrote, or cannot be read: it stays. Before setup the URL was {url}.",
        "{path} 中的网关已不是设置程序写入的地址，或无法读取，因此保留。设置之前的地址为 {url}。",
    ),
    "uninstall-config-changed-none": _talk(
        "{path} has another gateway than setup wrote, or cannot be read: it stays. Before setup it named none.",
        "{path} 中的网关已不是设置程序写入的地址，或无法读取，因此保留。设置之前其中没有网关地址。",
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
    "uninstall-left-profile": _talk(
        "  {path}, a profile of Claude Desktop that was changed since; a key may be in it: remove it in Claude's own window",
        "  {path}：此后被改动过的 Claude Desktop 配置，其中可能有密钥：请在 Claude 的窗口中删除",
    ),
    "uninstall-left-bundle": _talk(
        "  {path}, a bundle of certificates: remove it if no variable names it",
        "  证书包 {path}：如果没有变量引用它，可以删除",
    ),
    "uninstall-left-package": _talk("  the program itself: {command}", "  程序本身：{command}"),
}
