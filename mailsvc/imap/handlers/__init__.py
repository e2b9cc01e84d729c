"""Commands carried out: command -> service -> reply, one file a command or family."""
