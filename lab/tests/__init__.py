"""Tests of the parts of the lab that need no mesh."""
