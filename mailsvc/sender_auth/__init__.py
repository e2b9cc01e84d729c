"""Who sent this letter: SPF, DKIM, ARC, DMARC, and the header that tells what was found."""
