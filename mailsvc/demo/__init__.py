"""The demo province: places, units, people, letters and attachments, all made up and always the same.

Everything here is pure: a seed and a clock come in, frozen values go out. Nothing here opens a database or a socket; the
loader feeds these values through the same services that real letters and rosters use.
"""
