"""`python -m saas_crm.cli` is `saas-crm`."""

from saas_crm.cli import main

main()
