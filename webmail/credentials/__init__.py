"""The screens of signing in: second step, passkeys, devices, app passwords, sessions."""
