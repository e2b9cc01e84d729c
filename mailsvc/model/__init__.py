"""Mail words: frozen values without behaviour beyond their own rules."""
