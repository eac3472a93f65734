"""Who runs the installation: their sign-in, what they do, what they ask the worker for, and looking in by consent."""
