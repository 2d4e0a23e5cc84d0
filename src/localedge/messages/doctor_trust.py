"""What `localedge doctor` says of the local CA, the trust stores and who signs what clients see."""

from .entry import Entry, Words


def _found(fact: str, step: str, fact_zh: str, step_zh: str) -> Entry:
    return Entry(Words(fact, step), Words(fact_zh, step_zh))


def _good(english: str, chinese: str) -> Entry:
    return Entry(Words(english), Words(chinese), talk=True)


_STORES: dict[str, Entry] = {
    "doctor-https-off": _found(
        "HTTPS is not set up.",
        "Claude over http://127.0.0.1 does not need it; trust-ca sets it up.",
        "未启用 HTTPS。",
        "通过 http://127.0.0.1 使用 Claude 不需要它；如需启用，请运行 trust-ca。",
    ),
    "doctor-trust-good": _good("The local CA is trusted: {stores}.", "本地 CA 受信任：{stores}。"),
    "doctor-trust-no-store": _found(
        "There is a local CA, and no trust store on this machine that localedge could look into.",
        "Put the root into your system's own configuration: ca export prints it.",
        "已有本地 CA，但本机没有 localedge 能够查看的证书库。",
        "请把根证书加入系统自身的配置：ca export 可将其输出。",
    ),
    "doctor-trust-absent": _found(
        "The root of the local CA is not in: {stores}. Whoever goes by that refuses the edge's HTTPS.",
        "Put it there, then restart Claude.",
        "以下证书库中没有本地 CA 的根证书：{stores}。依赖它们的程序会拒绝本机的 HTTPS。",
        "请将其加入，然后重启 Claude。",
    ),
    "doctor-trust-not-trusted": _found(
        "The root of the local CA is in {store} ({detail}), but is not trusted there.",
        "Have it trusted, then restart Claude.",
        "本地 CA 的根证书已在 {store} 中（{detail}），但不受信任。",
        "请将其设为受信任，然后重启 Claude。",
    ),
    "doctor-trust-other": _found(
        "In {store} something else stands where the root of the local CA should be ({detail}).",
        "Look at it, move it away if nobody needs it, then install the root.",
        "在 {store} 中，本地 CA 根证书的位置上是别的内容（{detail}）。",
        "请查看它，若无人需要就移走，然后安装根证书。",
    ),
    "doctor-trust-slow": _found(
        "The store {store} could not be asked in the few seconds that doctor takes ({program} did not answer).",
        "Ask it with more patience.",
        "doctor 只等待几秒，未能查询证书库 {store}（{program} 没有响应）。",
        "请用更长的时间查询。",
    ),
    "doctor-trust-former": _found(
        "An earlier root of localedge is still in: {stores}.",
        "trust-ca takes it out and leaves the one in force.",
        "以下证书库中仍有 localedge 以前的根证书：{stores}。",
        "trust-ca 会移除它，并保留当前的根证书。",
    ),
    "doctor-trust-left": _found(
        "The local CA is gone, and a root of it is still in: {stores}.",
        "Take it out.",
        "本地 CA 已不存在，但以下证书库中仍有它的根证书：{stores}。",
        "请将其移除。",
    ),
    "doctor-system-rejects": _found(
        "The root is in the system's bundle, but OpenSSL refuses the edge's certificate for {names} ({reason}): "
        "its directory of certificates is out of step.",
        "Have the system make it anew.",
        "根证书已在系统证书包中，但 OpenSSL 拒绝 {names} 的证书（{reason}）：其证书目录没有同步。",
        "请让系统重新生成该目录。",
    ),
}

_CERTIFICATES: dict[str, Entry] = {
    "doctor-certificates-good": _good(
        "The certificates are in order: root until {date}, leaf until {leaf_date} (renewed by itself).",
        "证书正常：根证书有效期至 {date}，服务器证书至 {leaf_date}（自动更新）。",
    ),
    "doctor-root-ends": _found(
        "The root of the local CA ends on {date}, in {days} days.",
        "Make a new one in good time; a prompt for your consent will appear again.",
        "本地 CA 的根证书将于 {date} 到期（还有 {days} 天）。",
        "请及早重新生成；届时会再次请你确认。",
    ),
    "doctor-root-names": _found(
        "The local CA may not speak for {names}: its names are part of its root.",
        "trust-ca makes a new root for the names in https.names.",
        "本地 CA 不能为 {names} 签发证书：可用的名称是根证书的一部分。",
        "trust-ca 会按 https.names 中的名称新建根证书。",
    ),
    "doctor-root-file": _found(
        '"{path}", which programs are told to trust, is not the root of the local CA.',
        "Have it written anew, with the edge's certificate.",
        "“{path}”是告知各程序信任的文件，但它不是本地 CA 的根证书。",
        "请连同服务器证书一起重新写入。",
    ),
    "doctor-leaf-damaged": _found(
        "The edge's certificate is missing or damaged.",
        "Have it made anew; the edge does so too when it starts.",
        "服务器证书缺失或已损坏。",
        "请重新签发；localedge 启动时也会这样做。",
    ),
    "doctor-leaf-expired": _found(
        "The edge's certificate expired on {date}, because no edge ran to renew it.",
        "Renew it; the edge does so too when it starts.",
        "服务器证书已于 {date} 过期，因为其间 localedge 没有运行，无法更新。",
        "请更新；localedge 启动时也会这样做。",
    ),
    "doctor-leaf-due": _found(
        "The edge's certificate is due for renewal (it ends on {date}).",
        "Nothing is wrong yet: the edge renews it when it starts.",
        "服务器证书该更新了（有效期至 {date}）。",
        "目前没有问题：localedge 启动时会自动更新。",
    ),
    "doctor-leaf-names": _found(
        "The edge's certificate is not for {names}, though https.names lists it.",
        "Renew it; the edge does so too when it starts.",
        "服务器证书不包含 {names}，而 https.names 中列出了它。",
        "请更新；localedge 启动时也会这样做。",
    ),
}

