"""Extracts: an answer or a measure as a PDF to file, typeset in Russian or English, that carries its own proof.

The PDF (PDF/A-3) has a file attached, ``register-proof.json``: what was asked and answered, the exact bytes of the
entries that it rests on, their place in the log, and the signed checkpoint. Everything printed follows from that file
alone, so that ``verify_extract`` can typeset the pages anew and compare.

What such a file shows: that every entry quoted is in the journal that the checkpoint signs, in these bytes; that those
entries, asked again, give this answer; that the pages say nothing else. What it cannot show: that the journal held no
other entry that bears on the question, another measure or a newer version. Only the whole journal shows that: ask the
address on the page, or a mirror. Serves A4(4).
"""
