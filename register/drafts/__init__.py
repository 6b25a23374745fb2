"""Drafts: what is on its way into the Register, seen before it is approved and approved by somebody else.

``states`` is the machine, ``contents`` what a draft would enter, ``preview`` and ``effect`` what it will do (all pure);
``commands`` and ``publishing`` write; ``attachments`` keeps the acts; ``api`` is the web.
"""
