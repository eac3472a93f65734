"""One index for every record people look for: words, substrings, Chinese and phone fragments."""
