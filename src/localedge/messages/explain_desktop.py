"""What Claude Desktop's own messages mean."""

from .entry import Entry
from .explain_tls import why

_SHOW = '"localedge desktop show" prints the values'
_SHOW_ZH = "“localedge desktop show”会列出应填的值"

TABLE: dict[str, Entry] = {
    "why-desktop-http": why(
        "Claude Desktop takes http:// only when the host is exactly 127.0.0.1, localhost or [::1]; every other host "
        "needs https://. The base URL in its settings breaks that rule.",
        f"Write {{base}} as the gateway base URL and restart Claude; {_SHOW}.",
        "Claude Desktop 只在主机恰好是 127.0.0.1、localhost 或 [::1] 时接受 http://，其他主机必须用 https://。其设置中的基础地址违反了这一规则。",
        f"请把网关基础地址写成 {{base}} 并重启 Claude；{_SHOW_ZH}。",
    ),
    "why-desktop-no-url": why(
        "The gateway base URL in Claude Desktop's settings is empty, or a policy of the machine hides the one that was "
        "typed in.",
        f"Write {{base}} as the gateway base URL and restart Claude; {_SHOW}.",
        "Claude Desktop 设置中的网关基础地址为空，或被本机策略覆盖。",
        f"请把网关基础地址写成 {{base}} 并重启 Claude；{_SHOW_ZH}。",
    ),
    "why-desktop-no-key": why(
        "The gateway API key in Claude Desktop's settings is empty, which it does not accept even where the gateway "
        "wants no key.",
        f"Write the gateway's key, or any word such as demo, and restart Claude; {_SHOW}.",
        "Claude Desktop 设置中的网关密钥为空；即使网关不要求密钥，它也不接受空值。",
        f"请填写网关密钥，或任意单词（例如 demo），并重启 Claude；{_SHOW_ZH}。",
    ),
    "why-desktop-model": why(
        "Claude Desktop refuses the model id: it wants one with claude, anthropic, opus, sonnet or haiku in it, and "
        "newer builds none with another vendor's name.",
        f"Give the model a name such as claude-sonnet-4 in the gateway and in Claude's settings; {_SHOW}.",
        "Claude Desktop 拒绝该模型名：名称中须含 claude、anthropic、opus、sonnet 或 haiku，新版本还不允许出现其他厂商的名称。",
        f"请在网关和 Claude 的设置中使用 claude-sonnet-4 这样的名称；{_SHOW_ZH}。",
    ),
    "why-desktop-config": why(
        'Claude Desktop refuses its third-party settings, and the word after "config:" is the one it stumbles over.',
        f"Correct that field, quit Claude fully and start it again; {_SHOW}.",
        "Claude Desktop 拒绝了第三方推理设置，“config:”后面就是出错的字段。",
        f"请更正该字段，完全退出 Claude 后重新启动；{_SHOW_ZH}。",
    ),
    "why-desktop-key-ignored": why(
        "A setting in Claude Desktop's configuration is one that this build does not know, so it is left out. It was "
        "renamed or removed, or is misspelt; the others go on working.",
        f"Take the setting out, or update Claude; {_SHOW} that it reads.",
        "Claude Desktop 的配置中有一项当前版本不认识的设置，因此被忽略：它已改名、已移除或拼写有误；其他设置仍然有效。",
        f"请删去该设置，或更新 Claude；{_SHOW_ZH}。",
    ),
    "why-models-404": why(
        "The gateway has no list of models at /v1/models: it keeps none, or its base URL needs another path. Claude "
        "works without the list if models are named in its settings.",
        'Run "localedge check", which tells which of the two it is; otherwise name the models in Claude\'s settings.',
        "网关在 /v1/models 没有模型列表：它不提供，或基础地址需要其他路径。在 Claude 的设置中写明模型后，没有列表也能使用。",
        "请运行“localedge check”，它会指出是哪种情况；否则请在 Claude 的设置中写明模型。",
    ),
    "why-models-auth": why(
        "The gateway refused the key when Claude asked for its list of models.",
        'Correct the gateway API key and the auth scheme (bearer or x-api-key), then run "localedge check" with the same '
        "key.",
        "Claude 查询模型列表时，网关拒绝了密钥。",
        "请更正网关密钥和认证方式（bearer 或 x-api-key），再用同一密钥运行“localedge check”。",
    ),
    "why-models-error": why(
        "The gateway answered Claude's question for its list of models with an error. Claude works without the list if "
        "models are named in its settings.",
        'Run "localedge check" and look at the gateway\'s log.',
        "Claude 查询模型列表时，网关返回了错误。在 Claude 的设置中写明模型后，没有列表也能使用。",
        "请运行“localedge check”，并查看网关的日志。",
    ),
    "why-no-models": why(
        "The gateway listed models, but none whose id Claude accepts: the id must contain claude, anthropic, opus, "
        "sonnet or haiku, and in newer builds no other vendor's name.",
        'Name a model in Claude\'s settings under which the gateway answers, such as claude-sonnet-4; "localedge check" '
        "tries the usual ones.",
        "网关列出了模型，但没有 Claude 接受的名称：名称中须含 claude、anthropic、opus、sonnet 或 haiku，新版本还不允许出现其他厂商的名称。",
        "请在 Claude 的设置中写明网关能响应的模型名，例如 claude-sonnet-4；“localedge check”会尝试常用的名称。",
    ),
    "why-vm-platform": why(
        "Windows' virtualisation is off or not answering, and Claude Desktop's workspace runs in a virtual machine. "
        "The gateway has nothing to do with it.",
        'As administrator run "dism.exe /online /enable-feature /featurename:VirtualMachinePlatform /all /norestart" and '
        '"bcdedit /set hypervisorlaunchtype auto", then restart; if it stays, switch VT-x or AMD-V on in the firmware.',
        "Windows 的虚拟化功能未启用或没有响应，而 Claude Desktop 的工作区运行在虚拟机中。这与网关无关。",
        "请以管理员身份运行“dism.exe /online /enable-feature /featurename:VirtualMachinePlatform /all /norestart”和"
        "“bcdedit /set hypervisorlaunchtype auto”，然后重启；若仍然如此，请在固件设置中启用 VT-x 或 AMD-V。",
    ),
    "why-policy-denied": why(
        "This user may not write machine-wide policies, or security software keeps them shut. Claude Desktop can be set "
        "up without them.",
        f"Use Claude's own window (Configure third-party inference); {_SHOW}.",
        "当前用户无权写入系统策略，或被安全软件阻止。不使用策略也能设置 Claude Desktop。",
        f"请使用 Claude 自己的窗口（Configure third-party inference）；{_SHOW_ZH}。",
    ),
}
