"""The processes of one installation: a supervisor, the mail process and the web process."""
