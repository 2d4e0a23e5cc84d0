"""What can be wrong with the local authority, and what `localedge ca` tells."""

from .entry import Entry, Words

_NEW = 'make a new CA with "localedge trust-ca --new".'
_NEW_ZH = "运行“localedge trust-ca --new”重新生成。"

_FAILURES: dict[str, Entry] = {
    "busy-elsewhere": Entry(
        Words(
            "another localedge is changing the same files ({path} is locked).",
            "Wait until it has finished, then try again.",
        ),
        Words("另一个 localedge 正在修改同一批文件（{path} 已锁定）。", "请等它结束后再试。"),
    ),
    "lock-failed": Entry(
        Words("cannot lock {path} ({reason}).", "Make sure that you may write to the directory it is in."),
        Words("无法锁定 {path}（{reason}）。", "请确认你对其所在目录有写权限。"),
    ),
    "ca-missing": Entry(
        Words("there is no local CA in {path}.", 'Make one with "localedge trust-ca".'),
        Words("{path} 中没有本地 CA。", "请运行“localedge trust-ca”生成。"),
    ),
    "ca-incomplete": Entry(
        Words("the local CA is incomplete: {path} is missing.", f"Restore the file from a backup, or {_NEW}"),
        Words("本地 CA 不完整：缺少 {path}。", f"请从备份恢复该文件；若无备份，请{_NEW_ZH}"),
    ),
    "ca-damaged": Entry(
        Words("{path} is damaged.", f"Restore the file from a backup, or {_NEW}"),
        Words("{path} 已损坏。", f"请从备份恢复该文件；若无备份，请{_NEW_ZH}"),
    ),
    "ca-version": Entry(
        Words(
            "{path} was written by another version of localedge (format {found}).",
            f"Use that version, or {_NEW}",
        ),
        Words("{path} 由另一版本的 localedge 写成（格式 {found}）。", f"请使用那个版本，或{_NEW_ZH}"),
    ),
    "ca-mismatch": Entry(
        Words("{path} does not belong to {other} beside it.", f"Restore both from one backup, or {_NEW}"),
        Words("{path} 与同目录的 {other} 不匹配。", f"请从同一份备份恢复二者；若无备份，请{_NEW_ZH}"),
    ),
    "ca-foreign": Entry(
        Words(
            "{path} is no certificate of localedge: it is not confined to mapped names and loopback, "
            "so a thief of its key could speak for any site.",
            f"Take it away and {_NEW}",
        ),
        Words(
            "{path} 不是 localedge 的证书：它没有限定于映射的名称和本机回环地址，一旦密钥失窃，任何网站都可被冒充。",
            f"请移走该文件，并{_NEW_ZH}",
        ),
    ),
    "ca-expired": Entry(
        Words("the local CA expired on {date}.", 'Make a new one with "localedge trust-ca --new".'),
        Words("本地 CA 已于 {date} 过期。", f"请{_NEW_ZH}"),
    ),
    "ca-not-yet-valid": Entry(
        Words(
            "the local CA is valid from {date} on, and the clock of this machine says {today}.",
            "Set the clock.",
        ),
        Words("本地 CA 自 {date} 起有效，而本机时钟显示 {today}。", "请校准时钟。"),
    ),
    "ca-loose": Entry(
        Words("others may open {path} ({who}).", 'Run "{command}" to keep it to yourself.'),
        Words("其他用户可以访问 {path}（{who}）。", "请运行“{command}”，改为仅限自己访问。"),
    ),
    "ca-owner": Entry(
        Words(
            "{path} belongs to {owner}, not to the user who runs this.",
            'Run localedge as that user (without sudo), or take it over with "{command}".',
        ),
        Words(
            "{path} 属于 {owner}，不属于当前用户。",
            "请以该用户身份运行 localedge（不加 sudo），或用“{command}”接管它。",
        ),
    ),
    "ca-no-file": Entry(
        Words(
            "{path} is not what should be there: a link, a device, or a file in place of a directory.",
            "Take it away, or choose another directory with https.directory.",
        ),
        Words(
            "{path} 不是应有的普通文件或目录（例如是链接、设备，或目录位置上的文件）。",
            "请移走它，或用 https.directory 换一个目录。",
        ),
    ),
    "ca-unreadable": Entry(
        Words("{path} cannot be read ({reason}).", "Make it readable for you and you alone."),
        Words("无法读取 {path}（{reason}）。", "请把它改为仅你本人可读。"),
    ),
    "ca-unwritable": Entry(
        Words(
            "{path} cannot be written ({reason}).",
            "Make room there, or choose another directory with https.directory.",
        ),
        Words("无法写入 {path}（{reason}）。", "请腾出空间，或用 https.directory 换一个目录。"),
    ),
    "ca-names-missing": Entry(
        Words(
            "the local CA may not speak for {names}, and its names are part of its root.",
            'Run "localedge trust-ca": it makes a new root for the names in https.names.',
        ),
        Words(
            "本地 CA 不能为 {names} 签发证书，而可用的名称是根证书的一部分。",
            "请运行“localedge trust-ca”，它会按 https.names 中的名称新建根证书。",
        ),
    ),
    "ca-still-in-stores": Entry(
        Words(
            "the root is still trusted in: {stores}.",
            'Run "{command}" first; what an administrator installed, an administrator takes out.',
        ),
        Words("根证书仍受以下证书库信任：{stores}。", "请先运行“{command}”；管理员安装的，需由管理员移除。"),
    ),
    "ca-export-exists": Entry(
        Words("{path} exists already.", "Choose another name, or replace it with --force."),
        Words("{path} 已存在。", "请换一个名称，或用 --force 覆盖它。"),
    ),
    "ca-export-unwritable": Entry(
        Words("{path} cannot be written ({reason}).", "Choose another place with --out."),
        Words("无法写入 {path}（{reason}）。", "请用 --out 换一个位置。"),
    ),
    "ca-bundle-unreadable": Entry(
        Words("the bundle {path} cannot be read ({reason}).", "Name another one with --base."),
        Words("无法读取证书包 {path}（{reason}）。", "请用 --base 指定另一个。"),
    ),
    "ca-bundle-empty": Entry(
        Words(
            "there is no PEM certificate in {path}: a bundle made of it would leave a program with our root only.",
            "Name another one with --base.",
        ),
        Words(
            "{path} 中没有 PEM 证书：以它生成的证书包会让程序只信任我们的根证书。",
            "请用 --base 指定另一个。",
        ),
    ),
    "ca-bundle-is-pem": Entry(
        Words(
            "a bundle is always PEM: DER has room for one certificate.", "Leave out --format der or --bundle."
        ),
        Words("证书包只能是 PEM 格式：DER 只容得下一张证书。", "请去掉 --format der 或 --bundle。"),
        exit_status=2,
    ),
    "ca-base-without-bundle": Entry(
        Words("--base says what a bundle is made of, and no bundle is asked for.", "Add --bundle."),
        Words("--base 指定证书包的来源，但没有要求生成证书包。", "请加上 --bundle。"),
        exit_status=2,
    ),
    "ca-der-to-file": Entry(
        Words("DER is binary and no text for a terminal.", "Name a file with --out, or use a pipe."),
        Words("DER 是二进制格式，不适合显示在终端上。", "请用 --out 指定文件，或使用管道。"),
        exit_status=2,
    ),
    "ca-replaced": Entry(
        Words("another localedge has just replaced the local CA in {path}.", "Try again."),
        Words("另一个 localedge 刚刚更换了 {path} 中的本地 CA。", "请重试。"),
    ),
}


