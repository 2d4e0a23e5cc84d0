"""What is particular to the trust stores of Windows, macOS and WSL."""

from .entry import Entry, Words

_FAILURES: dict[str, Entry] = {
    "windows-dialog-refused": Entry(
        Words(
            "the store {store} is as it was: the window of Windows was answered with No, or closed.",
            "Run the command again and answer Yes, or leave this store out.",
        ),
        Words(
            "证书库 {store} 未作改动：Windows 的确认窗口被选了“否”或被关闭。",
            "请重新运行该命令并选“是”，或不使用这个证书库。",
        ),
    ),
    "windows-store-failed": Entry(
        Words(
            "Windows refuses access to its certificate store {location} ({reason}).",
            "Run the command in a session with a desktop; as an administrator, --store windows-machine needs none.",
        ),
        Words(
            "Windows 拒绝访问证书库 {location}（{reason}）。",
            "请在有桌面的会话中运行该命令；以管理员身份运行时，用 --store windows-machine 则不需要桌面。",
        ),
    ),
    "windows-root-forbidden": Entry(
        Words(
            "Windows lists the certificate {nick} as untrusted, which no trust store outweighs.",
            'Delete it from "Untrusted Certificates" (certmgr.msc, or certlm.msc as an administrator).',
        ),
        Words(
            "Windows 把证书 {nick} 列为不受信任，任何证书库都不能推翻它。",
            "请在“不信任的证书”中删除它（certmgr.msc；管理员用 certlm.msc）。",
        ),
    ),
    "wsl-by-hand": Entry(
        Words(
            "Windows programs cannot be started from this WSL, so the Windows side is left as it is.",
            'Write the root with "localedge ca export" to a place that Windows sees, and run there: {command}.',
        ),
        Words(
            "在这个 WSL 里无法启动 Windows 程序，因此 Windows 一侧保持原样。",
            "请用“localedge ca export”把根证书写到 Windows 能看到的位置，并在 Windows 中运行：{command}。",
        ),
    ),
    "wsl-by-hand-remove": Entry(
        Words(
            "Windows programs cannot be started from this WSL, so the Windows side is left as it is.",
            "Run on Windows: {command}.",
        ),
        Words(
            "在这个 WSL 里无法启动 Windows 程序，因此 Windows 一侧保持原样。",
            "请在 Windows 中运行：{command}。",
        ),
    ),
    "java-copy-left": Entry(
        Words(
            "the store {store}: the root is out of the system's bundle, but Java's copy of it may be left in "
            "{path}, which cannot be looked into ({reason}).",
            "Mend that, or remove the file where no Java is left; then run the command again.",
        ),
        Words(
            "证书库 {store}：根证书已从系统证书包中移除，但 {path} 中可能还有 Java 的副本，"
            "而该文件无法查看（{reason}）。",
            "请解决该问题；如果已不再使用 Java，就删除该文件；然后重新运行该命令。",
        ),
    ),
}

_TALK: dict[str, Entry] = {
    "native-java-look": Entry(
        Words("see whether Java's copy is left in {location}, which cannot be looked into now"),
        Words("查看 {location} 中是否还有 Java 的副本（目前无法查看）"),
        talk=True,
    ),
    "native-windows-add": Entry(
        Words("crypt32: add the certificate to {location}"),
        Words("crypt32：把证书加入 {location}"),
        talk=True,
    ),
    "native-windows-delete": Entry(
        Words("crypt32: delete the certificate from {location}"),
        Words("crypt32：从 {location} 删除证书"),
        talk=True,
    ),
    "windows-dialog": Entry(
        Words(
            "Windows asks in a window of its own whether this root is to be added or deleted.",
            "Answer Yes there.",
        ),
        Words("Windows 会弹出窗口，询问是否添加或删除这个根证书。", "请在其中选“是”。"),
        talk=True,
    ),
    "macos-dialog-system": Entry(
        Words(
            "macOS asks in a window of its own for an administrator's password or Touch ID.",
            "Answer there, in the session with the desktop. (This was written from Apple's documentation "
            "and has not been tried on a real Mac.)",
        ),
        Words(
            "macOS 会弹出窗口，要求输入管理员密码或使用触控 ID。",
            "请在带桌面的会话中完成确认。（此功能依据 Apple 的文档编写，尚未在真正的 Mac 上试过。）",
        ),
        talk=True,
    ),
    "macos-dialog-user": Entry(
        Words(
            "macOS asks in a window of its own for your password or Touch ID.",
            "Answer there, in the session with the desktop. (This was written from Apple's documentation "
            "and has not been tried on a real Mac.)",
        ),
        Words(
            "macOS 会弹出窗口，要求输入你的密码或使用触控 ID。",
            "请在带桌面的会话中完成确认。（此功能依据 Apple 的文档编写，尚未在真正的 Mac 上试过。）",
        ),
        talk=True,
    ),
    "wsl-dialog": Entry(
        Words(
            "Windows asks in a window of its own, on the Windows desktop, whether this root is to be added or deleted.",
            "Answer Yes there. (This was written from Microsoft's documentation and has not been tried on a real WSL.)",
        ),
        Words(
            "Windows 会在 Windows 桌面上弹出窗口，询问是否添加或删除这个根证书。",
            "请在其中选“是”。（此功能依据微软的文档编写，尚未在真正的 WSL 上试过。）",
        ),
        talk=True,
    ),
    "clients-windows": Entry(
        Words("Claude Desktop, Edge, Chrome, Firefox and Windows' own programs"),
        Words("Claude Desktop、Edge、Chrome、Firefox 以及 Windows 自带的程序"),
        talk=True,
    ),
    "clients-macos-system": Entry(
        Words("Claude Desktop, Claude Code, Safari, Chrome, Firefox and macOS' own programs, of every user"),
        Words("所有用户的 Claude Desktop、Claude Code、Safari、Chrome、Firefox 以及 macOS 自带的程序"),
        talk=True,
    ),
    "clients-macos-user": Entry(
        Words("Claude Desktop, Safari, Chrome and macOS' own programs, of this user"),
        Words("当前用户的 Claude Desktop、Safari、Chrome 以及 macOS 自带的程序"),
        talk=True,
    ),
    "clients-wsl-windows": Entry(
        Words("Claude Desktop, Edge, Chrome, Firefox and other programs on the Windows side"),
        Words("Windows 一侧的 Claude Desktop、Edge、Chrome、Firefox 等程序"),
        talk=True,
    ),
}

TABLE: dict[str, Entry] = {**_FAILURES, **_TALK}
