"""What every room stands on: record mixins, audit, events, jobs, mail, money, errors, languages.

Nothing here knows a feature, and nothing here knows Flask.
"""
