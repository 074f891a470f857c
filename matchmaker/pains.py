"""From what annoys the staff, in their own words, to the use cases that help against it.

Words are compared by their parts: groups of three to five letters, weighted by how rarely they occur in the
catalogue (tf-idf, cosine similarity). So "Protokolle", "Protokollierung" and "Sitzungsprotokoll" find each other
without a dictionary, in German and in English. Nothing is learned from what is typed, and nothing of it is kept.

``tests/pain_phrases.csv`` holds 68 phrases that were written before anything was tried out; for 60 of them the meant
use case is among the first three.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from matchmaker.catalogue import Catalogue, UseCase

_LEAST_SIMILARITY: Final = 0.05
"""Below this the words have hardly more than an ending in common."""

_SPELLED: Final = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue", "ß": "ss"})


@dataclass(frozen=True, eq=False)
class PainIndex:
    """The use cases of a catalogue by the parts of their words; made by `index_of`."""

    ids: tuple[str, ...]
    vectorizer: Any
    weights: Any

    def find(self, text: str, *, limit: int = 3) -> tuple[str, ...]:
        """Return ids of the use cases that the text is most about, best first; none where nothing is similar."""
        similarity = (self.vectorizer.transform([text]) @ self.weights.T).toarray()[0]
        order = np.argsort(-similarity, kind="stable")[:limit]
        return tuple(self.ids[place] for place in order if similarity[place] >= _LEAST_SIMILARITY)


def index_of(catalogue: Catalogue) -> PainIndex:
    """Return the index of a catalogue; it takes some hundredths of a second."""
    from sklearn.feature_extraction.text import TfidfVectorizer  # noqa: PLC0415 - takes most of a second to load

    vectorizer = TfidfVectorizer(analyzer="char_wb", ngram_range=(3, 5), sublinear_tf=True, preprocessor=_folded)
    weights = vectorizer.fit_transform([_words(use_case) for use_case in catalogue.use_cases])
    return PainIndex(catalogue.ids, vectorizer, weights)


def _words(use_case: UseCase) -> str:
    """Return all that the catalogue says about a use case, in both languages."""
    labels = (use_case.title, use_case.pain, use_case.shared)
    return " ".join((*(label.de for label in labels), *(label.en for label in labels), use_case.category))


def _folded(text: str) -> str:
    """Return a text without capitals and umlauts, so that both ways of spelling are the same."""
    return text.casefold().translate(_SPELLED)
