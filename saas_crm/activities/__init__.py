"""Activities: what happened or is planned with a customer. Calls, meetings, visits, tasks, e-mails, notes.

One table serves the timeline (what happened), the task list (what is due) and the next step.
"""
