"""SCIM 2.0 at /scim/v2 (RFC 7643, RFC 7644): a province's source of staff provisions people and groups by the same acts.

A user is a personal account with its person; `department` of the enterprise extension is the code of the unit. A group is
a fixed group of the administrator's units. The holder's scope bounds what there is.
"""
