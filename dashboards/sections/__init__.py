"""A comparison -> the sections of its page below the table: what each says, draws and tabulates."""
