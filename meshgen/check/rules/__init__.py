"""One module a rule, named `mg<number>_<what it finds>`, with one function `check(relations)`."""
