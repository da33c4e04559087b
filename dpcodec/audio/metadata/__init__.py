"""What an audio file holds beside its samples: tags, pictures, chunks of its container; the only user of
mutagen.

Tags are (KEY, value) pairs of text, keys as Vorbis comments spell them. All else is an attachment: a (kind,
data) pair that is kept byte for byte. `model.py` lists the kinds.
"""
