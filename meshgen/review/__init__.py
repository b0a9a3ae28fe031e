"""What a change of the fleet does: for those who call first, then object by object, then as text.

found = review(old, new)
print(markdown(found))
"""

from meshgen.review.model import Effect, ObjectChange, Review, Side
from meshgen.review.review import review

__all__ = ["Effect", "ObjectChange", "Review", "Side", "review"]
