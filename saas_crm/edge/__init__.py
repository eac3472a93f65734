"""The edge of a request, shared by the web pages and the JSON API: the only Flask in the business.

Who asks, in which tenant, with which permission; one commit when the answer is good; headers, logs and
metrics. `web` and `mobile_api` stand on it and never import each other.
"""
