"""What `localedge doctor` says about Windows and WSL."""

from .entry import Entry, Words

_FOR_TASKS = (
    'Without it Claude Desktop says "Virtual Machine Platform not available"; no gateway is at fault.'
)
_FOR_TASKS_ZH = "否则 Claude Desktop 会提示“Virtual Machine Platform not available”，这与网关无关。"

TABLE: dict[str, Entry] = {
    "doctor-windows-vm-ready": Entry(
        Words("Virtual Machine Platform is on and the hypervisor runs."),
        Words("虚拟机平台已启用，虚拟机监控程序正在运行。"),
        talk=True,
    ),
    "doctor-windows-vm-off": Entry(
        Words(
            "The Windows feature Virtual Machine Platform is off. " + _FOR_TASKS,
            "Switch it on in a terminal of an administrator, then restart Windows.",
        ),
        Words(
            "Windows 功能“虚拟机平台”未启用。" + _FOR_TASKS_ZH,
            "请在管理员终端中启用，然后重新启动 Windows。",
        ),
    ),
    "doctor-windows-vm-unknown": Entry(
        Words(
            "Windows does not tell whether Virtual Machine Platform is on and the hypervisor starts.",
            "If Claude Desktop misses it, ask in a terminal of an administrator.",
        ),
        Words(
            "无法得知虚拟机平台是否启用、虚拟机监控程序是否启动。",
            "如果 Claude Desktop 提示缺少它，请在管理员终端中查询。",
        ),
    ),
    "doctor-windows-hypervisor-off": Entry(
        Words(
            "hypervisorlaunchtype is off, so Windows does not start its hypervisor. " + _FOR_TASKS,
            "Set it in a terminal of an administrator, then restart Windows.",
        ),
        Words(
            "hypervisorlaunchtype 为 off，Windows 不会启动虚拟机监控程序。" + _FOR_TASKS_ZH,
            "请在管理员终端中设置，然后重新启动 Windows。",
        ),
    ),
    "doctor-windows-hypervisor-silent": Entry(
        Words(
            "Virtual Machine Platform is on, but no hypervisor runs: Windows was not restarted since, or hypervisorlaunchtype is off. "
            + _FOR_TASKS,
            "Restart Windows; if that does not help, set it in a terminal of an administrator and restart again.",
        ),
        Words(
            "虚拟机平台已启用，但没有虚拟机监控程序在运行：启用后尚未重启，或 hypervisorlaunchtype 为 off。"
            + _FOR_TASKS_ZH,
            "请重新启动 Windows；如果无效，请在管理员终端中设置后再次重启。",
        ),
    ),
    "doctor-windows-firmware": Entry(
        Words(
            "Virtualisation is switched off in the firmware of this machine. " + _FOR_TASKS,
            "Switch it on in the BIOS or UEFI settings, where it is called Intel VT-x, AMD-V or SVM Mode.",
        ),
        Words(
            "此机器固件中的虚拟化功能已关闭。" + _FOR_TASKS_ZH,
            "请在 BIOS 或 UEFI 设置中打开，名称为 Intel VT-x、AMD-V 或 SVM Mode。",
        ),
    ),
    "doctor-windows-port-reserved": Entry(
        Words(
            "Port {port} lies in a range that Windows keeps to itself ({first}-{last}), mostly for Hyper-V: the edge cannot listen there.",
            "Take another port, and apply it to Claude Desktop as well; or run net stop winnat as administrator, start the edge, and net start winnat.",
        ),
        Words(
            "端口 {port} 位于 Windows 保留的范围（{first}-{last}）内，多由 Hyper-V 占用：localedge 无法监听。",
            "请换用其他端口并同样设置到 Claude Desktop；或以管理员身份运行 net stop winnat，启动 localedge，再运行 net start winnat。",
        ),
    ),
    "doctor-wsl-reachable": Entry(
        Words("Programs on Windows reach this WSL at 127.0.0.1 (networking mode {mode})."),
        Words("Windows 上的程序可通过 127.0.0.1 访问此 WSL（网络模式 {mode}）。"),
        talk=True,
    ),
    "doctor-wsl-forwarding-off": Entry(
        Words(
            "localhostForwarding is false in {file}: Claude Desktop on Windows does not reach {edge} in this WSL.",
            "Remove that line, or set networkingMode=mirrored below [wsl2]; then close this WSL and start it again.",
        ),
        Words(
            "{file} 中 localhostForwarding 为 false：Windows 上的 Claude Desktop 无法访问此 WSL 中的 {edge}。",
            "请删除该行，或在 [wsl2] 下设置 networkingMode=mirrored；然后关闭并重新启动 WSL。",
        ),
    ),
    "doctor-wsl-no-network": Entry(
        Words(
            "This WSL has no network (networkingMode=none), so nobody on Windows reaches {edge}.",
            "Set networkingMode=mirrored below [wsl2] in .wslconfig on Windows, then close this WSL and start it again.",
        ),
        Words(
            "此 WSL 没有网络（networkingMode=none），Windows 无法访问 {edge}。",
            "请在 Windows 的 .wslconfig 中 [wsl2] 下设置 networkingMode=mirrored，然后关闭并重新启动 WSL。",
        ),
    ),
    "doctor-wsl-unknown": Entry(
        Words(
            "It is not known whether Windows reaches this WSL at 127.0.0.1 (networking mode {mode}).",
            "If Claude Desktop runs on Windows, ask there, while the edge runs.",
        ),
        Words(
            "无法得知 Windows 能否通过 127.0.0.1 访问此 WSL（网络模式 {mode}）。",
            "如果 Claude Desktop 运行在 Windows 上，请在 localedge 运行时到 Windows 中查询。",
        ),
    ),
}
