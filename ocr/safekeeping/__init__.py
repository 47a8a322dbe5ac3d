"""What keeps the data safe: backups, restore, clean-up and the doctor, with their commands.

Runs in the service (`backups`, `upkeep`) and in ocrctl (all of it, also while no service runs).
May import `records`.
"""
