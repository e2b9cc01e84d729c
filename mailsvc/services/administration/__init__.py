"""Quản trị: every administrative act, declared once and carried out for whichever door asks.

`act.py` says what an act is, `desk.py` who acts and how far, the files of nouns hold the acts, and `catalogue.py` lists
them all. The command line, the administration API, SCIM and the console reach the directory by no other way.
"""
