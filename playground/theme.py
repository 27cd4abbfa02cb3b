"""How it looks: a Gradio theme of system fonts and our variables, a style sheet, a little script."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import gradio as gr

ASSETS = Path(__file__).parent / "assets"

#: Style sheets in their order: later ones may overrule earlier ones.
SHEETS = (
    "colours", "app", "knobs", "sidebar", "chat", "evidence", "labs", "sampling", "charts", "runs-tab", "narrow",
    "reading", "runs", "recipes",
)  # fmt: skip

_TEXT = ["system-ui", "-apple-system", "Segoe UI", "Roboto", "Helvetica Neue", "sans-serif"]
_CODE = ["ui-monospace", "SF Mono", "Menlo", "Consolas", "monospace"]


def theme() -> gr.themes.Base:
    """Gradio's own components in our colours; the values live in ``assets/colours.css``."""
    values = {
        "body_background_fill": "var(--ground)",
        "body_text_color": "var(--ink)",
        "body_text_color_subdued": "var(--muted)",
        "background_fill_primary": "var(--surface)",
        "background_fill_secondary": "var(--ground)",
        "block_background_fill": "transparent",
        "block_border_color": "var(--line)",
        "block_border_width": "0px",
        "block_label_background_fill": "transparent",
        "block_label_text_color": "var(--muted)",
        "block_title_text_color": "var(--ink)",
        "block_info_text_color": "var(--muted)",
        "block_shadow": "none",
        "border_color_primary": "var(--line)",
        "border_color_accent": "var(--accent)",
        "color_accent": "var(--accent)",
        "color_accent_soft": "var(--accent-soft)",
        "panel_background_fill": "transparent",
        "input_background_fill": "var(--surface)",
        "input_border_color": "var(--edge)",
        "input_border_width": "1px",
        "input_border_color_focus": "var(--accent)",
        "input_placeholder_color": "var(--muted)",
        "button_primary_background_fill": "var(--accent)",
        "button_primary_background_fill_hover": "var(--accent-strong)",
        "button_primary_text_color": "var(--on-accent)",
        "button_primary_border_color": "var(--accent)",
        "button_secondary_background_fill": "var(--surface)",
        "button_secondary_background_fill_hover": "var(--accent-soft)",
        "button_secondary_text_color": "var(--ink)",
        "button_secondary_border_color": "var(--edge)",
        "slider_color": "var(--accent)",
        "checkbox_background_color_selected": "var(--accent)",
        "checkbox_border_color": "var(--edge)",
        "link_text_color": "var(--accent)",
    }
    both = {**values, **{f"{name}_dark": value for name, value in values.items() if _has_dark(name)}}
    return gr.themes.Base(font=_TEXT, font_mono=_CODE, radius_size="md", text_size="md").set(**both)


def _has_dark(name: str) -> bool:
    import inspect

    return f"{name}_dark" in inspect.signature(gr.themes.Base.set).parameters


def asset(name: str) -> str:
    """A text file of ``assets``."""
    return (ASSETS / name).read_text("utf-8")


def look() -> dict[str, Any]:
    """What ``launch`` takes: theme, style sheet, the script for the page's head, and the icon."""
    return {
        "theme": theme(),
        "css": "".join(asset(f"{name}.css") for name in SHEETS),
        "head": f"<script>{asset('knobs.js')}{asset('app.js')}</script>",
        "favicon_path": str(ASSETS / "icon.svg"),
        "pwa": True,
    }
