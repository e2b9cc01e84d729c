"""The administration API under /api/v1: every act of the catalogue as one route, described by an OpenAPI document.

It knows no cookie: a personal token says who asks (RFC 6750 §2.1), so nothing that another site's page makes a browser
send can act here.
"""
