"""What Claude Desktop shows and logs."""

from .symptoms import Sources, Symptom, claude_code, issue

TABLE = (
    Symptom(
        "why-desktop-http",
        95,
        (
            ("baseurl: must use https", issue("edison7009/EchoBird", 293)),
            ("must use https (or http on loopback", issue("agentgateway/website", 878)),
            ("inferencegatewaybaseurl ... must use https", Sources.DESKTOP),
        ),
    ),
    Symptom(
        "why-desktop-no-url",
        95,
        (
            ("baseurl: required", Sources.DESKTOP),
            ("inferencegatewaybaseurl: required", Sources.DESKTOP),
            ("inferencegatewaybaseurl {is missing|is required|is empty}", Sources.DESKTOP),
        ),
    ),
    Symptom(
        "why-desktop-no-key",
        95,
        (
            ("apikey: required", Sources.DESKTOP),
            ("inferencegatewayapikey: required", Sources.DESKTOP),
            ("inferencegatewayapikey {is missing|is required|is empty|must not be empty}", Sources.DESKTOP),
        ),
    ),
    Symptom(
        "why-desktop-model",
        95,
        (
            ("is not an anthropic model", issue("ollama/ollama", 15992)),
            ("expected a gateway model route", claude_code(56990)),
        ),
    ),
    Symptom(
        "why-models-auth",
        90,
        (
            ("gateway /v1/models returned http {401|403}", Sources.DESKTOP),
            ("/v1/models returned http {401|403}", Sources.DESKTOP),
        ),
    ),
    Symptom(
        "why-models-404",
        90,
        (
            ("gateway /v1/models returned http {404|405|501}", claude_code(91161)),
            ("/v1/models returned http {404|405|501}", claude_code(91161)),
        ),
    ),
    Symptom(
        "why-models-error",
        55,
        (("/v1/models returned http #", claude_code(91161)),),
        general=True,
    ),
    Symptom(
        "why-no-models",
        90,
        (
            ("returned no usable models", issue("tashfeenahmed/freellmapi", 880)),
            ("returned 0 usable models", issue("ollama/ollama", 15992)),
            ("0 usable models after filter", claude_code(55794)),
            ("model discovery ... found 0 models", issue("tashfeenahmed/freellmapi", 880)),
        ),
    ),
    Symptom(
        "why-desktop-key-ignored",
        60,
        (
            ("[managedconfig] ignoring", Sources.DESKTOP),
            ("unrecognized configuration key", Sources.DESKTOP),
            ("not a recognized configuration key", issue("musistudio/claude-code-router", 1772)),
        ),
    ),
    Symptom(
        "why-desktop-config",
        50,
        (
            ("invalid custom3p {enterprise|managed} config", issue("ollama/ollama", 15992)),
            ("invalid custom3p", issue("edison7009/EchoBird", 293)),
        ),
        general=True,
    ),
    Symptom(
        "why-vm-platform",
        85,
        (
            ("virtual machine platform not available", claude_code(45140)),
            ("virtual machine platform is not {available|enabled}", claude_code(57717)),
            ("requires {the |}virtual machine platform", claude_code(36402)),
            ("virtualization is not available", claude_code(36402)),
            ("vm service not running", claude_code(64592)),
            ("yukonsilver not supported", claude_code(64320)),
            ("hcs_e_hyperv_not_installed", "https://learn.microsoft.com/windows/wsl/troubleshooting"),
        ),
    ),
    Symptom(
        "why-policy-denied",
        70,
        (
            (
                "requested registry access is not allowed",
                "https://learn.microsoft.com/dotnet/api/microsoft.win32.registrykey",
            ),
            (
                "unauthorizedaccessexception",
                "https://learn.microsoft.com/dotnet/api/system.unauthorizedaccessexception",
            ),
            (
                "access to the registry key ... is denied",
                "https://learn.microsoft.com/dotnet/api/microsoft.win32.registrykey",
            ),
        ),
    ),
)
