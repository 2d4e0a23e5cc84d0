"""What `trust-ca` and `untrust-ca` tell while they work."""

from .entry import Entry, Words


def _talk(english: str, chinese: str) -> Entry:
    return Entry(Words(english), Words(chinese), talk=True)


TABLE: dict[str, Entry] = {
    "new-root-none": _talk(
        "There is no local CA yet: a new one is made, which can speak for {names} and loopback only.",
        "尚无本地 CA：将新建一个，它只能为 {names} 和回环地址签发证书。",
    ),
    "new-root-names": _talk(
        "The names have changed ({former} became {names}), and they are part of the root: a new one is made.",
        "名称已改变（{former} 变为 {names}），而名称是根证书的一部分：将新建根证书。",
    ),
    "new-root-expired": _talk(
        "The root has expired: a new one is made for {names} and loopback.",
        "根证书已过期：将为 {names} 和回环地址新建根证书。",
    ),
    "new-root-asked": _talk(
        "A new root is made, as you asked, for {names} and loopback.",
        "按你的要求，将为 {names} 和回环地址新建根证书。",
    ),
    "root-ends-soon": _talk(
        "This root ends on {date}: localedge trust-ca --new replaces it.",
        "这个根证书将于 {date} 到期：localedge trust-ca --new 可以更换它。",
    ),
    "plan-root": _talk(
        "Root: {nick}, until {date}, SHA-256 {fingerprint}",
        "根证书：{nick}，有效期至 {date}，SHA-256 {fingerprint}",
    ),
    "plan-example": _talk(
        "It is not made now: the name, file names, sizes and hashes below are those of an example.",
        "现在不会真的新建：下面的名称、文件名、大小和哈希值只是示例。",
    ),
    "plan-store": _talk("{store}, for {clients}:", "{store}，供 {clients} 使用："),
    "plan-former": _talk("{store}, the former root {nick} goes:", "{store}，移除以前的根证书 {nick}："),
    "plan-undo": _talk("{store}, the root {nick} goes:", "{store}，移除根证书 {nick}："),
    "plan-step-run": _talk("  run {line}  [{rights}]", "  运行 {line}  [{rights}]"),
    "plan-step-run-stdin": _talk(
        "  run {line}  [{rights}; standard input: the certificate, {size} bytes, SHA-256 {sha256}]",
        "  运行 {line}  [{rights}；标准输入：证书，{size} 字节，SHA-256 {sha256}]",
    ),
    "plan-step-write": _talk(
        "  write {path}  [{rights}; {size} bytes, mode {mode}, SHA-256 {sha256}]",
        "  写入 {path}  [{rights}；{size} 字节，权限 {mode}，SHA-256 {sha256}]",
    ),
    "plan-step-remove": _talk(
        "  remove {path}  [{rights}; only if its SHA-256 is still {sha256}]",
        "  删除 {path}  [{rights}；仅当其 SHA-256 仍为 {sha256}]",
    ),
    "plan-step-directory": _talk(
        "  make the directory {path}  [{rights}; mode {mode}]", "  创建目录 {path}  [{rights}；权限 {mode}]"
    ),
    "plan-step-native": _talk("  {what}  [{rights}]", "  {what}  [{rights}]（系统函数）"),
    "native-nss-drop": _talk(
        "remove the database in {location}, which localedge made, if nothing else is in it",
        "如果 {location} 中由 localedge 创建的数据库里没有其他内容，则删除该数据库",
    ),
    "rights-own": _talk("your own rights", "使用你自己的权限"),
    "rights-sudo": _talk("as root through sudo", "通过 sudo 以 root 身份"),
    "rights-root": _talk("as root", "以 root 身份"),
    "rights-administrator": _talk("as administrator", "以管理员身份"),
    "plan-person": _talk("  You will see: {what}", "  你会看到：{what}"),
    "sudo-prompt": _talk(
        "sudo may ask for your password in this terminal.", "sudo 可能会在终端中要求输入密码。"
    ),
    "nss-password-prompt": _talk(
        "certutil asks in this terminal for the database's own (primary) password.",
        "certutil 会在终端中要求输入该数据库自己的（主）密码。",
    ),
    "ask-go-on": _talk("Go on? [y/N]", "是否继续？[y/N]"),
    "nothing-to-do": _talk("  nothing to do", "  无需任何操作"),
    "nothing-changed": _talk("Nothing was changed: this was a dry run.", "没有作任何改动：这只是预演。"),
    "already-trusted": _talk(
        "{store}: trusted already, for {clients}", "{store}：已经受信任，供 {clients} 使用"
    ),
    "now-trusted": _talk("{store}: trusted now, for {clients}", "{store}：现在受信任，供 {clients} 使用"),
    "former-removed": _talk(
        "{store}: the former root {nick} is no longer trusted", "{store}：以前的根证书 {nick} 已不再受信任"
    ),
    "former-kept": _talk(
        "The former root {nick} stays in force, and trusted where it was: the new one takes its place only if "
        "every store that trusts the former takes it. To go on without a store, name the others with --store.",
        "以前的根证书 {nick} 仍然有效，并在原处受信任：只有信任它的每个证书库都接受新的根证书，才会更换。"
        "要跳过某个证书库，请用 --store 指定其他证书库。",
    ),
    "new-undone": _talk(
        "{store}: the new root {nick} was taken out again", "{store}：新的根证书 {nick} 已重新移除"
    ),
    "now-untrusted": _talk("{store}: {nick} is no longer trusted", "{store}：{nick} 已不再受信任"),
    "was-gone": _talk("{store}: {nick} was gone already", "{store}：{nick} 早已不在"),
    "store-gone": _talk(
        "{store}: this store is there no more, and {nick} with it",
        "{store}：该证书库已不存在，{nick} 也随之消失",
    ),
    "as-before": _talk("{path} is byte for byte what it was", "{path} 与改动前逐字节相同"),
    "nothing-to-undo": _talk(
        "There is nothing to undo: no store has a root of localedge in the journal.",
        "没有需要撤销的内容：日志中没有任何证书库含有 localedge 的根证书。",
    ),
    "not-recorded": _talk(
        "{store}: it has the root {nick}, but not through localedge, so it stays there; "
        "--unrecorded takes it out as well.",
        "{store}：其中有根证书 {nick}，但不是 localedge 加入的，因此保留；加上 --unrecorded 可一并移除。",
    ),
    "other-stores-former": _talk(
        "{store}: the former root is still trusted there; localedge trust-ca without --store sees to it.",
        "{store}：以前的根证书在那里仍受信任；不带 --store 运行 localedge trust-ca 即可处理。",
    ),
    "authority-stays": _talk(
        "The CA's own files stay; localedge ca forget removes them.",
        "CA 自身的文件仍然保留；localedge ca forget 可以删除它们。",
    ),
    "restart-clients": _talk(
        "Quit and start Claude Desktop and open browsers again: they read their trust store at launch.",
        "请退出并重新启动 Claude Desktop 和已打开的浏览器：它们在启动时读取证书库。",
    ),
    "advice-node": _talk(
        "Node, where it does not use the system's store: export NODE_EXTRA_CA_CERTS={path}",
        "Node 不使用系统证书库时：export NODE_EXTRA_CA_CERTS={path}",
    ),
    "advice-bundle": _talk(
        "Python (certifi) and curl with a bundle of their own: SSL_CERT_FILE, REQUESTS_CA_BUNDLE and "
        "CURL_CA_BUNDLE replace theirs; localedge ca export writes one that has both.",
        "自带证书包的 Python（certifi）和 curl：SSL_CERT_FILE、REQUESTS_CA_BUNDLE 和 CURL_CA_BUNDLE "
        "会替换原有证书包；localedge ca export 可生成合并后的证书包。",
    ),
    "advice-nixos": _talk(
        "NixOS is changed by its configuration only. Add this and rebuild: "
        "security.pki.certificateFiles = [ {path} ];",
        "NixOS 只能通过配置修改。请加入以下内容并重新构建：security.pki.certificateFiles = [ {path} ];",
    ),
    "advice-guix": _talk(
        "Guix System is changed by its configuration only: put {path} into a package of your own "
        "and add that to the operating system's packages (Guix manual, X.509 Certificates).",
        "Guix System 只能通过配置修改：请把 {path} 放进自己的软件包，并加入操作系统的 packages"
        "（见 Guix 手册 X.509 Certificates 一节）。",
    ),
    "clients-system": _talk(
        "curl, git, Python's ssl and whatever reads the system's bundle",
        "curl、git、Python 的 ssl 以及读取系统证书包的程序",
    ),
    "clients-claude-code": _talk("Claude Code", "Claude Code（终端）"),
    "clients-java-system": _talk("Java", "Java（系统）"),
    "clients-java": _talk("this Java runtime", "这个 Java 运行环境"),
    "clients-chromium": _talk(
        "Chromium, Chrome and Electron programs such as Claude Desktop",
        "Chromium、Chrome 以及 Claude Desktop 等 Electron 程序",
    ),
    "clients-firefox": _talk("this Firefox profile", "这个 Firefox 配置文件"),
}
