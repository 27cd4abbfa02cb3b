"""A writer as LlamaIndex knows language models, for its evaluators and for notebooks."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pipelines.engines.writing import Writer

if TYPE_CHECKING:
    from llama_index.core.llms import CustomLLM

#: Longest answer, in tokens.
TOKENS = 256

#: LlamaIndex counts tokens as cl100k does; other models need up to about a quarter more for the same text.
_COUNTED = 0.8


def as_llama_index(writer: Writer, tokens: int = TOKENS) -> CustomLLM:
    """Wrap a writer in LlamaIndex's ``CustomLLM``: temperature 0, the same answer when asked the same.

    Pass it as ``llm=``; LlamaIndex's global settings are left alone. A prompt that does not fit raises
    ContextOverflow, as always; other engine errors come through too.

    Args:
        writer: The model.
        tokens: Longest answer; its room is taken from the window LlamaIndex is told.
    """
    from llama_index.core.bridge.pydantic import PrivateAttr
    from llama_index.core.llms import CompletionResponse, CompletionResponseGen, CustomLLM, LLMMetadata
    from llama_index.core.llms.callbacks import llm_completion_callback

    class PlaygroundLLM(CustomLLM):
        _writer: Writer = PrivateAttr()

        @property
        def metadata(self) -> LLMMetadata:
            window = int(self._writer.num_ctx * _COUNTED)
            return LLMMetadata(context_window=window, num_output=tokens, model_name=self._writer.by)

        @llm_completion_callback()
        def complete(self, prompt: str, formatted: bool = False, **kwargs: Any) -> CompletionResponse:
            return CompletionResponse(text=self._writer.write(prompt, tokens=tokens))

        @llm_completion_callback()
        def stream_complete(self, prompt: str, formatted: bool = False, **kwargs: Any) -> CompletionResponseGen:
            def stream() -> CompletionResponseGen:
                text = self._writer.write(prompt, tokens=tokens)
                yield CompletionResponse(text=text, delta=text)

            return stream()

    wrapped = PlaygroundLLM()
    wrapped._writer = writer
    return wrapped
