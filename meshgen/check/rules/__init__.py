"""One module a topic. Its table `RULES` has one line a rule; `meshgen.check.table` lists the topics."""
