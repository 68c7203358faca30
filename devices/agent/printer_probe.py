"""What `device-agent doctor` tells of a ticket printer beyond its sign of life."""

from __future__ import annotations

from typing import Protocol, runtime_checkable

from devices.codecs.escpos_capabilities import Capabilities
from devices.contracts.printer import PrintOutcome, PrintResult

_WORDS = {
    "zh": ("测试页：{}", "写入 [device.settings]：{}"),
    "en": ("test page: {}", "for [device.settings]: {}"),
}
_OUTCOMES = {
    "zh": {
        PrintOutcome.PRINTED: "已打印",
        PrintOutcome.FAILED: "未打印（{}）",
        PrintOutcome.UNKNOWN: "不确定（{}），请看出纸口",
    },
    "en": {
        PrintOutcome.PRINTED: "printed",
        PrintOutcome.FAILED: "not printed ({})",
        PrintOutcome.UNKNOWN: "unknown ({}), look at the printer",
    },
}


@runtime_checkable
class TellsCapabilities(Protocol):
    """A driver that can find out what its printer does."""

    async def capabilities(self) -> Capabilities:
        """Ask, without using paper."""
        ...

    async def print_test_page(self) -> PrintResult:
        """Print one page for the technician's eyes."""
        ...


async def examine_printer(driver: object, language: str = "en", *, test_page: bool = False) -> list[str]:
    """Return sentences for the technician, then lines for the settings; none for another kind of driver.

    Raises what the driver raises.
    """
    if not isinstance(driver, TellsCapabilities):
        return []
    of_page, of_settings = _WORDS.get(language, _WORDS["en"])
    found = await driver.capabilities()
    said = found.sentences(language)
    if test_page:
        result = await driver.print_test_page()
        outcomes = _OUTCOMES.get(language, _OUTCOMES["en"])
        said.append(of_page.format(outcomes[result.outcome].format(result.reason)))
    return [*said, *(of_settings.format(line) for line in found.settings_lines())]
