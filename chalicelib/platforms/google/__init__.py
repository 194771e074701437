"""Google as Muster asks it: who asks, how, and how fast; and who may tell us something."""
