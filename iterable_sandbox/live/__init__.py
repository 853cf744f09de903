"""Simulation of events in a served project: sends, opens, clicks, purchases."""
