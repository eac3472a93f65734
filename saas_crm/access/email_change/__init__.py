"""A person changes the address they sign in with: asked for, confirmed by the new one, undone by the former one."""
