"""The lens: what a finished answer looks like under other knobs, without asking the model again.

An engine gives, for each token of an answer, the model's own log-probabilities of the likeliest candidates: 20 with
Ollama, all with the built-in engine where they are asked for. Where the samplers' cuts fall inside them the result
is exact, else there is a lower and an upper bound. Penalties are not part of it: they need raw logits.

::

    known.py      what is known of each token's distribution
    bounds.py     the same as bounds: known tokens, and a tail of which only sum, number and extremes are known
    samplers.py   each sampler on bounds; typical.py  the one that needs most thought
    through.py    bounds of probabilities after all samplers; step by step for one token
"""

from pipelines.lens.known import WIDEST, Known
from pipelines.lens.through import Step, Through, steps, through

__all__ = ["WIDEST", "Known", "Step", "Through", "steps", "through"]
