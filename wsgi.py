"""What gunicorn loads."""

from saas_crm.app import create_app

app = create_app()