def _talk(english: str, chinese: str) -> Entry:
    return Entry(Words(english), Words(chinese), talk=True)


_TALK: dict[str, Entry] = {
    "ca-show-place": _talk("Local CA in {path}", "本地 CA，位于 {path}"),
    "ca-show-names": _talk(
        "It can speak for these, and names below them, and for nothing else: {names}",
        "只能为以下名称（及其子域名）和地址签发证书：{names}",
    ),
    "ca-show-root": _talk("Root: {name} (its key was never kept)", "根证书：{name}（密钥从未保存）"),
    "ca-show-intermediate": _talk("Intermediate: {name}", "中间证书：{name}"),
    "ca-show-leaf": _talk("Leaf, what the edge shows: {name}", "服务器证书（localedge 出示的证书）：{name}"),
    "ca-show-no-leaf": _talk(
        "Leaf: none that is good; the edge makes one when it starts",
        "服务器证书：没有可用的；localedge 启动时会签发",
    ),
    "ca-show-dates": _talk(
        "  from {not_before} to {not_after}, {days} days left",
        "  自 {not_before} 至 {not_after}，剩余 {days} 天",
    ),
    "ca-show-fingerprint": _talk("  SHA-256 {fingerprint}", "  SHA-256 指纹 {fingerprint}"),
    "ca-show-leaf-names": _talk(
        "  for {names}, renewed from {date} on", "  适用于 {names}，自 {date} 起自动更新"
    ),
    "ca-show-stores": _talk("Trust stores:", "证书库："),
    "ca-show-no-stores": _talk(
        "Trust stores: none found that localedge knows", "证书库：没有找到 localedge 认识的证书库"
    ),
    "ca-show-recorded": _talk(", put there by localedge", "，由 localedge 加入"),
    "ca-show-former": _talk(
        "  {store}: a former root, {name}, is still there", "  {store}：以前的根证书 {name} 仍在其中"
    ),
    "ca-state-trusted": _talk("trusted", "受信任"),
    "ca-state-absent": _talk("absent", "不在其中"),
    "ca-state-wrong-fingerprint": _talk("something else stands in its place", "其位置上是另一张证书"),
    "ca-state-not-trusted": _talk("present but not trusted", "在其中但不受信任"),
    "ca-state-expired": _talk("expired", "已过期"),
    "ca-state-unknown": _talk("cannot tell", "无法判断"),
    "ca-still-trusted": _talk(
        "{store}: the root {name} is still trusted there; localedge untrust-ca undoes that.",
        "{store}：根证书 {name} 仍受信任；localedge untrust-ca 可以撤销。",
    ),
    "ca-renewed": _talk(
        "A new certificate for {names} until {date}: a running edge shows it to new connections within a "
        "minute, and open ones go on undisturbed.",
        "已为 {names} 签发新证书，有效期至 {date}：运行中的 localedge 会在一分钟内用于新连接，已有连接不受影响。",
    ),
    "ca-root-written": _talk("The root certificate is in {path}.", "根证书已写入 {path}。"),
    "ca-bundle-written": _talk(
        "The system's trusted roots and ours are in {path}: set SSL_CERT_FILE, REQUESTS_CA_BUNDLE or "
        "CURL_CA_BUNDLE to it. Write it again after trust-ca --new, and when the system's roots change.",
        "系统信任的根证书和我们的根证书已写入 {path}：可将 SSL_CERT_FILE、REQUESTS_CA_BUNDLE 或 CURL_CA_BUNDLE "
        "设为该文件。运行 trust-ca --new 后，或系统根证书更新后，请重新生成。",
    ),
    "ca-forget-unknown": _talk(
        "{store}: it cannot be told whether the root is still there.", "{store}：无法得知根证书是否仍在其中。"
    ),
    "ca-forgotten": _talk(
        "The local CA is gone from {path}, its keys with it.", "{path} 中的本地 CA 已删除，密钥也一并删除。"
    ),
    "ca-nothing-to-forget": _talk("There is no local CA in {path}.", "{path} 中没有本地 CA。"),
}

TABLE: dict[str, Entry] = {**_FAILURES, **_TALK}
