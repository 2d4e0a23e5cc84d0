"""What `localedge doctor` finds about our own files and this machine."""

from .entry import Entry, Words

_CLOCK = "Set the clock, or have it set from the network."
_CLOCK_ZH = "请校准时钟，或开启网络对时。"

_FILES: dict[str, Entry] = {
    "doctor-config-more": Entry(
        Words("The configuration has {count} more mistakes.", "Mend the first ones, then look again."),
        Words("配置中还有 {count} 处错误。", "请先改正前面的错误，再重新检查。"),
    ),
    "doctor-config-open": Entry(
        Words(
            'Others can open "{path}" ({who}), which holds a token or a password.',
            "Let only its owner open it.",
        ),
        Words("其他用户可以打开“{path}”（{who}），其中有令牌或密码。", "请改为仅所有者可以打开。"),
    ),
    "doctor-files-open": Entry(
        Words(
            'Others can open "{path}" ({who}): localedge refuses such files.',
            "Let only its owner open it.",
        ),
        Words(
            "其他用户可以打开“{path}”（{who}）：localedge 拒绝使用这样的文件。",
            "请改为仅所有者可以打开。",
        ),
    ),
    "doctor-files-owner": Entry(
        Words('"{path}" belongs to {who}: localedge refuses such files.', "Make it your own again."),
        Words("“{path}”属于 {who}：localedge 拒绝使用这样的文件。", "请把它改回当前用户所有。"),
    ),
    "doctor-file-unreadable": Entry(
        Words('"{path}" cannot be looked at ({reason}).', "Give this user access to it."),
        Words("无法查看“{path}”（{reason}）。", "请让当前用户能够访问。"),
    ),
    "doctor-leftovers": Entry(
        Words(
            'A process that was killed has left half-written files ({count}, like "{path}").',
            "They do no harm; --fix removes them.",
        ),
        Words(
            "被终止的进程留下了未写完的文件（{count} 个，例如“{path}”）。",
            "它们没有害处，--fix 会将其删除。",
        ),
    ),
    "doctor-disk-full": Entry(
        Words(
            'The disk with "{path}" is full ({kilobytes} kB left), so certificates cannot be renewed.',
            "Make room there.",
        ),
        Words("“{path}”所在磁盘已满（剩余 {kilobytes} kB），证书将无法更新。", "请腾出空间。"),
    ),
    "doctor-data-read-only": Entry(
        Words(
            '"{path}" cannot be written, so certificates cannot be renewed.',
            "Let this user write there, or set https.directory to another place.",
        ),
        Words(
            "无法写入“{path}”，证书将无法更新。", "请让当前用户能够写入，或把 https.directory 设为其他位置。"
        ),
    ),
}

_STATE: dict[str, Entry] = {
    "doctor-clock-skewed": Entry(
        Words("This machine's clock says {now} UTC, the gateway's {gateway} UTC.", _CLOCK),
        Words("本机时钟为 {now} UTC，网关时钟为 {gateway} UTC。", _CLOCK_ZH),
    ),
    "doctor-clock-wrong": Entry(
        Words(
            "This machine's clock says {now} UTC, the gateway's {gateway} UTC: certificates seem invalid by it.",
            _CLOCK,
        ),
        Words("本机时钟为 {now} UTC，网关时钟为 {gateway} UTC：证书会因此显得无效。", _CLOCK_ZH),
    ),
    "doctor-clock-before-ca": Entry(
        Words(
            "This machine's clock says {now} UTC, but a certificate of the local CA begins {start} UTC: it seems invalid.",
            _CLOCK,
        ),
        Words("本机时钟为 {now} UTC，而本地 CA 的证书自 {start} UTC 起有效，因此显得无效。", _CLOCK_ZH),
    ),
    "doctor-twistd-stale": Entry(
        Words(
            '"{path}" names pid {pid}, and no twistd has it: twistd may refuse to start here.',
            "Remove the file.",
        ),
        Words("“{path}”中的 pid {pid} 并不是 twistd：twistd 可能拒绝在此启动。", "请删除该文件。"),
    ),
    "doctor-twistd-odd": Entry(
        Words(
            '"{path}" holds no number, so twistd refuses to start here.',
            "See what it is, and remove it if nobody needs it.",
        ),
        Words("“{path}”的内容不是数字，twistd 会拒绝在此启动。", "请查看它是什么，无用时删除。"),
    ),
    "doctor-twistd-runs": Entry(
        Words('A twistd started in this directory runs (pid {pid}, "{path}").', 'To end it: "kill {pid}".'),
        Words("在此目录启动的 twistd 正在运行（pid {pid}，“{path}”）。", "如需停止：“kill {pid}”。"),
    ),
    "doctor-trust-interrupted": Entry(
        Words("trust-ca was interrupted before it was done.", "Run it again: it goes on where it was."),
        Words("trust-ca 尚未完成就被中断。", "请再次运行，它会从中断处继续。"),
    ),
    "doctor-untrust-interrupted": Entry(
        Words("untrust-ca was interrupted before it was done.", "Run it again: it goes on where it was."),
        Words("untrust-ca 尚未完成就被中断。", "请再次运行，它会从中断处继续。"),
    ),
}

_VERSIONS: dict[str, Entry] = {
    "doctor-versions": Entry(
        Words("localedge {localedge}, Python {python}, Twisted {twisted}, OpenSSL {openssl}, {system}"),
        Words("版本：localedge {localedge}、Python {python}、Twisted {twisted}、OpenSSL {openssl}、{system}"),
        talk=True,
    ),
    "doctor-python-old": Entry(
        Words(
            "localedge runs with Python {found}, and needs {wanted}.",
            "Install it with a Python that is new enough.",
        ),
        Words("localedge 使用的是 Python {found}，而它需要 {wanted}。", "请用足够新的 Python 重新安装。"),
    ),
    "doctor-dependencies": Entry(
        Words("Libraries are missing or too old: {names}.", "Install them beside localedge."),
        Words("缺少依赖库或版本过旧：{names}。", "请在 localedge 所在环境中安装。"),
    ),
    "doctor-other-localedge": Entry(
        Words(
            'A shell finds another localedge first: "{path}".',
            "Remove one of the two, or call this one in full.",
        ),
        Words("在终端中会先找到另一个 localedge：“{path}”。", "请卸载其中一个，或用完整路径运行这一个。"),
    ),
    "doctor-plugin-missing": Entry(
        Words(
            "twistd does not find localedge's plugin, so there is no twistd localedge.",
            "Install localedge again; localedge run does not need it.",
        ),
        Words(
            "twistd 找不到 localedge 的插件，无法使用 twistd localedge。",
            "请重新安装 localedge；localedge run 不受影响。",
        ),
    ),
}

TABLE: dict[str, Entry] = {**_FILES, **_STATE, **_VERSIONS}