_SHOWN: dict[str, Entry] = {
    "doctor-served-good": _good(
        "Clients are shown the edge's own certificate: {names}.",
        "客户端看到的是 localedge 自己的证书：{names}。",
    ),
    "doctor-served-inspected": _found(
        "{product} opens the connection to the edge for {names}: clients see a certificate of {issuer}.",
        "Except 127.0.0.1 and these names from its inspection of HTTPS, or use http://127.0.0.1.",
        "{product} 拦截了到 {names} 的 HTTPS 连接：客户端看到的证书由 {issuer} 签发。",
        "请在其 HTTPS 检查中排除 127.0.0.1 和这些名称，或改用 http://127.0.0.1。",
    ),
    "doctor-served-foreign": _found(
        "Something opens the connection to the edge for {names}: clients see a certificate of {issuer}, which is not "
        "the local CA.",
        "Find out which program has that name, and except 127.0.0.1 from its inspection, or use http://127.0.0.1.",
        "有程序拦截了到 {names} 的连接：客户端看到的证书由 {issuer} 签发，而不是本地 CA。",
        "请查明该名称属于哪个程序，并在其检查中排除 127.0.0.1，或改用 http://127.0.0.1。",
    ),
    "doctor-served-former": _found(
        "The running edge still shows the certificate of an earlier local CA for {names}: clients refuse it.",
        "Wait a minute, in which it looks for the new one; if it does not change, restart the edge.",
        "运行中的 localedge 对 {names} 仍出示以前本地 CA 的证书，客户端会拒绝。",
        "请等待一分钟，它会检查新证书；若仍未改变，请重启 localedge。",
    ),
    "doctor-served-old-leaf": _found(
        "The running edge still shows an older certificate for {names} than the one on disk.",
        "Restart the edge; it may have been started with other files.",
        "运行中的 localedge 对 {names} 出示的证书比磁盘上的旧。",
        "请重启 localedge；它启动时用的可能是其他文件。",
    ),
    "doctor-served-refused": _found(
        "The running edge has no certificate for {names}, though https.names lists it.",
        "Restart the edge: it was started with other names.",
        "运行中的 localedge 没有 {names} 的证书，而 https.names 中列出了它。",
        "请重启 localedge：它启动时配置的是其他名称。",
    ),
    "doctor-gateway-inspected": _found(
        "{product} opens the connection to the gateway {gateway} (certificate of {issuer}): it can read every prompt, "
        "answer and key.",
        "If that is not meant, except the gateway from its inspection of HTTPS.",
        "{product} 拦截了到网关 {gateway} 的连接（证书由 {issuer} 签发）：它能读到所有提示词、回答和密钥。",
        "如非本意，请在其 HTTPS 检查中排除该网关。",
    ),
}

_VARIABLES: dict[str, Entry] = {
    "doctor-variable-missing": _found(
        "{names} names {path}, which is not there: programs that go by it trust nobody, or ignore it.",
        "Name a file that is there, or take the variable out.",
        "{names} 指向的 {path} 不存在：依赖它的程序要么不信任任何服务器，要么忽略它。",
        "请改为存在的文件，或去掉该变量。",
    ),
    "doctor-variable-unreadable": _found(
        "{names} names {path}, which cannot be read ({reason}).",
        "Make it readable for you, or take the variable out.",
        "{names} 指向的 {path} 无法读取（{reason}）。",
        "请让当前用户可以读取它，或去掉该变量。",
    ),
    "doctor-variable-not-pem": _found(
        "{names} names {path}, in which there is no PEM certificate.",
        "Name a file of certificates, or take the variable out.",
        "{names} 指向的 {path} 中没有 PEM 证书。",
        "请改为证书文件，或去掉该变量。",
    ),
    "doctor-variable-without-root": _found(
        "{names} names {path}, in which the root of the local CA is missing: programs that go by it refuse the edge's "
        "HTTPS.",
        "Make a file that has both, and set {names} to it.",
        "{names} 指向的 {path} 中没有本地 CA 的根证书：依赖它的程序会拒绝本机的 HTTPS。",
        "请生成一个同时包含两者的文件，并将 {names} 设为该文件。",
    ),
    "doctor-node-unverified": _found(
        "{name} is 0: Node programs, Claude Code among them, believe any server.",
        "Take the variable out; trust-ca makes it needless.",
        "{name} 为 0：Node 程序（包括 Claude Code）会相信任何服务器。",
        "请去掉该变量；运行 trust-ca 后就不需要它。",
    ),
}

TABLE: dict[str, Entry] = {**_STORES, **_CERTIFICATES, **_SHOWN, **_VARIABLES}
