"""Types of project fields: learnt from Iterable and its errors; checks, coercion and dropping of values by them."""
